"""A local stand-in of a BigCommerce shop: its orders API v2 with real state, over real HTTP."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from connectors.sandbox.bigcommerce_gate import Window, refuse_token, too_many
from connectors.sandbox.bigcommerce_generator import random_order
from connectors.sandbox.bigcommerce_model import STATUSES, BigRefusal, invalid, not_found
from connectors.sandbox.bigcommerce_query import in_order, narrow, page_of
from connectors.sandbox.bigcommerce_state import HASH, TOKEN, BigCommerceShop
from connectors.sandbox.faults import CONTROL, Faults, fault_routes, with_faults

ROOT = f"/stores/{HASH}"


def create_app(shop: BigCommerceShop, faults: Faults | None = None) -> Flask:
    """The shop as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)
    faults = faults or Faults()
    window = Window(shop.settings)
    for routes in (_order_routes(shop), _part_routes(shop), _control_routes(shop, faults), fault_routes(faults)):
        app.register_blueprint(routes)
    app.view_functions = {name: _one_at_a_time(shop, view) for name, view in app.view_functions.items()}
    app.before_request(lambda: _admit(window))
    app.after_request(lambda response: _note(shop, response))
    app.register_error_handler(BigRefusal, lambda refusal: answer(refusal.body(), refusal.status))
    app.register_error_handler(HTTPException, _no_route)
    app.wsgi_app = with_faults(app.wsgi_app, faults)  # type: ignore[assignment,method-assign]  # how Flask is wrapped
    return app


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; bytes are JSON already."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(content, status, headers, content_type="application/json")


def listed(entries: list[bytes]) -> Response:
    """A list; an empty one is 204 without a body."""
    return answer(b"[" + b",".join(entries) + b"]") if entries else Response(status=204)


def body() -> dict[str, Any]:
    """The JSON object of this request. Raises BigRefusal."""
    given = request.get_json(silent=True, force=True) if request.get_data() else {}
    if not isinstance(given, dict):
        raise BigRefusal(400, "Input is invalid")
    return given


def _one_at_a_time(shop: BigCommerceShop, view: Callable[..., Any]) -> Callable[..., Any]:
    def locked(**arguments: Any) -> Any:
        with shop.lock:
            return view(**arguments)

    return locked


def _admit(window: Window) -> None:
    if request.path.startswith(CONTROL):
        return
    is_within, g.limits = window.take()
    if not is_within:
        raise too_many()
    refuse_token(request.headers.get("X-Auth-Token"), TOKEN)


def _note(shop: BigCommerceShop, response: Response) -> Response:
    """Say what is left of the quota, and keep a record of what clients did, for /_sandbox/state."""
    response.headers.update(g.get("limits", {}))
    if request.path.startswith(ROOT):
        path = request.path.removeprefix(ROOT)
        with shop.lock:
            shop.calls[f"{request.method} {re.sub(r'/[0-9]+', '/{id}', path)}"] += 1
            if request.method != "GET":
                given = request.get_json(silent=True, force=True)
                note = {"method": request.method, "path": path, "body": given, "status": response.status_code}
                shop.writes.append(note)
    return response


def _no_route(error: HTTPException) -> Response:
    refusal = not_found() if error.code in (404, 405) else BigRefusal(error.code or 500, error.name)
    return answer(refusal.body(), refusal.status)


# -- the API -----------------------------------------------------------------------------------------------------


def _has_parts() -> bool:
    """Whether lines and fees are asked for with the order."""
    asked = request.args.get("include", "").split(",")
    is_object = request.args.get("consignment_structure") == "object"
    return "consignments.line_items" in asked and "fees" in asked and is_object


def _order_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("orders", __name__, url_prefix=f"{ROOT}/v2")

    @routes.get("/store")
    def store() -> Response:
        return answer({"id": HASH, "name": "Sandbox", "currency": shop.settings.currency, "plan_name": "Pro"})

    @routes.get("/orders")
    def orders() -> Response:
        found = in_order(narrow(shop.orders.values(), request.args, shop.settings), request.args)
        return listed([shop.body(order, with_parts=_has_parts()) for order in page_of(found, request.args)])

    @routes.get("/orders/count")
    def count() -> Response:
        return answer({"count": len(narrow(shop.orders.values(), request.args, shop.settings)), "statuses": []})

    @routes.get("/orders/<int:order_id>")
    def order(order_id: int) -> Response:
        return answer(shop.body(shop.order(order_id), with_parts=_has_parts()))

    @routes.put("/orders/<int:order_id>")
    def changed(order_id: int) -> Response:
        given = body()
        if "status" in given:
            raise invalid("status", "is read-only")
        return answer(shop.body(shop.edit_order(order_id, given), with_parts=False))

    @routes.get("/order_statuses")
    def statuses() -> Response:
        labels = {
            id_: {"name": name, "system_label": name, "custom_label": f"Our {name}"} for id_, name in STATUSES.items()
        }
        return answer([{"id": id_, **label, "order": id_} for id_, label in labels.items()])

    return routes


def _part_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("parts", __name__, url_prefix=f"{ROOT}/v2/orders/<int:order_id>")

    @routes.get("/consignments")
    def consignments(order_id: int) -> Response:
        return answer(shop.consignments(shop.order(order_id)))

    @routes.get("/<part>")
    def parts(order_id: int, part: str) -> Response:
        order = shop.order(order_id)
        kinds = {
            "products": order.products,
            "shipping_addresses": order.addresses,
            "shippingaddresses": order.addresses,
            "fees": order.fees,
            "taxes": order.taxes,
            "coupons": order.coupons,
        }
        if part not in kinds:
            raise not_found()
        return listed([json.dumps(one).encode() for one in page_of(kinds[part], request.args)])

    return routes


# -- what the merchant does in a browser -------------------------------------------------------------------------


def _control_routes(shop: BigCommerceShop, faults: Faults) -> Blueprint:
    """`/_sandbox`, for the demo and for tests. Local, without a token."""
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
        given = body()
        if refunded := given.pop("refund", None):
            shop.refund_order(order_id, {int(line): int(pieces) for line, pieces in refunded.items()})
        if given.pop("delete", False):
            shop.delete_order(order_id)
        if given:
            shop.edit_order(order_id, given)
        return answer(shop.body(shop.order(order_id), with_parts=True))

    @routes.post("/raw-order")
    def raw() -> Response:
        return answer({"id": shop.put_raw_order(body()).id}, 201)

    return routes
