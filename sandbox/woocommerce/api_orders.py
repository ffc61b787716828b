"""The stand-in's end points for orders, their refunds and notes."""

from typing import Any

from flask import Blueprint, Response

from sandbox.woocommerce.api import ROOT, answer, batch, body, page_of, params
from sandbox.woocommerce.catalogue import php_integer
from sandbox.woocommerce.errors import Refusal, invalid_params
from sandbox.woocommerce.json import Dates
from sandbox.woocommerce.model import HIDDEN, STATUSES, Order
from sandbox.woocommerce.query import Params, in_order, narrow
from sandbox.woocommerce.state import WooCommerceShop

_SETTABLE = tuple(status for status in STATUSES if status not in ("any", "trash"))


def order_routes(shop: WooCommerceShop) -> Blueprint:
    """`/orders` and below."""
    routes = Blueprint("orders", __name__, url_prefix=f"{ROOT}/orders")

    @routes.get("")
    def listed() -> Response:
        asked = params()
        return page_of(_chosen(shop, asked), _writer(shop, asked), asked)

    @routes.post("")
    def placed() -> Response:
        given = body()
        _check_status(given)
        return answer(shop.order_body(shop.book.place(given)), 201)

    @routes.get("/<int:order_id>")
    def shown(order_id: int) -> Response:
        return answer(_writer(shop, params())(shop.order(order_id)))

    @routes.route("/<int:order_id>", methods=["PUT", "PATCH", "POST"])
    def edited(order_id: int) -> Response:
        order, given = shop.order(order_id, status=400), body()
        _check_status(given)
        shop.book.edit(order, given)
        return answer(shop.order_body(order))

    @routes.delete("/<int:order_id>")
    def removed(order_id: int) -> Response:
        return answer(_remove(shop, order_id, is_forced=params().flag("force")))

    @routes.route("/batch", methods=["POST", "PUT", "PATCH"])
    def many() -> Response:
        return batch(
            create=lambda given: shop.order_body(shop.book.place(_tolerated(given))),
            update=lambda given: _update_in_batch(shop, given),
            delete=lambda given: _remove(shop, php_integer(given.get("id")), is_forced=True),
        )

    _refund_routes(routes, shop)
    _note_routes(routes, shop)
    return routes


def _refund_routes(routes: Blueprint, shop: WooCommerceShop) -> None:
    @routes.get("/<int:order_id>/refunds")
    def refunds(order_id: int) -> Response:
        order, writer, asked = shop.order(order_id), shop.order_writer(), params()
        given = asked.integer("dp", low=0)
        decimals = 2 if given is None else given
        return page_of(order.refunds, lambda refund: writer.refund(order, refund, decimals), asked)

    @routes.post("/<int:order_id>/refunds")
    def refunded(order_id: int) -> Response:
        order = shop.order(order_id)
        refund = shop.book.refund(order, body())
        return answer(shop.order_writer().refund(order, refund), 201)

    @routes.get("/<int:order_id>/refunds/<int:refund_id>")
    def refund(order_id: int, refund_id: int) -> Response:
        order = shop.order(order_id)
        for one in order.refunds:
            if one.id == refund_id:
                return answer(shop.order_writer().refund(order, one))
        raise Refusal("woocommerce_rest_shop_order_refund_invalid_id", "Invalid ID.", 404)


def _note_routes(routes: Blueprint, shop: WooCommerceShop) -> None:
    @routes.get("/<int:order_id>/notes")
    def notes(order_id: int) -> Response:
        order, writer = shop.order(order_id), shop.order_writer()
        return answer([writer.note(order, note) for note in order.notes])

    @routes.post("/<int:order_id>/notes")
    def noted(order_id: int) -> Response:
        order, given = shop.order(order_id), body()
        for_customer = given.get("customer_note") is True
        note = shop.book.note(order, str(given.get("note", "")), for_customer=for_customer)
        return answer(shop.order_writer().note(order, note), 201)


def _chosen(shop: WooCommerceShop, asked: Params) -> list[Order]:
    statuses = set(asked.choices("status", STATUSES, "any"))
    customer = asked.integer("customer", low=0)
    found = narrow(shop.book.orders.values(), asked, Dates(shop.settings.timezone).zone)
    chosen = [
        order
        for order in found
        if (order.status in statuses or ("any" in statuses and order.status not in HIDDEN))
        and (customer is None or order.customer_id == customer)
    ]
    return in_order(chosen, asked)


def _writer(shop: WooCommerceShop, asked: Params) -> Any:
    decimals = asked.integer("dp", low=0)
    asked.check()
    return lambda order: shop.order_body(order, 2 if decimals is None else decimals)


def _check_status(given: dict[str, Any]) -> None:
    status = given.get("status")
    if status is not None and status not in _SETTABLE:
        sentence = f"status is not one of {', '.join(_SETTABLE[:-1])}, and {_SETTABLE[-1]}."
        raise invalid_params({"status": ("rest_not_in_enum", sentence)})


def _tolerated(given: dict[str, Any]) -> dict[str, Any]:
    """A batch does not refuse a status that does not exist: the order becomes pending."""
    if given.get("status") is not None and given["status"] not in _SETTABLE:
        return given | {"status": "pending"}
    return given


def _update_in_batch(shop: WooCommerceShop, given: dict[str, Any]) -> bytes:
    order = shop.order(php_integer(given.get("id")), status=400)
    shop.book.edit(order, _tolerated(given))
    return shop.order_body(order)


def _remove(shop: WooCommerceShop, order_id: int, *, is_forced: bool) -> bytes:
    """Trash or delete; the answer is the order as it was before."""
    order = shop.order(order_id)
    before = shop.order_body(order)
    if is_forced:
        shop.book.delete(order)
    else:
        shop.book.trash(order)
    return before
