"""A sales order and its fulfilments as Katana tells them. What we know of them beside stands elsewhere."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from schemas.fields import LONG_AGO, Currency, Hints, Id, Number, Parts, UtcTime, VendorSchema, Words, load
from schemas.katana.fee import FeeRecord, fee_in
from schemas.katana.order_json import AddressSchema, Origin, addresses_of
from schemas.orders import ZERO, Address

_NOT_INVOICED: Final = "notinvoiced"
_INVOICED: Final = "invoiced"


@dataclass(frozen=True, slots=True)
class RowRecord:
    """A row as Katana has it. How much of it is shipped it does not say: fulfilments do."""

    id: str
    variant_id: str
    quantity: Decimal
    price_per_unit: Decimal
    discount: Decimal
    tax_rate_id: str | None
    location_id: str | None
    mo_id: str | None


@dataclass(frozen=True, slots=True)
class FulfillmentRecord:
    """A parcel: pieces by the ids of rows."""

    id: str
    order_id: str
    is_delivered: bool  # else packed
    is_invoiced: bool
    picked_on: date | None
    pieces: tuple[tuple[str, Decimal], ...]
    tracking_number: str | None
    carrier: str | None
    tracking_url: str | None
    is_gone: bool = False  # where Katana says it: what is deleted need not be told apart
    lines: tuple[tuple[str, str], ...] = ()  # the ids of its own lines, each with that of its row


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """A sales order as Katana has it; `moved_at` is when anything of it changed last."""

    id: str
    order_no: str
    status: str  # in Katana's word
    customer_id: str
    currency: str
    location_id: str | None
    is_invoiced: bool  # something of it is
    is_all_invoiced: bool
    created_at: datetime
    delivery_date: date
    moved_at: datetime | None
    is_gone: bool
    bill_to: Address
    ship_to: Address
    customer_reference: str | None
    notes: str | None
    rows: tuple[RowRecord, ...]
    origin: Origin | None = None  # whose order of which shop it says it is
    fee: FeeRecord | None = None  # of several one


@dataclass(frozen=True, slots=True)
class MoRecord:
    """A manufacturing order, with its status in Katana's own word."""

    id: str
    status: str
    quantity: Decimal
    row_id: str | None = None

    @property
    def is_not_started(self) -> bool:
        """Whether nobody has begun: then it follows its row."""
        return self.status == "NOT_STARTED"


class _Mo(VendorSchema):
    id = Id(required=True)
    status = Words()
    row_id = Id(allow_none=True, load_default=None, data_key="sales_order_row_id")
    quantity = Number(data_key="planned_quantity", allow_none=True, load_default=ZERO)


class _Row(VendorSchema):
    id = Id(required=True)
    variant_id = Id(required=True)
    quantity = Number(required=True)
    price_per_unit = Number(allow_none=True, load_default=ZERO)
    discount = Number(allow_none=True, load_default=ZERO, data_key="total_discount")
    tax_rate_id = Id(allow_none=True, load_default=None)
    location_id = Id(allow_none=True, load_default=None)
    mo_id = Id(allow_none=True, load_default=None, data_key="linked_manufacturing_order_id")


class _Order(VendorSchema):
    id = Id(required=True)
    order_no = Words()
    status = Words()
    customer_id = Id(required=True)
    currency = Currency(required=True)
    location_id = Id(allow_none=True, load_default=None)
    invoicing_status = Words()
    order_created_date = UtcTime(allow_none=True, load_default=None)
    delivery_date = UtcTime(allow_none=True, load_default=None)
    updated_at = UtcTime(allow_none=True, load_default=None)
    deleted_at = UtcTime(allow_none=True, load_default=None)
    customer_ref = Words()
    additional_info = Words(limit=10_000)
    ecommerce_order_type = Words()
    ecommerce_store_name = Words()
    ecommerce_order_id = Words()
    addresses = Hints(AddressSchema)
    sales_order_rows = Parts(_Row)


class _Pieces(VendorSchema):
    id = Id(allow_none=True, load_default=None)
    row_id = Id(required=True, data_key="sales_order_row_id")
    quantity = Number(required=True)


class _Fulfillment(VendorSchema):
    id = Id(required=True)
    sales_order_id = Id(required=True)
    status = Words()
    invoice_status = Words()
    picked_date = UtcTime(allow_none=True, load_default=None)
    sales_order_fulfillment_rows = Parts(_Pieces)
    tracking_number = Words()
    tracking_carrier = Words()
    tracking_url = Words(limit=2048)
    deleted_at = UtcTime(allow_none=True, load_default=None)


_MO: Final = _Mo()
_ORDER: Final = _Order()
_FULFILLMENT: Final = _Fulfillment()


def read_order(said: Any) -> OrderRecord:
    """GET of a sales order, alone or in a list. Raises Unreadable."""
    read = load(_ORDER, said)
    bill_to, ship_to = addresses_of(read["addresses"])
    invoicing = read["invoicing_status"].lower()
    created = read["order_created_date"] or LONG_AGO
    return OrderRecord(
        id=read["id"],
        order_no=read["order_no"],
        status=read["status"].upper(),
        customer_id=read["customer_id"],
        currency=read["currency"],
        location_id=read["location_id"],
        is_invoiced=invoicing not in ("", _NOT_INVOICED),
        is_all_invoiced=invoicing == _INVOICED,
        created_at=created,
        delivery_date=(read["delivery_date"] or created).date(),
        moved_at=read["updated_at"],
        is_gone=read["deleted_at"] is not None,
        bill_to=bill_to,
        ship_to=ship_to,
        customer_reference=read["customer_ref"] or None,
        notes=read["additional_info"] or None,
        rows=tuple(_row(row) for row in read["sales_order_rows"]),
        origin=_origin(read),
        fee=fee_in(said),
    )


def _origin(read: dict[str, Any]) -> Origin | None:
    said = [read[f"ecommerce_{part}"] for part in ("order_type", "store_name", "order_id")]
    return Origin(*said) if all(said) else None


def read_fulfillment(said: Any) -> FulfillmentRecord:
    """One of the fulfilments. Raises Unreadable."""
    read = load(_FULFILLMENT, said)
    picked: datetime | None = read["picked_date"]
    return FulfillmentRecord(
        id=read["id"],
        order_id=read["sales_order_id"],
        is_delivered=read["status"].upper() == "DELIVERED",
        is_invoiced=read["invoice_status"].upper() not in ("", "NOT_INVOICED"),
        picked_on=None if picked is None else picked.date(),
        pieces=tuple((one["row_id"], one["quantity"]) for one in read["sales_order_fulfillment_rows"]),
        tracking_number=read["tracking_number"] or None,
        carrier=read["tracking_carrier"] or None,
        tracking_url=read["tracking_url"] or None,
        is_gone=read["deleted_at"] is not None,
        lines=tuple((one["id"], one["row_id"]) for one in read["sales_order_fulfillment_rows"] if one["id"]),
    )


def read_mo(said: Any) -> MoRecord:
    """One of the manufacturing orders. Raises Unreadable."""
    read = load(_MO, said)
    return MoRecord(read["id"], read["status"].upper(), read["quantity"] or ZERO, read["row_id"])


def _row(read: dict[str, Any]) -> RowRecord:
    return RowRecord(**{**read, "price_per_unit": read["price_per_unit"] or ZERO, "discount": read["discount"] or ZERO})
