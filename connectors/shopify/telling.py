"""Telling a Shopify shop what is available of its items: mutations, and what their answers mean. No rule of stock."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import Rejected, Unavailable
from connectors.shopify.client import GraphQL, GraphQLAnswer, UserError, code_of, user_errors, words_of
from connectors.shopify.documents import ACTIVATE, HELD, SET_STOCK
from schemas.errors import Unreadable
from schemas.reasons import Reason
from schemas.shopify.catalogue import Changed, read_changes, read_held, read_level
from schemas.stock import NotTold, another_sku

if TYPE_CHECKING:
    from schemas.actions import TellStock

ROUNDS: Final = 8  # how often a batch is sent again without those that were refused by name
NEW_KEYS: Final = 3

_SET: Final = "inventorySetQuantities"
_ACTIVATE: Final = "inventoryActivate"
_NEW_KEY: Final = frozenset(
    {
        "IDEMPOTENCY_CONCURRENT_REQUEST",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
    }
)
_REASONS: Final = {
    "CHANGE_FROM_QUANTITY_STALE": Reason.MOVED_IN_STORE,
    "NON_MUTABLE_INVENTORY_ITEM": Reason.TRACKING_OFF,
    "INVALID_INVENTORY_ITEM": Reason.STORE_ITEM_GONE,
}


@dataclass(frozen=True, slots=True)
class _Said:
    """What the shop said against a call: by the place in it, and apart from that."""

    named: Mapping[int, UserError]
    unnamed: Sequence[UserError]


@dataclass(frozen=True, slots=True)
class Telling:
    """Telling one shop; `gid_of` is a place's global id.

    A shop takes figures where an item is not active, says nothing, and sells nothing of them. So an item that is not
    known to be active is made so, and what a shop answers says of the others whether they are (STK-12).
    """

    graphql: GraphQL
    gid_of: Callable[[str], str]

    def tell(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set quantities, one place after the other; what was refused.

        Raises Rejected where nobody is named, or where there is no end of those that are.
        """
        by_place: dict[str, list[TellStock]] = {}
        for tell in tells:
            by_place.setdefault(tell.place, []).append(tell)
        return tuple(one for place, some in by_place.items() for one in self._tell_at(self.gid_of(place), some))

    def _tell_at(self, place: str, tells: Sequence[TellStock]) -> Iterator[NotTold]:
        """A call with an error changes nothing: what is named is left out and the rest is sent again."""
        left = yield from self._activated(place, tells)
        for _ in range(ROUNDS):
            if not left:
                return
            told = self._set(place, left)
            said = _sorted(user_errors(told, _SET), len(left))
            if not said.named and not said.unnamed:
                changed = _changed(told, left)
                same = [one.external_id for one in left if one.external_id not in changed]
                yield from self._checked(place, left, {**changed, **self._held(place, same)})
                return
            if not said.named:
                raise Rejected(f"the shop refused the stock of {len(left)} items ({words_of(said.unnamed[0])})")
            yield from _refused(left, said)
            left = [one for number, one in enumerate(left) if number not in said.named]
        if left:
            raise Rejected(f"the shop refused the stock of {len(tells)} items again and again")

    def _held(self, place: str, items: Sequence[str]) -> Mapping[str, Changed]:
        """What the shop says of items whose figure was there already. Raises Unavailable."""
        if not items:
            return {}
        told = self.graphql.ask(HELD, {"ids": list(items), "place": place})
        try:
            return read_held(told.data.get("nodes"))
        except Unreadable as error:
            raise Unavailable(f"the answer is no list of items: {error}", request=told.answer.request) from error

    def _set(self, place: str, tells: Sequence[TellStock]) -> GraphQLAnswer:
        quantities = [_quantity(one, place) for one in tells]
        sent = {"name": "available", "reason": "correction", "quantities": quantities}
        for _ in range(NEW_KEYS):
            told = self._mutate(SET_STOCK, {"input": sent, "place": place})
            if not any(code_of(one) in _NEW_KEY for one in user_errors(told, _SET)):
                return told
        raise Unavailable("the shop still works on an earlier call with this stock")

    def _mutate(self, document: str, variables: Mapping[str, Any]) -> GraphQLAnswer:
        """Make a mutation. Its key is new each time: a figure told twice does no harm, one kept back does."""
        return self.graphql.ask(document, {**variables, "key": str(uuid.uuid4())})

    # -- where an item is not active

    def _activated(self, place: str, tells: Sequence[TellStock]) -> Generator[NotTold, None, list[TellStock]]:
        """Activate items that are to be; what was refused, and returns what is left to set."""
        left = []
        for tell in tells:
            said = self._activate(place, tell) if tell.activates else tell
            if isinstance(said, NotTold):
                yield said
            elif said is not None:
                left.append(said)
        return left

    def _checked(self, place: str, tells: Sequence[TellStock], changed: Mapping[str, Changed]) -> Iterator[NotTold]:
        """What turned out to be another SKU's. What is not active, though it was known to be, is made so."""
        for tell in tells:
            change = changed.get(tell.external_id)
            if change is None:
                yield NotTold(
                    tell.external_id, tell.place, Reason.STORE_UNAVAILABLE, "the shop says nothing of the item"
                )
            elif change.sku != tell.sku:
                yield another_sku(tell, change.sku)
            elif not change.is_active and tell.quantity:
                said = self._activate(place, tell)
                if isinstance(said, NotTold):
                    yield said

    def _activate(self, place: str, tell: TellStock) -> NotTold | TellStock | None:
        """Make an item active at a place with its quantity: None; or why not, or what is still to be set there."""
        wanted = {"item": tell.external_id, "place": place, "available": tell.quantity}
        told = self._mutate(ACTIVATE, wanted)
        errors = user_errors(told, _ACTIVATE)
        if any(_is_about(error, "available") for error in errors):
            return replace(tell, known=None)  # it is active there already: its figure can be set
        if errors:
            return NotTold(tell.external_id, tell.place, Reason.NOT_STOCKED_HERE, words_of(errors[0]))
        try:
            level = read_level(told.data[_ACTIVATE].get("inventoryLevel"))
        except Unreadable as error:
            raise Unavailable(f"the answer names no level: {error}", request=told.answer.request) from error
        if (level.item, level.place, level.is_active) != (tell.external_id, place.rpartition("/")[2], True):
            raise Unavailable("the answer does not say that the item is active", request=told.answer.request)
        if level.sku != tell.sku:
            return another_sku(tell, level.sku)
        return None if level.available == tell.quantity else replace(tell, known=None)


def _quantity(tell: TellStock, place: str) -> Mapping[str, Any]:
    return {
        "inventoryItemId": tell.external_id,
        "locationId": place,
        "quantity": tell.quantity,
        "changeFromQuantity": tell.known,  # must be there: null compares nothing
    }


# -- answers -----------------------------------------------------------------------------------------------------


def _changed(told: GraphQLAnswer, tells: Sequence[TellStock]) -> Mapping[str, Changed]:
    """What a call changed, by item: a figure that was there already is no change. Raises Unavailable."""
    payload = told.data[_SET]
    if "inventoryAdjustmentGroup" not in payload:
        raise Unavailable("the answer does not say what was changed", request=told.answer.request)
    try:
        changed = read_changes(payload["inventoryAdjustmentGroup"])
    except Unreadable as error:
        raise Unavailable(f"the answer does not say what was changed: {error}", request=told.answer.request) from error
    if changed and changed.keys().isdisjoint(tell.external_id for tell in tells):
        raise Unavailable("the answer names none of the items", request=told.answer.request)
    return changed


def _refused(tells: Sequence[TellStock], said: _Said) -> Iterator[NotTold]:
    for number, error in said.named.items():
        reason = _REASONS.get(code_of(error), Reason.REFUSED_BY_STORE)
        yield NotTold(tells[number].external_id, tells[number].place, reason, words_of(error))


def _sorted(errors: Sequence[UserError], count: int) -> _Said:
    places = [(_index(one, count), one) for one in errors]
    named = {place: one for place, one in reversed(places) if place is not None}  # of several the first one counts
    return _Said(dict(sorted(named.items())), [one for place, one in places if place is None])


def _is_about(error: UserError, name: str) -> bool:
    """Whether an error is about one of a mutation's arguments."""
    path = error.get("field")
    return isinstance(path, list) and path[-1:] == [name]


def _index(error: UserError, count: int) -> int | None:
    """Which entry ["input", "quantities", "3", "locationId"] is about."""
    path = error.get("field")
    steps = [str(step) for step in path] if isinstance(path, list) else []
    if "quantities" not in steps[:-1]:
        return None
    step = steps[steps.index("quantities") + 1]
    return int(step) if re.fullmatch(r"[0-9]{1,4}", step) and int(step) < count else None
