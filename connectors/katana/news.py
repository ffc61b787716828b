"""What moved in Katana, heard by asking for it, and kept until it was passed on (KAT-4). What is new `hearing` says.

Three lists are asked: orders, fulfilments and moves of stock, each from a little before the last time on, since reads
may be older than writes. What was heard stands in our database with what is to be passed on, in one transaction:
whoever dies between hearing and telling loses nothing, and nothing is told twice.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.errors import RateLimited
from connectors.katana.asking import Asking, ToldSince
from connectors.katana.budget import OVERDUE, Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import VARIANTS, Copies
from connectors.katana.hearing import (
    HeardOrder,
    OrderNews,
    agrees,
    is_over,
    kept_order,
    news_of,
    parcels_kept,
    read_heard,
    rows_kept,
    status_for_store,
    with_all,
)
from connectors.katana.intents import keys_of
from connectors.katana.kept import read_kept
from connectors.katana.mirror import OrderMirror
from connectors.katana.orders import FULFILLMENT
from connectors.katana.origins import origin_in
from connectors.postgres import Connection, Row, queries
from schemas.hub_news import CopyStatus, DeletedOrder, HubCopy, HubNews, MovedSku, TwinOrder
from schemas.katana.order import OrderRecord

EVERY: Final = timedelta(seconds=60)
DOUBT: Final = timedelta(hours=1)  # so long nothing is passed on of an order that we may have delivered ourselves

_SQL: Final = queries("news", __package__)
_POLLS: Final = queries("copies", __package__)
_WHAT: Final = "news"
_LOCK: Final = 7203_0005  # advisory lock: one writes down at a time what was heard
_MOST: Final = 5000  # news that are passed on at a time
_MOVES_KEPT: Final = timedelta(hours=2)  # longer than any overlap
_ITEMS_BACK: Final = timedelta(hours=1)  # items are read every ten minutes, and reads lag
_ORDERS_KEPT: Final = timedelta(days=60)


class KatanaNews:
    """What moved. Methods that ask Katana may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies
        self._mirror = OrderMirror(connection, client)
        self._asking = Asking(connection, client, copies, self._mirror)

    def since(self, cursor: str | None) -> HubNews:
        """What was heard since a cursor, after asking once more; all that was heard at all where there is none.

        The first time that Katana is asked nothing is news, whoever asks: what moves while nobody passes it on is kept.

        What is given back is kept until the next one asks with the new cursor. Where the limit is used up, what is
        known is told all the same.
        """
        number = int(cursor) if cursor and cursor.isdecimal() else 0
        limited: RateLimited | None = None
        try:
            self.listen(within=timedelta(0))
            self._mirror.read_on()
        except RateLimited as error:
            limited = error
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
        # What was written there since makes a poll due, and not overdue: orders that come in for an hour would else
        # wait for it each time, and without a beginning nothing is ever heard.
        is_overdue = until is None or now - until >= EVERY + OVERDUE
        priority = Priority.OVERDUE if is_overdue else Priority.POLL
        self._mirror.begin()
        told = self._asking.told(now, until, priority)
        has_new_place = self._asking.hear_places()
        self._asking.know_items({one.variant_id for one in self._asking.unheard(told.movements)})
        self._write_down(told, is_first=until is None, has_new_place=has_new_place)

    # -- writing down

    def _write_down(self, told: ToldSince, *, is_first: bool, has_new_place: bool) -> None:
        with self._connection.transaction():
            self._connection.execute(_SQL["alone_with_news"], {"lock": _LOCK})
            news = [*self._hear_movements(told), *self._hear_orders(told)]
            news += [{"what": "location", "about": {}}] if has_new_place else []
            news += self._hear_items(told)
            if news and not is_first:
                self._connection.execute(_SQL["add_news"], {"news": Jsonb(news)})
            self._connection.execute(_POLLS["polled"], {"what": _WHAT, "read_until": told.at})
            before = {"moves_before": told.at - _MOVES_KEPT, "orders_before": told.at - _ORDERS_KEPT}
            self._connection.execute(_SQL["forget_old"], before)

    def _hear_movements(self, told: ToldSince) -> list[dict[str, Any]]:
        values = {"ids": [one.id for one in told.movements], "now": told.at}
        fresh = {row["id"] for row in self._connection.execute(_SQL["unheard_movements"], values)}
        moved = [one for one in told.movements if one.id in fresh]
        keep_counted(self._connection, [(one.variant_id, one.location_id) for one in moved if one.is_count])
        return [{"what": "variant", "about": {"id": id_}} for id_ in sorted({one.variant_id for one in moved})]

    def _hear_items(self, told: ToldSince) -> list[dict[str, Any]]:
        """Items that came up behind a SKU that had one: with another one, its figure is another (STK-3)."""
        since = {"since": told.at - _ITEMS_BACK}
        made = {f"item {row['id']}": row["id"] for row in self._connection.execute(_SQL["other_items"], since)}
        fresh = self._connection.execute(_SQL["unheard_movements"], {"ids": sorted(made), "now": told.at})
        return [{"what": "item", "about": {"id": made[row["id"]]}} for row in fresh]

    def _hear_orders(self, told: ToldSince) -> list[dict[str, Any]]:
        ids = {*told.orders, *told.parcels()}
        rows = self._connection.execute(_SQL["heard"], {"ids": list(ids)}).fetchall()
        later = {row["id"] for row in rows if row["read_at"] > told.at}
        before = {row["id"]: read_heard(row) for row in rows}
        old = {one.id for one in told.orders.values() if _is_older(one, before)}
        meant = [one for one in sorted(ids - later - old) if one in told.orders or one in before]
        values = {"kind": FULFILLMENT, "within": DOUBT, "ids": meant}
        in_flight = {row["order_id"] for row in self._connection.execute(_SQL["open_parcels"], values)}
        services = self._asking.services(told.orders.values())
        now = [self._now(one, told, before.get(one), services=services, is_in_flight=one in in_flight) for one in meant]
        changed = [one for one in now if one != before.get(one.id)]
        self._keep(changed, told.at)
        return [*self._passed_on(changed, before, services), *self._twins(told, changed, before)]

    def _now(
        self,
        order_id: str,
        told: ToldSince,
        before: HeardOrder | None,
        *,
        services: Collection[str],
        is_in_flight: bool,
    ) -> HeardOrder:
        """An order as it is known from now on: nothing new of one of whose fulfilments one may be ours (FUL-13).

        What does not agree is not believed before it was asked for.
        """
        order = self._asking.as_told(order_id, told, before)
        if order.is_gone:
            return with_all(order, (), before)
        if order_id in told.standing and not is_in_flight:
            known = [one.id for one in told.parcels().get(order_id, ())]
            order = with_all(order, told.standing[order_id], before, known)
            return replace(order, is_settled=agrees(order, services) or is_over(order, told.at))
        if agrees(order, services) and not is_in_flight:
            return replace(order, is_settled=True)
        if order == before:
            return before  # it was believed already
        return replace(order, parcels=before.parcels if before else (), is_settled=False)

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

    def _passed_on(
        self, orders: Sequence[HeardOrder], before: dict[str, HeardOrder], services: Collection[str]
    ) -> list[dict[str, Any]]:
        whose = {row["id"]: row for row in self._connection.execute(_SQL["whose"], {"ids": [one.id for one in orders]})}
        parcels = [parcel.id for order in orders for parcel in order.parcels]
        parcels += [parcel.id for order in before.values() for parcel in order.parcels]
        ours = keys_of(self._connection, FULFILLMENT, parcels).keys()
        news: list[dict[str, Any]] = []
        gone: list[str] = []
        for order in orders:
            heard = news_of(before.get(order.id), order, ours, services)
            store = whose.get(order.id)
            if heard.is_deleted and store:
                gone.append(order.id)
            news += _news_of_order(order, heard, store)
        self._connection.execute(_SQL["orders_gone"], {"ids": gone})
        return news

    def _twins(
        self, told: ToldSince, changed: Sequence[HeardOrder], before: dict[str, HeardOrder]
    ) -> list[dict[str, Any]]:
        """Orders that came up now and say that they are a store's, while another live one is it (ORD-6)."""
        fresh = {one.id for one in changed if one.id not in before and not one.is_gone}
        said = {one.id: one for one in told.orders.values() if one.id in fresh and one.origin}
        ids = [one.origin.order_id for one in said.values() if one.origin]
        ours = self._connection.execute(_SQL["same_external_ids"], {"ids": ids}).fetchall()
        known = {row["id"] for row in ours}
        return [
            {
                "what": "twin",
                "about": {
                    "store_id": row["store_id"],
                    "external_id": row["external_id"],
                    "hub_order_id": one.id,
                    "order_no": one.order_no,
                },
            }
            for one in said.values()
            for row in ours
            if one.id not in known and one.origin == origin_in(self._connection, row["store_id"], row["external_id"])
        ]

    # -- telling

    def _news(self, cursor: str, found: Sequence[Row]) -> HubNews:
        about: dict[str, list[dict[str, Any]]] = {}
        for row in found:
            about.setdefault(row["what"], []).append(row["about"])
        return HubNews(
            cursor,
            skus=self._skus(*(about.get(what, []) for what in ("variant", "promise", "item"))),
            shipped=tuple({(one["store_id"], one["external_id"]): None for one in about.get("shipped", [])}),
            copies=self.copies_of(sorted({one["id"] for one in about.get("order", [])})),
            deleted=tuple(DeletedOrder(**one) for one in about.get("deleted", [])),
            has_new_location="location" in about,
            twins=tuple(TwinOrder(**one) for one in about.get("twin", [])),
        )

    def _skus(self, moved: list[Row], promised: list[Row], made: list[Row]) -> tuple[MovedSku, ...]:
        on_shelf, on_rows, others = ({one["id"] for one in some} for some in (moved, promised, made))
        of_stores = {one["id"] for one in promised if one["of_store"]}
        by_sku: dict[str, set[str]] = {}
        for one in self._copies.by(VARIANTS, ids=sorted(on_shelf | on_rows | others)):
            if one.sku is not None:
                by_sku.setdefault(one.sku, set()).add(one.id)
        return tuple(
            MovedSku(
                sku,
                on_shelf=bool(ids & on_shelf),
                on_rows=bool(ids & on_rows),
                of_stores=bool(ids & of_stores),
                only_told=not ids & (on_shelf | on_rows),
            )
            for sku, ids in by_sku.items()
        )

    def copies_of(self, ids: Sequence[str]) -> tuple[HubCopy, ...]:
        """What we keep of stores' orders, as they were heard last."""
        return tuple(_copy(row) for row in self._connection.execute(_SQL["to_copy"], {"ids": list(ids)}))


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
