"""Sales orders as they stand in Katana, with what we keep of them beside. It changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any, Final, TypeVar

from connectors.errors import HubBusy, NotFound, Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import CUSTOMERS, OVERLAP, SERVICES, TAX_RATES, VARIANTS, Copies
from connectors.katana.fees import fee_of
from connectors.katana.finding import customer_of
from connectors.katana.intents import recognize
from connectors.katana.kept import mark_there, read_kept
from connectors.katana.late import as_charged, as_made, as_written, read_written
from connectors.katana.standing import KnownBeside, KnownRow, Standing, hub_order
from connectors.katana.told import KnownFulfillment, end, known_fulfillments, known_returns, whose
from connectors.postgres import Connection, journal, queries
from schemas.errors import Unreadable
from schemas.hub import (
    Customer,
    HubMo,
    HubOrder,
    MoStatus,
)
from schemas.journal import Action, Line, Outcome
from schemas.katana.fee import FeeRecord
from schemas.katana.order import (
    FulfillmentRecord,
    OrderRecord,
    read_fulfillment,
    read_mo,
    read_order,
)
from schemas.orders import ZERO

FULFILLMENT: Final = "fulfillment"  # the kind of an intent; its key is the order's id and the store's own

RECENT_SECONDS: Final = 20  # from a look to what comes of it

# What is neither at its beginning nor done is under way: Katana itself lets go of what is blocked as of that.
_MO: Final = {"NOT_STARTED": MoStatus.NOT_STARTED, "DONE": MoStatus.DONE}

T = TypeVar("T")
_SQL: Final = queries("orders", __package__)


class OrderReader:
    """Orders, each read with two requests. Every method may raise a ConnectorError."""

    def __init__(self, connection: Connection, client: KatanaClient, copies: Copies) -> None:
        self._connection, self._client, self._copies = connection, client, copies
        self._last: tuple[float, Standing] | None = None

    def order(self, order_id: str, *, priority: Priority = Priority.ORDERS) -> HubOrder | None:
        """An order with its fulfilments; None where it is gone."""
        found = self.standing(order_id, priority=priority)
        return found.order if found else None

    def recent(self, order_id: str) -> Standing | None:
        """An order as it was read a moment ago, or stands now: what was just decided on needs not be asked twice."""
        if self._last and self._last[0] > monotonic() and self._last[1].record.id == order_id:
            return self._last[1]
        return self.standing(order_id)

    def forget(self) -> None:
        """Something was written: what was read is old."""
        self._last = None

    def standing(self, order_id: str, *, priority: Priority = Priority.ORDERS) -> Standing | None:
        """An order with its fulfilments, read now; None where it is gone. What we wrote of late stands."""
        self._last = None
        ours = self._connection.execute(_SQL["kept_order"], {"id": order_id, "late": OVERLAP}).fetchone()
        record = self._record(order_id, priority)
        if record is None:
            if ours and ours["is_fresh"] and not ours["is_gone"]:
                raise HubBusy(f"sales order {order_id} is not to be seen in Katana yet", until=_soon())
            return None
        asked = {"sales_order_id": order_id}
        found = self._client.matching("sales_order_fulfillments", asked, priority=priority)
        shown = tuple(_readable(read_fulfillment, one) for one in found)
        rows = self._connection.execute(_SQL["kept_rows"], {"id": order_id, "late": OVERLAP}).fetchall()
        fresh = {row["id"]: row["written"] for row in rows if row["written"]}
        record = as_written(record, {id_: read_written(said) for id_, said in fresh.items() if "fee" not in said})
        kept_rows = {row["id"]: KnownRow(row["external_id"], read_kept(row["kept"])) for row in rows}
        record = replace(record, fee=self._fee(record, kept_rows, fresh, is_new=bool(ours and ours["is_fresh"])))
        if ours:
            self._recognize(order_id, shown, ours, kept_rows)
        known = known_fulfillments(self._connection, order_id) if ours else []
        fulfillments = as_made(shown, known)
        beside = self._beside(record, priority, ours or {}, kept_rows)
        order = hub_order(record, fulfillments, replace(beside, fulfillments=known))
        order = replace(order, returns=known_returns(self._connection, order_id, order.rows))
        kept = {id_: known.kept for id_, known in beside.rows.items()}
        self._last = monotonic() + RECENT_SECONDS, Standing(order, record, fulfillments, kept)
        return self._last[1]

    def _record(self, order_id: str, priority: Priority) -> OrderRecord | None:
        try:
            record = _readable(read_order, self._client.get(f"sales_orders/{order_id}", priority=priority))
        except NotFound:
            return None
        return None if record.is_gone else record

    def _fee(
        self, record: OrderRecord, rows: Mapping[str, KnownRow], fresh: Mapping[str, Any], *, is_new: bool
    ) -> FeeRecord | None:
        """Our shipping fee of an order; what we wrote of it a moment ago need not be shown."""
        row_id = next((id_ for id_, one in rows.items() if one.kept.fee_id is not None), "")
        if not row_id:
            return None
        kept = rows[row_id].kept
        assert kept.fee_id is not None
        if record.fee is None and is_new:
            return FeeRecord(kept.fee_id, kept.sent_total, None)
        fee = fee_of(self._client, record, kept.fee_id)
        return as_charged(fee, fresh[row_id]["fee"]) if fee and row_id in fresh else fee

    def _recognize(
        self,
        order_id: str,
        fulfillments: Sequence[FulfillmentRecord],
        ours: Mapping[str, Any],
        rows: Mapping[str, KnownRow],
    ) -> None:
        """What we sent, and nobody heard the end of, is made: it is there (KAT-1). Nobody has journaled it yet."""
        known = known_fulfillments(self._connection, order_id)
        by_key = {one.key: one for one in known if one.is_open}
        for one in whose(fulfillments, known):
            if one.key is None:
                continue
            with self._connection.transaction():
                if recognize(self._connection, FULFILLMENT, one.key, one.id):
                    end(self._connection, order_id, one.key, one.id)
                    self._journal(by_key[one.key], ours, rows)

    def _journal(self, sent: KnownFulfillment, ours: Mapping[str, Any], rows: Mapping[str, KnownRow]) -> None:
        """A look journals what it delivers; of this one it heard no end."""
        if sent.source != "store" or sent.external_id is None:
            return
        labels = {id_: one.kept.sku or one.kept.name for id_, one in rows.items()}
        pieces = [{"sku": labels.get(id_, ""), "quantity": str(count)} for id_, count in sent.rows if id_ in labels]
        line = Line(Action.DELIVER, Outcome.DELIVERED, None, {"fulfillment": sent.external_id, "rows": pieces})
        whose_order = {"store_id": ours["store_id"], "external_id": ours["external_id"]}
        journal.add(self._connection, line, **whose_order)

    def orders(self, order_ids: Sequence[str]) -> dict[str, HubOrder]:
        """Some orders by their ids; those that are gone are not among them."""
        found = ((order_id, self.order(order_id)) for order_id in dict.fromkeys(order_ids))
        return {order_id: order for order_id, order in found if order is not None}

    def find_order(self, store_id: int, external_id: str) -> str | None:
        """What a store's order is in Katana, as far as we made it or found it there (ORD-6)."""
        values = {"store_id": store_id, "external_id": external_id}
        row = self._connection.execute(_SQL["order_of"], values).fetchone()
        return str(row["id"]) if row else None

    def closed_until(self) -> date | None:
        """The day up to and including which inventory is closed (CHG-5)."""
        return self._copies.account().closed_until

    def _beside(
        self, record: OrderRecord, priority: Priority, ours: Mapping[str, Any], rows: Mapping[str, KnownRow]
    ) -> KnownBeside:
        self._copies.refresh(CUSTOMERS, VARIANTS, SERVICES, TAX_RATES)
        if ours and ours["is_gone"]:  # somebody died while deleting it
            mark_there(self._connection, record.id)
        people = self._copies.by(CUSTOMERS, ids=[record.customer_id])
        return KnownBeside(
            account=self._copies.account(),
            customer=customer_of(people[0]) if people else Customer(record.customer_id, record.bill_to.person),
            items={one.id: one for one in self._copies.by(VARIANTS, ids=[row.variant_id for row in record.rows])},
            rates={one.id: one.rate or ZERO for one in self._copies.all(TAX_RATES)},
            whose=ours,
            rows=rows,
            mos=self._mos([row.mo_id for row in record.rows if row.mo_id is not None], priority),
        )

    def _mos(self, ids: Sequence[str], priority: Priority) -> dict[str, HubMo]:
        if not ids:
            return {}
        pages = self._client.pages("manufacturing_orders", {"ids": ids}, priority=priority)
        found = (_readable(read_mo, one) for page in pages for one in page)
        return {one.id: HubMo(one.id, _MO.get(one.status, MoStatus.IN_PROGRESS), one.quantity) for one in found}


def _readable(read: Callable[[Any], T], said: Any) -> T:
    try:
        return read(said)
    except Unreadable as error:
        raise Unavailable(f"Katana's answer cannot be read: {error}") from error


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=60)
