"""A local stand-in of a Shopify shop: its Admin GraphQL API with real state and query costs, over real HTTP."""

import hmac
import json
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.faults import FAULT, Faults, Said, Voice, fault_routes, with_faults
from sandbox.routes import known_routes
from sandbox.shopify.control import control_routes
from sandbox.shopify.documents import Reader, Wrong, read
from sandbox.shopify.model import Json, gid
from sandbox.shopify.scopes import open_root
from sandbox.shopify.state import NoSuchOrder, ShopifyShop
from sandbox.shopify.tokens import GRANT, OauthError, asked_for, refusal

API: Final = "/admin/api/<version>/graphql.json"
_TOKEN: Final = "X-Shopify-Access-Token"
_REFUSED: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"

_DENIED: Final = {
    "message": "Access denied. Required access: a write scope of the field, and a user who may use it.",
    "locations": [{"line": 2, "column": 3}],
    "extensions": {"code": "ACCESS_DENIED"},
}
_VOICE: Final = Voice(
    unauthorized=Said(401, json.dumps({"errors": _REFUSED})),
    write_refused=Said(200, json.dumps({"errors": [_DENIED], "data": None})),
)


def create_shopify_app(shop: ShopifyShop, faults: Faults | None = None) -> Flask:
    """The shop as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)
    app.url_map = known_routes(__name__)
    faults = faults or Faults()
    app.add_url_rule(API, view_func=_endpoint(shop), methods=["POST"])
    app.add_url_rule(GRANT, view_func=_grants(shop), methods=["POST"])
    app.register_blueprint(control_routes(shop, faults))
    app.register_blueprint(fault_routes(faults))
    app.register_error_handler(NoSuchOrder, lambda error: (jsonify(errors=f"there is no order {error}"), 404))
    app.register_error_handler(HTTPException, lambda error: (jsonify(errors=error.name), error.code or 500))
    app.wsgi_app = with_faults(app.wsgi_app, faults, _VOICE)  # type: ignore[assignment,method-assign]  # how Flask is wrapped
    return app


# -- the API -----------------------------------------------------------------------------------------------------


def _endpoint(shop: ShopifyShop) -> Callable[..., Any]:
    def graphql(version: str) -> Any:
        token = request.headers.get(_TOKEN, "")
        with shop.lock:
            is_taken = hmac.compare_digest(token.encode(), shop.token.encode()) or shop.app.takes(token, shop.moment())
            shop.app.refused += not is_taken
        if not is_taken:
            return jsonify(errors=_REFUSED), 401
        given = request.get_json()
        with shop.lock:
            shop.app.asked_with(token)
            shop.calls[version] += 1
            document, variables = str(given.get("query", "")), given.get("variables") or {}
            shop.heard.append((document, variables))
            orders = [gid("Order", one) for one in sorted(shop.orders)]
            with shop.troubles.during(request.environ.get(FAULT), orders):
                return jsonify(_answer(shop, document, variables))

    return graphql


def _grants(shop: ShopifyShop) -> Callable[..., Any]:
    def access_token() -> Any:
        asked = asked_for()
        try:
            with shop.lock:
                return jsonify(shop.app.grant(asked, shop.moment()))
        except OauthError as error:
            return refusal(str(asked.get("client_id")), error)

    return access_token


def _answer(shop: ShopifyShop, text: str, variables: Json) -> Json:
    try:
        reader = read(text, variables)
        return _paid_answer(shop, reader)
    except Wrong as error:
        return {"errors": [{"message": str(error), "extensions": {"code": error.code}}]}


def _paid_answer(shop: ShopifyShop, reader: Reader) -> Json:
    """The data for its points; every answer tells what there is left."""
    asked, bucket = reader.cost(), shop.bucket
    bucket.fill()
    if asked > shop.most_points:
        words = f"Query cost is {asked}, which exceeds the single query max cost limit ({shop.most_points})."
        return {"errors": [{"message": words, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": asked}}]}
    if asked > bucket.available:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [error], "extensions": _cost(shop, asked, None)}
    data = reader.answer(open_root(shop.mutations() if reader.is_mutation else shop.root(), shop.app.asking))
    shop.asked.update(reader.asked)
    actual = asked if reader.is_mutation else min(asked, reader.objects)
    bucket.available -= actual
    errors = {"errors": _listed(reader.errors, shop.most_errors)} if reader.errors else {}
    return {"data": data, **errors, "extensions": _cost(shop, asked, actual)}


def _listed(errors: list[Json], most: int) -> list[Json]:
    """So many errors as Shopify lists, and that there were more."""
    more = {"message": "Too many execution errors, max error limit reached. Results truncated"}
    return errors if len(errors) <= most else [*errors[:most], more]


def _cost(shop: ShopifyShop, asked: int, actual: int | None) -> Json:
    figures = {"requestedQueryCost": asked, "actualQueryCost": actual, "throttleStatus": shop.bucket.status()}
    return {"cost": figures}
