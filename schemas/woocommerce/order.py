"""WooCommerce's JSON as a StoreOrder: facts only. It decides nothing about which orders or amounts the hub takes."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from marshmallow import fields, validate

from schemas.errors import Unreadable
from schemas.fields import (
    LONG_AGO,
    Flag,
    Hint,
    Hints,
    Id,
    Number,
    Part,
    Parts,
    PlainText,
    Text,
    UtcTime,
    VendorSchema,
    Words,
    each_once,
    listed,
    load,
    shape_read,
)
from schemas.figures import rounded
from schemas.meaning import digest_of, kept_of, shape_of
from schemas.money import reckoning
from schemas.orders import ZERO, Address, Buyer, Kind, StoreCharge, StoreLine, StoreOrder
from schemas.woocommerce.money import DECIMALS, ITEMS, META, Ambiguity, settle, settle_rest
from schemas.woocommerce.payments import CARD_FIELDS, REFUNDED_ITEM, kept_meta, payments
from schemas.woocommerce.platform import PLATFORM

Loaded = dict[str, Any]

_DIGITS: Final = validate.Regexp(r"[0-9]{1,20}\Z", error="must be an id")


# -- the vendor's JSON -------------------------------------------------------------------------------------------


class _Address(VendorSchema):
    first_name = Words()
    last_name = Words()
    company = Words()
    line_1 = Words(data_key="address_1")
    line_2 = Words(data_key="address_2")
    city = Words()
    state = Words()
    zip = Words(data_key="postcode")
    country = Words()
    phone = Words()


class _Billing(_Address):
    email = Words()


class _Tax(VendorSchema):
    id = Text()
    total = Text()  # empty where the rate does not apply to the line
    subtotal = Text()


class _Item(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    total = Number(required=True)
    total_tax = Number(required=True)
    taxes = Hints(_Tax)


class _Line(_Item):
    name = PlainText()
    sku = Text()
    product_id = Text()
    variation_id = Text()
    quantity = Number(required=True, minimum=ZERO)
    subtotal = Number(required=True)
    subtotal_tax = Hint(load_default=None)


class _ShippingLine(_Item):
    name = PlainText(data_key="method_title")


class _FeeLine(_Item):
    name = PlainText()
    meta_data = fields.Raw(load_default=None)


class _TaxLine(VendorSchema):
    rate_id = Text()
    rate_percent = Hint(load_default=None)
    compound = Flag()


class _RefundTotal(VendorSchema):
    total = Number(required=True)


class _Order(VendorSchema):
    id = Id(required=True, validate=_DIGITS)
    number = Text()
    status = Id(required=True)  # as an id: a word that must be there
    currency = Id(required=True)
    date_created_gmt = UtcTime(allow_none=True, load_default=None)  # a draft may have neither
    date_modified_gmt = UtcTime(allow_none=True, load_default=None)  # none after some migrations
    date_paid_gmt = UtcTime(allow_none=True, load_default=None)
    total = Number(required=True)
    total_tax = Number(required=True)
    customer_id = Text()
    customer_note = Words(limit=10_000)
    billing = Part(_Billing)
    shipping = Part(_Address)
    line_items = Parts(_Line, required=True)
    shipping_lines = Parts(_ShippingLine)
    fee_lines = Parts(_FeeLine)
    tax_lines = Hints(_TaxLine)
    refunds = Parts(_RefundTotal)


class _RefundItem(VendorSchema):
    quantity = Number(load_default=ZERO, validate=validate.Range(max=ZERO))
    total = Number(required=True)
    total_tax = Number(required=True)
    meta_data = fields.Raw(load_default=None)


class _Refund(VendorSchema):
    amount = Number(required=True)
    line_items = Parts(_RefundItem)
    shipping_lines = Parts(_RefundItem)
    fee_lines = Parts(_RefundItem)


class _Refunds(VendorSchema):
    refunds = fields.Nested(_Refund, many=True, load_default=None)


_ORDER: Final = _Order()
_REFUNDS: Final = _Refunds()


# -- reading -----------------------------------------------------------------------------------------------------


def read_order(payload: Any) -> StoreOrder:
    """An order, alone or as {"order": …, "refunds": […], …}, with what refunds took already off (MAP-8).

    Numbers must have been parsed as Decimal. Raises Unreadable with the path, and nothing else.
    """
    return read_with_ambiguities(payload)[0]


@reckoning()
def read_with_ambiguities(payload: Any) -> tuple[StoreOrder, frozenset[Ambiguity]]:
    """An order, and what it leaves open."""
    order = load(_ORDER, order_part(payload))
    beside = payload if _is_wrapped(payload) else {}
    for kind in ITEMS:
        order[kind] = each_once(order[kind], kind)
    doubts = settle(order, beside, payments(payload))
    _date(order)
    refunds = load(_REFUNDS, payload)["refunds"] if beside else None
    apart = _take_refunds_off(order, refunds)
    if refunds:
        settle_rest(order, beside)
    return _store_order(order, apart), doubts


def _date(order: Loaded) -> None:
    """Give an order the date that it lacks. What never imports needs none; of others the first one counts (ORD-4)."""
    created = order["date_created_gmt"] or order["date_modified_gmt"]
    if created is None and order["status"] in PLATFORM.imports:
        raise Unreadable("date_created_gmt", "is missing")
    order["date_created_gmt"] = created or LONG_AGO
    order["date_modified_gmt"] = order["date_modified_gmt"] or order["date_created_gmt"]


def order_part(payload: Any) -> Any:
    """The order itself of a payload that may carry its refunds beside it."""
    return payload["order"] if _is_wrapped(payload) else payload


def needs_refunds(order: Any) -> bool:
    """Whether the order says less than its refunds do: quantities given back stand only there (MAP-8)."""
    return isinstance(order, dict) and bool(order.get("refunds"))


def _is_wrapped(payload: Any) -> bool:
    return isinstance(payload, dict) and "order" in payload and "id" not in payload


def _store_order(order: Loaded, refunded_apart: Decimal) -> StoreOrder:
    email = order["billing"].pop("email")
    bill_to, shipping = Address(**order["billing"]), Address(**order["shipping"])
    return StoreOrder(
        external_id=order["id"],
        number=order["number"] or order["id"],
        status=order["status"],
        currency=order["currency"],
        created_at=order["date_created_gmt"],
        updated_at=order["date_modified_gmt"],
        # What the shop shows to buyers may include tax; the amounts of the REST API never do. Saying True here
        # would take the tax off a second time.
        prices_include_tax=False,
        lines=tuple(_line(line) for line in order["line_items"] if line["quantity"]),
        charges=tuple(_charges(order)),
        total_with_tax=order["total"],
        total_tax=order["total_tax"],
        buyer=Buyer(
            name=bill_to.person or bill_to.company or shipping.person,
            email=email or None,
            external_id=order["customer_id"] if order["customer_id"] not in {"", "0"} else None,
        ),
        bill_to=bill_to,
        ship_to=shipping if _is_a_place(shipping) else bill_to,
        unit=order["unit"],
        refunded_apart=refunded_apart,
        note=order["customer_note"] or None,
        has_items=bool(order["line_items"]),
        is_paid=order["date_paid_gmt"] is not None,
    )


def _line(line: Loaded) -> StoreLine:
    return StoreLine(
        external_id=line["id"],
        name=line["name"],
        sku=line["sku"] or None,
        quantity=line["quantity"],
        amount=line["subtotal"],
        discount=line["subtotal"] - line["total"],
        tax_rate=line["tax_rate"],
        tax=line["total_tax"],
        product_key=_product_key(line),
    )


def _product_key(line: Loaded) -> str:
    for kind in ("variation", "product"):
        if line[f"{kind}_id"] not in {"", "0"}:
            return f"{kind}:{line[f'{kind}_id']}"
    return f"name:{line['name']}"  # the product was deleted, or there never was one


def _charges(order: Loaded) -> Iterable[StoreCharge]:
    for item in order["shipping_lines"]:
        yield _charge(item, Kind.SHIPPING)
    for item in order["fee_lines"]:
        yield _charge(item, Kind.SERVICE)
    for line in order["line_items"]:
        # The pieces went back and a part of their money stayed with the shop: money without a row (MAP-9).
        if not line["quantity"] and (line["total"] or line["total_tax"]):
            yield _charge(line, Kind.SERVICE)


def _charge(item: Loaded, kind: Kind) -> StoreCharge:
    return StoreCharge(item["id"], item["name"], kind, item["total"], item["tax_rate"], item["total_tax"])


def _is_a_place(address: Address) -> bool:
    """Whether something could be sent there: shops fill in country and state before anybody typed an address."""
    return replace(address, country="", state="", phone="") != Address()


# -- refunds -----------------------------------------------------------------------------------------------------


def _take_refunds_off(order: Loaded, refunds: list[Loaded] | None) -> Decimal:
    """Take what refunds name off the order's items and totals; returns the money that they tie to no item."""
    if refunds is None:
        # The order alone says only how much was given back, as a negative total.
        return -sum((refund["total"] for refund in order["refunds"]), ZERO)
    apart = ZERO
    for refund in refunds:
        apart += refund["amount"]
        for kind in ITEMS:
            items = {item["id"]: item for item in order[kind]}
            for part in refund[kind]:
                item = items.get(_refunded_item_id(part["meta_data"]))
                if item is not None:
                    _take_off(order, item, part)
                    apart += part["total"] + part["total_tax"]
    return apart


def _take_off(order: Loaded, item: Loaded, part: Loaded) -> None:
    """Take a part, whose numbers are negative, off an item and the order. Money alone leaves the quantity (MAP-8)."""
    item["total"] += part["total"]
    item["total_tax"] += part["total_tax"]
    if "quantity" in item:
        item["quantity"] = max(ZERO, item["quantity"] + part["quantity"])
        item["subtotal"] += part["total"]
    # The order's totals are of rounded parts, whatever decimals those are shown with.
    order["total"] += rounded(part["total"] + part["total_tax"], order["unit"])
    order["total_tax"] += rounded(part["total_tax"], order["unit"])


def _refunded_item_id(meta: Any) -> str:
    meta = listed(meta)
    for entry in meta if isinstance(meta, list) else ():
        if isinstance(entry, dict) and entry.get("key") == REFUNDED_ITEM:
            return str(entry.get("value"))
    return ""


# -- the meaning of an order -------------------------------------------------------------------------------------

_ADDRESS_SHAPE: Final = shape_of(*(field.data_key or name for name, field in _Billing().fields.items()))
_ITEM_SHAPE: Final = shape_of(
    *("id", "name", "method_title", "sku", "product_id", "variation_id"),
    *("quantity", "subtotal", "subtotal_tax", "total", "total_tax"),
    taxes=[shape_of("id", "total", "subtotal")],
)
_MEANING: Final = shape_of(
    *("id", "number", "status", "currency", "date_created_gmt", "date_paid_gmt"),
    *("total", "total_tax", "customer_id", "customer_note"),
    billing=_ADDRESS_SHAPE,
    shipping=_ADDRESS_SHAPE,
    line_items=[_ITEM_SHAPE],
    shipping_lines=[_ITEM_SHAPE],
    fee_lines=[_ITEM_SHAPE],
    tax_lines=[shape_of("rate_id", "rate_percent", "compound")],
    refunds=[shape_of("id", "total")],
    coupon_lines=[shape_of("discount", "discount_tax")],
    **{name: [shape_of("amount")] for name in CARD_FIELDS},
)

# What is asked for: what is read. The rest (the buyer's IP address, what plugins keep of payments) is not our business.
FIELDS: Final = (*_MEANING, "date_modified_gmt")


def digest(payload: Any) -> str:
    """A hash of everything that is read, so that it changes only with the order's meaning. Takes any JSON.

    Of the refunds it sees only which there are: a list, which has no more of them, gives the same digest.
    """
    return digest_of(order_part(payload), _MEANING)


# -- what is kept of an order (DOR-6) ----------------------------------------------------------------------------------

_KEPT: Final = shape_read(_ORDER) | {
    "meta_data": kept_meta,
    "coupon_lines": [shape_of("discount", "discount_tax")],
    **{name: [shape_of("amount")] for name in CARD_FIELDS},
}
_KEPT["fee_lines"][0]["meta_data"] = kept_meta
_KEPT_BESIDE: Final = shape_read(_REFUNDS) | {"order": _KEPT, META: kept_meta, DECIMALS: None}
for _items in ITEMS:
    _KEPT_BESIDE["refunds"][0][_items][0]["meta_data"] = kept_meta


def kept(payload: Any) -> Any:
    """What is read of an order, alone or with its refunds beside it, and nothing else of any JSON."""
    return kept_of(payload, _KEPT_BESIDE if _is_wrapped(payload) else _KEPT)
