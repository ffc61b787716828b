"""Sales orders as they stand in Katana, with what we keep of them beside. It changes nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any, Final, TypeVar

from connectors.errors import HubBusy, NotFound, Unavailable
from connectors.katana.budget import Priority
from connectors.katana.client import KatanaClient
from connectors.katana.copies import CUSTOMERS, OVERLAP, SERVICES, TAX_RATES, VARIANTS, Copies
from connectors.katana.finding import customer_of
from connectors.katana.intents import recognize
from connectors.katana.kept import KeptRow, mark_there, read_kept
from connectors.katana.late import as_made, as_written, read_written
from connectors.katana.told import KnownFulfillment, end, known_fulfillments, known_returns, told, whose
from connectors.postgres import Connection, Row, queries
from schemas.errors import Unreadable
from schemas.flags import Flags
from schemas.hub import (
    Customer,
    DeliveryStatus,
    HubMo,
    HubOrder,
    HubRow,
    MoStatus,
    OrderHead,
    Totals,
    status_of,
)
from schemas.katana.bearing import takes_off, unborne
from schemas.katana.order import (
    FulfillmentRecord,
    OrderRecord,
    RowRecord,
    read_fulfillment,
    read_mo,
    read_order,
)
from schemas.katana.records import AccountRecord, Copied
from schemas.money import round_money
from schemas.orders import ZERO, Kind

FULFILLMENT: Final = "fulfillment"  # the kind of an intent; its key is the order's id and the store's own

RECENT_SECONDS: Final = 20  # from a look to what comes of it

T = TypeVar("T")
_SQL: Final = queries("orders", __package__)
_HUNDRED: Final = Decimal(100)
_TOTALS: Final = ("total", "total_with_tax", "total_base", "store_total", "store_total_with_tax")


@dataclass(frozen=True, slots=True)
class KnownRow:
    """Which line of its store a row stands for, and what is written down of it."""

    external_id: str | None
    kept: KeptRow


@dataclass(frozen=True, slots=True)
class KnownBeside:
    """What an order is put together with: our own rows about it, copies by id, and what was asked for it."""

    account: AccountRecord
    customer: Customer
    items: Mapping[str, Copied]
    rates: Mapping[str, Decimal]
    whose: Mapping[str, Any] = field(default_factory=dict)  # store_id, external_id, money; empty of one made in Katana
    rows: Mapping[str, KnownRow] = field(default_factory=dict)  # by their ids
    fulfillments: Sequence[KnownFulfillment] = ()
    mos: Mapping[str, HubMo] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """An order with Katana's own records of it, as they stood when they were read, and what we keep of its rows."""

    order: HubOrder
    record: OrderRecord
    fulfillments: tuple[FulfillmentRecord, ...]
    kept: Mapping[str, KeptRow] = field(default_factory=dict)

    def has(self, row_id: str) -> bool:
        """Whether Katana has a row: none that left before its order came, nor one below zero."""
        return any(row.id == row_id for row in self.record.rows)

    def is_below(self, row_id: str) -> bool:
        """Whether a row is a charge below zero, which Katana has not."""
        return row_id in self.kept and takes_off(self.kept[row_id])

    def borne_by(self, row_id: str) -> Decimal:
        """What a row bears of charges below zero."""
        return self.kept[row_id].borne if row_id in self.kept else ZERO


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
        self._recognize(order_id, shown)
        rows = self._connection.execute(_SQL["kept_rows"], {"id": order_id, "late": OVERLAP}).fetchall()
        record = as_written(record, {row["id"]: read_written(row["written"]) for row in rows if row["written"]})
        known = known_fulfillments(self._connection, order_id) if ours else []
        fulfillments = as_made(shown, known)
        beside = self._beside(record, priority, ours or {}, rows)
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

    def _recognize(self, order_id: str, fulfillments: Sequence[FulfillmentRecord]) -> None:
        """What we sent, and nobody heard the end of, is made: it is there (KAT-1)."""
        for one in whose(fulfillments, known_fulfillments(self._connection, order_id)):
            if one.key is not None and recognize(self._connection, FULFILLMENT, one.key, one.id):
                end(self._connection, order_id, one.key, one.id)

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
        self, record: OrderRecord, priority: Priority, ours: Mapping[str, Any], rows: Sequence[Row]
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
            rows={row["id"]: KnownRow(row["external_id"], read_kept(row["kept"])) for row in rows},
            mos=self._mos([row.mo_id for row in record.rows if row.mo_id is not None], priority),
        )

    def _mos(self, ids: Sequence[str], priority: Priority) -> dict[str, HubMo]:
        if not ids:
            return {}
        pages = self._client.pages("manufacturing_orders", {"ids": ids}, priority=priority)
        found = (_readable(read_mo, one) for page in pages for one in page)
        return {one.id: HubMo(one.id, _MO.get(one.status, MoStatus.IN_PROGRESS), one.quantity) for one in found}


# What is neither at its beginning nor done is under way: Katana itself lets go of what is blocked as of that.
_MO: Final = {"NOT_STARTED": MoStatus.NOT_STARTED, "DONE": MoStatus.DONE}


def hub_order(record: OrderRecord, fulfillments: Sequence[FulfillmentRecord], beside: KnownBeside) -> HubOrder:
    """One value of all of it. What was shipped the fulfilments say, and they alone."""
    packed = _pieces(one for one in fulfillments if not one.is_delivered)
    delivered = _pieces(one for one in fulfillments if one.is_delivered)
    invoiced = _invoiced(record, fulfillments)
    there = [
        _row(row, record, beside, shipped=(packed[row.id], delivered[row.id]), invoiced=invoiced.get(row.id, ZERO))
        for row in record.rows
    ]
    absent = {id_: known for id_, known in beside.rows.items() if not known.kept.sent_quantity}
    rows = (*there, *(_gone(id_, known) for id_, known in absent.items()))
    rows = tuple(_below(rows, beside, is_fixed=bool(fulfillments) or record.is_invoiced))
    status = status_of([row for row in rows if row.ships] or rows)
    closed = beside.account.closed_until
    money = beside.whose.get("money", {})
    return HubOrder(
        id=record.id,
        order_no=record.order_no,
        store_id=beside.whose.get("store_id"),
        external_id=beside.whose.get("external_id"),
        status=status,
        currency=record.currency,
        location=record.location_id or "",
        rows=rows,
        has_invoice=record.is_invoiced,
        is_locked=closed is not None and any(one.picked_on and one.picked_on <= closed for one in fulfillments),
        fulfillments=told(fulfillments, beside.fulfillments),
        flags=_flags(beside.whose.get("flags", {}), status),
        exchange_rate=Decimal(money.get("exchange_rate", 1)),
        base_currency=money.get("base_currency", beside.account.base_currency),
        totals=_totals(money) if money else _own_totals(rows),
        takes_no_rows=bool(fulfillments),
        head=OrderHead(
            customer=beside.customer,
            created_at=record.created_at,
            delivery_date=record.delivery_date,
            exchange_rate_date=_day(money, record),
            bill_to=record.bill_to,
            ship_to=record.ship_to,
            customer_reference=record.customer_reference,
            notes=record.notes,
        ),
    )


def _flags(kept: Mapping[str, bool], status: DeliveryStatus) -> Flags:
    """What is delivered was packed and shipped, whoever did it."""
    flags, is_delivered = Flags(**kept), status is DeliveryStatus.DELIVERED
    return replace(
        flags,
        packed=flags.packed or is_delivered or status is DeliveryStatus.PACKED,
        shipped=flags.shipped or is_delivered,
    )


def _pieces(fulfillments: Iterable[FulfillmentRecord]) -> defaultdict[str, Decimal]:
    """Pieces of some fulfilments by row."""
    pieces: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for one in fulfillments:
        for row_id, quantity in one.pieces:
            pieces[row_id] += quantity
    return pieces


def _invoiced(record: OrderRecord, fulfillments: Sequence[FulfillmentRecord]) -> Mapping[str, Decimal]:
    """What is invoiced by row. Katana does not say it of rows: all that may be is taken to be (CHG-4)."""
    if not record.is_invoiced:
        return {}
    named = [one for one in fulfillments if one.is_invoiced]
    if record.is_all_invoiced or not named:
        return {row.id: row.quantity for row in record.rows}
    return _pieces(named)


def _row(
    row: RowRecord, order: OrderRecord, beside: KnownBeside, *, shipped: tuple[Decimal, Decimal], invoiced: Decimal
) -> HubRow:
    """A row with what left before it came: that is in no row of Katana's (MAP-8)."""
    known = beside.rows.get(row.id)
    kept, item = known.kept if known else None, beside.items.get(row.variant_id)
    gone, packed = (kept.gone, kept.packed) if kept else (ZERO, ZERO)
    total = round_money(row.quantity * row.price_per_unit - row.discount, order.currency)
    is_as_sent = kept is not None and (kept.sent_quantity, kept.sent_total) == (row.quantity, total)
    if kept is not None:
        total += kept.total - kept.sent_total
    rate = kept.tax_rate if kept else beside.rates.get(row.tax_rate_id or "", ZERO)
    kind = kept.kind if kept else item.kind if item else Kind.PRODUCT
    quantity = row.quantity + gone
    percent = _percent(total, quantity * row.price_per_unit)
    hub_row = HubRow(
        id=row.id,
        external_id=known.external_id if known else None,
        variant_id=row.variant_id,
        kind=kind,
        sku=item.sku if item else kept.sku if kept else None,
        name=(kept.name if kept else "") or (item.name if item else ""),
        quantity=quantity,
        packed_quantity=shipped[0] + packed,
        delivered_quantity=shipped[1] + gone - packed,
        invoiced_quantity=min(invoiced + gone if invoiced else ZERO, quantity),
        price_per_unit=row.price_per_unit,
        tax_rate=rate,
        discount_percent=kept.discount_percent if kept and is_as_sent else percent,
        location=row.location_id or order.location_id or "",
        status=status_of(()),
        ships=kept.ships if kept else kind is Kind.PRODUCT,
        batch_tracked=bool(item and item.batch_tracked),
        mo=beside.mos.get(row.mo_id or ""),
        total=total,
        tax=kept.tax if kept and is_as_sent else round_money(total * rate / _HUNDRED, order.currency),
        gone_before=gone,
        is_fixed=any(shipped),
        stays=row.mo_id is not None,
    )
    return replace(hub_row, status=status_of([hub_row]))


def _gone(id_: str, known: KnownRow) -> HubRow:
    """A row all of which left before the order came: Katana has none of it (MAP-8)."""
    kept = known.kept
    row = HubRow(
        id=id_,
        external_id=known.external_id,
        variant_id=kept.variant_id,
        kind=kept.kind,
        sku=kept.sku,
        name=kept.name,
        quantity=kept.quantity,
        packed_quantity=kept.packed,
        delivered_quantity=kept.gone - kept.packed,
        invoiced_quantity=ZERO,
        price_per_unit=kept.price_per_unit,
        tax_rate=kept.tax_rate,
        discount_percent=kept.discount_percent,
        location=kept.location,
        status=status_of(()),
        ships=kept.ships,
        total=kept.total,
        tax=kept.tax,
        gone_before=kept.gone,
        is_fixed=True,
    )
    return replace(row, status=status_of([row]))


def _below(rows: Sequence[HubRow], beside: KnownBeside, *, is_fixed: bool) -> Iterator[HubRow]:
    """The rows, with charges below zero as their others bear them; they are delivered with the last that ships."""
    there = [known.kept for row in rows if (known := beside.rows.get(row.id))]
    below = [row.id for row in rows if row.id in beside.rows and takes_off(beside.rows[row.id].kept)]
    status, missing = status_of([row for row in rows if row.ships]), unborne(there)
    for row in rows:
        if row.id not in below:
            yield row
            continue
        delivered = row.quantity if status is DeliveryStatus.DELIVERED else ZERO
        total = row.total + (missing if row.id == below[-1] else ZERO)
        charge = replace(row, delivered_quantity=delivered, is_fixed=is_fixed, total=total)
        yield replace(charge, status=status_of([charge]))


def _percent(total: Decimal, gross: Decimal) -> Decimal:
    """What is taken off, in per cent."""
    return (gross - total) * _HUNDRED / gross if gross else ZERO


def _totals(money: Mapping[str, Any]) -> Totals:
    amounts = {name: None if money[name] is None else Decimal(money[name]) for name in _TOTALS}
    return Totals(**amounts, total_mismatch=money["total_mismatch"])  # type: ignore[arg-type]


def _own_totals(rows: Iterable[HubRow]) -> Totals:
    """Of an order that was made in Katana: no store says what it should come to."""
    total, tax = (sum((getattr(row, name) for row in rows), ZERO) for name in ("total", "tax"))
    return Totals(total, total + tax, total, None, None, total_mismatch=False)


def _day(money: Mapping[str, Any], record: OrderRecord) -> date:
    return date.fromisoformat(money["exchange_rate_date"]) if money else record.created_at.date()


def _readable(read: Callable[[Any], T], said: Any) -> T:
    try:
        return read(said)
    except Unreadable as error:
        raise Unavailable(f"Katana's answer cannot be read: {error}") from error


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=60)
