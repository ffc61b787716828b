"""The JSON of a Shopify order as GraphQL answers it, field by field. It computes nothing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from schemas.fields import Currency, Field, Id, Number, Text, UtcTime, VendorSchema
from schemas.meaning import Shape
from schemas.orders import ZERO

WITHHELD: Final = "withheld"  # our own word in an order: which fields of its buyer we may not read (DOR-5)

_GID: Final = validate.Regexp(r"gid://shopify/\w+/[0-9]{1,20}(\?.*)?\Z", error="must be a Shopify id")


class Gid(Field[str]):
    """The number at the end of gid://shopify/Order/5001, as text: it may be larger than any double holds."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        number = str(_GID(value if isinstance(value, str) else "")).rpartition("/")[2].partition("?")[0]
        if not number.strip("0"):
            raise ValidationError("must be a Shopify id")
        return number


class Money(Field[Decimal]):
    """The amount of a MoneyBag in the currency that the buyer was shown: all amounts of an order are of that one."""

    amount: Final = Number(required=True)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Decimal:
        money = value.get("presentmentMoney") if isinstance(value, dict) else None
        if not isinstance(money, dict) or "amount" not in money:
            raise ValidationError("must be an amount")
        amount: Decimal = self.amount.deserialize(money["amount"])
        return amount


class Nodes(Field[list[Any]]):
    """The nodes of a connection that came whole."""

    def __init__(self, schema: type[Schema], **kwargs: Any) -> None:
        super().__init__(**(kwargs if kwargs.get("required") else {"load_default": list, **kwargs}))
        self.inner = fields.Nested(schema, many=True)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if not isinstance(value, dict) or "nodes" not in value:
            raise ValidationError("must be a connection")
        return list(self.inner.deserialize(value["nodes"]) or ())


def pieces(**kwargs: Any) -> Number:
    """Pieces: never below zero."""
    return Number(minimum=ZERO, **kwargs)


class _Ref(VendorSchema):
    id = Gid(required=True)


class _TaxLine(VendorSchema):
    rate = Number(allow_none=True, load_default=None)
    tax = Money(required=True, data_key="priceSet")


class _Allocation(VendorSchema):
    amount = Money(required=True, data_key="allocatedAmountSet")


class _Line(VendorSchema):
    id = Gid(required=True)
    name = Text()
    sku = Text()
    quantity = pieces(required=True)
    current_quantity = pieces(required=True, data_key="currentQuantity")
    unfulfilled_quantity = pieces(required=True, data_key="unfulfilledQuantity")
    non_fulfillable_quantity = pieces(load_default=ZERO, data_key="nonFulfillableQuantity")
    requires_shipping = fields.Boolean(required=True, data_key="requiresShipping")
    variant = fields.Nested(_Ref, allow_none=True, load_default=None)
    product = fields.Nested(_Ref, allow_none=True, load_default=None)
    price = Money(required=True, data_key="originalUnitPriceSet")
    paid_net = Money(load_default=None, data_key="priceAfterAllDiscountsBeforeTaxesSet")
    discounts = fields.Nested(_Allocation, many=True, load_default=list, data_key="discountAllocations")
    taxes = fields.Nested(_TaxLine, many=True, load_default=list, data_key="taxLines")


class _ShippingLine(VendorSchema):
    id = Gid(allow_none=True, load_default=None)
    title = Text()
    price = Money(required=True, data_key="discountedPriceSet")
    current_price = Money(required=True, data_key="currentDiscountedPriceSet")
    taxes = fields.Nested(_TaxLine, many=True, load_default=list, data_key="taxLines")


class _Fee(VendorSchema):
    id = Gid(required=True)
    name = Text()
    price = Money(required=True)
    taxes = fields.Nested(_TaxLine, many=True, load_default=list, data_key="taxLines")


class _Email(VendorSchema):
    address = Text(data_key="emailAddress")


class _Customer(VendorSchema):
    id = Gid(required=True)
    name = Text(data_key="displayName")
    email = fields.Nested(_Email, allow_none=True, load_default=None, data_key="defaultEmailAddress")


class _Address(VendorSchema):
    first_name = Text(data_key="firstName")
    last_name = Text(data_key="lastName")
    company = Text()
    line_1 = Text(data_key="address1")
    line_2 = Text(data_key="address2")
    city = Text()
    province = Text()
    province_code = Text(data_key="provinceCode")
    zip = Text()
    country = Text(data_key="countryCodeV2")
    phone = Text()


class _Place(VendorSchema):
    location = fields.Nested(_Ref, allow_none=True, load_default=None)


class _Action(VendorSchema):
    name = Text(data_key="action")


class _Delivery(VendorSchema):
    kind = Text(data_key="methodType")


class _FulfillmentOrderLine(VendorSchema):
    id = Gid(required=True)
    line = fields.Nested(_Ref, required=True, data_key="lineItem")
    remaining = pieces(required=True, data_key="remainingQuantity")


class _FulfillmentOrder(VendorSchema):
    id = Gid(required=True)
    status = Text()
    place = fields.Nested(_Place, allow_none=True, load_default=None, data_key="assignedLocation")
    actions = fields.Nested(_Action, many=True, load_default=list, data_key="supportedActions")
    delivery = fields.Nested(_Delivery, allow_none=True, load_default=None, data_key="deliveryMethod")
    lines = Nodes(_FulfillmentOrderLine, data_key="lineItems")


class _Tracking(VendorSchema):
    number = Text()
    company = Text()
    url = Text(limit=2000)


class _FulfillmentLine(VendorSchema):
    line = fields.Nested(_Ref, required=True, data_key="lineItem")
    quantity = pieces(allow_none=True, load_default=ZERO)


class _Fulfillment(VendorSchema):
    id = Gid(required=True)
    status = Text()
    shown_status = Text(data_key="displayStatus")
    tracking = fields.Nested(_Tracking, many=True, load_default=list, data_key="trackingInfo")
    lines = Nodes(_FulfillmentLine, data_key="fulfillmentLineItems")


class _FulfilledLine(VendorSchema):
    line = fields.Nested(_Ref, required=True, data_key="lineItem")


class _ReturnLine(VendorSchema):
    quantity = pieces(required=True)
    # Absent on what was returned without proof of having been sold.
    of = fields.Nested(_FulfilledLine, allow_none=True, load_default=None, data_key="fulfillmentLineItem")


class _Return(VendorSchema):
    id = Gid(required=True)
    status = Text()
    lines = Nodes(_ReturnLine, data_key="returnLineItems")


class _Amount(VendorSchema):
    amount = Number(required=True)
    currency = Id(required=True, data_key="currencyCode")


class _Total(VendorSchema):
    shop = fields.Nested(_Amount, required=True, data_key="shopMoney")
    shown = fields.Nested(_Amount, required=True, data_key="presentmentMoney")


class OrderJson(VendorSchema):
    """An order with its connections as {"nodes": […]}."""

    id = Gid(required=True)
    name = Text()
    created_at = UtcTime(required=True, data_key="createdAt")
    updated_at = UtcTime(required=True, data_key="updatedAt")
    cancelled_at = UtcTime(allow_none=True, load_default=None, data_key="cancelledAt")
    is_closed = fields.Boolean(required=True, data_key="closed")
    financial_status = Text(data_key="displayFinancialStatus")
    fulfillment_status = Text(data_key="displayFulfillmentStatus")
    currency = Currency(required=True, data_key="presentmentCurrencyCode")
    shop_currency = Id(required=True, data_key="currencyCode")
    taxes_included = fields.Boolean(required=True, data_key="taxesIncluded")
    po_number = Text(data_key="poNumber")
    note = Text(limit=10_000)
    email = Text()
    source = Text(data_key="sourceName")
    withheld = fields.List(Text(), load_default=list, data_key=WITHHELD)
    customer = fields.Nested(_Customer, allow_none=True, load_default=None)
    billing = fields.Nested(_Address, allow_none=True, load_default=None, data_key="billingAddress")
    shipping = fields.Nested(_Address, allow_none=True, load_default=None, data_key="shippingAddress")
    total = fields.Nested(_Total, required=True, data_key="totalPriceSet")
    current_total = Money(required=True, data_key="currentTotalPriceSet")
    current_tax = Money(required=True, data_key="currentTotalTaxSet")
    refunded = Money(required=True, data_key="totalRefundedSet")
    tip = Money(allow_none=True, load_default=ZERO, data_key="totalTipReceivedSet")
    duties = Money(allow_none=True, load_default=None, data_key="currentTotalDutiesSet")
    lines = Nodes(_Line, required=True, data_key="lineItems")
    shipping_lines = Nodes(_ShippingLine, data_key="shippingLines")
    fees = fields.Nested(_Fee, many=True, load_default=list, data_key="additionalFees")
    fulfillment_orders = Nodes(_FulfillmentOrder, data_key="fulfillmentOrders")
    fulfillments = fields.Nested(_Fulfillment, many=True, load_default=list)
    returns = Nodes(_Return)


def meaning_of(schema: Schema) -> Shape:
    """Everything that a schema reads, as the shape of its meaning."""
    return {field.data_key or name: _part(field) for name, field in schema.fields.items()}


def _part(field: Any) -> Any:
    match field:
        case Nodes():
            return {"nodes": [meaning_of(field.inner.schema)]}
        case Money():
            return {"presentmentMoney": {"amount": None}}
        case fields.List():
            return [None]
        case fields.Nested():
            shape = meaning_of(field.schema)
            return [shape] if field.many else shape
        case _:
            return None
