"""A sales order as Katana takes it, and its rows as it answers. Which ids stand in it others have found out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, Final

from schemas.fields import Hints, Id, Number, Parts, UtcTime, VendorSchema, Words, load
from schemas.hub import DraftOrder, DraftRow
from schemas.katana.bearing import Borne, Share, bear, takes_off
from schemas.katana.fee import FeeRecord, fee_in
from schemas.katana.numbers import written_number, written_time
from schemas.money import plain, round_money
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


def key_said(said: Any) -> str | None:
    """The key of whose order a sales order says it is, be the rest of it readable or not; None where it is nobody's."""
    names = ("ecommerce_order_type", "ecommerce_store_name", "ecommerce_order_id")
    parts = [said.get(name) for name in names] if isinstance(said, dict) else []
    return Origin(*map(str, parts)).key if parts and all(parts) else None


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
class SentFee:
    """A shipping fee, as it is sent: its amount is the one number that Katana takes as a text alone."""

    amount: Decimal
    tax_rate_id: str
    name: str

    @property
    def body(self) -> dict[str, Any]:
        """As Katana takes it, but for its order."""
        body: dict[str, Any] = {"amount": plain(self.amount), "tax_rate_id": int(self.tax_rate_id)}
        return {**body, **({"description": self.name} if self.name else {})}


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
    currency: str = ""
    customer_id: str | None = None
    bill_to: Address = Address()  # noqa: RUF009 - it is frozen
    ship_to: Address = Address()  # noqa: RUF009
    fee: FeeRecord | None = None


class _Row(VendorSchema):
    id = Id(required=True)
    variant_id = Id(required=True)
    quantity = Number(required=True)
    price_per_unit = Number(allow_none=True, load_default=ZERO)
    total_discount = Number(allow_none=True, load_default=ZERO)
    tax_rate_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)


class AddressSchema(VendorSchema):
    """An address of an order, and which of its two it is."""

    entity_type = Words()
    first_name = Words()
    last_name = Words()
    company = Words()
    line_1 = Words()
    line_2 = Words()
    city = Words()
    state = Words()
    zip = Words()
    country = Words()
    phone = Words()


class _Order(VendorSchema):
    id = Id(required=True)
    deleted_at = UtcTime(allow_none=True, load_default=None)
    currency = Words()
    customer_id = Id(allow_none=True, load_default=None)
    addresses = Hints(AddressSchema)
    sales_order_rows = Parts(_Row)


_ORDER: Final = _Order()
_ROW: Final = _Row()


def read_answered(said: Any) -> AnsweredOrder:
    """GET or POST of a sales order. Raises Unreadable."""
    read = load(_ORDER, said)
    return AnsweredOrder(
        read["id"],
        read["deleted_at"] is not None,
        tuple(map(_answered, read["sales_order_rows"])),
        read["currency"],
        read["customer_id"],
        *addresses_of(read["addresses"]),
        fee_in(said),
    )


def addresses_of(said: Iterable[dict[str, Any]]) -> tuple[Address, Address]:
    """Bill to and ship to, as they were loaded; of several of one kind the first."""
    by_kind = {one.pop("entity_type"): Address(**one) for one in reversed([*said])}
    return by_kind.get("billing", Address()), by_kind.get("shipping", Address())


def read_answered_row(said: Any) -> AnsweredRow:
    """POST or PATCH of a row. Raises Unreadable."""
    return _answered(load(_ROW, said))


def _answered(row: dict[str, Any]) -> AnsweredRow:
    amounts = {name: row[name] or ZERO for name in ("price_per_unit", "total_discount")}
    return AnsweredRow(**{**row, **amounts})


def rests(draft: DraftOrder) -> tuple[DraftRow | None, ...]:
    """Each row with what is still to be delivered of it: what left before would leave the stock again (MAP-8).

    It is less what it bears of charges below zero. None where nothing is, and of such a charge.
    """
    return tuple(
        rest_of(row, draft.currency) if _left(row) > 0 and not takes_off(row) else None for row in less_borne(draft)
    )


def less_borne(draft: DraftOrder) -> Iterator[DraftRow]:
    """Each row less what it bears of charges below zero."""
    for row, part in zip(draft.rows, borne_of(draft).amounts, strict=True):
        yield replace(row, total=row.total - part)


def borne_of(draft: DraftOrder) -> Borne:
    """What each row of a new order bears of its charges below zero."""
    return bear([Share(row) for row in draft.rows], draft.currency)


def undelivered(draft: DraftOrder) -> tuple[DraftRow, ...]:
    """The rows of which something is still to be delivered, with that."""
    return tuple(row for row in rests(draft) if row)


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


def match_rows(sent: Sequence[SentRow], answered: Sequence[AnsweredRow], *, loosely: bool = False) -> Matched:
    """Pair rows that are alike in what they are, how many and at which price; equal ones are interchangeable.

    `loosely`: what is left of both is paired where it is of the same item, whatever else it is.
    """
    free, ids = list(answered), dict[int, str]()
    for is_pair in (is_alike, _is_same_item) if loosely else (is_alike,):
        for place, row in enumerate(sent):
            found = next((one for one in free if is_pair(row, one)), None) if place not in ids else None
            if found is not None:
                ids[place] = found.id
                free.remove(found)
    missing = tuple(place for place in range(len(sent)) if place not in ids)
    return Matched(ids, missing, tuple(one.id for one in free))


def amends(sent: SentRow, answered: AnsweredRow) -> dict[str, Any]:
    """What of a row that is there is otherwise than it was sent, as Katana takes it."""
    stands = {
        "total_discount": written_number(answered.total_discount),
        "tax_rate_id": _number(answered.tax_rate_id),
        "location_id": _number(answered.location_id),
    }
    return {name: sent.body[name] for name, value in stands.items() if sent.body[name] != value}


def differing(draft: DraftOrder, customer: str, answered: AnsweredOrder) -> tuple[str, ...]:
    """What of an order that is there is not as it would be made, beside its rows: names alone, no buyer's data."""
    pairs = {
        "currency": (draft.currency, answered.currency),
        "customer": (customer, answered.customer_id),
        "bill to": (_said(draft.bill_to), _said(answered.bill_to)),
        "ship to": (_said(draft.ship_to), _said(answered.ship_to)),
    }
    return tuple(name for name, (wanted, there) in pairs.items() if wanted != there)


def _number(id_: str | None) -> int | None:
    return None if id_ is None else int(id_)


def _is_same_item(sent: SentRow, answered: AnsweredRow) -> bool:
    return answered.variant_id == sent.variant_id


def is_alike(sent: SentRow, answered: AnsweredRow) -> bool:
    """Whether a row is of the same item, in the same quantity and at the same price."""
    return (
        answered.variant_id == sent.variant_id
        and answered.quantity == sent.draft.quantity
        and written_number(answered.price_per_unit) == written_number(sent.draft.price_per_unit)
    )


def _left(row: DraftRow) -> Decimal:
    return row.quantity - row.delivered_quantity - row.packed_quantity


def rest_of(row: DraftRow, currency: str) -> DraftRow:
    """A row with what is still to be delivered of it."""
    left = _left(row)
    if left == row.quantity:
        return row
    total, tax = (round_money(amount * left / row.quantity, currency) for amount in (row.total, row.tax))
    return replace(row, quantity=left, total=total, tax=tax, delivered_quantity=ZERO, packed_quantity=ZERO)


def _said(address: Address) -> dict[str, str]:
    parts = {part: getattr(address, part).strip() for part in _ADDRESS_PARTS}
    return {part: text for part, text in parts.items() if text}
