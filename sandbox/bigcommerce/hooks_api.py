"""The stand-in's end points for webhooks, `/v3/hooks`."""

from flask import Blueprint, Response, request

from sandbox.bigcommerce.answers import answer, body, paged
from sandbox.bigcommerce.gate import refuse_scope
from sandbox.bigcommerce.state import BigCommerceShop

_READ: dict[str, str] = {  # the end point that a scope of events has to be readable of
    "store/order/": "/v2/orders",
    "store/shipment/": "/v2/orders",
    "store/product/": "/v3/catalog/products",
    "store/sku/": "/v3/catalog/products",
}


def hook_routes(shop: BigCommerceShop) -> Blueprint:
    """`/hooks` and below."""
    routes = Blueprint("hooks", __name__, url_prefix="/hooks")
    hooks = shop.hooks

    @routes.get("")
    def listed() -> Response:
        asked = request.args
        found = [
            one
            for one in hooks.hooks.values()
            if asked.get("scope") in (None, one.scope)
            and asked.get("destination") in (None, one.destination)
            and asked.get("is_active") in (None, str(one.is_active).lower())
        ]
        return paged([one.shown(shop.hash) for one in found])

    @routes.post("")
    def made() -> Response:
        given = body()
        needed = next((end for kind, end in _READ.items() if str(given.get("scope")).startswith(kind)), None)
        if needed:
            refuse_scope("GET", needed, shop.scopes)
        return answer({"data": hooks.make(given).shown(shop.hash), "meta": {}})

    @routes.get("/<int:hook_id>")
    def shown(hook_id: int) -> Response:
        return answer({"data": hooks.find(hook_id).shown(shop.hash), "meta": {}})

    @routes.put("/<int:hook_id>")
    def changed(hook_id: int) -> Response:
        hook = hooks.find(hook_id)
        hooks.change(hook, body())
        return answer({"data": hook.shown(shop.hash), "meta": {}})

    @routes.delete("/<int:hook_id>")
    def removed(hook_id: int) -> Response:
        hook = hooks.find(hook_id)
        del hooks.hooks[hook_id]
        return answer({"data": hook.shown(shop.hash), "meta": {}})

    return routes
