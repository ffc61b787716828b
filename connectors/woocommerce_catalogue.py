"""Products and variations over WooCommerce's REST API v3, all of them or by SKU, as few calls as it allows."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from connectors.changes import Entries
from connectors.cursor import SETTLING, naive
from connectors.errors import NotFound
from connectors.http import Answer, HttpClient, Params
from connectors.woocommerce_pages import PER_PAGE, no_api, walk
from schemas.errors import Unreadable
from schemas.stock import CataloguePage
from schemas.woocommerce_catalogue import PRODUCT_FIELDS, Product, external_id, read_product

SEARCH_SIZE: Final = 2000  # of SKUs in one address: servers refuse addresses of 8 kB

_log: Final = logging.getLogger(__name__)


# -- the catalogue -----------------------------------------------------------------------------------------------


def catalogue(http: HttpClient, since: datetime | None) -> Iterator[CataloguePage]:
    """All products with their variations, or those that changed since a moment or a little before.

    WooCommerce lists variations by product alone: one call for every variable product. Saving a variation saves its
    product, so a changed variation is among the changed products. `gone` also has what lost its SKU.
    """
    asked: Params = {"orderby": "id"}
    if since is not None:
        # With a zone in the time, the flag would shift it by the shop's UTC offset.
        asked = {**asked, "modified_after": naive(since - SETTLING), "dates_are_gmt": "true"}
    seen: set[str] = set()
    for entries in _pages(http, "products", asked):
        products = [one for one in _readable(entries) if one.id not in seen]
        seen.update(one.id for one in products)
        yield _page([*products, *(one for parent in products for one in _variations(http, parent))])


def _variations(http: HttpClient, parent: Product) -> Iterator[Product]:
    if not parent.has_variations:
        return
    try:
        # By date, which WooCommerce settles by id; by id alone is no order that this list knows.
        for entries in _pages(http, f"products/{parent.id}/variations", {"orderby": "date"}):
            yield from _readable(entries, parent)
    except NotFound:
        return  # the product was deleted since its page was read


def _page(products: Sequence[Product]) -> CataloguePage:
    return CataloguePage(
        items=tuple(one.item for one in products if one.item),
        gone=tuple(external_id(one.id, one.parent_id) for one in products if not one.item),
    )


def _pages(http: HttpClient, path: str, asked: Params) -> Iterator[Entries]:
    fixed: Params = {"per_page": PER_PAGE, "order": "asc", "_fields": ",".join(PRODUCT_FIELDS), **asked}
    return (entries for _, entries in walk(lambda offset: _listed(http, path, {**fixed, "offset": offset})))


def _listed(http: HttpClient, path: str, params: Params) -> Answer:
    try:
        return http.get(path, params)
    except NotFound as error:
        if "_invalid_id" in error.problem:
            raise
        raise no_api(error) from error


def _readable(entries: Entries, parent: Product | None = None) -> Iterator[Product]:
    """One product that cannot be read hides no other: its stock is not told, and the log says why."""
    for value, _ in entries:
        try:
            yield read_product(value, parent)
        except Unreadable as error:
            _log.warning("a product of the store cannot be read: %s of %s", error, _id_of(value))


def _id_of(value: Any) -> str:
    return str(value.get("id"))[:20] if isinstance(value, dict) else "an unnamed one"


# -- looking for SKUs --------------------------------------------------------------------------------------------


def find_items(http: HttpClient, skus: Sequence[str]) -> CataloguePage:
    """Every item with exactly one of these SKUs; the shop itself looks whatever their case."""
    wanted = set(skus) - {""}
    found: dict[str, Product] = {}
    for text in _searches(sorted(wanted)):
        for entries in _pages(http, "products", {"sku": text, "orderby": "id"}):
            found.update((one.id, one) for one in _readable(entries))
    items = (one.item for one in found.values() if one.item and not _is_inherited(one, found))
    return CataloguePage(tuple(item for item in items if item.sku in wanted))


def _searches(skus: Iterable[str]) -> Iterator[str]:
    """The SKUs as few texts, with commas between. A SKU with a comma is found by itself alone."""
    together: list[str] = []
    size = 0
    for sku in skus:
        length = len(quote(sku)) + 3
        if "," in sku:
            yield sku
        else:
            if together and size + length > SEARCH_SIZE:
                yield ",".join(together)
                together, size = [], 0
            together.append(sku)
            size += length
    if together:
        yield ",".join(together)


def _is_inherited(product: Product, found: Mapping[str, Product]) -> bool:
    """Whether a variation only repeats its product's SKU, as read_product sees it where it is given the product."""
    parent = found.get(product.parent_id or "")
    return bool(parent and parent.item and product.item and parent.item.sku == product.item.sku)
