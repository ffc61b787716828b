"""A sales order of Katana as one value, put together of its records and what we keep beside. Pure: it asks nobody."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from connectors.katana.kept import KeptRow
from connectors.katana.told import KnownFulfillment, told
from schemas.flags import Flags
from schemas.hub import (
    Customer,
    DeliveryStatus,
    HubMo,
    HubOrder,
    HubRow,
    OrderHead,
    Totals,
    status_of,
)
from schemas.katana.bearing import takes_off, unborne
from schemas.katana.order import (
    FulfillmentRecord,
    OrderRecord,
    RowRecord,
)
from schemas.katana.records import AccountRecord, Copied
from schemas.money import round_money
from schemas.orders import ZERO, Kind

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

    def is_apart(self, row_id: str) -> bool:
        """Whether a row is none of Katana's, though it has it in another way: a fee, or borne by others."""
        return row_id in self.kept and self.kept[row_id].is_apart

    def fee_id(self, row_id: str) -> str | None:
        """Which of Katana's shipping fees a row is; None where it is none."""
        return self.kept[row_id].fee_id if row_id in self.kept else None

    def borne_by(self, row_id: str) -> Decimal:
        """What a row bears of charges below zero."""
        return self.kept[row_id].borne if row_id in self.kept else ZERO


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
    others = (_fee(id_, known, record) if known.kept.fee_id else _gone(id_, known) for id_, known in absent.items())
    rows = (*there, *(row for row in others if row))
    rows = tuple(_charges(rows, beside, is_fixed=bool(fulfillments) or record.is_invoiced))
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


def _fee(id_: str, known: KnownRow, record: OrderRecord) -> HubRow | None:
    """A row that is Katana's shipping fee; None where a person took it away."""
    kept, fee = known.kept, record.fee
    if fee is None or fee.id != kept.fee_id:
        return None
    row, amount = _gone(id_, known), round_money(fee.amount, record.currency)
    if amount == kept.sent_total:
        return row
    total = amount + kept.total - kept.sent_total
    tax = round_money(total * kept.tax_rate / _HUNDRED, record.currency)
    return replace(row, total=total, price_per_unit=total, tax=tax)


def _charges(rows: Sequence[HubRow], beside: KnownBeside, *, is_fixed: bool) -> Iterator[HubRow]:
    """The rows, with charges that are none in Katana: they are delivered with the last that ships.

    What is below zero is as its others bear it.
    """
    kept = {row.id: beside.rows[row.id].kept for row in rows if row.id in beside.rows}
    below = [id_ for id_, one in kept.items() if takes_off(one)]
    status, missing = status_of([row for row in rows if row.ships]), unborne(kept.values())
    for row in rows:
        if row.id not in kept or not kept[row.id].is_apart:
            yield row
            continue
        delivered = row.quantity if status is DeliveryStatus.DELIVERED else ZERO
        total = row.total + (missing if [row.id] == below[-1:] else ZERO)
        stays = is_fixed and row.id in below
        charge = replace(row, delivered_quantity=delivered, is_fixed=stays, total=total)
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
