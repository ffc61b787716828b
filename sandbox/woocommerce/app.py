"""A local stand-in of a WooCommerce shop: its REST API v3 with real state, over real HTTP."""

import re
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from sandbox.faults import CONTROL, Faults, Said, Voice, fault_routes, with_faults
from sandbox.routes import known_routes
from sandbox.woocommerce.api import ROOT, answer
from sandbox.woocommerce.api_orders import order_routes
from sandbox.woocommerce.api_products import listed_variation_routes, product_routes, variation_routes
from sandbox.woocommerce.api_shop import index, settings_routes, webhook_routes
from sandbox.woocommerce.control import control_routes
from sandbox.woocommerce.errors import Refusal, bad_key, may_not
from sandbox.woocommerce.json import wp_json
from sandbox.woocommerce.state import WooCommerceShop, Write

INDEX: Final = "/wp-json/"

_VOICE: Final = Voice(
    unauthorized=Said(401, wp_json(may_not("GET", "orders").body())),
    write_refused=Said(401, wp_json(bad_key("The API key provided does not have write permissions.").body())),
)


def create_app(shop: WooCommerceShop, faults: Faults | None = None) -> Flask:
    """The shop as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)
    app.url_map = known_routes(__name__)
    faults = faults or Faults()
    for routes in (
        order_routes(shop),
        product_routes(shop),
        variation_routes(shop),
        listed_variation_routes(shop),
        settings_routes(shop),
        webhook_routes(shop),
        control_routes(shop, faults),
        fault_routes(faults),
    ):
        app.register_blueprint(routes)
    app.add_url_rule(INDEX, view_func=lambda: index(shop), endpoint="index")
    app.view_functions = {name: _one_at_a_time(shop, view) for name, view in app.view_functions.items()}
    app.before_request(lambda: _admit(shop))
    app.after_request(lambda response: _note(shop, response))
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _no_route)
    app.wsgi_app = with_faults(app.wsgi_app, faults, _VOICE)  # type: ignore[assignment,method-assign]  # how Flask is wrapped
    return app


def _one_at_a_time(shop: WooCommerceShop, view: Callable[..., Any]) -> Callable[..., Any]:
    def locked(**arguments: Any) -> Any:
        with shop.lock:
            return view(**arguments)

    return locked


def _admit(shop: WooCommerceShop) -> None:
    if not request.path.startswith(CONTROL) and request.path != INDEX:
        shop.gate.admit(request)


def _note(shop: WooCommerceShop, response: Response) -> Response:
    """Keep a record of what clients did, for /_sandbox/state; a write of nothing did nothing."""
    if request.path.startswith(ROOT) and not _is_empty_batch():
        path = request.path.removeprefix(ROOT)
        with shop.lock:
            shop.calls[f"{request.method} {re.sub(r'/[0-9]+', '/{id}', path)}"] += 1
            if request.method != "GET":
                given = request.get_json(silent=True, force=True)
                shop.writes.append(Write(request.method, path, given, response.status_code))
    return response


def _is_empty_batch() -> bool:
    return request.path.endswith("/batch") and request.get_json(silent=True, force=True) == {}


def _refused(refusal: Refusal) -> Response:
    return answer(refusal.body(), refusal.status)


def _no_route(error: HTTPException) -> Response:
    message = "No route was found matching the URL and request method."
    if error.code in (404, 405):
        return _refused(Refusal("rest_no_route", message, 404))
    return _refused(Refusal("internal_server_error", error.description or error.name, error.code or 500))
