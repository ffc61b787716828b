"""Shopify's stock: its catalogue's items and its places. Telling it quantities is of `telling.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError

from connectors.cursor import SETTLING, naive
from connectors.errors import RateLimited, Unavailable
from connectors.memo import Memo
from connectors.shopify.client import GraphQL, GraphQLAnswer
from connectors.shopify.documents import (
    ITEM_MARKS,
    ITEMS_PAGE,
    LEVELS,
    LOCATIONS_PAGE,
    PLACES,
    VARIANT_MARKS,
    VARIANTS,
    VARIANTS_PAGE,
)
from connectors.shopify.pages import Pages, complete
from connectors.shopify.telling import Telling
from schemas.errors import Unreadable
from schemas.shopify.catalogue import read_items, read_locations, variant_of, without_sku
from schemas.shopify.order_json import Gid
from schemas.stock import DEFAULT_PLACE, CataloguePage, NotTold, StoreItem, StoreLocation
from schemas.text import clean

if TYPE_CHECKING:
    from schemas.actions import TellStock

SKUS_AT_ONCE: Final = 50  # search terms of one question
UNCOUNTED: Final = 5  # places of fulfilment services, which Shopify does not count among the shop's

_VARIANTS: Final = "variants"
_ITEMS: Final = "items"
_GID: Final = Gid()


@dataclass(frozen=True, slots=True)
class Places:
    """The number of the primary place, and at how many places an item is stocked at most, as far as is known."""

    primary: str
    count: int


@dataclass(slots=True)
class Stock:
    """The stock of one shop."""

    graphql: GraphQL
    variants: Pages = field(init=False)
    items: Pages = field(init=False)
    _places: Memo[Places] = field(init=False)

    def __post_init__(self) -> None:
        self._places = Memo(self._ask_places)
        self.variants = Pages(self.graphql, VARIANTS_PAGE, "productVariants", size=VARIANTS, marks=VARIANT_MARKS)
        self.items = Pages(self.graphql, ITEMS_PAGE, "inventoryItems", size=VARIANTS, marks=ITEM_MARKS)

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
            nodes, info = _told_whole(pages, told), told.data[pages.field]["pageInfo"]
            goes_on = info["hasNextPage"]
            items = self._items(nodes if part == _VARIANTS else [variant_of(one) for one in nodes])
            position = f"{part} {info['endCursor']}" if goes_on else _ITEMS
            unread = len(pages.missing(told))
            yield CataloguePage(items, position=position, without_sku=without_sku(nodes), unread=unread)
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
                items = self._items(_told_whole(self.variants, told))
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
        """Set quantities; what was refused. Raises Rejected where nobody is named (STK-8)."""
        return Telling(self.graphql, self._place).tell(tells)

    def _place(self, place: str) -> str:
        number = self.places().primary if place == DEFAULT_PLACE else place
        return f"gid://shopify/Location/{number}"


def _told_whole(pages: Pages, told: GraphQLAnswer) -> list[Any]:
    """The entries of a page at which the shop did not fail (ORD-10): one of them holds up no other's stock."""
    missing = pages.missing(told)
    return [one for place, one in enumerate(told.data[pages.field]["nodes"]) if place not in missing]


def _quoted(sku: str) -> str:
    """A value of Shopify's search: in double quotes, in which only they and the backslash are special."""
    return '"' + sku.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(gid: Any) -> str | None:
    try:
        number: str = _GID.deserialize(gid)
    except ValidationError:
        return None
    return number
