"""What the merchant does with products and orders, by hand or over /_sandbox, and what there is to compare."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, WooCommerceShop
from sandbox.woocommerce.model import Product
from tests.sandbox.client import Api, Clock, basket


@pytest.fixture
def control(sandbox: RunningSandbox[WooCommerceShop]) -> Iterator[Any]:
    """Calls to /_sandbox; gives the JSON answered."""
    with requests.Session() as session:
        session.trust_env = False

        def call(method: str, path: str, body: Any = None) -> Any:
            answer = session.request(method, f"{sandbox.url}/_sandbox{path}", json=body, timeout=30)
            assert answer.ok, answer.text
            return answer.json()

        yield call


def product(shop: WooCommerceShop, sku: str) -> Product:
    return shop.catalogue.by_sku(sku)[0]


def item(shop: WooCommerceShop, sku: str) -> str:
    found = product(shop, sku)
    return f"product/{found.parent_id}/variation/{found.id}" if found.parent_id else f"product/{found.id}"


def test_an_order_is_completed_and_called_off(shop: WooCommerceShop) -> None:
    done, off = (shop.place_order(basket(("OIL", 2))).id for _ in range(2))

    shop.complete_order(done)
    shop.cancel_order(off)

    assert (shop.status_of(str(done)), shop.status_of(str(off))) == ("completed", "cancelled")
    assert shop.stock("OIL") == 43


@pytest.mark.parametrize("status", ["completed", "on-hold"])
def test_a_client_that_moves_a_processing_order_on_moves_no_stock(shop: WooCommerceShop, api: Api, status: str) -> None:
    order = shop.place_order(basket(("OIL", 2)))

    answer = api.send("PUT", f"/orders/{order.id}", {"status": status})

    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert shop.stock("OIL") == 43


def test_a_client_that_cancels_puts_stock_back_and_processing_takes_it_again(shop: WooCommerceShop, api: Api) -> None:
    order = shop.place_order(basket(("OIL", 3)))

    stock = []
    for status in ("cancelled", "processing", "completed", "processing"):
        api.send("PUT", f"/orders/{order.id}", {"status": status})
        stock.append(shop.stock("OIL"))

    assert stock == [45, 42, 42, 42]


def test_a_products_stock_tracking_and_sku_are_changed(shop: WooCommerceShop) -> None:
    oil = item(shop, "OIL")

    shop.set_stock("OIL", 3)
    shop.set_sku("OIL", "OIL-NEW")
    counted = shop.stock_of("OIL-NEW")
    shop.set_tracking("OIL-NEW", on=False)

    assert counted == {oil: 3}
    assert shop.stock_of("OIL-NEW") == {oil: None}
    assert shop.stock_of("OIL") == {}


def test_the_stock_of_a_sku_is_that_of_every_item_that_has_it_exactly(shop: WooCommerceShop) -> None:
    shop.add_product({"sku": "CHAIR-RED", "stock_quantity": 9}, is_sku_free=True)
    shop.add_product({"sku": "chair-red", "stock_quantity": 1}, is_sku_free=True)

    assert sorted(shop.stock_of("CHAIR-RED").values(), key=str) == [3, 9]
    assert item(shop, "CHAIR-RED") in shop.stock_of("CHAIR-RED")
    assert shop.stock_of("CHAIR-BLUE") == {item(shop, "CHAIR-BLUE"): None}


def test_told_quantities_are_kept_in_order(shop: WooCommerceShop, api: Api) -> None:
    oil, red = product(shop, "OIL"), product(shop, "CHAIR-RED")
    api.send("POST", "/products/batch", {"update": [{"id": oil.id, "stock_quantity": 4}]})
    api.send("POST", f"/products/{red.parent_id}/variations/batch", {"update": [{"id": red.id, "stock_quantity": 0}]})
    api.send("POST", "/products/batch", {"update": [{"id": oil.id, "stock_quantity": 5}, {"id": oil.id, "name": "X"}]})
    api.send("POST", "/products/batch", {"update": [{"id": oil.id, "stock_quantity": 6}] * 101})

    assert shop.told_stock() == [(item(shop, "OIL"), 4), (item(shop, "CHAIR-RED"), 0), (item(shop, "OIL"), 5)]
    assert shop.calls["POST /products/batch"] == 3


def test_a_saved_variation_saves_its_product(shop: WooCommerceShop, clock: Clock) -> None:
    clock.tick(7)
    shop.set_stock("CHAIR-RED", 8)
    saved = product(shop, "CHAIR").modified
    clock.tick(7)
    shop.delete_product("CHAIR-RED")

    assert saved < product(shop, "CHAIR").modified == clock.time


def test_variations_are_listed_in_the_order_that_is_asked_for(shop: WooCommerceShop, api: Api) -> None:
    listed = api.get(f"/products/{product(shop, 'CHAIR').id}/variations", order="asc", orderby="date", offset=1)

    assert [one["name"] for one in listed.json()] == ["Blue", "Plain"]


def test_a_sku_with_a_comma_is_found_by_itself(shop: WooCommerceShop, api: Api) -> None:
    shop.add_product({"sku": "OIL,1", "stock_quantity": 1})

    assert {one["sku"] for one in api.get("/products", sku="OIL,1").json()} == {"OIL,1", "OIL"}


def test_products_are_changed_over_the_wire(shop: WooCommerceShop, control: Any) -> None:
    oil = item(shop, "OIL")

    control("POST", "/products/change", {"of": "OIL", "manage_stock": True, "stock_quantity": 2, "sku": "OIL-2"})
    shown = control("GET", "/stock?sku=OIL-2")
    control("POST", "/products/change", {"of": "OIL-2", "delete": True})

    assert shown == {oil: 2}
    assert shop.stock_of("OIL-2") == {}
