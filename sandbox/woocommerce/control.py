"""`/_sandbox`: what the merchant does and sees in a browser, for the demo and for tests. Local, without a key."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from sandbox.faults import CONTROL, Faults
from sandbox.woocommerce.api import answer, body
from sandbox.woocommerce.generator import random_order
from sandbox.woocommerce.state import WooCommerceShop


def control_routes(shop: WooCommerceShop, faults: Faults) -> Blueprint:
    """The merchant's end points."""
    routes = Blueprint("control", __name__, url_prefix=CONTROL)

    @routes.get("/state")
    def state() -> Response:
        return answer(shop.summary() | {"faults": faults.summary()})

    @routes.post("/orders")
    def placed() -> Response:
        given = body()
        # With no lines the shop makes up a buyer and a basket of its own.
        order = shop.place_order(given) if given.get("line_items") else random_order(shop, given)
        return answer(shop.order_body(order), 201)

    @routes.post("/orders/<int:order_id>")
    def edited(order_id: int) -> Response:
        shop.order(order_id)
        _act(shop, order_id, body())
        known = shop.book.orders.get(order_id)
        return answer(shop.order_body(known) if known else {"id": order_id, "deleted": True})

    @routes.post("/raw-order")
    def raw() -> Response:
        return answer({"id": shop.put_raw_order(body()).id}, 201)

    @routes.post("/key")
    def key() -> Response:
        return answer({"permissions": shop.set_permissions(str(body().get("permissions", "read_write")))})

    _product_routes(routes, shop)
    return routes


def _product_routes(routes: Blueprint, shop: WooCommerceShop) -> None:
    @routes.post("/products")
    def added() -> Response:
        return answer(shop.product_writer().product(shop.add_product(body())), 201)

    @routes.post("/products/change")
    def changed() -> Response:
        given = body()
        sku = str(given.pop("of", ""))
        if given.get("delete") is True:
            shop.delete_product(sku)
        else:
            shop.change_product(sku, given)
        return answer(shop.summary()["stock"])

    @routes.get("/stock")
    def shown() -> Response:
        return answer(shop.stock_of(request.args.get("sku", "")))

    @routes.post("/stock")
    def counted() -> Response:
        for sku, quantity in body().items():
            shop.set_stock(sku, int(quantity))
        return answer(shop.summary()["stock"])


def _act(shop: WooCommerceShop, order_id: int, given: dict[str, Any]) -> None:
    """Refund, note, trash, restore and delete by name; everything else is an edit."""
    acts: dict[str, Callable[[Any], object]] = {
        "refund": lambda how: shop.refund_order(order_id, None if how is True else how),
        "note": lambda text: shop.book.note(shop.order(order_id), str(text)),
        "trash": lambda _: shop.trash_order(order_id),
        "restore": lambda _: shop.restore_order(order_id),
        "delete": lambda _: shop.delete_order(order_id),
    }
    changes = {name: value for name, value in given.items() if name not in acts}
    if changes:
        shop.edit_order(order_id, changes)
    for name, act in acts.items():
        if name in given:
            act(given[name])
