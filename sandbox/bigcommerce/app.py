"""A local stand-in of a BigCommerce shop: its orders API v2 with real state, over real HTTP."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from sandbox.bigcommerce.answers import answer, body, listed, no_route, refused
from sandbox.bigcommerce.control import control_routes
from sandbox.bigcommerce.gate import NO_SCOPE, Window, refuse_scope, refuse_token, too_many
from sandbox.bigcommerce.model import STATUSES, BigRefusal, invalid, not_found
from sandbox.bigcommerce.query import in_order, narrow, page_of
from sandbox.bigcommerce.state import HASH, TOKEN, BigCommerceShop
from sandbox.bigcommerce.v3 import v3_routes
from sandbox.faults import CONTROL, Faults, Said, Voice, fault_routes, with_faults
from sandbox.routes import known_routes

ROOT = f"/stores/{HASH}"


_VOICE: Final = Voice(
    unauthorized=Said(401, json.dumps({"status": 401, "title": "Unauthorized"})),
    write_refused=Said(403, json.dumps({"status": 403, "title": NO_SCOPE})),
)


def create_app(shop: BigCommerceShop, faults: Faults | None = None) -> Flask:
    """The shop as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)
    app.url_map = known_routes(__name__)
    faults = faults or Faults()
    window = Window(shop.settings)
    of_orders = (_order_routes(shop), _shipment_routes(shop), _part_routes(shop))
    for routes in (*of_orders, v3_routes(shop, ROOT), control_routes(shop, faults), fault_routes(faults)):
        app.register_blueprint(routes)
    app.view_functions = {name: _one_at_a_time(shop, view) for name, view in app.view_functions.items()}
    app.before_request(lambda: _admit(shop, window))
    app.after_request(lambda response: _note(shop, response))
    app.register_error_handler(BigRefusal, refused)
    app.register_error_handler(HTTPException, no_route)
    app.wsgi_app = with_faults(app.wsgi_app, faults, _VOICE)  # type: ignore[assignment,method-assign]  # how Flask is wrapped
    return app


def _one_at_a_time(shop: BigCommerceShop, view: Callable[..., Any]) -> Callable[..., Any]:
    def locked(**arguments: Any) -> Any:
        with shop.lock:
            return view(**arguments)

    return locked


def _admit(shop: BigCommerceShop, window: Window) -> None:
    if request.path.startswith(CONTROL):
        return
    is_within, g.limits = window.take()
    if not is_within:
        raise too_many()
    refuse_token(request.headers.get("X-Auth-Token"), TOKEN)
    refuse_scope(request.method, request.path.removeprefix(ROOT), shop.scopes)


def _note(shop: BigCommerceShop, response: Response) -> Response:
    """Say what is left of the quota, and keep a record of what clients did, for /_sandbox/state."""
    response.headers.update(g.get("limits", {}))
    if request.path.startswith(ROOT) and not _writes_nothing():
        path = request.path.removeprefix(ROOT)
        with shop.lock:
            shop.calls[f"{request.method} {re.sub(r'/[0-9]+', '/{id}', path)}"] += 1
            if request.method != "GET":
                given = request.get_json(silent=True, force=True)
                note = {"method": request.method, "path": path, "body": given, "status": response.status_code}
                shop.writes.append(note)
    return response


def _writes_nothing() -> bool:
    given = request.get_json(silent=True, force=True) if request.method == "PUT" else None
    return given == {} or (isinstance(given, dict) and given.get("items") == [])


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
        return answer({"id": shop.hash, "name": "Sandbox", "currency": shop.settings.currency, "plan_name": "Pro"})

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


def _shipment_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("shipments", __name__, url_prefix=f"{ROOT}/v2/orders/<int:order_id>/shipments")

    @routes.get("")
    def shipments(order_id: int) -> Response:
        found = page_of(shop.order(order_id).shipments, request.args)
        return listed([json.dumps(one).encode() for one in found])

    @routes.post("")
    def shipped(order_id: int) -> Response:
        return answer(shop.make_shipment(order_id, body()), 201)

    @routes.get("/count")
    def count(order_id: int) -> Response:
        return answer({"count": len(shop.order(order_id).shipments)})

    return routes


def _part_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("parts", __name__, url_prefix=f"{ROOT}/v2/orders/<int:order_id>")

    @routes.get("/consignments")
    def consignments(order_id: int) -> Response:
        return answer(shop.consignments(shop.order(order_id)))

    @routes.get("/fees")
    def fees(order_id: int) -> Response:
        return answer({"fees": shop.order(order_id).fees})

    @routes.get("/<part>")
    def parts(order_id: int, part: str) -> Response:
        order = shop.order(order_id)
        kinds = {
            "products": order.products,
            "shipping_addresses": order.addresses,
            "shippingaddresses": order.addresses,
            "taxes": order.taxes,
            "coupons": order.coupons,
        }
        if part not in kinds:
            raise not_found()
        return listed([json.dumps(one).encode() for one in page_of(kinds[part], request.args)])

    return routes
