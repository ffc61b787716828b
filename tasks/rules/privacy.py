"""What names a buyer, and what is left of an order or of words without it (DOR-6)."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from schemas.orders import Address, Buyer, StoreOrder

_LEAST: Final = 3  # signs of a word that is taken out: a shorter one stands in everything
_GONE: Final = "…"


def naming_words(words: Collection[str]) -> set[str]:
    """Those of some words that name somebody wherever they stand."""
    return {word.strip() for word in words if len(word.strip()) >= _LEAST}


def words_of(order: StoreOrder) -> set[str]:
    """What would name an order's buyer wherever it stands."""
    told = {order.buyer.name, order.buyer.email, order.note, order.customer_reference}
    for one in (order.bill_to, order.ship_to):
        told |= {one.person, one.company, one.line_1, one.line_2, one.phone}
    return {word for word in told if word}


def without_buyer(order: StoreOrder) -> StoreOrder:
    """The order as if nobody had bought it: its country stays, which taxes go by."""
    return replace(
        order,
        buyer=Buyer(""),
        bill_to=Address(country=order.bill_to.country),
        ship_to=Address(country=order.ship_to.country),
        note=None,
        customer_reference=None,
    )


def without_words(value: Any, words: Collection[str]) -> Any:
    """Any JSON value with each of some words, whatever its case, taken out of its texts."""
    if not words:
        return value
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return _without(value, re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE))


def _without(value: Any, words: re.Pattern[str]) -> Any:
    match value:
        case str():
            return words.sub(_GONE, value)
        case list():
            return [_without(part, words) for part in value]
        case dict():
            return {key: _without(part, words) for key, part in value.items()}
        case _:
            return value
