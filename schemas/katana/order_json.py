"""A sales order as Katana takes it, and its rows as it answers. Which ids stand in it others have found out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Id, Number, Parts, UtcTime, VendorSchema, load
from schemas.hub import DraftOrder, DraftRow
from schemas.katana.numbers import written_number, written_time
from schemas.money import round_money
from schemas.orders import ZERO, Address

_ADDRESS_PARTS: Final = (
    "first_name",
    "last_name",
    "company",
    "phone",
    "line_1",
    "line_2",
    "city",
    "state",
    "zip",
    "country",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Which shop's order it is, in the words that Katana's own links to shops use: so they are known again."""

    type: str
    store_name: str
    order_id: str

    @property
    def filters(self) -> dict[str, str]:
        """What an order of it is found by."""
        return {
            "ecommerce_order_type": self.type,
            "ecommerce_store_name": self.store_name,
            "ecommerce_order_id": self.order_id,
        }

    @property
    def key(self) -> str:
        """The same in one text."""
        return f"{self.type}:{self.store_name}:{self.order_id}"


@dataclass(frozen=True, slots=True)
class SentRow:
    """A row with the ids that Katana wants, as it is sent."""

    draft: DraftRow
    variant_id: str
    tax_rate_id: str
    location_id: str
    discount: Decimal

    @property
    def body(self) -> dict[str, Any]:
        """As Katana takes it. What could be left out is sent too: what it fills in nobody has shown."""
        return {
            "variant_id": int(self.variant_id),
            "quantity": written_number(self.draft.quantity),
            "price_per_unit": written_number(self.draft.price_per_unit),
            "total_discount": written_number(self.discount),
            "tax_rate_id": int(self.tax_rate_id),
            "location_id": int(self.location_id),
        }


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """A row as Katana says it stands."""

    id: str
    variant_id: str
    quantity: Decimal
    price_per_unit: Decimal
    total_discount: Decimal
    tax_rate_id: str | None
    location_id: str | None

    @property
    def total(self) -> Decimal:
        """What it comes to without tax. Katana's own total of a row need not be less its discount."""
        return self.quantity * self.price_per_unit - self.total_discount


@dataclass(frozen=True, slots=True)
class AnsweredOrder:
    """An order as Katana says it stands, as far as its creation needs it."""

    id: str
    is_gone: bool
    rows: tuple[AnsweredRow, ...]


class _Row(VendorSchema):
    id = Id(required=True)
    variant_id = Id(required=True)
    quantity = Number(required=True)
    price_per_unit = Number(allow_none=True, load_default=ZERO)
    total_discount = Number(allow_none=True, load_default=ZERO)
    tax_rate_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)


class _Order(VendorSchema):
    id = Id(required=True)
    deleted_at = UtcTime(allow_none=True, load_default=None)
    sales_order_rows = Parts(_Row)


_ORDER: Final = _Order()


def read_answered(said: Any) -> AnsweredOrder:
    """GET or POST of a sales order. Raises Unreadable."""
    read = load(_ORDER, said)
    rows = tuple(
        AnsweredRow(
            **{**row, "price_per_unit": row["price_per_unit"] or ZERO, "total_discount": row["total_discount"] or ZERO}
        )
        for row in read["sales_order_rows"]
    )
    return AnsweredOrder(read["id"], read["deleted_at"] is not None, rows)


def undelivered(draft: DraftOrder) -> tuple[DraftRow, ...]:
    """The rows with what is still to be delivered of them: what left before would leave the stock again (MAP-8)."""
    return tuple(_rest(row, draft.currency) for row in draft.rows if _left(row) > 0)


def discount_of(row: DraftRow, currency: str) -> Decimal:
    """What is taken off a row as an amount: Katana knows no percentage (MAP-4)."""
    return max(ZERO, round_money(row.quantity * row.price_per_unit - row.total, currency))


def order_body(
    draft: DraftOrder, origin: Origin, rows: Iterable[SentRow], *, customer: str, location: str
) -> dict[str, Any]:
    """The whole order as Katana takes it: rows, addresses and whose it is in one request."""
    body: dict[str, Any] = {
        "customer_id": int(customer),
        "order_no": draft.order_no,
        "order_created_date": written_time(draft.created_at),
        "delivery_date": written_time(datetime.combine(draft.delivery_date, time(), UTC)),
        "currency": draft.currency,
        "location_id": int(location),
        "status": "NOT_SHIPPED",  # PENDING is a quote
        "sales_order_rows": [row.body for row in rows],
        **origin.filters,
    }
    texts = {"customer_ref": draft.customer_reference, "additional_info": draft.notes}
    body |= {name: text for name, text in texts.items() if text}
    if addresses := addresses_body(draft):
        body["addresses"] = addresses
    return body


def addresses_body(draft: DraftOrder) -> list[dict[str, str]]:
    """Bill to and ship to, without empty texts; none that is empty."""
    both = (("billing", draft.bill_to), ("shipping", draft.ship_to))
    return [{"entity_type": kind, **said} for kind, address in both if (said := _said(address))]


@dataclass(frozen=True, slots=True)
class Matched:
    """Which of the answered rows each sent one is, by its place; `missing` are places of rows that are not there."""

    ids: dict[int, str]
    missing: tuple[int, ...]
    strange: tuple[str, ...]  # rows that nobody sent


def match_rows(sent: Sequence[SentRow], answered: Sequence[AnsweredRow]) -> Matched:
    """Pair rows that are alike in what they are, how many and at which price; equal ones are interchangeable."""
    free = list(answered)
    ids: dict[int, str] = {}
    for place, row in enumerate(sent):
        if found := next((one for one in free if _is_alike(row, one)), None):
            ids[place] = found.id
            free.remove(found)
    missing = tuple(place for place in range(len(sent)) if place not in ids)
    return Matched(ids, missing, tuple(one.id for one in free))


def _is_alike(sent: SentRow, answered: AnsweredRow) -> bool:
    return (
        answered.variant_id == sent.variant_id
        and answered.quantity == sent.draft.quantity
        and written_number(answered.price_per_unit) == written_number(sent.draft.price_per_unit)
    )


def _left(row: DraftRow) -> Decimal:
    return row.quantity - row.delivered_quantity - row.packed_quantity


def _rest(row: DraftRow, currency: str) -> DraftRow:
    left = _left(row)
    if left == row.quantity:
        return row
    total, tax = (round_money(amount * left / row.quantity, currency) for amount in (row.total, row.tax))
    return replace(row, quantity=left, total=total, tax=tax, delivered_quantity=ZERO, packed_quantity=ZERO)


def _said(address: Address) -> dict[str, str]:
    parts = {part: getattr(address, part).strip() for part in _ADDRESS_PARTS}
    return {part: text for part, text in parts.items() if text}
