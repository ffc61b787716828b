"""sandbox.bigcommerce.app: catalogue, inventory and shipments, as the vendor describes them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox import BigCommerceShop, RunningSandbox, run_bigcommerce
from sandbox.bigcommerce.model import BigOrder

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ADJUST = "/v3/inventory/adjustments/absolute"

Ask = Callable[..., requests.Response]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox[BigCommerceShop]]:
    with run_bigcommerce(BigCommerceShop()) as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox: RunningSandbox[BigCommerceShop]) -> BigCommerceShop:
    return sandbox.shop


@pytest.fixture
def ask(sandbox: RunningSandbox[BigCommerceShop]) -> Iterator[Ask]:
    """Anything below the API path with the shop's token."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Auth-Token"] = sandbox.credentials["access_token"]
        yield lambda method, path, body=None, **query: session.request(
            method, f"{sandbox.url}{path}", json=body, params=query, timeout=30
        )


@pytest.fixture
def control(sandbox: RunningSandbox[BigCommerceShop]) -> Ask:
    """POST below /_sandbox, without a token."""
    return lambda path, **body: requests.post(f"{sandbox.server.url}/_sandbox{path}", json=body, timeout=30)


@pytest.fixture
def order(shop: BigCommerceShop) -> BigOrder:
    """Three pieces to ship."""
    return shop.place_order({"products": [{"sku": "A", "product_id": 1, "price": "1.00", "quantity": 3}]})


def adjustment(*items: tuple[str, int, int]) -> dict[str, Any]:
    """Quantities by identity: its name, its value, the pieces."""
    return {"items": [{"location_id": 1, name: value, "quantity": pieces} for name, value, pieces in items]}


def skus(answer: requests.Response) -> list[str]:
    return [one["sku"] for one in answer.json()["data"]]


# -- the catalogue -----------------------------------------------------------------------------------------------


def test_products_are_listed_with_their_count_and_the_fields_asked_for(ask: Ask, shop: BigCommerceShop) -> None:
    for number in range(60):
        shop.add_product({"sku": f"S-{number}"})

    first, last = (ask("GET", "/v3/catalog/products", include_fields="sku", page=page).json() for page in (1, 2))

    assert (len(first["data"]), len(last["data"])) == (50, 10)
    assert last["meta"]["pagination"]["total"] == 60
    assert first["data"][0] == {"id": 1, "sku": "S-0"}
    assert ask("GET", "/v3/catalog/products", limit=251).status_code == 413


def test_products_are_narrowed_and_sorted(ask: Ask, shop: BigCommerceShop) -> None:
    with shop.at(NOON):
        for sku in ("A", "B", "C"):
            shop.add_product({"sku": sku})
    shop.edit_item("product/2", {"name": "Bench"})
    path = "/v3/catalog/products"

    assert skus(ask("GET", path, **{"id:greater": 1, "sort": "id", "direction": "desc"})) == ["C", "B"]
    assert skus(ask("GET", path, **{"id:in": "1,3"})) == ["A", "C"]
    assert skus(ask("GET", path, **{"sku:in": "A,B"})) == ["A", "B"]
    assert skus(ask("GET", path, **{"date_modified:min": "2026-01-05T12:00:01Z"})) == ["B"]
    assert ask("GET", path, sort="colour").status_code == 400


def test_a_product_has_a_base_variant_or_options(ask: Ask, shop: BigCommerceShop) -> None:
    shop.add_product({"sku": "LAMP"})
    shop.add_product({"sku": "SHIRT", "variants": [{"sku": "RED"}, {"sku": "BLUE"}]})

    plain, shirt = ask("GET", "/v3/catalog/products", include="variants").json()["data"]

    assert (plain["base_variant_id"], plain["inventory_tracking"]) == (plain["variants"][0]["id"], "product")
    assert (shirt["base_variant_id"], shirt["inventory_tracking"]) == (None, "variant")
    assert skus(ask("GET", "/v3/catalog/variants", sku="RED")) == ["RED"]
    assert skus(ask("GET", "/v3/catalog/variants", **{"product_id:in": "1"})) == ["LAMP"]


def test_what_is_not_there_is_404_in_the_words_of_v3(ask: Ask) -> None:
    answer = ask("GET", "/v3/catalog/products/999")

    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Rate-Limit-Requests-Left"]


# -- the inventory -----------------------------------------------------------------------------------------------


def test_the_inventory_lists_what_is_tracked(ask: Ask, shop: BigCommerceShop) -> None:
    shop.add_product({"sku": "LAMP", "stock": 4})
    shop.add_product({"sku": "SHIRT", "variants": [{"sku": "RED", "stock": 2}]})
    shop.add_product({"sku": "GIFT", "tracking": "none"})

    found = ask("GET", "/v3/inventory/items").json()["data"]

    assert [(one["identity"]["sku"], one["locations"][0]["total_inventory_onhand"]) for one in found] == [
        ("LAMP", 4),
        ("RED", 2),
    ]
    assert len(ask("GET", "/v3/inventory/items", **{"sku:in": "RED,GIFT"}).json()["data"]) == 1


def test_the_catalogue_says_what_all_locations_have_to_sell(ask: Ask, shop: BigCommerceShop) -> None:
    shop.catalogue.locations = [1, 2]
    lamp = shop.add_product({"sku": "LAMP", "stock": 10})
    shop.catalogue.count(lamp, 3, 2)
    lamp.safety = {1: 4, 2: 5}
    path = "/v3/inventory/items"

    (product,) = ask("GET", "/v3/catalog/products").json()["data"]
    (every,), (one,) = (ask("GET", path, **query).json()["data"] for query in ({}, {"location_id:in": "2"}))

    assert product["inventory_level"] == 6
    levels = [(at["total_inventory_onhand"], at["available_to_sell"]) for at in every["locations"]]
    assert (levels, [at["location_id"] for at in one["locations"]]) == ([(10, 6), (3, 0)], [2])


def test_the_default_location_is_one_of_the_locations(ask: Ask, shop: BigCommerceShop) -> None:
    shop.catalogue.locations, shop.catalogue.default = [3, 7], 7

    every, default = (ask("GET", "/v3/inventory/locations", **query).json() for query in ({}, {"is_default": "true"}))

    assert [[one["id"] for one in answer["data"]] for answer in (every, default)] == [[3, 7], [7]]


def test_an_adjustment_counts_by_variant_product_and_SKU(ask: Ask, shop: BigCommerceShop) -> None:
    lamp = shop.add_product({"sku": "LAMP"})
    red, blue = shop.add_product({"sku": "SHIRT", "variants": [{"sku": "RED"}, {"sku": "BLUE"}]}).variants
    given = adjustment(("product_id", lamp.id, 5), ("variant_id", red.id, 6))
    given["items"].append({"location_id": 1, "sku": "BLUE", "quantity": 7})

    answer = ask("PUT", ADJUST, given)

    assert (answer.status_code, list(answer.json())) == (200, ["transaction_id"])
    assert shop.stock_of("LAMP") | shop.stock_of("RED") | shop.stock_of("BLUE") == {
        f"product/{lamp.id}": 5,
        f"variant/{red.id}": 6,
        f"variant/{blue.id}": 7,
    }


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([("variant_id", 70, 1)], "[Item with variant_id 70 is tracked by product, please update stock by product id]"),
        ([("product_id", 2, 1)], "[Item with product_id 2 is tracked by variant, please update stock by variant id]"),
        ([("product_id", 3, 1)], "[Item with product_id 3 is not tracked]"),
        ([("variant_id", 999, 1)], "Items not found, identities: [variant_id 999]"),
        ([("product_id", 1, -1)], "Payload contains invalid fields"),
        ([("product_id", 1, 2**31)], "Payload contains invalid fields"),
        ([("product_id", 1, 1)] * 2001, "Payload contains invalid fields"),
        ([], "Payload contains invalid fields"),
    ],
)
def test_one_wrong_item_refuses_the_whole_adjustment(ask: Ask, shop: BigCommerceShop, items: Any, words: str) -> None:
    shop.add_product({"sku": "LAMP", "stock": 4})
    shop.add_product({"sku": "SHIRT", "variants": [{"sku": "RED"}]})
    shop.add_product({"sku": "GIFT", "tracking": "none"})

    answer = ask("PUT", ADJUST, adjustment(("product_id", 1, 9), *items) if items else {"items": []})

    assert (answer.status_code, answer.json()["title"]) == (422, words)
    assert shop.stock_of("LAMP") == {"product/1": 4}


def test_a_location_that_is_not_there_is_named(ask: Ask, shop: BigCommerceShop) -> None:
    shop.add_product({"sku": "LAMP"})

    answer = ask("PUT", ADJUST, {"items": [{"location_id": 9, "product_id": 1, "quantity": 1}]})

    assert answer.json()["title"] == "Location not found, identities: [9]"


def test_an_order_takes_its_pieces_off_the_stock(shop: BigCommerceShop, order: BigOrder) -> None:
    shop.add_product({"sku": "A", "stock": 5})

    shop.place_order({"products": [{"sku": "A", "price": "1.00", "quantity": 2}]})

    assert shop.stock_of("A") == {"product/1": 3}


# -- shipments ---------------------------------------------------------------------------------------------------


def test_the_status_follows_what_is_shipped(ask: Ask, shop: BigCommerceShop, order: BigOrder) -> None:
    path = f"/v2/orders/{order.id}/shipments"
    items = [{"order_product_id": order.products[0]["id"], "quantity": 2}]
    given = {"order_address_id": order.addresses[0]["id"], "items": items, "tracking_number": "1"}

    assert ask("GET", path).status_code == 204
    made = ask("POST", path, given)
    refused = ask("POST", path, given)

    assert (made.status_code, made.json()["tracking_number"]) == (201, "1")
    assert shop.status_of(str(order.id)) == "Partially Shipped"
    assert (refused.status_code, refused.json()[0]["message"]) == (400, "The field 'items' is invalid.")
    ask("POST", path, {**given, "items": [{**items[0], "quantity": 1}]})
    assert (shop.status_of(str(order.id)), ask("GET", f"{path}/count").json()) == ("Shipped", {"count": 2})
    assert ask("GET", f"/v2/orders/{order.id}").json()["items_shipped"] == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_address_id": 999}, "order_address_id"),
        ({"items": []}, "items"),
        ({"items": [{"order_product_id": 999, "quantity": 1}]}, "items"),
        ({"tracking_carrier": "pigeon"}, "tracking_carrier"),
        ({"tracking_number": "1" * 51}, "tracking_number"),
    ],
)
def test_a_wrong_shipment_is_refused_and_changes_nothing(
    ask: Ask, shop: BigCommerceShop, order: BigOrder, changes: dict[str, Any], field: str
) -> None:
    items = [{"order_product_id": order.products[0]["id"], "quantity": 1}]
    given = {"order_address_id": order.addresses[0]["id"], "items": items, **changes}

    answer = ask("POST", f"/v2/orders/{order.id}/shipments", given)

    assert (answer.status_code, answer.json()[0]["message"]) == (400, f"The field '{field}' is invalid.")
    assert (shop.shipments_of(str(order.id)), shop.status_of(str(order.id))) == ([], "Awaiting Fulfillment")


# -- the merchant's hand -----------------------------------------------------------------------------------------


def test_the_merchant_ships_completes_and_cancels(control: Ask, shop: BigCommerceShop, order: BigOrder) -> None:
    line = str(order.products[0]["id"])

    control(f"/orders/{order.id}", ship={"pieces": {line: 1}, "tracking_number": "1", "carrier": "dhl"})
    control(f"/orders/{order.id}", ship=True)
    shipped = shop.status_of(str(order.id))
    control(f"/orders/{order.id}", complete=True)
    completed = shop.status_of(str(order.id))
    control(f"/orders/{order.id}", cancel=True)

    assert [one["items"][0]["quantity"] for one in shop.shipments_of(str(order.id))] == [1, 2]
    assert (shipped, completed, shop.status_of(str(order.id))) == ("Shipped", "Completed", "Cancelled")


def test_the_merchant_adds_counts_changes_and_deletes_products(control: Ask, shop: BigCommerceShop) -> None:
    number = control("/products", sku="LAMP", stock=4).json()["id"]
    control("/stock", LAMP=9)
    counted = shop.stock_of("LAMP")
    control(f"/items/product/{number}", sku="LAMP-2", stock=3)
    renamed = shop.stock_of("LAMP-2")
    control(f"/items/product/{number}", tracking="none")
    untracked = shop.stock_of("LAMP-2")
    shop.delete_product(number)

    assert (counted, renamed) == ({f"product/{number}": 9}, {f"product/{number}": 3})
    assert list(untracked.values()) == [None]
    assert shop.stock_of("LAMP-2") == {}
    assert control("/items/product/999", sku="x").status_code == 404


def test_calls_are_counted_by_end_point(ask: Ask, shop: BigCommerceShop) -> None:
    ask("GET", "/v3/inventory/items")
    ask("GET", "/v2/orders/5/shipments")

    assert shop.calls_of("GET /v3/inventory/items") == shop.calls_of("GET /v2/orders/{id}/shipments") == 1
