"""Telling stock over WooCommerce's REST API v3: which calls, and what their answers mean. No rule of stock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from connectors.errors import NotFound, Unavailable
from connectors.http import HttpClient
from connectors.woocommerce.pages import no_api
from schemas.errors import Unreadable
from schemas.reasons import Reason
from schemas.stock import NotTold, another_sku
from schemas.text import masked
from schemas.woocommerce.catalogue import WrittenItem, read_batch

if TYPE_CHECKING:
    from schemas.actions import TellStock

CALL_SIZE: Final = 100  # the most that WooCommerce takes: one more is answered with 413

_ITEM: Final = re.compile(r"product/([0-9]{1,20})(?:/variation/([0-9]{1,20}))?")

_Part: TypeAlias = "dict[str, TellStock]"  # by the id that the batch call names


def stock_call(tell: TellStock) -> str:
    """The path of the call that tells it; empty for what is no item of a WooCommerce shop."""
    named = _ITEM.fullmatch(tell.external_id)
    if named is None:
        return ""
    product, variation = named.groups()
    return f"products/{product}/variations/batch" if variation else "products/batch"


def tell_stock(http: HttpClient, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
    """Set quantities, one call for all products and one for each product with variations; what was refused.

    Raises at the first call that fails or is refused whole. What was told before is told again then: no harm.
    """
    calls, refused = _calls(tells)
    for path, part in calls:
        refused += _tell(http, path, part)
    return tuple(refused)


def _calls(tells: Sequence[TellStock]) -> tuple[list[tuple[str, _Part]], list[NotTold]]:
    """The calls to make, and what is no item of a WooCommerce shop."""
    by_path: dict[str, _Part] = {}
    refused = []
    for tell in tells:
        path = stock_call(tell)
        if path:
            by_path.setdefault(path, {})[tell.external_id.rpartition("/")[2]] = tell
        else:
            refused.append(_not_told(tell, Reason.STORE_ITEM_GONE, "this is no item of a WooCommerce shop"))
    return [(path, part) for path, whole in by_path.items() for part in _parts(whole)], refused


def _parts(whole: _Part) -> Iterator[_Part]:
    ids = list(whole)
    for start in range(0, len(ids), CALL_SIZE):
        yield {id_: whole[id_] for id_ in ids[start : start + CALL_SIZE]}


def _tell(http: HttpClient, path: str, part: _Part) -> list[NotTold]:
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


def _verdict(tell: TellStock, done: WrittenItem | None) -> NotTold | None:
    """What became of one item; None where the shop now shows what it was told."""
    if done is None:
        return _not_told(tell, Reason.STORE_UNAVAILABLE, "the answer leaves the item out")
    if done.odd:
        return _not_told(tell, Reason.STORE_UNAVAILABLE, f"the answer cannot be read: {done.odd}")
    if done.error is not None:
        # 404: a variation's id where products are told; the product it was is gone.
        is_gone = done.error.code.endswith("_invalid_id") or done.error.status == 404
        reason = Reason.STORE_ITEM_GONE if is_gone else Reason.REFUSED_BY_STORE
        return _not_told(tell, reason, masked(f"{done.error.code}: {done.error.message}"))
    if done.sku is not None and done.sku != tell.sku:
        return another_sku(tell, done.sku)  # the merchant gave it another one since its catalogue was read
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
