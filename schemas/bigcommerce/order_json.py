"""What is read of BigCommerce's JSON, which parts an order carries itself, and a hash of what it all means."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from schemas.bigcommerce.platform import STATUS_IDS
from schemas.fields import (
    Field,
    Hint,
    Id,
    Number,
    Part,
    Parts,
    PlainText,
    Text,
    UtcTime,
    VendorSchema,
    Words,
    shape_read,
)
from schemas.meaning import digest_of, kept_of, shape_of
from schemas.orders import ZERO

_WORDS: Final = {number: word for word, number in STATUS_IDS.items()}
_DIGITS: Final = validate.Regexp(r"[0-9]{1,20}\Z", error="must be an id")


# -- the vendor's JSON -------------------------------------------------------------------------------------------


class _Moment(UtcTime):
    """A time as mail headers write it, "Wed, 10 Jan 2018 21:05:30 +0000", or as ISO 8601."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        with suppress(ValueError, TypeError, AttributeError, IndexError, OverflowError):
            value = parsedate_to_datetime(value).isoformat()
        return super()._deserialize(value, attr, data, **kwargs)


class _Status(Field[str]):
    """A status id as our word for it; an id that is not documented stays a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = "" if isinstance(value, bool) else str(value)
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValidationError("must be a status id")
        return _WORDS.get(int(text), str(int(text)))


class _Address(VendorSchema):
    first_name = Words()
    last_name = Words()
    company = Words()
    line_1 = Words(data_key="street_1")
    line_2 = Words(data_key="street_2")
    city = Words()
    state = Words()
    zip = Words()
    country = Words(data_key="country_iso2")
    country_name = Words(data_key="country")
    phone = Words()
    email = Words()


class _Discount(VendorSchema):
    amount = Number(required=True)


class _Line(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    product_id = Text()
    variant_id = Text()
    order_address_id = Text()
    name = PlainText()
    sku = Text()
    type = Text()
    quantity = Number(required=True, minimum=ZERO)
    quantity_refunded = Number(allow_none=True, load_default=ZERO, minimum=ZERO)
    quantity_shipped = Number(allow_none=True, load_default=ZERO, minimum=ZERO)
    ex_tax = Number(required=True, data_key="total_ex_tax")
    inc_tax = Number(required=True, data_key="total_inc_tax")
    tax = Number(required=True, data_key="total_tax")
    wrapping_name = PlainText()
    applied_discounts = Parts(_Discount)


class _Lines(VendorSchema):
    line_items = Parts(_Line)


class _Destination(_Address, _Lines):
    shipping_method = PlainText()


class _Email(VendorSchema):
    gift_certificates = Parts(_Lines)


class _Consignments(VendorSchema):
    shipping = Parts(_Destination)
    pickups = Parts(_Lines)
    downloads = Parts(_Lines)
    email = Part(_Email)


class _Fee(VendorSchema):
    id = Id(required=True)
    name = PlainText(data_key="display_name_customer")
    own_name = PlainText(data_key="display_name_merchant")
    ex_tax = Number(allow_none=True, load_default=None, data_key="cost_ex_tax")
    exc_tax = Number(allow_none=True, load_default=None, data_key="cost_exc_tax")
    inc_tax = Number(required=True, data_key="cost_inc_tax")
    tax = Number(allow_none=True, load_default=None, data_key="cost_tax")
    has_hooks = True

    @validates_schema
    def _has_cost(self, fee: dict[str, Any], **_: Any) -> None:
        if _without_tax(fee) is None:
            raise ValidationError("is missing", "cost_ex_tax")

    @post_load
    def _filled(self, fee: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**fee, "ex_tax": _without_tax(fee)}


def _without_tax(fee: Mapping[str, Any]) -> Decimal | None:
    """What a fee costs without tax: half of the vendor's examples spell it cost_exc_tax."""
    for amount in (fee["ex_tax"], fee["exc_tax"]):
        if amount is not None:
            return Decimal(amount)
    return None if fee["tax"] is None else fee["inc_tax"] - fee["tax"]


class _Sent(VendorSchema):
    line_id = Id(required=True, validate=_DIGITS, data_key="order_product_id")
    quantity = Number(required=True, minimum=ZERO)


class _Shipment(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    tracking_number = Text()
    tracking_carrier = Text()
    shipping_provider = Text()
    tracking_link = Text()
    generated_tracking_link = Text()
    items = Parts(_Sent, required=True)


class _Order(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    status = _Status(required=True, data_key="status_id")
    is_deleted = fields.Boolean(allow_none=True, load_default=False)
    currency = Text(data_key="default_currency_code")  # what the buyer pays in
    shown_currency = Text(data_key="currency_code")
    base_currency = Text(data_key="store_default_currency_code")
    base_rate = Number(allow_none=True, load_default=None, data_key="store_default_to_transactional_exchange_rate")
    date_created = _Moment(required=True)
    date_modified = _Moment(required=True)
    total_inc_tax = Number(required=True)
    total_tax = Number(required=True)
    is_tax_inclusive_pricing = fields.Boolean(allow_none=True, load_default=False)
    discount_amount = Number(allow_none=True, load_default=ZERO)
    coupon_discount = Number(allow_none=True, load_default=ZERO)
    store_credit_amount = Hint(load_default=ZERO)
    gift_certificate_amount = Hint(load_default=ZERO)
    shipping_cost_ex_tax = Number(allow_none=True, load_default=ZERO)
    shipping_cost_inc_tax = Number(allow_none=True, load_default=ZERO)
    handling_cost_ex_tax = Number(allow_none=True, load_default=ZERO)
    handling_cost_inc_tax = Number(allow_none=True, load_default=ZERO)
    wrapping_cost_ex_tax = Number(allow_none=True, load_default=ZERO)
    wrapping_cost_inc_tax = Number(allow_none=True, load_default=ZERO)
    payment_status = Text()
    customer_id = Text()
    staff_notes = Words(limit=10_000)
    customer_message = Words(limit=10_000)
    shipping_address_count = Number(allow_none=True, load_default=ZERO)
    billing_address = Part(_Address, required=True)
    consignments = Part(_Consignments)
    products = Parts(_Line)
    shipping_addresses = Parts(_Destination)
    fees = Parts(_Fee)
    shipments = Parts(_Shipment)


ORDER: Final = _Order()

# Beside an order: what its own JSON gives only as links.
PARTS: Final = ("products", "shipping_addresses", "fees")
SHIPMENTS: Final = "shipments"  # never in an order itself


# -- the parts of an order ---------------------------------------------------------------------------------------


def order_part(payload: Any) -> Any:
    """The order itself of a payload that may carry its parts beside it."""
    return payload["order"] if is_wrapped(payload) else payload


def needs_parts(order: Any) -> bool:
    """Whether an order says less than its parts do: it has links in place of lines or fees, or too few lines.

    A list of lines is given 50 at a time, and nobody says whether that holds inside an order too.
    """
    if not isinstance(order, dict):
        return False
    lines = list(_raw_lines(order.get("consignments")))
    if not isinstance(order.get("fees"), list) or not all(isinstance(line, dict) for line in lines):
        return True
    if any("quantity" not in line and "resource" in line for line in lines):
        return True
    pieces = sum(line["quantity"] for line in lines if isinstance(line.get("quantity"), int))
    promised = order.get("items_total")
    return isinstance(promised, int) and pieces < promised


def has_shipments(order: Any) -> bool:
    """Whether the shop counts pieces of an order as shipped, and so may have shipment records of it."""
    if not isinstance(order, dict):
        return False
    pieces = [order.get("items_shipped")]
    pieces += [line.get("quantity_shipped") for line in _raw_lines(order.get("consignments")) if isinstance(line, dict)]
    return any(isinstance(count, int) and count > 0 for count in pieces)


def needs_shipments(order: Any) -> bool:
    """Whether what an order does not say itself, its shipments, may still matter: all of a completed one went out."""
    return has_shipments(order) and order.get("status_id") != STATUS_IDS["completed"]


def _raw_lines(consignments: Any) -> Iterable[Any]:
    """The lines in an order's consignments, of whatever kind, not read yet."""
    if not isinstance(consignments, dict):
        return
    email = consignments.get("email")
    groups = [consignments.get(kind) for kind in ("shipping", "pickups", "downloads")]
    groups.append(email.get("gift_certificates") if isinstance(email, dict) else None)
    for group in groups:
        for one in group if isinstance(group, list) else ():
            lines = one.get("line_items") if isinstance(one, dict) else None
            yield from lines if isinstance(lines, list) else [lines]


def is_wrapped(payload: Any) -> bool:
    """Whether a payload is an order with its parts beside it."""
    return isinstance(payload, dict) and "order" in payload and "id" not in payload


def flat(payload: Any) -> Any:
    """An order with its parts in it, each once: a part beside the order is in place of what the order says of it."""
    order = order_part(payload)
    if not isinstance(order, dict):
        return order
    beside = payload if is_wrapped(payload) else {}
    sent = {SHIPMENTS: beside.get(SHIPMENTS, [])}
    if not is_wrapped(payload) or (PARTS[0] not in payload and not needs_parts(order)):
        own = {name: part for name, part in order.items() if name not in ("products", "shipping_addresses")}
        return own | sent
    rest = {name: part for name, part in order.items() if name not in (*PARTS, "consignments")}
    return rest | {name: payload.get(name, []) for name in PARTS} | sent


# -- the meaning of an order -------------------------------------------------------------------------------------

_ADDRESS_SHAPE: Final = shape_of(*(field.data_key or name for name, field in _Address().fields.items()))
_NOT_MEANT: Final = {"applied_discounts", "order_address_id"}  # the one is a list, the other never changes
_LINE_SHAPE: Final = shape_of(
    *(field.data_key or name for name, field in _Line().fields.items() if name not in _NOT_MEANT),
    applied_discounts=[shape_of("amount")],
)
_SENT_SHAPE: Final = {**_ADDRESS_SHAPE, "shipping_method": None, "line_items": [_LINE_SHAPE]}
_NESTED: Final = {
    "consignments",
    "products",
    "shipping_addresses",
    "fees",
    "billing_address",
    "date_modified",
    SHIPMENTS,
}
_MEANING: Final = shape_of(
    *(field.data_key or name for name, field in ORDER.fields.items() if name not in _NESTED),
    "items_total",
    billing_address=_ADDRESS_SHAPE,
    consignments=shape_of(
        shipping=[_SENT_SHAPE],
        pickups=[_SENT_SHAPE],
        downloads=[_SENT_SHAPE],
        email=shape_of(gift_certificates=[_SENT_SHAPE]),
    ),
    fees=[shape_of(*(field.data_key or name for name, field in _Fee().fields.items()))],
)


def digest(payload: Any) -> str:
    """A hash of everything that is read of the order itself, so that it changes only with its meaning. Any JSON."""
    return digest_of(order_part(payload), _MEANING)


# -- what is kept of an order (DOR-6) ----------------------------------------------------------------------------------

# Links stand where parts are not in an order: that they do says that they were beside it.
_KEPT: Final = shape_read(ORDER) | shape_of("items_total")
for _sent in ("shipping", "pickups", "downloads"):
    _KEPT["consignments"][_sent][0]["line_items"][0]["resource"] = None
_KEPT["consignments"]["email"]["gift_certificates"][0]["line_items"][0]["resource"] = None


def kept(payload: Any) -> Any:
    """What is read of an order, alone or with its parts beside it, and nothing else of any JSON."""
    return kept_of(payload, {**_KEPT, "order": _KEPT} if is_wrapped(payload) else _KEPT)
