"""Products and stock over WooCommerce's REST API v3: which calls, and what their answers mean. No rule of stock."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from connectors.changes import Entries
from connectors.cursor import SETTLING, naive
from connectors.errors import NotFound, RateLimited, Refused, Rejected, Unavailable
from connectors.http import Answer, HttpClient, Params
from connectors.woocommerce_pages import PER_PAGE, no_api, walk
from schemas.actions import TellStock
from schemas.errors import Unreadable
from schemas.reasons import Reason
from schemas.stock import CataloguePage, NotTold
from schemas.woocommerce_catalogue import PRODUCT_FIELDS, Product, Written, external_id, read_batch, read_product

SEARCH_SIZE: Final = 2000  # of SKUs in one address: servers refuse addresses of 8 kB
BATCH_LIMIT: Final = 100  # one more is answered with 413

_log: Final = logging.getLogger(__name__)

_ITEM: Final = re.compile(r"product/([0-9]{1,20})(?:/variation/([0-9]{1,20}))?")


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


# -- telling stock -----------------------------------------------------------------------------------------------


def tell_stock(http: HttpClient, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
    """Set quantities, one call for all products and one for each product with variations; what was refused.

    Where the shop fails in the middle, the rest is returned as not told, with the error's reason: only a shop that
    took nothing at all raises. Raises Rejected where a whole call is refused, after the others: a quantity that is
    told twice does no harm.
    """
    calls, refused = _calls(tells)
    rejected: Rejected | None = None
    for number, (path, part) in enumerate(calls):
        try:
            refused += _tell(http, path, part)
        except (Unavailable, Refused) as error:
            if number == 0:
                raise
            left = [tell for _, rest in calls[number:] for tell in rest.values()]
            refused += [_not_told(tell, _reason(error), error.problem) for tell in left]
            break
        except Rejected as error:
            rejected = error
    if rejected is not None:
        raise rejected
    return tuple(refused)


Part = dict[str, TellStock]  # by the id that the batch call names


def _calls(tells: Sequence[TellStock]) -> tuple[list[tuple[str, Part]], list[NotTold]]:
    """The calls to make, and what is no item of a WooCommerce shop."""
    by_path: dict[str, Part] = {}
    refused = []
    for tell in tells:
        named = _ITEM.fullmatch(tell.external_id)
        if named is None:
            refused.append(_not_told(tell, Reason.STORE_ITEM_GONE, "this is no item of a WooCommerce shop"))
            continue
        product, variation = named.groups()
        path = f"products/{product}/variations/batch" if variation else "products/batch"
        by_path.setdefault(path, {})[variation or product] = tell
    return [(path, part) for path, whole in by_path.items() for part in _parts(whole)], refused


def _parts(whole: Part) -> Iterator[Part]:
    ids = list(whole)
    for start in range(0, len(ids), BATCH_LIMIT):
        yield {id_: whole[id_] for id_ in ids[start : start + BATCH_LIMIT]}


def _tell(http: HttpClient, path: str, part: Part) -> list[NotTold]:
    # Never manage_stock: whether pieces are counted is the merchant's choice (STK-6). Always whole numbers: the shop
    # takes "abc" for 0, and answers 200.
    sent = [{"id": int(id_), "stock_quantity": _pieces(tell)} for id_, tell in part.items()]
    try:
        answer = http.post(path, {"update": sent})
    except NotFound as error:
        raise no_api(error) from error
    try:
        done = {one.id: one for one in read_batch(answer.json())}
    except Unreadable as error:
        raise Unavailable(f"the answer is no batch: {error}", request=answer.request) from error
    if not done.keys() & part.keys():
        raise Unavailable("the answer names none of the items", request=answer.request)
    verdicts = (_verdict(tell, done.get(id_)) for id_, tell in part.items())
    return [verdict for verdict in verdicts if verdict]


def _verdict(tell: TellStock, done: Written | None) -> NotTold | None:
    """What became of one item; None where the shop now shows what it was told."""
    if done is None:
        return _not_told(tell, Reason.STORE_UNAVAILABLE, "the answer leaves the item out")
    if done.error is not None:
        # 404: a variation's id where products are told; the product it was is gone.
        is_gone = done.error.code.endswith("_invalid_id") or done.error.status == 404
        reason = Reason.STORE_ITEM_GONE if is_gone else Reason.REFUSED_BY_STORE
        return _not_told(tell, reason, f"{done.error.code}: {done.error.message}")
    if not done.is_tracked:
        return _not_told(tell, Reason.TRACKING_OFF)  # ignored, with 200
    if done.quantity != _pieces(tell):
        return _not_told(tell, Reason.REFUSED_BY_STORE, f"the store shows {done.quantity} all the same")
    return None


def _pieces(tell: TellStock) -> int:
    """Never below zero, which the shop would take for pieces that it owes."""
    return max(0, tell.quantity)


def _not_told(tell: TellStock, reason: Reason, words: str = "") -> NotTold:
    return NotTold(tell.external_id, tell.place, reason, words)


def _reason(error: Unavailable | Refused) -> Reason:
    match error:
        case RateLimited():
            return Reason.RATE_LIMITED
        case Refused():
            return Reason.CREDENTIALS_REFUSED
        case _:
            return Reason.STORE_UNAVAILABLE
