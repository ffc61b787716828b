"""The stand-in's end points for products and variations."""

from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import NotFound

from sandbox.woocommerce.api import ROOT, answer, batch, body, page_of, params
from sandbox.woocommerce.catalogue import check_integer, php_integer
from sandbox.woocommerce.errors import is_a_variation, no_such_product, no_such_variation
from sandbox.woocommerce.json import Dates
from sandbox.woocommerce.model import Product
from sandbox.woocommerce.query import Params, in_order, narrow
from sandbox.woocommerce.state import WooCommerceShop

_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")


def product_routes(shop: WooCommerceShop) -> Blueprint:
    """`/products` and `/products/{id}`; reading a variation works here, writing it does not."""
    routes = Blueprint("products", __name__, url_prefix=f"{ROOT}/products")

    @routes.get("")
    def listed() -> Response:
        asked, writer = params(), shop.product_writer()
        return page_of(_chosen(shop, asked), writer.product, asked)

    @routes.post("")
    def added() -> Response:
        return answer(shop.product_writer().product(shop.catalogue.create(_checked(body())), written=True), 201)

    @routes.get("/<int:product_id>")
    def shown(product_id: int) -> Response:
        return answer(shop.product_writer().product(shop.product(product_id)))

    @routes.route("/<int:product_id>", methods=["PUT", "PATCH", "POST"])
    def changed(product_id: int) -> Response:
        return answer(_update(shop, product_id, _checked(body())))

    @routes.delete("/<int:product_id>")
    def removed(product_id: int) -> Response:
        product, writer = _writable(shop, product_id), shop.product_writer()
        before = writer.product(product, written=True)
        if params().flag("force"):
            shop.catalogue.delete(product)
        else:
            shop.catalogue.update(product, {"status": "trash"})
        return answer(before)

    @routes.route("/batch", methods=["POST", "PUT", "PATCH"])
    def many() -> Response:
        writer = shop.product_writer()
        return batch(
            create=lambda given: writer.product(shop.catalogue.create(given), written=True),
            update=lambda given: _update(shop, php_integer(given.get("id")), given),
            delete=lambda given: _delete(shop, php_integer(given.get("id"))),
        )

    return routes


def variation_routes(shop: WooCommerceShop) -> Blueprint:
    """`/products/{id}/variations` and below."""
    routes = Blueprint("variations", __name__, url_prefix=f"{ROOT}/products/<int:parent_id>/variations")

    @routes.get("")
    def listed(parent_id: int) -> Response:
        parent, asked, writer = shop.product(parent_id), params(), shop.product_writer()
        found = narrow(shop.catalogue.variations(parent.id), asked, Dates(shop.settings.timezone).zone)
        return page_of(in_order(found, asked), writer.variation, asked)

    @routes.post("")
    def added(parent_id: int) -> Response:
        parent = shop.product(parent_id)
        variation = shop.catalogue.create(_checked(body()), parent_id=parent.id)
        return answer(shop.product_writer().variation(variation), 201)

    @routes.get("/<int:variation_id>")
    def shown(parent_id: int, variation_id: int) -> Response:
        return answer(shop.product_writer().variation(_variation(shop, parent_id, variation_id, status=404)))

    @routes.route("/<int:variation_id>", methods=["PUT", "PATCH", "POST"])
    def changed(parent_id: int, variation_id: int) -> Response:
        variation = _variation(shop, parent_id, variation_id, status=404)
        shop.catalogue.update(variation, _checked(body()))
        return answer(shop.product_writer().variation(variation))

    @routes.route("/batch", methods=["POST", "PUT", "PATCH"])
    def many(parent_id: int) -> Response:
        writer = shop.product_writer()

        def update(given: dict[str, Any]) -> dict[str, Any]:
            variation = _variation(shop, parent_id, php_integer(given.get("id")), status=400)
            shop.catalogue.update(variation, given)
            return writer.variation(variation)

        return batch(
            create=lambda given: writer.variation(shop.catalogue.create(given, parent_id=parent_id)),
            update=update,
        )

    return routes


def listed_variation_routes(shop: WooCommerceShop) -> Blueprint:
    """`/variations`, of all products or some `parent`s; WooCommerce has it from 10.3 on."""
    routes = Blueprint("listed_variations", __name__, url_prefix=f"{ROOT}/variations")

    @routes.get("")
    def listed() -> Response:
        if tuple(int(part) for part in shop.settings.version.split(".")[:2]) < (10, 3):
            raise NotFound
        asked = params()
        parents = set(asked.ids("parent"))
        pool = [one for one in shop.catalogue.products.values() if one.parent_id]
        found = narrow(pool, asked, Dates(shop.settings.timezone).zone)
        chosen = [one for one in found if not parents or one.parent_id in parents]
        return page_of(in_order(chosen, asked), shop.product_writer().variation, asked)

    return routes


def _chosen(shop: WooCommerceShop, asked: Params) -> list[Product]:
    zone = Dates(shop.settings.timezone).zone
    status = asked.choice("status", _STATUSES, "any")
    skus = asked.words("sku")
    if len(skus) > 1:
        skus.append(asked.text("sku") or "")  # a SKU may have a comma: the whole text is looked for as well
    if skus:
        # Only a search by SKU finds variations.
        pool = list({product.id: product for sku in skus for product in shop.catalogue.by_sku(sku)}.values())
    else:
        pool = [product for product in shop.catalogue.products.values() if not product.parent_id]
    found = [product for product in narrow(pool, asked, zone) if _fits(product, asked, status)]
    return in_order(found, asked)


def _fits(product: Product, asked: Params, status: str) -> bool:
    part, words, kind = asked.text("search_sku"), asked.text("search"), asked.text("type")
    return (
        (product.status == status or (status == "any" and product.status != "trash"))
        and (part is None or part.lower() in product.sku.lower())
        and (words is None or words.lower() in product.name.lower())
        and (kind is None or product.kind == kind)
    )


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """A single write checks its types; a batch takes whatever comes."""
    if given.get("stock_quantity") is not None:
        check_integer("stock_quantity", given["stock_quantity"])
    return given


def _writable(shop: WooCommerceShop, product_id: int) -> Product:
    product = shop.product(product_id, status=400)
    if product.parent_id:
        raise is_a_variation()
    return product


def _update(shop: WooCommerceShop, product_id: int, given: dict[str, Any]) -> dict[str, Any]:
    product = _writable(shop, product_id)
    shop.catalogue.update(product, given)
    return shop.product_writer().product(product, written=True)


def _delete(shop: WooCommerceShop, product_id: int) -> dict[str, Any]:
    product = _writable(shop, product_id)
    before = shop.product_writer().product(product, written=True)
    shop.catalogue.delete(product)
    return before


def _variation(shop: WooCommerceShop, parent_id: int, variation_id: int, *, status: int) -> Product:
    product = shop.catalogue.products.get(variation_id)
    if parent_id not in shop.catalogue.products:
        raise no_such_product(404)
    if product is None or product.parent_id != parent_id:
        raise no_such_variation(status)
    return product
