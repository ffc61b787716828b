"""Katana's reads may be older than its writes, by more than ten minutes: what we wrote stands, whatever they show.

Pure: what was read, and what we wrote of late, become what there is. A person who sets exactly what stood before is
seen a little later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from connectors.katana.told import KnownFulfillment
from schemas.katana.fee import FeeRecord
from schemas.katana.order import FulfillmentRecord, OrderRecord, RowRecord


@dataclass(frozen=True, slots=True)
class RowValues:
    """What of a row we may change."""

    quantity: Decimal
    price_per_unit: Decimal
    discount: Decimal
    tax_rate_id: str | None
    location_id: str | None

    @property
    def json(self) -> list[str | None]:
        """As it is written down."""
        numbers = (self.quantity, self.price_per_unit, self.discount)
        return [*map(str, numbers), self.tax_rate_id, self.location_id]


@dataclass(frozen=True, slots=True)
class Written:
    """What stood before we changed a row, and what stands since."""

    before: RowValues
    after: RowValues

    @property
    def json(self) -> dict[str, list[str | None]]:
        """As it is written down."""
        return {"before": self.before.json, "after": self.after.json}


def values_of(row: RowRecord) -> RowValues:
    """A row as it was read."""
    return RowValues(row.quantity, row.price_per_unit, row.discount, row.tax_rate_id, row.location_id)


def written(row: RowRecord, body: Mapping[str, Any]) -> Written:
    """What a PATCH makes of a row."""
    names = {
        "quantity": "quantity",
        "price_per_unit": "price_per_unit",
        "total_discount": "discount",
        "tax_rate_id": "tax_rate_id",
        "location_id": "location_id",
    }
    before = values_of(row)
    ids = ("tax_rate_id", "location_id")
    changes: dict[str, Any] = {names[name]: str(value) if name in ids else value for name, value in body.items()}
    return Written(before, replace(before, **changes))


def read_written(json: Mapping[str, Any]) -> Written:
    """What was written down."""
    return Written(_values(json["before"]), _values(json["after"]))


def as_written(record: OrderRecord, fresh: Mapping[str, Written]) -> OrderRecord:
    """An order with its rows as we wrote them of late, where they are shown as they stood before."""
    return replace(record, rows=tuple(_row(row, fresh.get(row.id)) for row in record.rows))


def as_charged(fee: FeeRecord, amounts: Sequence[str]) -> FeeRecord:
    """A shipping fee with the amount that we wrote of late, where it is shown with the one that stood before."""
    before, after = map(Decimal, amounts)
    return replace(fee, amount=after) if fee.amount == before else fee


def as_made(shown: Sequence[FulfillmentRecord], known: Iterable[KnownFulfillment]) -> tuple[FulfillmentRecord, ...]:
    """Fulfilments with those that we made or delivered of late, where they are not shown, or shown as still packed."""
    found = {one.id: one for one in shown}
    for one in known:
        if one.fulfillment_id is None or not one.is_fresh:
            continue
        there = found.get(one.fulfillment_id)
        if there is None and one.rows:
            found[one.fulfillment_id] = _unseen(one)
        elif there is not None and not one.is_packed:
            found[there.id] = replace(there, is_delivered=True)
    return tuple(found.values())


def _values(json: Sequence[Any]) -> RowValues:
    quantity, price, discount, rate, location = json
    return RowValues(Decimal(quantity), Decimal(price), Decimal(discount), rate, location)


def _row(row: RowRecord, mine: Written | None) -> RowRecord:
    if mine is None or values_of(row) != mine.before:
        return row
    now = mine.after
    return replace(
        row,
        quantity=now.quantity,
        price_per_unit=now.price_per_unit,
        discount=now.discount,
        tax_rate_id=now.tax_rate_id,
        location_id=now.location_id,
    )


def _unseen(one: KnownFulfillment) -> FulfillmentRecord:
    assert one.fulfillment_id is not None
    return FulfillmentRecord(
        id=one.fulfillment_id,
        order_id=one.order_id,
        is_delivered=not one.is_packed,
        is_invoiced=False,
        picked_on=None,
        pieces=one.rows,
        tracking_number=None,
        carrier=None,
        tracking_url=None,
    )
