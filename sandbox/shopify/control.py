"""What the merchant of the Shopify stand-in does from outside: its control end points under `/_sandbox`."""

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response, abort, jsonify, request

from sandbox.faults import CONTROL, Faults
from sandbox.shopify.generator import random_order
from sandbox.shopify.model import Json, gid
from sandbox.shopify.state import PLANS, Bucket, ShopifyShop
from sandbox.shopify.stock import ShopStock, Variant
from sandbox.shopify.trouble import Troubles


def control_routes(shop: ShopifyShop, faults: Faults) -> Blueprint:
    """`/_sandbox`: local, without a token."""
    routes = Blueprint("control", __name__, url_prefix=CONTROL)

    @routes.get("/state")
    def state() -> Response:
        return jsonify(shop.summary() | {"faults": faults.summary()})

    @routes.post("/orders")
    def placed() -> tuple[Response, int]:
        given = request.get_json(silent=True) or {}
        # With no lines the shop makes up a buyer and a basket of its own.
        order = shop.place_order(given) if given.get("lines") else random_order(shop, given)
        return jsonify(shop.order_json(order)), 201

    @routes.post("/orders/<int:order_id>")
    def edited(order_id: int) -> Response:
        shop.order(order_id)
        _act(shop, order_id, request.get_json())
        known = shop.orders.get(order_id)
        return jsonify(shop.order_json(known) if known else {"id": gid("Order", order_id), "deleted": True})

    @routes.post("/raw-order")
    def raw() -> tuple[Response, int]:
        return jsonify(shop.order_json(shop.put_raw_order(request.get_json()))), 201

    @routes.post("/bucket")
    def limited() -> Response:
        given = request.get_json()
        plan = given.pop("plan", None)
        if plan in PLANS:
            shop.bucket = Bucket.of(plan)
        elif plan is not None:
            return jsonify(error=f"no shop has the plan {plan}")
        for name, points in given.items():
            if name not in {"maximum", "restore", "available"}:
                return jsonify(error=f"the bucket has no {name}")
            setattr(shop.bucket, name, points)
        return jsonify(shop.bucket.status())

    _app_routes(routes, shop)
    _stock_routes(routes, shop)
    _trouble_routes(routes, shop.troubles)
    return routes


def _app_routes(routes: Blueprint, shop: ShopifyShop) -> None:
    @routes.post("/app")
    def app_changed() -> Response | tuple[Response, int]:
        """What its merchant does to the app in the Dev Dashboard."""
        with shop.lock:
            unknown = _change_app(shop, request.get_json())
            return (jsonify(error=f"the app has no {unknown}"), 400) if unknown else jsonify(shop.app.seen())


_APP: Final = frozenset({"client_secret", "token_life", "said_life", "is_installed", "is_permitted", "scopes"})


def _change_app(shop: ShopifyShop, given: Json) -> str | None:
    """What is named, and "end_tokens"; the name of what there is not."""
    changes = dict(given)
    ends = changes.pop("end_tokens", False)
    unknown = next((name for name in changes if name not in _APP), None)
    if unknown is None:
        if "scopes" in changes:
            changes["scopes"] = frozenset(changes["scopes"])
        for name, value in changes.items():
            setattr(shop.app, name, value)
        if ends:
            shop.app.end_tokens()
    return unknown


def _trouble_routes(routes: Blueprint, troubles: Troubles) -> None:
    @routes.post("/broken")
    def broken() -> Response:
        given = {"code": "INTERNAL_SERVER_ERROR", **request.get_json()}
        troubles.break_off(given["id"], *given.get("fields", ()), code=given["code"])
        return jsonify(given)

    @routes.post("/buyers")
    def buyers() -> Response:
        troubles.grants_buyers = bool(request.get_json()["granted"])
        return jsonify(granted=troubles.grants_buyers)


def _stock_routes(routes: Blueprint, shop: ShopifyShop) -> None:
    @routes.get("/stock/<path:sku>")
    def stock(sku: str) -> Response:
        levels = [
            {"item": item, "location": at, "available": count} for (item, at), count in shop.stock_of(sku).items()
        ]
        return jsonify(levels)

    @routes.post("/variants")
    def added() -> tuple[Response, int]:
        return jsonify(_variant(shop.stock.add(**{"sku": None, **request.get_json()}))), 201

    @routes.post("/variants/<int:variant>")
    def changed(variant: int) -> Response:
        if variant not in shop.stock.variants:
            abort(404)
        return jsonify(_change(shop.stock, variant, dict(request.get_json())))


def _variant(one: Variant) -> Json:
    return {"id": one.id, "item": one.item_gid, "sku": one.sku, "levels": one.levels, "inactive": one.kept}


def _change(stock: ShopStock, variant: int, given: Json) -> Json:
    """Count by hand at "levels", delete, or change whatever else is named."""
    if given.pop("delete", False):
        stock.delete(variant)
        return {"id": variant, "deleted": True}
    for location, available in given.pop("levels", {}).items():
        stock.put(variant, location, available)
    return _variant(stock.change(variant, **given))


def _act(shop: ShopifyShop, order_id: int, given: Json) -> None:
    """Do what is named to an order; everything else is an edit. "tracking" goes with "fulfill"."""
    tracking = given.get("tracking", {})
    acts: dict[str, Callable[[Any], object]] = {
        "hold": lambda where: shop.hold(order_id, _location(where)),
        "release": lambda where: shop.release(order_id, _location(where)),
        "hand_over": lambda where: shop.hand_over(order_id, str(where)),
        "fulfill": lambda how: shop.fulfill(order_id, _pieces(how), **tracking),
        "ready_for_pickup": lambda _: shop.ready_for_pickup(order_id),
        "pick_up": lambda _: shop.pick_up(order_id),
        "cancel_fulfillment": lambda which: shop.cancel_fulfillment(order_id, which),
        "refund": lambda how: shop.refund(order_id, pieces=_pieces(how.get("pieces")), amount=how.get("amount", "0")),
        "return": lambda how: shop.take_back(order_id, _pieces(how) or {}),
        "cancel": lambda _: shop.cancel(order_id),
        "archive": lambda _: shop.archive(order_id),
        "reopen": lambda _: shop.archive(order_id, is_open=True),
        "delete": lambda _: shop.delete(order_id),
    }
    changes = {name: value for name, value in given.items() if name not in {*acts, "tracking"}}
    if changes:
        shop.edit_order(order_id, changes)
    for name, act in acts.items():
        if name in given:
            act(given[name])


def _location(given: Any) -> str | None:
    """One location; true means all of them."""
    return given if isinstance(given, str) else None


def _pieces(given: Any) -> dict[int, int] | None:
    """Pieces by line id; true means all of them."""
    return {int(line): int(count) for line, count in given.items()} if isinstance(given, dict) else None
