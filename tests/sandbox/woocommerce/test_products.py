"""Products: look-up by SKU and the many ways a stock write can go."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import WooCommerceShop
from sandbox.woocommerce.model import Product
from tests.sandbox.client import Api, Clock

RECORDED = Path(__file__).parents[2] / "data" / "woocommerce"


def product(shop: WooCommerceShop, sku: str) -> Product:
    return shop.catalogue.by_sku(sku)[0]


def update(api: Api, *items: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.send("POST", "/products/batch", {"update": list(items)})
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["update"]
    return found


def test_a_search_by_sku_is_exact_and_finds_variations(shop: WooCommerceShop, api: Api) -> None:
    found = api.get("/products", sku="table,chair-red,CHAI").json()

    by_sku = {one["sku"]: (one["type"], one["parent_id"]) for one in found}
    assert by_sku == {"TABLE": ("simple", 0), "CHAIR-RED": ("variation", product(shop, "CHAIR").id)}


def test_the_plain_list_has_no_variations(api: Api) -> None:
    answer = api.get("/products", per_page=2, page=2, orderby="id", order="asc")

    assert [one["sku"] for one in answer.json()] == ["SERVICE", "CHAIR"]
    assert answer.headers["X-WP-Total"] == "4"


def test_products_changed_since(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    clock.tick()
    shop.set_stock("OIL", 1)

    found = api.get("/products", modified_after="2026-11-22T12:00:00", dates_are_gmt="true").json()

    assert [one["sku"] for one in found] == ["OIL"]


@pytest.mark.parametrize(
    ("query", "skus"),
    [
        ({"search_sku": "abl"}, ["TABLE"]),
        ({"search": "hard-wax"}, ["OIL"]),
        ({"type": "variable"}, ["CHAIR"]),
        ({"status": "draft"}, []),
    ],
)
def test_other_searches(api: Api, query: dict[str, str], skus: list[str]) -> None:
    assert [one["sku"] for one in api.get("/products", **query).json()] == skus


def test_a_batch_sets_stock_and_reports_failures_in_a_200(shop: WooCommerceShop, api: Api) -> None:
    table = product(shop, "TABLE")

    done, failed = update(api, {"id": table.id, "stock_quantity": 17}, {"id": 999999, "stock_quantity": 5})

    assert (done["stock_quantity"], shop.stock("TABLE")) == (17, 17)
    expected = json.loads((RECORDED / "products_batch_update_response.json").read_text())["update"][1]
    assert failed == expected


def test_more_than_a_hundred_items_are_refused(shop: WooCommerceShop, api: Api) -> None:
    items = [{"id": product(shop, "TABLE").id, "stock_quantity": 1}]

    full = api.send("POST", "/products/batch", {"update": items * 100})
    over = api.send("POST", "/products/batch", {"update": items * 100, "delete": [1]})

    assert full.status_code == 200
    assert over.status_code == 413
    assert over.json() == json.loads((RECORDED / "batch_101_error.json").read_text())


def test_a_variation_is_read_but_not_written_among_products(shop: WooCommerceShop, api: Api) -> None:
    red = product(shop, "CHAIR-RED")

    assert api.get(f"/products/{red.id}").json()["type"] == "variation"
    assert api.send("PUT", f"/products/{red.id}", {"stock_quantity": 9}).status_code == 404
    assert update(api, {"id": red.id, "stock_quantity": 9})[0]["error"]["data"] == {"status": 404}
    assert shop.stock("CHAIR-RED") == 3


def test_a_batch_of_variations(shop: WooCommerceShop, api: Api) -> None:
    parent, red = product(shop, "CHAIR").id, product(shop, "CHAIR-RED").id
    body = {"update": [{"id": red, "stock_quantity": 9}, {"id": parent, "stock_quantity": 1}]}

    done, failed = api.send("POST", f"/products/{parent}/variations/batch", body).json()["update"]

    assert (done["stock_quantity"], shop.stock("CHAIR-RED")) == (9, 9)
    assert failed["error"]["code"] == "woocommerce_rest_product_variation_invalid_id"


def test_stock_of_an_unmanaged_product_is_ignored(shop: WooCommerceShop, api: Api) -> None:
    service = product(shop, "SERVICE").id

    (ignored,) = update(api, {"id": service, "stock_quantity": 5})
    (managed,) = update(api, {"id": service, "manage_stock": True})

    assert (ignored["manage_stock"], ignored["stock_quantity"]) == (False, None)
    assert (managed["manage_stock"], managed["stock_quantity"]) == (True, 0)


def test_a_variation_under_its_parents_stock_keeps_the_parents_number(shop: WooCommerceShop, api: Api) -> None:
    parent, blue = product(shop, "CHAIR"), product(shop, "CHAIR-BLUE")
    path = f"/products/{parent.id}/variations/{blue.id}"

    answer = api.send("PUT", path, {"stock_quantity": 5})

    assert answer.status_code == 200
    assert (answer.json()["manage_stock"], answer.json()["stock_quantity"]) == ("parent", 20)
    assert shop.stock("CHAIR") == 20


def test_managing_can_be_switched_on_with_the_number(shop: WooCommerceShop, api: Api) -> None:
    (answer,) = update(api, {"id": product(shop, "SERVICE").id, "manage_stock": True, "stock_quantity": 5})

    assert (answer["manage_stock"], answer["stock_quantity"]) == (True, 5)


@pytest.mark.parametrize(
    ("sent", "kept", "status"),
    [("7.5", 7, "instock"), ("abc", 0, "outofstock"), (-3, -3, "outofstock"), (0, 0, "outofstock")],
)
def test_a_batch_takes_any_number(shop: WooCommerceShop, api: Api, sent: Any, kept: int, status: str) -> None:
    (answer,) = update(api, {"id": product(shop, "OIL").id, "stock_quantity": sent})

    assert (answer["stock_quantity"], answer["stock_status"]) == (kept, status)


@pytest.mark.parametrize("sent", ["abc", "12.5", 12.5, True])
def test_a_single_write_checks_the_number(shop: WooCommerceShop, api: Api, sent: Any) -> None:
    answer = api.send("PUT", f"/products/{product(shop, 'OIL').id}", {"stock_quantity": sent})

    assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")
    assert shop.stock("OIL") == 45


def test_a_double_sku_is_refused_with_a_free_one(shop: WooCommerceShop, api: Api) -> None:
    answer = api.send("PUT", f"/products/{product(shop, 'TABLE').id}", {"sku": "oil"})

    assert (answer.status_code, answer.json()["code"]) == (400, "product_invalid_sku")
    assert answer.json()["data"] == {"status": 400, "resource_id": product(shop, "OIL").id, "unique_sku": "oil-1"}


def test_a_plugin_may_allow_double_skus(shop: WooCommerceShop, api: Api) -> None:
    shop.add_product({"sku": "OIL", "stock_quantity": 1}, is_sku_free=True)

    assert len(api.get("/products", sku="OIL").json()) == 2


def test_a_stock_write_moves_the_date_even_without_a_change(shop: WooCommerceShop, api: Api, clock: Clock) -> None:
    clock.tick(7)

    (answer,) = update(api, {"id": product(shop, "OIL").id, "stock_quantity": 45})

    assert answer["date_modified_gmt"] == "2026-11-22T12:00:07"


def test_a_renamed_sku_shows_in_older_orders(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order({"line_items": [{"sku": "OIL"}]})
    api.order(order)

    api.send("PUT", f"/products/{product(shop, 'OIL').id}", {"sku": "OIL-NEW"})

    assert api.order(order)["line_items"][0]["sku"] == "OIL-NEW"


def test_products_are_created_and_removed(shop: WooCommerceShop, api: Api) -> None:
    made = api.send("POST", "/products", {"name": "Wax", "sku": "WAX", "manage_stock": True, "stock_quantity": 4})
    assert (made.status_code, shop.stock("WAX")) == (201, 4)

    api.send("DELETE", f"/products/{made.json()['id']}", force="true")

    assert api.get(f"/products/{made.json()['id']}").status_code == 404
    assert api.get("/products", sku="WAX").json() == []


def test_a_variable_product_lists_its_variations(shop: WooCommerceShop, api: Api) -> None:
    chair = product(shop, "CHAIR")

    shown = api.get(f"/products/{chair.id}").json()
    listed = api.get(f"/products/{chair.id}/variations").json()

    assert len(shown["variations"]) == 3
    assert [one["name"] for one in listed] == ["Plain", "Blue", "Red"]


def test_an_unknown_variation_is_not_found(shop: WooCommerceShop, api: Api) -> None:
    parent, table = product(shop, "CHAIR").id, product(shop, "TABLE").id

    answer = api.get(f"/products/{parent}/variations/{table}")

    assert (answer.status_code, answer.json()["code"]) == (404, "woocommerce_rest_product_variation_invalid_id")
