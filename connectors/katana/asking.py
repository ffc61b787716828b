"""Katana is asked what moved since a moment, and about what does not agree (KAT-4). What is new `hearing` says."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import LOCATIONS, OVERLAP, VARIANTS, Copies
from connectors.katana.hearing import OPEN, HeardOrder, agrees, may_ask_again, order_of, read_heard, with_more
from connectors.katana.mirror import OrderMirror
from connectors.katana.reading import all_readable, those_readable
from connectors.postgres import Connection, queries
from schemas.katana.numbers import written_time
from schemas.katana.order import FulfillmentRecord, OrderRecord, read_fulfillment, read_order
from schemas.katana.stock import MovementRecord, read_movement
from schemas.orders import Kind

_SQL: Final = queries("news", __package__)
_IN_ONE: Final = 50  # ids of one question
_MOST_ASKED: Final = 10  # orders whose fulfilments are asked for at a time: the others are next
_DELETED: Final = {"include_deleted": "true"}


@dataclass(slots=True)
class ToldSince:
    """What Katana told when it was asked since a moment."""

    at: datetime
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    fulfillments: list[FulfillmentRecord] = field(default_factory=list)
    movements: list[MovementRecord] = field(default_factory=list)
    standing: dict[str, list[FulfillmentRecord]] = field(default_factory=dict)  # of orders that were asked for them

    def parcels(self) -> dict[str, list[FulfillmentRecord]]:
        """The fulfilments that were told of, by their orders."""
        found: dict[str, list[FulfillmentRecord]] = {}
        for one in self.fulfillments:
            found.setdefault(one.order_id, []).append(one)
        return found


class Asking:
    """What is asked of Katana. Methods may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies, mirror: OrderMirror) -> None:
        self._connection, self._client, self._copies, self._mirror = connection, client, copies, mirror

    def told(self, now: datetime, until: datetime | None, priority: Priority) -> ToldSince:
        told = ToldSince(now)
        if until is None:
            for status in OPEN:
                self._take(told, self._pages("sales_orders", {"status": status}, priority))
        else:
            since = {"updated_at_min": written_time(until - OVERLAP)}
            self._take(told, self._mirror.noting(self._pages("sales_orders", since | _DELETED, priority)))
            self._mirror.is_read(since=until - OVERLAP, at=now)
            for page in self._pages("sales_order_fulfillments", since | _DELETED, priority):
                told.fulfillments += those_readable(read_fulfillment, page, "fulfillment")
            for page in self._pages("inventory_movements", since, priority):
                told.movements += those_readable(read_movement, page, "move of stock")
        for order_id in self._doubtful(told, priority)[:_MOST_ASKED]:
            asked = {"sales_order_id": order_id}
            found = self._client.matching("sales_order_fulfillments", asked, priority=priority)
            told.standing[order_id] = [one for one in all_readable(read_fulfillment, found) if not one.is_gone]
        return told

    def _doubtful(self, told: ToldSince, priority: Priority) -> list[str]:
        """Orders whose fulfilments are asked for: what was told of them does not agree, or pieces came back.

        Each is asked for alone, for want of a filter by several. Those that were told of just now come first.
        """
        back = {one.order_no for one in self.unheard(told.movements) if one.order_no and one.change > 0}
        returned = {row["id"] for row in self._connection.execute(_SQL["heard_by_number"], {"numbers": list(back)})}
        unsettled = {row["id"] for row in self._connection.execute(_SQL["unsettled"])}
        parcels = told.parcels()
        before = self._heard({*told.orders, *parcels, *returned, *unsettled})
        again = {one for one in unsettled if may_ask_again(before[one], told.at)}
        self._ask_orders(told, sorted((parcels.keys() - before.keys() | again) - told.orders.keys()), priority)
        services = self.services(told.orders.values())
        doubtful = []
        for order_id in [*told.orders, *sorted(before.keys() - told.orders.keys())]:
            order = self.as_told(order_id, told, before.get(order_id))
            is_doubtful = order != before.get(order_id) and not agrees(order, services)
            if order_id in returned or (is_doubtful and may_ask_again(order, told.at)):
                doubtful.append(order_id)
        return doubtful

    def as_told(self, order_id: str, told: ToldSince, before: HeardOrder | None) -> HeardOrder:
        """An order with what was known of it and what was told since."""
        record = told.orders.get(order_id)
        base = order_of(record) if record else before
        assert base is not None
        return with_more(base, before, told.parcels().get(order_id, ()))

    def services(self, records: Iterable[OrderRecord]) -> frozenset[str]:
        ids = {row.variant_id for record in records for row in record.rows}
        return frozenset(one.id for one in self._copies.by(VARIANTS, ids=ids) if one.kind is Kind.SERVICE)

    def unheard(self, movements: Sequence[MovementRecord]) -> list[MovementRecord]:
        rows = self._connection.execute(_SQL["known_movements"], {"ids": [one.id for one in movements]})
        known = {row["id"] for row in rows}
        return [one for one in movements if one.id not in known]

    def hear_places(self) -> bool:
        """Whether there is a place that was not there when they were last read, within the hour."""
        before = {one.id for one in self._copies.all(LOCATIONS)}
        self._copies.refresh(LOCATIONS)
        return bool({one.id for one in self._copies.all(LOCATIONS)} - before)

    def know_items(self, ids: Collection[str]) -> None:
        """Items that moved are known by their SKUs before it is passed on."""
        self._copies.refresh(VARIANTS)
        if len(self._copies.by(VARIANTS, ids=ids)) < len(ids):
            self._copies.outdate(VARIANTS)
            self._copies.refresh(VARIANTS)

    def _ask_orders(self, told: ToldSince, ids: Sequence[str], priority: Priority) -> None:
        for some in _portions(ids):
            pages = self._pages("sales_orders", {"ids": some, **_DELETED}, priority)
            self._take(told, pages, only=some)

    def _take(
        self, told: ToldSince, pages: Iterable[list[dict[str, Any]]], *, only: Collection[str] | None = None
    ) -> None:
        for page in pages:
            found = those_readable(read_order, page, "sales order")
            told.orders.update({one.id: one for one in found if only is None or one.id in only})

    def _pages(self, path: str, asked: dict[str, Any], priority: Priority) -> Iterator[list[dict[str, Any]]]:
        return self._client.pages(path, asked, priority=priority)

    def _heard(self, ids: Collection[str]) -> dict[str, HeardOrder]:
        rows = self._connection.execute(_SQL["heard"], {"ids": list(ids)})
        return {row["id"]: read_heard(row) for row in rows}


def _portions(ids: Sequence[str]) -> Iterator[list[str]]:
    return (list(ids[start : start + _IN_ONE]) for start in range(0, len(ids), _IN_ONE))
