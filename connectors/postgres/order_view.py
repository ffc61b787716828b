"""What people see of orders: one as it is remembered, lists, and how many are in which state. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, LiteralString

from connectors.postgres import Connection, chosen, queries, read_all, read_one

_SQL: Final = queries("order_view")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as it is remembered: columns of `store_orders`, of which schema.sql says what they are.

    `hub_reason` and `hub_due_at` are those of its store, where that is told nothing now.
    """

    store: str
    platform: str
    external_id: str
    order_no: str | None
    snapshot: str | None
    digest: str
    store_updated_at: datetime | None
    hub_order_id: str | None
    was_imported: bool
    state: str
    reason: str | None
    detail: dict[str, Any]
    tombstoned_at: datetime | None
    tombstoned_by: str | None
    changed: int
    order_settled: int
    hub_changed: int
    hub_settled: int
    due_at: datetime | None
    attempts: int
    rung_at: datetime | None
    first_seen_at: datetime
    is_failing: bool
    hub_is_failing: bool
    hub_reason: str | None
    hub_detail: dict[str, Any]
    hub_due_at: datetime | None
    sending: dict[str, Any] | None


def order(connection: Connection, store_id: int, external_id: str) -> OrderRow | None:
    """One order as storesync remembers it."""
    return read_one(connection, OrderRow, _SQL["store_order"], {"store_id": store_id, "external_id": external_id})


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders a person looks for, None for all. `text` stands in number or customer, or is a SKU or an id.

    Where it `names_no_buyer` the text is not looked for in customer and e-mail.
    """

    store_id: int | None = None
    state: str | None = None
    reason: str | None = None
    text: str | None = None
    names_no_buyer: bool = False
    changed_from: datetime | None = None
    changed_until: datetime | None = None

    def conditions(self) -> Iterator[LiteralString]:
        """What is asked for but the text, in SQL."""
        if self.store_id is not None:
            yield _SQL["of_one_store"]
        elif self.state == "failed":
            yield _SQL["of_connected_stores"]
        if self.state is not None:
            yield {"imported": _SQL["in_imported"], "failed": _SQL["in_failed"]}.get(self.state, _SQL["in_state"])
        if self.reason is not None:
            yield _SQL["for_reason"]
        if self.changed_from is not None:
            yield _SQL["changed_from"]
        if self.changed_until is not None:
            yield _SQL["changed_until"]

    @property
    def says_more_than_words(self) -> bool:
        """Whether orders themselves have to be read to know which are meant."""
        return self.state is not None or self.reason is not None or self.names_no_buyer

    def called(self) -> LiteralString:
        """That an order is called as the text says, in SQL."""
        return _SQL["with_label"] if self.names_no_buyer else _SQL["with_text"]


EVERY: Final = OrderFilter()


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order as it is listed: what became of it, and what people call it, as far as the hub or its store said.

    Of what is not in the hub, customer and total stand in its `snapshot` alone.
    """

    store_id: int
    store: str
    platform: str
    external_id: str
    order_no: str | None
    state: str
    reason: str | None
    detail: dict[str, Any]
    store_updated_at: datetime | None
    hub_order_id: str | None
    hub_status: str | None
    is_due: bool
    due_at: datetime | None
    is_failing: bool
    hub_reason: str | None
    hub_detail: dict[str, Any]
    customer: str | None
    total_with_tax: Decimal | None
    currency: str | None
    snapshot: str | None


def orders(connection: Connection, wanted: OrderFilter = EVERY, *, limit: int = 1000) -> list[ListedOrder]:
    """Orders for people, newest first; failures of disconnected stores only where the store is named."""
    which, found, since = [*wanted.conditions()], "store_orders", None
    if wanted.text is not None:
        newest = _called_so(connection, wanted, limit)
        if newest.are_enough(limit):
            since = newest.since
            which += [_SQL["seen_since"]] if since else []
        else:
            found = "orders_by_words"
        which.append(wanted.called())
    words = _SQL["by_parts" if len(wanted.text or "") >= _PART else "by_reading"]
    parts = {"listed": _SQL["listed"], "words": words, "narrowed": _narrowed(wanted)}
    statement = chosen(_SQL[found], which, **parts, limit=limit)
    return read_all(connection, ListedOrder, statement, {**asdict(wanted), "since": since})


def _narrowed(wanted: OrderFilter) -> LiteralString:
    """How the newest are told from their words alone; empty where more is asked than words say."""
    if wanted.says_more_than_words:
        return ""
    return _SQL["newest_by_words" if wanted.store_id is None else "newest_of_store_by_words"]


_PART: Final = 3  # what the index of words is made of; less is found by none
_SAMPLE: Final = 500  # newest orders that say how many are called so
_ROOM: Final = 1.5  # times as many orders as should be enough are walked through
_DEARER: Final = 5  # what walking by an order costs, all in all, beside finding one by its words, …
_CHEAPER: Final = 0.2  # … and where each that is found has to be read itself, wherever it lies


@dataclass(frozen=True, slots=True)
class _Newest:
    """Of the newest orders that were looked through, how many are called so; `since` is None where they are all."""

    looked: int
    called_so: int
    surely: int  # of them newer than any that was not looked through
    since: str | None
    orders: int  # that there are in all

    def are_enough(self, limit: int) -> bool:
        return self.since is None or self.surely >= limit

    def are_common(self, limit: int, walking: float) -> bool:
        """Whether walking to the last that is wanted costs less than finding all; by an order `walking` as much."""
        return bool(self.called_so) and walking * self.to_walk(limit) <= self.orders * self.called_so / self.looked

    def to_walk(self, limit: int) -> float:
        """Through how many orders the last that is wanted is come to, if the others are like these."""
        return limit * self.looked / self.called_so


def _called_so(connection: Connection, wanted: OrderFilter, limit: int) -> _Newest:
    """The newest orders: a few, and where many of these are called so, as many as should be enough."""
    newest = _look(connection, wanted, _SAMPLE)
    if newest.are_enough(limit) or not newest.are_common(limit, _CHEAPER if wanted.says_more_than_words else _DEARER):
        return newest
    return _look(connection, wanted, int(_ROOM * newest.to_walk(limit)))


def _look(connection: Connection, wanted: OrderFilter, most: int) -> _Newest:
    """Look through the newest orders, so many in all stores together."""
    (row,) = connection.execute(_SQL["count_stores"])
    each = most if wanted.store_id is not None else -(-most // max(row["stores"], 1))
    statement = chosen(_SQL["among_newest"], wanted.conditions(), called=wanted.called(), most=each)
    newest = read_one(connection, _Newest, statement, asdict(wanted))
    assert newest is not None
    return newest


@dataclass(frozen=True, slots=True)
class NewestOrder:
    """The order of a store that changed last: when it did, by the shop's clock, and when it was first seen."""

    changed_at: datetime | None
    first_seen_at: datetime


def newest(connection: Connection, store_id: int) -> NewestOrder | None:
    """The order of a store that changed last; None where it has none."""
    return read_one(connection, NewestOrder, _SQL["newest"], {"store_id": store_id})


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a page of the list ends: its last order."""

    at: datetime | None
    external_id: str
    store_id: int


def page(connection: Connection, wanted: OrderFilter, behind: ListPlace | None, *, limit: int) -> list[ListedOrder]:
    """The same list, from behind a place on. It reads little more than it returns, however much is stored (CON-3)."""
    if behind is None:
        return _part(connection, wanted, "from_the_first", _FIRST, limit)
    found: list[ListedOrder] = []
    if behind.at is not None:
        found = _part(connection, wanted, "changed_before", behind, limit)
        behind = _FIRST
    if len(found) < limit:  # those of which no store said yet when they changed come last
        found += _part(connection, wanted, "never_changed", behind, limit - len(found))
    return found


_FIRST: Final = ListPlace(None, "", 0)
_NEAR: Final = 40, 400  # times as many orders as are wanted are walked before an index finds all that have a reason


def _part(connection: Connection, wanted: OrderFilter, part: str, behind: ListPlace, limit: int) -> list[ListedOrder]:
    """Orders of a part of the list."""
    if wanted.text is not None and part == "from_the_first":
        return orders(connection, wanted, limit=limit)
    which, found = [*wanted.conditions(), _SQL[part]], "store_orders"
    values = {**asdict(wanted), "at": behind.at, "after_id": behind.external_id, "after_store": behind.store_id}
    if wanted.text is not None:
        which.append(wanted.called())
        if not _look(connection, wanted, _SAMPLE).are_common(limit, _CHEAPER):
            found = "orders_by_words"
    elif wanted.reason is not None and (walked := _walked(connection, wanted, part, values, limit)):
        which = walked
    words = _SQL["by_parts" if len(wanted.text or "") >= _PART else "by_reading"]
    statement = chosen(_SQL[found], which, limit=limit, listed=_SQL["listed"], words=words)
    return read_all(connection, ListedOrder, statement, values)


def _walked(
    connection: Connection, wanted: OrderFilter, part: str, values: dict[str, Any], limit: int
) -> list[LiteralString]:
    """What is asked for, so that the list is walked, where enough of the next orders have the reason; else nothing.

    The index would find, and sort, all that ever had a reason which many have. `values` gets since when they are read.
    """
    others = [*replace(wanted, reason=None).conditions(), _SQL[part]]
    (row,) = connection.execute(_SQL["count_stores"])
    for near in _NEAR:
        each = near * limit if wanted.store_id is not None else -(-near * limit // max(row["stores"], 1))
        statement = chosen(_SQL["among_newest"], others, called=_SQL["for_reason"], most=each)
        newest = read_one(connection, _Newest, statement, values)
        if newest is not None and newest.are_enough(limit):
            values["since"] = newest.since
            return [*others, _SQL["read_for_reason"], *([_SQL["seen_since"]] if newest.since else [])]
    return []


def is_sku(connection: Connection, text: str) -> bool:
    """Whether a store has an item with exactly this SKU."""
    row = connection.execute(_SQL["is_sku"], {"text": text}).fetchone()
    return bool(row and row["found"])


def named(connection: Connection, store_id: int, name: str) -> list[str]:
    """The external ids of the orders a person may mean: the one with this very id, else those with this number."""
    numbers = [name, f"#{name}", name.removeprefix("#")]
    rows = connection.execute(_SQL["named"], {"store_id": store_id, "name": name, "numbers": numbers}).fetchall()
    return [row["external_id"] for row in rows if row["external_id"] == name] or [row["external_id"] for row in rows]


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many orders are in a state for a reason; so many of them are due, some of those only from `again_at` on."""

    state: str
    reason: str | None
    orders: int
    due: int
    due_now: int
    put_off: int
    again_at: datetime | None


def counts(connection: Connection, store_id: int) -> list[StateCount]:
    """How many orders of a store are in which state, and how many of them wait to be looked at."""
    return read_all(connection, StateCount, _SQL["order_counts"], {"store_id": store_id})


def skipped_for(
    connection: Connection, store_id: int, reasons: Sequence[str], statuses: Sequence[str], *, limit: int
) -> list[str]:
    """Orders of a store that were skipped for one of some reasons, or in one of some statuses."""
    values = {"store_id": store_id, "reasons": list(reasons), "statuses": list(statuses), "limit": limit}
    return [row["external_id"] for row in connection.execute(_SQL["skipped_for"], values)]


def untold(connection: Connection, store_id: int, *, limit: int) -> list[ListedOrder]:
    """Orders of which the hub shipped something that their store was not told yet, or does not take."""
    statement = chosen(_SQL["untold"], (), listed=_SQL["listed"])
    return read_all(connection, ListedOrder, statement, {"store_id": store_id, "limit": limit})
