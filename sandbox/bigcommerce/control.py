"""`/_sandbox`: what the merchant does and sees in a browser, for the demo and for tests. Local, without a token."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response

from sandbox.bigcommerce.answers import answer, body
from sandbox.bigcommerce.gate import ALL_SCOPES
from sandbox.bigcommerce.generator import random_order
from sandbox.bigcommerce.state import BigCommerceShop
from sandbox.faults import CONTROL, Faults


def control_routes(shop: BigCommerceShop, faults: Faults) -> Blueprint:
    """The merchant's end points."""
    routes = Blueprint("control", __name__, url_prefix=CONTROL)

    @routes.get("/state")
    def state() -> Response:
        return answer(shop.summary() | {"faults": faults.summary()})

    @routes.post("/orders")
    def placed() -> Response:
        given = body()
        order = shop.place_order(given) if given.get("products") else random_order(shop, given)
        return answer(shop.body(order, with_parts=True), 201)

    @routes.post("/orders/<int:order_id>")
    def edited(order_id: int) -> Response:
        _act(shop, order_id, body())
        return answer(shop.body(shop.order(order_id), with_parts=True))

    @routes.get("/orders/<int:order_id>/shipments")
    def shipments(order_id: int) -> Response:
        return answer(shop.shipments_of(str(order_id)))

    @routes.post("/raw-order")
    def raw() -> Response:
        return answer({"id": shop.put_raw_order(body()).id}, 201)

    @routes.post("/products")
    def added() -> Response:
        product = shop.add_product(body())
        return answer(product.shown() | {"variants": [variant.shown() for variant in product.variants]}, 201)

    @routes.post("/items/<kind>/<int:number>")
    def item(kind: str, number: int) -> Response:
        shop.edit_item(f"{kind}/{number}", body())
        return answer(shop.summary()["stock"])

    _item_routes(routes, shop)
    return routes


def _item_routes(routes: Blueprint, shop: BigCommerceShop) -> None:
    @routes.post("/key")
    def key() -> Response:
        shop.scopes = frozenset(map(str, body().get("scopes", ALL_SCOPES)))
        return answer({"scopes": sorted(shop.scopes)})

    @routes.post("/stock")
    def counted() -> Response:
        for sku, quantity in body().items():
            shop.set_stock(sku, int(quantity))
        return answer(shop.summary()["stock"])


def _act(shop: BigCommerceShop, order_id: int, given: dict[str, Any]) -> None:
    """Refund, ship, complete, cancel and delete by name; everything else is an edit."""
    acts: dict[str, Callable[[Any], object]] = {
        "refund": lambda pieces: shop.refund_order(order_id, {int(line): int(n) for line, n in pieces.items()}),
        "ship": lambda how: shop.ship_order(order_id, **({} if how is True else how)),
        "complete": lambda _: shop.complete_order(order_id),
        "cancel": lambda _: shop.cancel_order(order_id),
        "delete": lambda _: shop.delete_order(order_id),
    }
    for name, act in acts.items():
        if given.get(name):
            act(given[name])
    changes = {name: value for name, value in given.items() if name not in acts}
    if changes:
        shop.edit_order(order_id, changes)
