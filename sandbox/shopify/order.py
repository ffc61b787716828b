"""One order of the Shopify stand-in, and how it is written as the Admin API answers it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import iso4217

from sandbox.shopify.model import FIRST_ID, Json, Line, Order, gid, stamp
from sandbox.shopify.parcels import delivery, fulfillment_orders

_ADDRESS: Final = (
    *("firstName", "lastName", "company", "address1", "address2", "city"),
    *("province", "provinceCode", "zip", "countryCodeV2", "phone"),
)
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Money:
    """Rounds and writes amounts of one order in both of its currencies."""

    shown: str
    shop: str
    rate: Decimal  # what one unit shown is in the shop's currency

    def round(self, amount: Decimal) -> Decimal:
        """The amount in whole minor units of the currency the buyer sees."""
        return _rounded(amount, self.shown)

    def bag(self, amount: Decimal) -> Json:
        """A MoneyBag."""
        return {
            "shopMoney": {"amount": str(_rounded(amount * self.rate, self.shop)), "currencyCode": self.shop},
            "presentmentMoney": {"amount": str(_rounded(amount, self.shown)), "currencyCode": self.shown},
        }


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-(iso4217.Currency(currency).exponent or 0)), rounding=ROUND_HALF_UP)


# -- money -------------------------------------------------------------------------------------------------------


def write(order: Order, shop_currency: str) -> Json:
    """The order's fields, connections as plain lists."""
    if order.raw is not None:
        return order.raw
    if order.written is None:
        order.written = _Writer(order, shop_currency).order()
    return order.written


class _Writer:
    """Writes one order."""

    def __init__(self, order: Order, shop_currency: str) -> None:
        given = order.given
        shown = str(given.get("currency", shop_currency))
        self.given, self.one, self.is_gross = given, order, bool(given.get("taxes_included"))
        self.money = Money(shown, shop_currency, Decimal(str(given.get("rate", 1))))

    def order(self) -> Json:
        order, money, given = self.one, self.money, self.given
        now, current = self._totals(is_current=False), self._totals(is_current=True)
        return {
            "id": gid("Order", order.id),
            "legacyResourceId": str(order.id),
            "name": given.get("name", f"#{order.id - FIRST_ID + 1001}"),
            "createdAt": stamp(order.created),
            "updatedAt": stamp(order.updated),
            "cancelledAt": stamp(order.cancelled),
            "closed": order.closed is not None,
            "closedAt": stamp(order.closed),
            "test": bool(given.get("test")),
            "displayFinancialStatus": order.financial,
            "displayFulfillmentStatus": delivery(order),
            "currencyCode": money.shop,
            "presentmentCurrencyCode": money.shown,
            "taxesIncluded": self.is_gross,
            "poNumber": given.get("po_number"),
            "note": order.note,
            "email": given.get("email"),
            "sourceName": given.get("source", "web"),
            "customer": given.get("customer"),
            "billingAddress": _address(given.get("billing")),
            "shippingAddress": _address(given.get("shipping_address")),
            "totalPriceSet": money.bag(now[0]),
            "currentTotalPriceSet": money.bag(current[0]),
            "currentTotalTaxSet": money.bag(current[1]),
            "totalRefundedSet": money.bag(order.refunded),
            "totalTipReceivedSet": money.bag(_decimal(given.get("tip"))),
            "currentTotalDutiesSet": money.bag(_decimal(given["duties"])) if given.get("duties") else None,
            "additionalFees": [self._fee(place, fee) for place, fee in enumerate(given.get("fees", ()), 1)],
            "lineItems": [self._line(line) for line in order.lines],
            "shippingLines": [self._shipping(place, one) for place, one in enumerate(given.get("shipping", ()), 1)],
            "fulfillmentOrders": fulfillment_orders(order),
            "fulfillments": order.fulfillments,
            "fulfillmentsCount": {"count": len(order.fulfillments), "precision": "EXACT"},
            "returns": order.returns,
        }

    def _totals(self, *, is_current: bool) -> tuple[Decimal, Decimal]:
        """The price with tax and the tax, of what was ordered or of what is left of it."""
        paid = [self._paid(line, line.left if is_current else line.quantity) for line in self.one.lines]
        taxes = [self._line_tax(line, line.left if is_current else line.quantity) for line in self.one.lines]
        for one in (*self.given.get("shipping", ()), *self.given.get("fees", ())):
            amount = self._kept(one) if is_current else _decimal(one["price"])
            paid.append(amount)
            taxes.append(sum(self._taxes(amount, _rates(one)), _ZERO))
        total, tax = sum(paid, _decimal(self.given.get("duties"))), sum(taxes, _ZERO)
        return (total if self.is_gross else total + tax), tax

    def _kept(self, one: Mapping[str, Any]) -> Decimal:
        return _ZERO if one.get("is_refunded") else _decimal(one["price"])

    def _paid(self, line: Line, pieces: int) -> Decimal:
        return line.price * pieces - self._discount(line, pieces)

    def _discount(self, line: Line, pieces: int) -> Decimal:
        return self.money.round(line.discount * pieces / line.quantity)

    def _line_tax(self, line: Line, pieces: int) -> Decimal:
        return sum(self._taxes(self._paid(line, pieces), line.rates), _ZERO)

    def _taxes(self, amount: Decimal, rates: Iterable[Decimal]) -> list[Decimal]:
        rates = tuple(rates)
        base = amount / (1 + sum(rates)) if self.is_gross else amount
        return [self.money.round(base * rate) for rate in rates]

    def _tax_lines(self, amount: Decimal, rates: tuple[Decimal, ...]) -> list[Json]:
        return [
            {"title": f"Tax {rate}", "rate": float(rate), "ratePercentage": float(rate * 100), "priceSet": bag}
            for rate, bag in zip(rates, map(self.money.bag, self._taxes(amount, rates)), strict=True)
        ]

    # -- parts

    def _line(self, line: Line) -> Json:
        given, money = line.given, self.money
        is_custom = bool(given.get("is_custom")) or line.is_service
        net = self._paid(line, line.left) - (self._line_tax(line, line.left) if self.is_gross else 0)
        return {
            "id": gid("LineItem", line.id),
            "name": given.get("name", given.get("sku", "Thing")),
            "sku": given.get("sku"),
            "quantity": line.quantity,
            "currentQuantity": line.left,
            "unfulfilledQuantity": 0 if line.is_service else max(0, line.left - line.sent),
            "nonFulfillableQuantity": line.quantity if line.is_service else line.removed,
            "requiresShipping": not line.is_service and bool(given.get("is_physical", True)),
            "isGiftCard": bool(given.get("is_gift_card")),
            "variant": None if is_custom else {"id": gid("ProductVariant", given.get("variant", line.id))},
            "product": None if is_custom else {"id": gid("Product", given.get("product", line.id))},
            "originalUnitPriceSet": money.bag(line.price),
            "priceAfterAllDiscountsBeforeTaxesSet": money.bag(net),
            "discountAllocations": [{"allocatedAmountSet": money.bag(part)} for part in _discounts(given)],
            "taxLines": self._tax_lines(self._paid(line, line.quantity), line.rates),
        }

    def _shipping(self, place: int, one: Mapping[str, Any]) -> Json:
        price = _decimal(one["price"])
        return {
            "id": gid("ShippingLine", self.one.id * 10 + place),
            "title": one.get("title", "Standard"),
            "discountedPriceSet": self.money.bag(price),
            "currentDiscountedPriceSet": self.money.bag(self._kept(one)),
            "taxLines": self._tax_lines(price, _rates(one)),
        }

    def _fee(self, place: int, one: Mapping[str, Any]) -> Json:
        price = _decimal(one["price"])
        taxes = self._tax_lines(price, _rates(one))
        number = gid("AdditionalFee", self.one.id * 10 + place)
        return {"id": number, "name": one["name"], "price": self.money.bag(price), "taxLines": taxes}


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _rates(given: Mapping[str, Any]) -> tuple[Decimal, ...]:
    return tuple(_decimal(rate) for rate in given.get("taxes", ()))


def _discounts(given: Mapping[str, Any]) -> list[Decimal]:
    return [_decimal(part) for part in given.get("discounts", ())]


def _address(given: Mapping[str, Any] | None) -> Json | None:
    return None if given is None else {key: given.get(key) for key in _ADDRESS}


def line_of(number: int, given: Mapping[str, Any]) -> Line:
    """A line from name, sku, price, quantity, taxes (fractions) and discounts."""
    discount = sum(_discounts(given), _ZERO)
    return Line(number, given, int(given.get("quantity", 1)), _decimal(given.get("price")), _rates(given), discount)
