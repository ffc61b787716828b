"""The stand-in's API v3: catalogue, inventory and locations, as far as stock needs them."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request

from sandbox.bigcommerce import inventory
from sandbox.bigcommerce.answers import answer, body, paged
from sandbox.bigcommerce.catalogue import BigProduct
from sandbox.bigcommerce.hooks_api import hook_routes
from sandbox.bigcommerce.model import Json, invalid, not_found
from sandbox.bigcommerce.query import moment, whole
from sandbox.bigcommerce.state import BigCommerceShop

_SORTS: Final[dict[str, Callable[[BigProduct], Any]]] = {
    "id": lambda product: product.id,
    "name": lambda product: product.name,
    "sku": lambda product: product.sku,
    "date_modified": lambda product: (product.modified, product.id),
}


def v3_routes(shop: BigCommerceShop, root: str) -> Blueprint:
    """The end points below /v3."""
    routes = Blueprint("v3", __name__, url_prefix=f"{root}/v3")
    routes.register_blueprint(_catalogue_routes(shop))
    routes.register_blueprint(_inventory_routes(shop))
    routes.register_blueprint(hook_routes(shop))

    @routes.get("/customers")
    def customers() -> Response:
        return paged(_customers(shop))

    @routes.before_request
    def settle() -> None:
        with shop.lock:
            shop.catalogue.settle()

    return routes


def _customers(shop: BigCommerceShop) -> list[Json]:
    """Those who ordered and are not guests, as their last order says them."""
    found = {}
    for order in shop.orders.values():
        billing = order.fields.get("billing_address") or {}
        if id_ := order.fields.get("customer_id"):
            names = {name: billing.get(name, "") for name in ("first_name", "last_name", "company", "email")}
            found[id_] = {"id": id_, **names}
    return [found[id_] for id_ in sorted(found)]


def _catalogue_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("catalog", __name__, url_prefix="/catalog")
    catalogue = shop.catalogue

    @routes.get("/products")
    def products() -> Response:
        found = _narrow(list(catalogue.products.values()), request.args)
        return paged([_product(one, request.args) for one in _sorted(found, request.args)])

    @routes.get("/products/<int:product_id>")
    def product(product_id: int) -> Response:
        if product_id not in catalogue.products:
            raise not_found()
        return answer({"data": _product(catalogue.products[product_id], request.args), "meta": {}})

    @routes.get("/variants")
    def variants() -> Response:
        every = [variant.shown() for one in catalogue.products.values() for variant in one.variants]
        found = [one for one in every if request.args.get("sku") in (None, one["sku"])]
        ids = _listed("product_id:in")
        return paged([_only(one, request.args) for one in found if not ids or str(one["product_id"]) in ids])

    return routes


def _inventory_routes(shop: BigCommerceShop) -> Blueprint:
    routes = Blueprint("inventory", __name__, url_prefix="/inventory")
    catalogue = shop.catalogue

    @routes.get("/items")
    def items() -> Response:
        names = {name: _listed(f"{name}:in") for name in ("sku", "variant_id", "product_id")}
        found = [
            one
            for one in inventory.items(catalogue, at=_listed("location_id:in"))
            if all(not given or str(one["identity"][name]) in given for name, given in names.items())
        ]
        return paged(found, most=1000)

    @routes.get("/locations")
    def locations() -> Response:
        is_default = {"true": True, "false": False}.get(request.args.get("is_default", ""))
        return paged(inventory.places(catalogue, is_default=is_default), most=1000)

    @routes.put("/adjustments/absolute")
    def adjusted() -> Response:
        inventory.adjust(catalogue, body(), names_culprits=shop.settings.names_culprits)
        return answer({"transaction_id": shop.next_transaction()})

    return routes


def _listed(name: str) -> set[str]:
    """The values of a parameter that takes several; a comma parts them, and none is in one."""
    return {value for value in request.args.get(name, "").split(",") if value}


def _narrow(products: list[BigProduct], args: Mapping[str, str]) -> list[BigProduct]:
    ids, skus = _listed("id:in"), _listed("sku:in")
    low, since = whole(dict(args), "id:greater"), moment(dict(args), "date_modified:min")
    return [
        one
        for one in products
        if (not ids or str(one.id) in ids)
        and (not skus or one.sku in skus)
        and (low is None or one.id > low)
        and (since is None or one.modified >= since)
    ]


def _sorted(products: list[BigProduct], args: Mapping[str, str]) -> list[BigProduct]:
    name = args.get("sort", "id")
    if name not in _SORTS:
        raise invalid("sort", "must be a field")
    return sorted(products, key=_SORTS[name], reverse=args.get("direction") == "desc")


def _product(product: BigProduct, args: Mapping[str, str]) -> Json:
    shown = _only(product.shown(), args)
    if "variants" in args.get("include", "").split(","):
        shown["variants"] = [variant.shown() for variant in product.variants]
    return shown


def _only(entry: Json, args: Mapping[str, str]) -> Json:
    """The fields that are asked for; the id is always one of them."""
    wanted = args.get("include_fields")
    return entry if wanted is None else {name: entry[name] for name in ("id", *wanted.split(",")) if name in entry}
