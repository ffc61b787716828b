"""The sandbox's answers against those of a real WooCommerce 10.0.2: same fields, same types, same order."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import WooCommerceShop, seed_shop
from tests.sandbox.client import PARCEL, Api, Receiver, basket

RECORDED = Path(__file__).parents[1] / "data" / "woocommerce"
LISTS = ("line_items", "tax_lines", "shipping_lines", "fee_lines", "coupon_lines", "refunds", "meta_data")


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Keys in order, with the type of each value; of a list the shape of its first element."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if type(value) in (int, float) else type(value).__name__


@pytest.mark.parametrize(
    ("sample", "status", "customer"),
    [
        ("01_incl_tax_plain", "processing", 2),
        ("10_status_pending", "pending", 0),
        ("10_status_completed", "completed", 0),
    ],
)
def test_an_order(shop: WooCommerceShop, api: Api, sample: str, status: str, customer: int) -> None:
    more = {"billing": {"country": "DE", "email": "lena@example.test"}, "shipping_lines": [PARCEL]}
    order = shop.place_order(basket(("OIL", 1), **more, status=status, customer_id=customer))

    real, ours = recorded(sample), api.order(order)

    assert shape(ours) == shape(real)
    assert list(ours) == list(real)
    assert [list(line) for line in ours["line_items"]] == [list(real["line_items"][0])]


def test_a_product_list(api: Api) -> None:
    (variation, simple) = recorded("products_sku_search")

    ours = {one["type"]: one for one in api.get("/products", sku="CHAIR-RED,TABLE").json()}

    assert list(ours["variation"]) == list(variation)
    assert shape({**ours["simple"], "weight": ""}) == shape(simple)
    assert shape(ours["variation"]) == shape(variation)


def test_the_variations_of_a_product(shop: WooCommerceShop, api: Api) -> None:
    chair = shop.catalogue.by_sku("CHAIR")[0]
    real = recorded("variations_page")[-1]

    ours = api.get(f"/products/{chair.id}/variations").json()[-1]

    assert list(ours) == list(real)
    assert shape(ours) == shape(real)


def test_a_batch_of_products(shop: WooCommerceShop, api: Api) -> None:
    table = shop.catalogue.by_sku("TABLE")[0]
    real = recorded("products_batch_update_response")["update"][0]

    ours = api.send("POST", "/products/batch", {"update": [{"id": table.id, "stock_quantity": 17}]}).json()

    assert list(ours) == ["update"]
    assert list(ours["update"][0]) == list(real)
    assert shape(ours["update"][0]) == shape(real)


def test_a_webhook(api: Api) -> None:
    real = recorded("webhook_create_response")

    ours = api.send("POST", "/webhooks", {"topic": "order.updated", "delivery_url": "http://127.0.0.1:1/"}).json()

    assert shape(ours) == shape(real)
    assert ours["hooks"] == real["hooks"]


def test_a_delivery(shop: WooCommerceShop, receiver: Receiver) -> None:
    real = recorded("webhook_order_created")
    shop.webhooks.subscribe({"topic": "order.created", "delivery_url": receiver.url})
    shop.place_order(basket(("OIL", 1)))
    shop.webhooks.run()

    ours = receiver.received[-1]
    theirs = {name.lower() for name in real["headers"]} - {"accept", "accept-encoding"}
    assert theirs <= set(ours.headers) | {"accept"}
    assert list(json.loads(ours.body))[:10] == list(json.loads(real["body"]))[:10]


def test_an_unknown_order(api: Api) -> None:
    real = recorded("error_404")

    assert api.send("PUT", "/orders/4711", {}).json() == real


def test_every_generated_order_has_the_recorded_fields(shop: WooCommerceShop, api: Api) -> None:
    shop.catalogue.products.clear()
    seed_shop(shop, orders=60, seed=11)
    real = recorded("01_incl_tax_plain")
    fields = {key: type(value) for key, value in real.items() if key not in LISTS and not key.startswith("date_")}

    shown = api.get("/orders", per_page=100).json()

    assert len(shown) == 60
    for order in shown:
        assert list(order) == list(real)
        assert {key: type(order[key]) for key in fields} == fields
        for line in order["line_items"]:
            assert list(line) == list(real["line_items"][0])
