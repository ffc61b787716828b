"""What moved in Katana, heard by asking for it, and kept until it was passed on (KAT-4). What is new `hearing` says.

Three lists are asked: orders, fulfilments and moves of stock, each from a little before the last time on, since reads
may be older than writes. What was heard stands in our database with what is to be passed on, in one transaction:
whoever dies between hearing and telling loses nothing, and nothing is told twice.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import RateLimited
from connectors.katana.budget import OVERDUE, Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import OVERLAP, VARIANTS, Copies
from connectors.katana.hearing import (
    OPEN,
    HeardOrder,
    OrderNews,
    agrees,
    heard_order,
    kept_order,
    may_have_parcels,
    news_of,
    parcels_kept,
    read_heard,
    rows_kept,
    status_for_store,
)
from connectors.katana.intents import keys_of
from connectors.katana.kept import read_kept
from connectors.katana.orders import FULFILLMENT
from connectors.katana.reading import all_readable
from connectors.postgres import Connection, Row, queries
from schemas.hub_news import CopyStatus, DeletedOrder, HubCopy, HubNews, MovedSku
from schemas.katana.numbers import written_time
from schemas.katana.order import FulfillmentRecord, OrderRecord, read_fulfillment, read_order
from schemas.katana.stock import MovementRecord, read_movement

EVERY: Final = timedelta(seconds=60)
DOUBT: Final = timedelta(hours=1)  # so long an order whose fulfilments say something else than it is read again

_SQL: Final = queries("news", __package__)
_POLLS: Final = queries("copies", __package__)
_WHAT: Final = "news"
_LOCK: Final = 7203_0005  # advisory lock: one writes down at a time what was heard
_IN_ONE: Final = 50  # ids of one question
_MOST: Final = 5000  # news that are passed on at a time
_MOVES_KEPT: Final = timedelta(hours=2)  # longer than any overlap
_ORDERS_KEPT: Final = timedelta(days=60)
_DELETED: Final = {"include_deleted": "true"}


@dataclass(slots=True)
class _Told:
    """What Katana told when it was asked since a moment."""

    at: datetime
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    fulfillments: list[FulfillmentRecord] = field(default_factory=list)
    movements: list[MovementRecord] = field(default_factory=list)
    standing: dict[str, list[FulfillmentRecord]] = field(default_factory=dict)  # of orders that were asked for them

    def parcels_told(self, order_id: str) -> list[str]:
        return [one.id for one in self.fulfillments if one.order_id == order_id]


class KatanaNews:
    """What moved. Methods that ask Katana may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies

    def since(self, cursor: str | None) -> HubNews:
        """What was heard since a cursor, after asking once more; from now on where there is none.

        What is given back is kept until the next one asks with the new cursor. Where the limit is used up, what is
        known is told all the same.
        """
        number = int(cursor) if cursor and cursor.isdecimal() else None
        limited: RateLimited | None = None
        try:
            self.listen(within=timedelta(0))
        except RateLimited as error:
            limited = error
        if number is None:
            last = self._number("last_news")
            self._connection.execute(_SQL["strike_news"], {"number": last})
            number = last
        self._connection.execute(_SQL["strike_news"], {"number": number})
        found = self._connection.execute(_SQL["katana_news"], {"number": number, "most": _MOST}).fetchall()
        if limited and not found:
            raise limited
        return self._news(str(found[-1]["number"] if found else number), found)

    def outdate(self) -> None:
        """Something was written there: what was heard is old."""
        self._connection.execute(_POLLS["poll_again"], {"what": _WHAT})

    def listen(self, *, within: timedelta = EVERY) -> None:
        """Ask what moved, unless somebody did so a moment ago."""
        row = self._connection.execute(_POLLS["poll"], {"what": _WHAT}).fetchone()
        assert row is not None
        now, until, at = row["now"], row["read_until"], row["read_at"]
        if at is not None and now - at < within:
            return
        priority = Priority.OVERDUE if at is not None and now - at >= EVERY + OVERDUE else Priority.POLL
        told = self._told(now, until, priority)
        self._know_items({one.variant_id for one in self._unheard(told.movements)})
        self._write_down(told, is_first=until is None)

    # -- asking

    def _told(self, now: datetime, until: datetime | None, priority: Priority) -> _Told:
        told = _Told(now)
        if until is None:
            self._take(told, self._pages("sales_orders", {"status": list(OPEN)}, priority))
            self._ask_standing(told, [one.id for one in told.orders.values() if may_have_parcels(one, None)], priority)
            return told
        since = {"updated_at_min": written_time(until - OVERLAP)}
        self._take(told, self._pages("sales_orders", since | _DELETED, priority))
        for page in self._pages("sales_order_fulfillments", since | _DELETED, priority):
            told.fulfillments += all_readable(read_fulfillment, page)
        for page in self._pages("inventory_movements", since, priority):
            told.movements += all_readable(read_movement, page)
        wanted = self._wanted(told)
        missing = [one for one in wanted if one not in told.orders]
        self._ask_orders(told, missing, priority)
        self._ask_standing(told, [one for one in wanted if one in told.orders], priority)
        return told

    def _wanted(self, told: _Told) -> list[str]:
        """Orders whose fulfilments are asked for: they, or what they took, moved, or did not go with them."""
        unheard = self._unheard(told.movements)
        numbers = list({one.order_no for one in unheard if one.order_no})
        caused = self._connection.execute(_SQL["heard_by_number"], {"numbers": numbers})
        wanted = {row["id"] for row in caused} | {row["id"] for row in self._connection.execute(_SQL["unsettled"])}
        before = self._heard({*told.orders, *(one.order_id for one in told.fulfillments), *wanted})
        for record in told.orders.values():
            known = before.get(record.id)
            if may_have_parcels(record, known) and (known is None or known.moved_at != record.moved_at):
                wanted.add(record.id)
        for one in told.fulfillments:
            if not _is_known(one, before.get(one.order_id)):
                wanted.add(one.order_id)
        return sorted(wanted)

    def _unheard(self, movements: Sequence[MovementRecord]) -> list[MovementRecord]:
        rows = self._connection.execute(_SQL["known_movements"], {"ids": [one.id for one in movements]})
        known = {row["id"] for row in rows}
        return [one for one in movements if one.id not in known]

    def _know_items(self, ids: Collection[str]) -> None:
        """Items that moved are known by their SKUs before it is passed on."""
        self._copies.refresh(VARIANTS)
        if len(self._copies.by(VARIANTS, ids=ids)) < len(ids):
            self._copies.outdate(VARIANTS)
            self._copies.refresh(VARIANTS)

    def _ask_orders(self, told: _Told, ids: Sequence[str], priority: Priority) -> None:
        for some in _portions(ids):
            pages = self._pages("sales_orders", {"ids": some, **_DELETED}, priority)
            self._take(told, pages, only=some)

    def _ask_standing(self, told: _Told, ids: Sequence[str], priority: Priority) -> None:
        for some in _portions(ids):
            told.standing.update({one: [] for one in some})
            for page in self._pages("sales_order_fulfillments", {"sales_order_id": some}, priority):
                for one in all_readable(read_fulfillment, page):
                    if one.order_id in told.standing and not one.is_gone:
                        told.standing[one.order_id].append(one)

    def _take(self, told: _Told, pages: Iterable[list[dict[str, Any]]], *, only: Collection[str] | None = None) -> None:
        for page in pages:
            found = all_readable(read_order, page)
            told.orders.update({one.id: one for one in found if only is None or one.id in only})

    def _pages(self, path: str, asked: dict[str, Any], priority: Priority) -> Iterator[list[dict[str, Any]]]:
        return self._client.pages(path, asked, priority=priority)

    # -- writing down

    def _write_down(self, told: _Told, *, is_first: bool) -> None:
        with self._connection.transaction():
            self._connection.execute(_SQL["alone_with_news"], {"lock": _LOCK})
            news = [*self._hear_movements(told), *self._hear_orders(told)]
            if news and not is_first:
                self._connection.execute(_SQL["add_news"], {"news": Jsonb(news)})
            self._connection.execute(_POLLS["polled"], {"what": _WHAT, "read_until": told.at})
            before = {"moves_before": told.at - _MOVES_KEPT, "orders_before": told.at - _ORDERS_KEPT}
            self._connection.execute(_SQL["forget_old"], before)

    def _hear_movements(self, told: _Told) -> list[dict[str, Any]]:
        values = {"ids": [one.id for one in told.movements], "now": told.at}
        fresh = {row["id"] for row in self._connection.execute(_SQL["unheard_movements"], values)}
        moved = [one for one in told.movements if one.id in fresh]
        keep_counted(self._connection, [(one.variant_id, one.location_id) for one in moved if one.is_count])
        return [{"what": "variant", "about": {"id": id_}} for id_ in sorted({one.variant_id for one in moved})]

    def _hear_orders(self, told: _Told) -> list[dict[str, Any]]:
        rows = self._connection.execute(_SQL["heard"], {"ids": list(told.orders)}).fetchall()
        later = {row["id"] for row in rows if row["read_at"] > told.at}
        before = {row["id"]: read_heard(row) for row in rows}
        records = [one for one in told.orders.values() if one.id not in later and not _is_older(one, before)]
        values = {"kind": FULFILLMENT, "within": DOUBT, "ids": [one.id for one in records]}
        in_flight = {row["order_id"] for row in self._connection.execute(_SQL["open_parcels"], values)}
        now = [self._now(one, told, before.get(one.id), is_in_flight=one.id in in_flight) for one in records]
        changed = [one for one in now if one != before.get(one.id)]
        self._keep(changed, told.at)
        return self._passed_on(changed, before)

    def _now(self, record: OrderRecord, told: _Told, before: HeardOrder | None, *, is_in_flight: bool) -> HeardOrder:
        """An order as it is known from now on: nothing new of one of whose fulfilments one may be ours (FUL-13)."""
        if is_in_flight and before:
            return replace(before, is_settled=False)
        standing = None if is_in_flight else told.standing.get(record.id)
        if standing is None and not record.is_gone:
            order = replace(heard_order(record, (), None), parcels=before.parcels if before else ())
        else:
            order = heard_order(record, standing or (), before, told.parcels_told(record.id))
        is_over = record.moved_at is None or told.at - record.moved_at > DOUBT
        return replace(order, is_settled=not is_in_flight and (agrees(order) or is_over))

    def _keep(self, orders: Sequence[HeardOrder], at: datetime) -> None:
        if not orders:
            return
        self._connection.execute(_SQL["hear"], {"orders": Jsonb([kept_order(one) for one in orders]), "read_at": at})
        self._connection.execute(_SQL["take_promises"], {"ids": [one.id for one in orders]})
        promises = [
            {
                "row_id": row.id,
                "order_id": order.id,
                "variant_id": row.variant_id,
                "location_id": row.location_id,
                "pieces": str(pieces),
            }
            for order in orders
            for row, pieces in order.promises.values()
        ]
        self._connection.execute(_SQL["keep_promises"], {"promises": Jsonb(promises)})

    def _passed_on(self, orders: Sequence[HeardOrder], before: dict[str, HeardOrder]) -> list[dict[str, Any]]:
        whose = {row["id"]: row for row in self._connection.execute(_SQL["whose"], {"ids": [one.id for one in orders]})}
        parcels = [parcel.id for order in orders for parcel in order.parcels]
        parcels += [parcel.id for order in before.values() for parcel in order.parcels]
        ours = keys_of(self._connection, FULFILLMENT, parcels).keys()
        news: list[dict[str, Any]] = []
        gone: list[str] = []
        for order in orders:
            heard = news_of(before.get(order.id), order, ours)
            store = whose.get(order.id)
            if heard.is_deleted and store:
                gone.append(order.id)
            news += _news_of_order(order, heard, store)
        self._connection.execute(_SQL["orders_gone"], {"ids": gone})
        return news

    # -- telling

    def _news(self, cursor: str, found: Sequence[Row]) -> HubNews:
        about: dict[str, list[dict[str, Any]]] = {}
        for row in found:
            about.setdefault(row["what"], []).append(row["about"])
        return HubNews(
            cursor,
            skus=self._skus(about.get("variant", []), about.get("promise", [])),
            shipped=tuple({(one["store_id"], one["external_id"]): None for one in about.get("shipped", [])}),
            copies=self.copies_of(sorted({one["id"] for one in about.get("order", [])})),
            deleted=tuple(DeletedOrder(**one) for one in about.get("deleted", [])),
            has_new_location="location" in about,
        )

    def _skus(self, moved: Sequence[dict[str, Any]], promised: Sequence[dict[str, Any]]) -> tuple[MovedSku, ...]:
        on_shelf = {one["id"] for one in moved}
        on_rows = {one["id"] for one in promised}
        of_stores = {one["id"] for one in promised if one["of_store"]}
        known = self._copies.by(VARIANTS, ids=sorted(on_shelf | on_rows))
        by_sku: dict[str, MovedSku] = {}
        for one in known:
            if one.sku is None:
                continue
            before = by_sku.get(one.sku, MovedSku(one.sku))
            by_sku[one.sku] = MovedSku(
                one.sku,
                on_shelf=before.on_shelf or one.id in on_shelf,
                on_rows=before.on_rows or one.id in on_rows,
                of_stores=before.of_stores or one.id in of_stores,
            )
        return tuple(by_sku.values())

    def copies_of(self, ids: Sequence[str]) -> tuple[HubCopy, ...]:
        """What we keep of stores' orders, as they were heard last."""
        return tuple(_copy(row) for row in self._connection.execute(_SQL["to_copy"], {"ids": list(ids)}))

    def _heard(self, ids: Collection[str]) -> dict[str, HeardOrder]:
        rows = self._connection.execute(_SQL["heard"], {"ids": list(ids)})
        return {row["id"]: read_heard(row) for row in rows}

    def _number(self, statement: str) -> int:
        row = self._connection.execute(_SQL[statement]).fetchone()
        assert row is not None
        return int(row["number"])


def keep_counted(connection: Connection, counted: Collection[tuple[str, str]]) -> None:
    """Remember which items were counted at which places; without a place: Katana was asked about the item."""
    if counted:
        variants, places = zip(*sorted(set(counted)), strict=True)
        connection.execute(_SQL["keep_counted"], {"variant_ids": list(variants), "location_ids": list(places)})


def _news_of_order(order: HeardOrder, heard: OrderNews, store: Row | None) -> list[dict[str, Any]]:
    about = [{"what": "promise", "about": {"id": one, "of_store": bool(store)}} for one in sorted(heard.variants)]
    if not store:
        return about
    key = {"store_id": store["store_id"], "external_id": store["external_id"]}
    if heard.is_deleted:
        about.append({"what": "deleted", "about": {"order_no": order.order_no, **key}})
    if heard.is_shipped:
        about.append({"what": "shipped", "about": key})
    if heard.is_further:
        about.append({"what": "order", "about": {"id": order.id}})
    return about


def _is_known(one: FulfillmentRecord, order: HeardOrder | None) -> bool:
    """Whether a fulfilment says what was heard of it."""
    for parcel in order.parcels if order else ():
        if parcel.id == one.id:
            is_same = parcel.is_delivered == one.is_delivered and parcel.pieces == one.pieces
            return parcel.is_gone or (is_same and not one.is_gone)
    return False


def _is_older(record: OrderRecord, before: dict[str, HeardOrder]) -> bool:
    """Whether a read shows what stood before what was heard already."""
    known = before.get(record.id)
    return bool(known and known.moved_at and record.moved_at and record.moved_at < known.moved_at)


def _copy(row: Row) -> HubCopy:
    parcels = [one for one in parcels_kept(row["parcels"]) if not one.is_gone]
    kept = {one["id"]: read_kept(one["kept"]) for one in row["kept"]}
    status = status_for_store(rows_kept(row["rows"]), parcels, kept, row["services"])
    is_over = row["flags"].get("closed") or row["flags"].get("voided")
    return HubCopy(
        row["store_id"],
        row["external_id"],
        CopyStatus.CLOSED if is_over else CopyStatus(status),
        row["customer"],
        row["email"],
        Decimal(row["money"]["total_with_tax"]),
        row["currency"],
    )


def _portions(ids: Sequence[str]) -> Iterator[list[str]]:
    return (list(ids[start : start + _IN_ONE]) for start in range(0, len(ids), _IN_ONE))
