"""What is new of a sales order, told from what was heard of it last (KAT-4). Pure: it asks nobody."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.katana.kept import KeptRow
from schemas.hub import DeliveryStatus, status_of
from schemas.katana.order import FulfillmentRecord, OrderRecord
from schemas.orders import ZERO

# PENDING is a quote and promises nothing. PACKED has taken all that it promised.
PROMISING: Final = ("NOT_SHIPPED", "PARTIALLY_PACKED", "PARTIALLY_DELIVERED")
OPEN: Final = (*PROMISING, "PACKED")


@dataclass(frozen=True, slots=True)
class HeardRow:
    """A row, as far as stock goes by it."""

    id: str
    variant_id: str
    location_id: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Parcel:
    """A fulfilment: pieces by row. One that `is_gone` was told of once more, behind the order's own that stand."""

    id: str
    is_delivered: bool
    pieces: tuple[tuple[str, Decimal], ...]
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class HeardOrder:
    """An order as it was heard; `is_settled` is false where it is to be read again."""

    id: str
    order_no: str
    status: str
    customer_id: str
    currency: str
    moved_at: datetime | None
    is_gone: bool
    rows: tuple[HeardRow, ...]
    parcels: tuple[Parcel, ...] = ()
    is_settled: bool = True

    @property
    def standing(self) -> frozenset[Parcel]:
        """The fulfilments that there are."""
        return frozenset(one for one in self.parcels if not one.is_gone)

    @property
    def promises(self) -> dict[str, tuple[HeardRow, Decimal]]:
        """What it promises and did not take yet, by row (STK-2)."""
        if self.is_gone or self.status not in PROMISING:
            return {}
        taken = _pieces(self.standing)
        left = {row.id: (row, row.quantity - taken[row.id]) for row in self.rows}
        return {row_id: (row, pieces) for row_id, (row, pieces) in left.items() if pieces > 0}


@dataclass(frozen=True, slots=True)
class OrderNews:
    """What is new of one order. `variants` are those of which it promises more or less."""

    variants: frozenset[str] = frozenset()
    is_deleted: bool = False
    is_shipped: bool = False  # somebody else than we packed, delivered or took back pieces of it
    is_further: bool = False  # what is kept of it, or shown in lists, may be another


def order_of(record: OrderRecord) -> HeardOrder:
    """An order without its fulfilments."""
    return HeardOrder(
        id=record.id,
        order_no=record.order_no,
        status=record.status,
        customer_id=record.customer_id,
        currency=record.currency,
        moved_at=record.moved_at,
        is_gone=record.is_gone,
        rows=tuple(
            HeardRow(row.id, row.variant_id, row.location_id or record.location_id or "", row.quantity)
            for row in record.rows
        ),
    )


def with_all(
    order: HeardOrder, standing: Iterable[FulfillmentRecord], before: HeardOrder | None, told: Iterable[str] = ()
) -> HeardOrder:
    """An order with all fulfilments that stand. Of those that were known, or `told` of, the others are gone."""
    parcels = {one.id: Parcel(one.id, False, (), is_gone=True) for one in before.parcels} if before else {}
    parcels |= {one: Parcel(one, False, (), is_gone=True) for one in told}
    parcels |= {one.id: Parcel(one.id, one.is_delivered, one.pieces) for one in standing}
    return replace(order, parcels=_in_order(parcels.values()))


def with_more(order: HeardOrder, before: HeardOrder | None, told: Iterable[FulfillmentRecord]) -> HeardOrder:
    """An order with the fulfilments that were known, and what was told of since. What was gone is told of once more."""
    parcels = {one.id: one for one in before.parcels} if before else {}
    for one in told:
        known = parcels.get(one.id)
        if one.is_gone:
            parcels[one.id] = Parcel(one.id, False, (), is_gone=True)
        elif known is None or not known.is_gone:
            parcels[one.id] = Parcel(one.id, one.is_delivered, one.pieces)
    return replace(order, parcels=_in_order(parcels.values()))


def _in_order(parcels: Iterable[Parcel]) -> tuple[Parcel, ...]:
    return tuple(sorted(parcels, key=lambda one: (one.is_gone, len(one.id), one.id)))


def news_of(
    before: HeardOrder | None, now: HeardOrder, ours: Collection[str], services: Collection[str] = ()
) -> OrderNews:
    """What is new of an order. That one of `ours` is there, a fulfilment that we made ourselves, is no news (FUL-13).

    That it was delivered or taken back since is, whoever did it: whether a store is to hear of it others find out.
    """
    was = before.promises if before else {}
    moved = {
        row.variant_id
        for row_id in was.keys() | now.promises.keys()
        for row, _ in filter(None, (was.get(row_id), now.promises.get(row_id)))
        if was.get(row_id) != now.promises.get(row_id)
    }
    if now.is_gone:
        return OrderNews(frozenset(moved), is_deleted=True)
    standing = before.standing if before else frozenset[Parcel]()
    known = {one.id for one in standing}
    by_others = [one for one in standing ^ now.standing if one.id in known or one.id not in ours]
    is_further = before is None or before.status != now.status or standing != now.standing or before.rows != now.rows
    # Nobody shipped anything, and yet it is further: a person took off what was left.
    is_cut = before is not None and before.status != now.status and standing == now.standing and agrees(now, services)
    return OrderNews(frozenset(moved), is_shipped=bool(by_others) or is_cut, is_further=is_further)


def agrees(order: HeardOrder, services: Collection[str] = ()) -> bool:
    """Whether its fulfilments say the same as its status: reads lag, and not all of them as much.

    Whether Katana waits for services too nobody has shown.
    """
    if order.is_gone or order.status not in _STATUSES:
        return True
    goods = [row for row in order.rows if row.variant_id not in services]
    return order.status in (_status(order.rows, order.standing), _status(goods or order.rows, order.standing))


def may_ask_again(order: HeardOrder, now: datetime) -> bool:
    """Whether it is time to ask what stands of an order that does not agree: at once, after 10 minutes, after 20."""
    minutes = (now - order.moved_at) / timedelta(minutes=1) if order.moved_at else _OVER
    return minutes < 3 or 10 <= minutes < 12 or minutes >= 20


def is_over(order: HeardOrder, now: datetime) -> bool:
    """Whether what stands is believed, though it does not agree: reads lag no longer."""
    return order.moved_at is None or now - order.moved_at >= timedelta(minutes=_OVER)


_STATUSES: Final = frozenset(DeliveryStatus)
_OVER: Final = 22


@dataclass(frozen=True, slots=True)
class _Part:
    """A row with how far it is."""

    quantity: Decimal
    packed_quantity: Decimal
    delivered_quantity: Decimal


def _status(rows: Iterable[HeardRow], parcels: Collection[Parcel]) -> DeliveryStatus:
    packed = _pieces(one for one in parcels if not one.is_delivered)
    delivered = _pieces(one for one in parcels if one.is_delivered)
    return status_of([_Part(row.quantity, packed[row.id], delivered[row.id]) for row in rows])


def status_for_store(
    rows: Iterable[HeardRow], parcels: Collection[Parcel], kept: Mapping[str, KeptRow], services: Collection[str]
) -> DeliveryStatus:
    """How far an order of a store is: what left before it came counts too (MAP-8), and what does not ship does not."""
    packed = _pieces(one for one in parcels if not one.is_delivered)
    delivered = _pieces(one for one in parcels if one.is_delivered)
    parts = []
    for row in rows:
        known = kept.get(row.id)
        gone, held = (known.gone, known.packed) if known else (ZERO, ZERO)
        part = _Part(row.quantity + gone, packed[row.id] + held, delivered[row.id] + gone - held)
        parts.append((part, known.ships if known else row.variant_id not in services))
    for one in kept.values():
        if not one.sent_quantity and not one.is_apart:  # Katana has none of it
            parts.append((_Part(one.quantity, one.packed, one.gone - one.packed), one.ships))
    return status_of([part for part, ships in parts if ships] or [part for part, _ in parts])


def _pieces(parcels: Iterable[Parcel]) -> defaultdict[str, Decimal]:
    pieces: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for parcel in parcels:
        for row_id, quantity in parcel.pieces:
            pieces[row_id] += quantity
    return pieces


# -- as it is kept -----------------------------------------------------------------------------------------------------


def kept_order(order: HeardOrder) -> dict[str, Any]:
    """An order as JSON has it."""
    return {
        "id": order.id,
        "order_no": order.order_no,
        "status": order.status,
        "customer_id": order.customer_id,
        "currency": order.currency,
        "moved_at": order.moved_at.isoformat() if order.moved_at else None,
        "is_gone": order.is_gone,
        "is_settled": order.is_settled,
        "rows": [
            {"id": row.id, "variant_id": row.variant_id, "location_id": row.location_id, "quantity": str(row.quantity)}
            for row in order.rows
        ],
        "parcels": [
            {
                "id": one.id,
                "is_delivered": one.is_delivered,
                "is_gone": one.is_gone,
                "pieces": [[row_id, str(pieces)] for row_id, pieces in one.pieces],
            }
            for one in order.parcels
        ],
    }


def read_heard(row: Mapping[str, Any]) -> HeardOrder:
    """An order as it was kept."""
    values = {name: value for name, value in row.items() if name != "read_at"}
    return HeardOrder(**values | {"rows": rows_kept(row["rows"]), "parcels": parcels_kept(row["parcels"])})


def rows_kept(kept: Iterable[Mapping[str, Any]]) -> tuple[HeardRow, ...]:
    """Rows as they were kept."""
    return tuple(HeardRow(**one | {"quantity": Decimal(one["quantity"])}) for one in map(dict, kept))


def parcels_kept(kept: Iterable[Mapping[str, Any]]) -> tuple[Parcel, ...]:
    """Fulfilments as they were kept."""
    return tuple(
        Parcel(**one | {"pieces": tuple((row_id, Decimal(pieces)) for row_id, pieces in one["pieces"])})
        for one in map(dict, kept)
    )
