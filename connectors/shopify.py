"""Shopify's Admin API over GraphQL: which documents, paging, what answers mean. No rule about orders lives here."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from marshmallow import ValidationError

from connectors import json_text
from connectors.changes import Batch, batches, follow, horizon, is_id, newest_of
from connectors.cursor import BEGINNING, SECOND, Cursor, naive
from connectors.errors import NotFound, Unavailable
from connectors.http import NoWaits, Waits, credential
from connectors.shopify_client import GraphQL, Told, TooDear
from connectors.shopify_graphql import API_VERSION, CHECK, MORE, ONE_ORDER, ORDERS, ORDERS_PAGE, SIZES, WHOLE, more_of
from connectors.store import StoreFacts
from schemas.errors import Unreadable
from schemas.fields import UtcTime
from schemas.money import MINOR_UNITS
from schemas.orders import Page, Snapshot, StoreOrder
from schemas.shopify import PLATFORM, digest, read_order

# Our clock and the shop's may differ by that much: what is read too early is skipped for its age.
FIRST_REACH: Final = timedelta(days=PLATFORM.backfill_days or 0, hours=1)

_UTC_TIME: Final = UtcTime()


class Shopify:
    """One Shopify shop."""

    platform = PLATFORM

    def __init__(
        self,
        url: str,
        credentials: Mapping[str, str],
        *,
        waits: Waits | None = None,
        allow_insecure: bool = False,
    ) -> None:
        token = credential(credentials, "access_token")
        self.graphql = GraphQL(url, token, waits=waits or NoWaits(), allow_insecure=allow_insecure)
        self.http = self.graphql.http
        self._per_page = ORDERS

    def check(self) -> StoreFacts:
        """Prove the address and the right to read orders."""
        shop = self.graphql.ask(CHECK).data.get("shop")
        code = shop.get("currencyCode") if isinstance(shop, dict) else None
        return StoreFacts(currency=code if code in MINOR_UNITS else None, version=API_VERSION)

    def changed_orders(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed orders; at the first connection of those changed within the days it reaches back (ORD-2)."""
        state = Cursor.read(cursor) if cursor else _first_cursor()
        yield from follow(state, self._batches(state.since), _snapshot, seen=set(), now=_now)

    def cursor_since(self, moment: datetime) -> str:
        """The cursor that asks for everything changed since a moment."""
        return Cursor(moment, moment, moment).text()

    def snapshot(self, external_id: str) -> Snapshot:
        """One order with all its lines and parts. Raises NotFound."""
        if not is_id(external_id):
            raise NotFound(f"Shopify has no order {external_id[:40]!r}: its ids are numbers")
        told = self._order(f"gid://shopify/Order/{external_id}")
        order = told.data.get("order")
        if order is None:
            raise NotFound("the shop has no such order", request=told.answer.request)
        if _id(order) != external_id:
            raise Unavailable("the answer is not the order that was asked for", request=told.answer.request)
        return _snapshot(self._entry(order))

    def read(self, payload: str) -> StoreOrder:
        """A snapshot's payload as a StoreOrder. Raises Unreadable."""
        try:
            value = json_text.read(payload)
        except json_text.NotJson as error:
            raise Unreadable("", "is not JSON") from error
        return read_order(value)

    def _order(self, gid: str) -> Told:
        try:
            return self.graphql.ask(ONE_ORDER, {"id": gid, **WHOLE})
        except TooDear:
            return self.graphql.ask(ONE_ORDER, {"id": gid, **SIZES})

    # -- pages ---------------------------------------------------------------------------------------------------

    def _batches(self, start: datetime) -> Iterator[Batch]:
        return batches(
            start,
            lambda since: self._batch(self._orders(_since(since))),
            self._walk_second,
            too_old="orders are not filtered by date of change: the shop ignores the search term updated_at",
        )

    def _walk_second(self, second: datetime) -> Iterator[Batch]:
        """All orders changed in one second. What leaves it meanwhile moves nothing: a page begins behind an order."""
        query = f"{_since(second)} updated_at:<'{naive(second + SECOND)}Z'"
        after: str | None = None
        while True:
            told = self._orders(query, after)
            yield self._batch(told, is_last=False)
            page = told.data["orders"]["pageInfo"]
            if not page["hasNextPage"]:
                return
            if page["endCursor"] == after:
                raise Unavailable("the shop repeats a page", request=told.answer.request)
            after = page["endCursor"]

    def _orders(self, query: str, after: str | None = None) -> Told:
        """A page of orders, of as many as Shopify lets one ask for at once."""
        while True:
            wanted = {"first": self._per_page, "after": after, "query": query, **SIZES}
            try:
                told = self.graphql.ask(ORDERS_PAGE, wanted)
            except TooDear:
                if self._per_page == 1:
                    raise
                self._per_page //= 2
                continue
            _check_page(told.data.get("orders"), told.answer.request)
            return told

    def _batch(self, told: Told, *, is_last: bool | None = None) -> Batch:
        orders = told.data["orders"]
        entries = [self._entry(order) for order in orders["nodes"]]
        return Batch(
            entries=entries,
            position=newest_of(entries, _updated) or BEGINNING,
            newest=newest_of(entries, _updated, horizon(told.answer)) or BEGINNING,
            total=None,
            is_last=not orders["pageInfo"]["hasNextPage"] if is_last is None else is_last,
            request=told.answer.request,
        )

    # -- long orders ---------------------------------------------------------------------------------------------

    def _entry(self, order: Any) -> tuple[Any, str]:
        """An order with everything that did not fit on its page, and its text."""
        self._complete(order)
        return order, json.dumps(order, default=str)

    def _complete(self, thing: Any) -> None:
        """Fetch the rest of every list inside a thing that came in part."""
        if not isinstance(thing, dict):
            return
        for field, value in thing.items():
            if isinstance(value, dict) and isinstance(value.get("nodes"), list):
                page = value.pop("pageInfo", None)
                if isinstance(page, dict) and page.get("hasNextPage") and isinstance(thing.get("id"), str):
                    value["nodes"] += self._rest(thing["id"], field, page["endCursor"])
            for part in _parts(value):
                self._complete(part)

    def _rest(self, gid: str, field: str, after: str) -> list[Any]:
        document = more_of(gid.split("/")[-2], field)
        sizes = {"size": MORE, **({"lines": SIZES["lines"]} if "$lines" in document else {})}
        found: list[Any] = []
        while True:
            told = self.graphql.ask(document, {"id": gid, "after": after, **sizes})
            part: Any = (told.data.get("node") or {}).get(field)
            _check_page(part, told.answer.request)
            found += part["nodes"]
            page = part["pageInfo"]
            if not page["hasNextPage"]:
                return found
            if page["endCursor"] == after:
                raise Unavailable("the shop repeats a page", request=told.answer.request)
            after = page["endCursor"]


def _check_page(page: Any, request: str) -> None:
    """Raises Unavailable for what is no page of a connection."""
    info = page.get("pageInfo") if isinstance(page, dict) else None
    if not isinstance(info, dict) or "hasNextPage" not in info or not isinstance(page.get("nodes"), list):
        raise Unavailable("the answer is not a page", request=request)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        nodes = value.get("nodes")
        return nodes if isinstance(nodes, list) else []
    return value if isinstance(value, list) else []


def _since(moment: datetime) -> str:
    return f"updated_at:>='{naive(moment)}Z'"


def _first_cursor() -> Cursor:
    start = _now() - FIRST_REACH
    return Cursor(start, start, _now())


# -- snapshots ---------------------------------------------------------------------------------------------------


def _snapshot(entry: tuple[Any, str]) -> Snapshot:
    value, text = entry
    mark = digest(value) if isinstance(value, dict) else sha256(text.encode()).hexdigest()
    try:
        order = read_order(value)
    except Unreadable as error:
        return Snapshot(_id(value) or f"unreadable:{mark[:12]}", None, mark, text, (error.path, error.problem))
    return Snapshot(order.external_id, order.updated_at, mark, text)


def _id(value: Any) -> str | None:
    gid = value.get("id") if isinstance(value, dict) else None
    number = gid.rpartition("/")[2] if isinstance(gid, str) else ""
    return number if number and is_id(number) else None


def _updated(value: Any) -> datetime | None:
    """When an order was changed, readable otherwise or not."""
    try:
        return _UTC_TIME.deserialize(value.get("updatedAt")) if isinstance(value, dict) else None
    except ValidationError:
        return None


def _now() -> datetime:
    return datetime.now(UTC)
