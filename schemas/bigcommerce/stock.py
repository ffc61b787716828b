"""BigCommerce's stock call: its body, the shop's places, and whom a refusal names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from schemas.fields import Id, VendorSchema, load
from schemas.reasons import Reason
from schemas.stock import NotTold, StoreLocation
from schemas.text import clean, masked

if TYPE_CHECKING:
    from schemas.actions import TellStock

MOST: Final = 2_147_483_647  # pieces of an item at one place

_WORDS_LIMIT: Final = 200
_EXTERNAL_ID: Final = re.compile(r"(variant|product)/([1-9][0-9]{0,17})")
# "variant_id 106", "variant_id: [106, 107]", "product_id 7": how refusals name items, by example and by report.
_NAMED: Final = re.compile(r"\b(variant|product)(?:[_ ]?id)?s?\W{1,4}([0-9]+(?:\s*,\s*[0-9]+)*)\b")
_PLACED: Final = re.compile(r"\bitems?[.\[]([0-9]+)\b")  # "items.0.quantity": the item's place in the call
_GONE: Final = re.compile(r"not (?:be )?(?:found|exist)|deleted", re.IGNORECASE)


def is_adjustable(external_id: str) -> bool:
    """Whether the stock call can name the item."""
    return _EXTERNAL_ID.fullmatch(external_id) is not None


def adjustment(tells: Sequence[TellStock], location: int) -> dict[str, Any]:
    """The body that sets quantities at a place; more pieces than the shop can count are the most it can."""
    return {"reason": "storesync", "items": [_item(tell, location) for tell in tells]}


def _item(tell: TellStock, location: int) -> dict[str, int]:
    kind, _, number = tell.external_id.partition("/")
    return {"location_id": location, f"{kind}_id": int(number), "quantity": min(max(tell.quantity, 0), MOST)}


class _Accepted(VendorSchema):
    transaction_id = Id(required=True)


_ACCEPTED: Final = _Accepted()


def read_accepted(answer: Any) -> str:
    """The name of an adjustment that was accepted. Raises Unreadable for whatever does not say that it was."""
    return str(load(_ACCEPTED, answer)["transaction_id"])


def read_places(entries: Sequence[Any]) -> tuple[int, ...]:
    """The ids of a list of places."""
    ids = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return tuple(id_ for id_ in ids if isinstance(id_, int) and not isinstance(id_, bool))


def read_locations(entries: Sequence[Any], *, defaults: Collection[int]) -> tuple[StoreLocation, ...]:
    """The shop's locations by their ids; of one that says nothing of itself only the id is known."""
    known = {id_: entry for entry in entries for id_ in read_places([entry])}
    return tuple(
        StoreLocation(
            id=str(id_),
            name=clean(str(entry.get("label") or entry.get("code") or ""))[:_WORDS_LIMIT],
            is_active=entry.get("enabled") is not False,
            is_default=id_ in defaults,
        )
        for id_, entry in sorted(known.items())
    )


# -- refusals ----------------------------------------------------------------------------------------------------


def culprits(answer: Any, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
    """Whom of a batch a refusal names, with its words; empty where it names nobody (STK-8)."""
    named: dict[str, NotTold] = {}
    for path, words in _said(answer):
        reason = Reason.STORE_ITEM_GONE if _GONE.search(words) else Reason.REFUSED_BY_STORE
        for tell in _named_in(f"{path} {words}", path, tells):
            named.setdefault(tell.external_id, NotTold(tell.external_id, tell.place, reason, masked(words)))
    return tuple(named.values())


def _said(answer: Any) -> Iterator[tuple[str, str]]:
    """Every sentence of a refusal, with the field it is about; the title is about none."""
    if not isinstance(answer, dict):
        return
    # Details first: the title may only sum them up.
    errors = answer.get("errors")
    yield from _sentences("", errors if isinstance(errors, dict | list) else {})
    title = answer.get("title")
    if isinstance(title, str):
        yield "", clean(title)


def _sentences(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, clean(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _sentences(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sentences(path, inner)


def _named_in(text: str, path: str, tells: Sequence[TellStock]) -> list[TellStock]:
    """The items that a sentence names: by their ids, their place in the call, or their SKUs."""
    ids = {
        f"{kind}/{int(number)}" for kind, numbers in _NAMED.findall(text) for number in re.findall(r"[0-9]+", numbers)
    }
    places = {int(number) for number in _PLACED.findall(path)}
    found = [tell for place, tell in enumerate(tells) if tell.external_id in ids or place in places]
    return found or _named_by_sku(text, tells)


def _named_by_sku(text: str, tells: Sequence[TellStock]) -> list[TellStock]:
    if "sku" not in text.lower():
        return []
    found = []
    # The longest first, each taken out once found: "A B" is not also "A".
    for tell in sorted(tells, key=lambda tell: -len(tell.sku)):
        pattern = re.compile(rf"(?i:\bsku)\W{{1,4}}{re.escape(tell.sku)}(?=[\s\]\[,;\"'}}]|$)")
        text, count = pattern.subn("", text)
        if count:
            found.append(tell)
    return found
