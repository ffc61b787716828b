"""WooCommerce shops with products, for the tests of their connector, and shops that answer what a test gives."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request

from connectors.woocommerce.connector import WooCommerce
from sandbox import WooCommerceShop
from sandbox.server import serve
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.stock import CataloguePage, NotTold, StoreItem
from tests import recorded


def connect(url: str, credentials: Any = None) -> WooCommerce:
    return WooCommerce(url, credentials or {"consumer_key": "ck_1", "consumer_secret": "cs_1"}, allow_insecure=True)


def add(shop: WooCommerceShop, *skus: str, **fields: Any) -> list[str]:
    """Products with 5 pieces each; their external ids."""
    given = {"name": "Oak", "stock_quantity": 5} | fields
    return [f"product/{shop.add_product(given | {'sku': sku}).id}" for sku in skus]


def add_chair(shop: WooCommerceShop, *variations: dict[str, Any], **fields: Any) -> list[str]:
    """A variable product with SKU CHAIR; its external id and those of its variations."""
    chair = shop.add_product({"name": "Ash Chair", "sku": "CHAIR", "type": "variable", **fields})
    ids = [shop.add_variation(chair, one).id for one in variations]
    return [f"product/{chair.id}", *(f"product/{chair.id}/variation/{id_}" for id_ in ids)]


def by_id(pages: Iterable[CataloguePage]) -> dict[str, StoreItem]:
    """Items by external id, those that are gone left out."""
    found: dict[str, StoreItem] = {}
    for page in pages:
        found |= {item.external_id: item for item in page.items}
        for gone in page.gone:
            found.pop(gone, None)
    return found


def tells(ids: Iterable[str], quantity: int = 7, shop: WooCommerceShop | None = None) -> list[TellStock]:
    """So many pieces of each, by the SKUs that a shop has of them, or that product_json gives them."""
    known = shop.catalogue.products if shop else {}
    numbers = [(id_, id_.rpartition("/")[2]) for id_ in ids]
    skus = {id_: known[int(number)].sku for id_, number in numbers if number.isdecimal() and int(number) in known}
    return [TellStock(skus.get(id_, f"S-{number}"), id_, "", quantity) for id_, number in numbers]


def reasons(refused: Iterable[NotTold]) -> dict[str, Reason]:
    return {one.external_id: one.reason for one in refused}


def product_json(id_: Any, **changes: Any) -> dict[str, Any]:
    return {"id": id_, "type": "simple", "sku": f"S-{id_}", "manage_stock": True, "stock_quantity": 1} | changes


def answering(products: Any, *, then: Any = None, most: int = 100) -> Any:
    """A shop whose product list is given, `most` at once, or it gives up; batches answer `then`."""
    app = Flask(__name__)

    @app.get("/wp-json/wc/v3/products")
    def listed() -> Response:
        asked, size = int(request.args["offset"]), int(request.args["per_page"])
        if size > most:
            return Response("", status=504)
        shown = products[asked : asked + size] if isinstance(products, list) else products(asked)
        return Response(json.dumps(shown), mimetype="application/json")

    @app.post("/wp-json/wc/v3/products/batch")
    def batch() -> Response:
        return Response(json.dumps(then), mimetype="application/json")

    return serve(app)


def shop_that_answers(listing: Callable[[], Any]) -> Any:
    """A shop whose order list is whatever a function says."""
    app = Flask(__name__)

    @app.get("/wp-json/wc/v3/orders")
    def orders() -> Response:
        answer = listing()
        return answer if isinstance(answer, Response) else Response(answer, mimetype="application/json")

    return serve(app)


def raw_order(id_: Any, modified: Any = "2026-01-05T10:00:00") -> dict[str, Any]:
    """A recorded order with another id and date of change."""
    order: dict[str, Any] = json.loads(recorded.woocommerce_text("01_incl_tax_plain"))
    return order | {"id": id_, "date_modified_gmt": modified}
