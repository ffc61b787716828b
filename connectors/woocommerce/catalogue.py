"""Products and variations over WooCommerce's REST API v3, all of them or by SKU, as few calls as it allows."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from connectors.cursor import SETTLING, naive
from connectors.errors import CredentialsRefused, NotFound, Rejected
from connectors.following import Entries
from connectors.http import Answer, HttpClient, Params
from connectors.woocommerce.pages import PageSize, no_api, walk
from schemas.errors import Unreadable
from schemas.stock import CataloguePage
from schemas.woocommerce.catalogue import PRODUCT_FIELDS, Product, external_id, read_product

GROUP: Final = 1000  # variations that are listed before their products are kept
SEARCH_SIZE: Final = 2000  # of SKUs in one address: servers refuse addresses of 8 kB

_log: Final = logging.getLogger(__name__)


# -- the catalogue -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CatalogueSizes:
    """How many products and variations a shop gives at once."""

    products: PageSize = field(default_factory=PageSize)
    variations: PageSize = field(default_factory=PageSize)


def catalogue(
    http: HttpClient, since: datetime | None, after: str | None, sizes: CatalogueSizes
) -> Iterator[CataloguePage]:
    """All products with their variations, or those that changed since a moment or a little before.

    Saving a variation saves its product, so a changed variation is among the changed products. `gone` also has what
    lost its SKU. A position is the offset of a page of products, and the id up to which products are read.
    """
    asked: Params = {"orderby": "id"}
    if since is not None:
        # With a zone in the time, the flag would shift it by the shop's UTC offset.
        asked = {**asked, "modified_after": naive(since - SETTLING), "dates_are_gmt": "true"}
    begin, top = map(int, (after or "0 0").split())
    read, variations = top, _Variations(http, sizes.variations)
    seen: set[str] = set()
    for offset, entries in _products(http, asked, sizes.products, offset=begin, top=top):
        products = [one for one in _readable(entries) if one.id not in seen and int(one.id) > top]
        seen.update(one.id for one in products)
        ids = [int(one.id) for one in products]
        for piece in variations.along(products):
            read = max([read, *(int(one.id) for one in piece if one.parent_id is None)])
            # A plugin may put the list in another order: then no id says what was read.
            position = f"{offset} {read}" if ids == sorted(ids) else None
            yield replace(_page(piece), position=position)
    sizes.products.forget()
    sizes.variations.forget()


@dataclass(slots=True)
class _Variations:
    """The variations of products: many products' in one list from WooCommerce 10.3 on, before that one by one."""

    http: HttpClient
    size: PageSize
    are_listed: bool = True

    def along(self, products: Sequence[Product]) -> Iterator[list[Product]]:
        """The products in their order with every variation of theirs, in pieces that take few calls each."""
        for group in _groups(products):
            parents = {one.id: one for one in group if one.has_variations}
            listed = list(self._listed(parents)) if len(parents) > 1 else []
            known = {one.id for one in listed}
            piece: list[Product] = []
            for one in group:
                piece += [one, *(variation for variation in listed if variation.parent_id == one.id)]
                # What a product names and the list has not, or all of it where there is no such list.
                if one.has_variations and not (known and one.variations <= known):
                    piece += [variation for variation in self._of_one(one) if variation.id not in known]
                    yield piece
                    piece = []
            if piece:
                yield piece

    def _listed(self, parents: Mapping[str, Product]) -> Iterator[Product]:
        if not self.are_listed:
            return
        try:
            for _, entries in self._pages("variations", parent=",".join(parents)):
                for entry in entries:
                    if parent := parents.get(_parent_id(entry[0])):
                        yield from _readable([entry], parent)
        except (NotFound, Rejected, CredentialsRefused):
            self.are_listed = False  # where the key itself is refused, the next call says so

    def _of_one(self, parent: Product) -> Iterator[Product]:
        try:
            for _, entries in self._pages(f"products/{parent.id}/variations"):
                yield from _readable(entries, parent)
        except NotFound as error:
            if "_invalid_id" not in error.problem:
                raise no_api(error) from error
            # else the product was deleted since its page was read

    def _pages(self, path: str, **asked: str) -> Iterator[tuple[int, Entries]]:
        # By date, which WooCommerce settles by id; by id alone is no order that these lists know.
        return _pages(self.http, path, {"orderby": "date", **asked}, self.size)


def _groups(products: Sequence[Product]) -> Iterator[list[Product]]:
    """The products in their order, as many at a time as have some GROUP variations."""
    group: list[Product] = []
    for one in products:
        group.append(one)
        if sum(len(each.variations) for each in group) >= GROUP:
            yield group
            group = []
    if group:
        yield group


def _parent_id(value: Any) -> str:
    return str(value.get("parent_id")) if isinstance(value, dict) else ""


def _page(products: Iterable[Product]) -> CataloguePage:
    """Each product once, as it was read last: the ends of two pages of variations are the same one."""
    read = {one.id: one for one in products}.values()
    return CataloguePage(
        items=tuple(one.item for one in read if one.item),
        gone=tuple(external_id(one.id, one.parent_id) for one in read if not one.item),
        without_sku=sum(not one.item and not one.has_variations for one in read),
    )


def _products(
    http: HttpClient, asked: Params, size: PageSize | None = None, **behind: int
) -> Iterator[tuple[int, Entries]]:
    try:
        yield from _pages(http, "products", asked, size or PageSize(), **behind)
    except NotFound as error:
        raise no_api(error) from error


def _pages(http: HttpClient, path: str, asked: Params, size: PageSize, **behind: int) -> Iterator[tuple[int, Entries]]:
    """The pages of a list with their offsets, all of them or `behind` what was read already."""
    fixed: Params = {"order": "asc", "_fields": ",".join(PRODUCT_FIELDS), **asked}

    def ask(offset: int) -> Answer:
        return size.ask(lambda count: http.get(path, {**fixed, "per_page": count, "offset": offset}))

    return ((offset, entries) for offset, _, entries in walk(ask, size, **behind))


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
        for _, entries in _products(http, {"sku": text, "orderby": "id"}):
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
