"""Shopify's stock: reading the catalogue's items, and setting what is available of them. It decides no quantity."""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from marshmallow import ValidationError

from connectors.cursor import SETTLING, naive
from connectors.errors import RateLimited, Rejected, Unavailable
from connectors.remembered import Remembered
from connectors.shopify_client import GraphQL, UserError, code_of, user_errors, words_of
from connectors.shopify_graphql import (
    ITEMS_PAGE,
    LEVELS,
    LOCATIONS_PAGE,
    PLACES,
    SET_STOCK,
    STOCK_HERE,
    VARIANTS,
    VARIANTS_PAGE,
)
from connectors.shopify_pages import Pages, complete
from schemas.actions import TellStock
from schemas.errors import Unreadable
from schemas.fields import clean
from schemas.reasons import Reason
from schemas.shopify_catalogue import read_items, read_locations, variant_of, without_sku
from schemas.shopify_json import Gid
from schemas.stock import DEFAULT_PLACE, CataloguePage, NotTold, StoreItem, StoreLocation

SKUS_AT_ONCE: Final = 50  # search terms of one question
ROUNDS: Final = 8  # how often a batch is sent again without those that were refused by name
NEW_KEYS: Final = 3
UNCOUNTED: Final = 5  # places of fulfilment services, which Shopify does not count among the shop's

_VARIANTS: Final = "variants"
_ITEMS: Final = "items"
_GID: Final = Gid()
_NEW_KEY: Final = frozenset(
    {
        "IDEMPOTENCY_CONCURRENT_REQUEST",
        "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
        "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
    }
)
_NOT_STOCKED: Final = "ITEM_NOT_STOCKED_AT_LOCATION"
_REASONS: Final = {
    "CHANGE_FROM_QUANTITY_STALE": Reason.MOVED_IN_STORE,
    "NON_MUTABLE_INVENTORY_ITEM": Reason.TRACKING_OFF,
    "INVALID_INVENTORY_ITEM": Reason.STORE_ITEM_GONE,
}


@dataclass(frozen=True, slots=True)
class Places:
    """The number of the primary place, and at how many places an item is stocked at most, as far as is known."""

    primary: str
    count: int


@dataclass(frozen=True, slots=True)
class _Said:
    """What the shop said against a call: by the place in it, and apart from that."""

    named: Mapping[int, UserError]
    unnamed: Sequence[UserError]


@dataclass(slots=True)
class Stock:
    """The stock of one shop."""

    graphql: GraphQL
    variants: Pages = field(init=False)
    items: Pages = field(init=False)
    _places: Remembered[Places] = field(init=False)

    def __post_init__(self) -> None:
        self._places = Remembered(self._ask_places)
        self.variants = Pages(self.graphql, VARIANTS_PAGE, "productVariants", size=VARIANTS)
        self.items = Pages(self.graphql, ITEMS_PAGE, "inventoryItems", size=VARIANTS)

    # -- what is there

    def catalogue(self, since: datetime | None, after: str | None = None) -> Iterator[CataloguePage]:
        """All variants by id, or what changed of variants and items since. Searches show changes a little late.

        Raises RateLimited behind a page that used up the shop's points: others need some, and the walk can go on.
        """
        if after is None:
            self._places.forget()  # a merchant may open places, and name another one the primary
        query = None if since is None else f"updated_at:>='{naive(since - SETTLING)}Z'"
        part, _, cursor = (after or _VARIANTS).partition(" ")
        if part == _VARIANTS:
            yield from self._walk(self.variants, query, cursor, part=_VARIANTS)
        if query is not None:
            yield from self._walk(self.items, query, cursor if part == _ITEMS else "", part=_ITEMS)

    def _walk(self, pages: Pages, query: str | None, cursor: str, *, part: str) -> Iterator[CataloguePage]:
        for told in pages.walk(self._wanted(query), after=cursor or None):
            nodes, info = told.data[pages.field]["nodes"], told.data[pages.field]["pageInfo"]
            goes_on = info["hasNextPage"]
            items = self._items(nodes if part == _VARIANTS else [variant_of(one) for one in nodes])
            position = f"{part} {info['endCursor']}" if goes_on else _ITEMS
            yield CataloguePage(items, position=position, without_sku=without_sku(nodes))
            if goes_on and told.fill_time > timedelta(0):
                until = datetime.now(UTC) + told.fill_time
                raise RateLimited("a walk leaves points to others", until=until, request=told.answer.request)

    def find_items(self, skus: Sequence[str]) -> CataloguePage:
        """The items with exactly these SKUs: the shop's search finds more, whatever shares their words."""
        wanted = sorted({clean(sku) for sku in skus} - {""})
        found: dict[str, StoreItem] = {}
        for start in range(0, len(wanted), SKUS_AT_ONCE):
            some = frozenset(wanted[start : start + SKUS_AT_ONCE])
            query = " OR ".join(f"sku:{_quoted(sku)}" for sku in sorted(some))
            for told in self.variants.walk(self._wanted(query)):
                items = self._items(told.data["productVariants"]["nodes"])
                found |= {one.external_id: one for one in items if one.sku in some}
        return CataloguePage(tuple(found.values()))

    def _wanted(self, query: str | None) -> Mapping[str, Any]:
        # Asked for as many places as there are: an item's levels then come whole, and the page costs no more than it
        # must. What is more after all, is fetched by `complete`.
        return {"query": query, "levels": self.places().count}

    def _items(self, variants: Sequence[Any]) -> tuple[StoreItem, ...]:
        for one in variants:
            complete(self.graphql, one.get("inventoryItem") if isinstance(one, dict) else None)
        return read_items(variants, primary=self.places().primary)

    def places(self) -> Places:
        """The shop's places, asked for once in a while."""
        return self._places.get()

    def _ask_places(self) -> Places:
        told = self.graphql.ask(PLACES)
        location, counted = told.data.get("location"), told.data.get("locationsCount")
        count = counted.get("count") if isinstance(counted, dict) else None
        primary = _number(location.get("id") if isinstance(location, dict) else None)
        if primary is None:
            raise Unavailable("the shop names no primary location", request=told.answer.request)
        return Places(primary, min(count + UNCOUNTED, LEVELS) if isinstance(count, int) else LEVELS)

    def locations(self) -> tuple[StoreLocation, ...]:
        """Every location of the shop, by its number."""
        pages = Pages(self.graphql, LOCATIONS_PAGE, "locations", size=LEVELS)
        primary = self.places().primary
        found: list[StoreLocation] = []
        for told in pages.walk({}):
            try:
                found += read_locations(told.data["locations"]["nodes"], primary=primary)
            except Unreadable as error:
                raise Unavailable(f"the answer is no location: {error}", request=told.answer.request) from error
        return tuple(found)

    # -- what is told

    def tell(self, tells: Sequence[TellStock]) -> tuple[NotTold, ...]:
        """Set quantities. A call with an error changes nothing: what is named is left out and the rest is sent again.

        Raises Rejected where nobody is named, or where there is no end of those that are.
        """
        left, refused = list(tells), list[NotTold]()
        for _ in range(ROUNDS):
            if not left:
                return tuple(refused)
            said = self._set(left)
            if not said.named and not said.unnamed:
                return tuple(refused)
            if not said.named:
                raise Rejected(f"the shop refused the stock of {len(left)} items ({words_of(said.unnamed[0])})")
            refused += self._refused(left, said)
            left = [one for place, one in enumerate(left) if place not in said.named]
        if left:
            raise Rejected(f"the shop refused the stock of {len(tells)} items again and again")
        return tuple(refused)

    def _refused(self, tells: Sequence[TellStock], said: _Said) -> Iterator[NotTold]:
        for place, error in said.named.items():
            tell = tells[place]
            reason, words = _REASONS.get(code_of(error), Reason.REFUSED_BY_STORE), words_of(error)
            if code_of(error) == _NOT_STOCKED:
                answer = self._stock_here(tell)
                if answer is None:
                    continue
                reason, words = Reason.NOT_STOCKED_HERE, answer
            yield NotTold(tell.external_id, tell.place, reason, words)

    def _set(self, tells: Sequence[TellStock]) -> _Said:
        quantities = [self._quantity(one) for one in tells]
        sent = {"name": "available", "reason": "correction", "quantities": quantities}
        for _ in range(NEW_KEYS):
            errors = self._mutate(SET_STOCK, "inventorySetQuantities", {"input": sent})
            if not any(code_of(one) in _NEW_KEY for one in errors):
                return _sorted(errors, len(tells))
        raise Unavailable("the shop still works on an earlier call with this stock")

    def _quantity(self, tell: TellStock) -> Mapping[str, Any]:
        return {
            "inventoryItemId": tell.external_id,
            "locationId": self._place(tell),
            "quantity": tell.quantity,
            "changeFromQuantity": tell.known,  # must be there: null compares nothing
        }

    def _stock_here(self, tell: TellStock) -> str | None:
        """Stock an item at a place where it was not, with its quantity; the shop's words where it may not be."""
        wanted = {"item": tell.external_id, "place": self._place(tell), "available": tell.quantity}
        errors = self._mutate(STOCK_HERE, "inventoryActivate", wanted)
        return words_of(errors[0]) if errors else None

    def _place(self, tell: TellStock) -> str:
        number = self.places().primary if tell.place == DEFAULT_PLACE else tell.place
        return f"gid://shopify/Location/{number}"

    def _mutate(self, document: str, name: str, variables: Mapping[str, Any]) -> Sequence[UserError]:
        """The errors of a mutation. Its key is new each time: a figure told twice does no harm, one kept back does."""
        told = self.graphql.ask(document, {**variables, "key": str(uuid.uuid4())})
        return user_errors(told, name)


def _sorted(errors: Sequence[UserError], count: int) -> _Said:
    places = [(_index(one, count), one) for one in errors]
    named = {place: one for place, one in reversed(places) if place is not None}  # of several the first one counts
    return _Said(dict(sorted(named.items())), [one for place, one in places if place is None])


def _index(error: UserError, count: int) -> int | None:
    """Which entry ["input", "quantities", "3", "locationId"] is about."""
    path = error.get("field")
    steps = [str(step) for step in path] if isinstance(path, list) else []
    if "quantities" not in steps[:-1]:
        return None
    step = steps[steps.index("quantities") + 1]
    return int(step) if re.fullmatch(r"[0-9]{1,4}", step) and int(step) < count else None


def _quoted(sku: str) -> str:
    """A value of Shopify's search: in double quotes, in which only they and the backslash are special."""
    return '"' + sku.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(gid: Any) -> str | None:
    try:
        number: str = _GID.deserialize(gid)
    except ValidationError:
        return None
    return number
