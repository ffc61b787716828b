"""Whatever a Shopify order holds and lost again, the hub's order adds up to what is paid (MAP-4, MAP-5, MAP-6, MAP-8).

The basket is worked out here from prices, rates and discounts alone, and only then written as the API writes it.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors import json_text
from schemas.hub import DraftOrder
from schemas.money import cent
from schemas.orders import ZERO
from schemas.shopify.order import read_order
from schemas.shopify.platform import PLATFORM
from tests import makers
from tests.examples import examples
from tests.rules.building import draft
from tests.schemas.shopify.test_order import DATA

RATES = st.sampled_from([(), ("0.19",), ("0.07",), ("0.0825",), ("0.05", "0.09975"), ("0.2",)])
EXAMPLES = examples(60)


@dataclass(frozen=True, slots=True)
class Piece:
    """A line: what was ordered of it, what of that was removed, and its discounts, the order's share among them."""

    price: Decimal
    quantity: int
    rates: tuple[Decimal, ...]
    discounts: tuple[Decimal, ...] = ()
    removed: int = 0

    @property
    def left(self) -> int:
        return self.quantity - self.removed


@dataclass(frozen=True, slots=True)
class Basket:
    """What was ordered; `names_net` says whether the shop tells what is paid for a line without tax.

    `unit` is what the shop rounds to.
    """

    currency: str
    unit: Decimal
    is_gross: bool
    pieces: tuple[Piece, ...]
    shipping: tuple[tuple[Decimal, Decimal], ...]  # what a parcel cost, and what of it was not given back
    fees: tuple[Decimal, ...]
    tip: Decimal
    names_net: bool

    def whole(self, amount: Decimal) -> Decimal:
        return (amount / self.unit).quantize(Decimal(1), ROUND_HALF_UP) * self.unit

    def taxes(self, amount: Decimal, rates: tuple[Decimal, ...]) -> list[Decimal]:
        net = amount / (1 + sum(rates)) if self.is_gross else amount
        return [self.whole(net * rate) for rate in rates]

    def paid(self, piece: Piece, pieces: int) -> Decimal:
        return piece.price * pieces - self.whole(sum(piece.discounts, ZERO) * pieces / piece.quantity)

    @property
    def kept_shipping(self) -> list[Decimal]:
        return [kept for _, kept in self.shipping]

    @property
    def current_tax(self) -> Decimal:
        parts = [self.taxes(self.paid(piece, piece.left), piece.rates) for piece in self.pieces]
        parts += [self.taxes(price, CHARGE_RATES) for price in (*self.kept_shipping, *self.fees)]
        return sum((tax for part in parts for tax in part), ZERO)

    @property
    def current_total(self) -> Decimal:
        paid = sum((self.paid(piece, piece.left) for piece in self.pieces), self.tip)
        paid += sum(self.kept_shipping, ZERO) + sum(self.fees, ZERO)
        return paid if self.is_gross else paid + self.current_tax


CHARGE_RATES = (Decimal("0.19"),)


@st.composite
def baskets(draw: st.DrawFn, *, removals: bool = False) -> Basket:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    unit = cent(currency)
    return Basket(
        currency=currency,
        unit=unit,
        is_gross=draw(st.booleans()),
        pieces=tuple(_piece(draw, unit, removals=removals) for _ in range(draw(st.integers(1, 4)))),
        shipping=tuple(_parcel(draw, unit, removals=removals) for _ in range(draw(st.integers(0, 2)))),
        fees=tuple(draw(st.integers(0, 500)) * unit for _ in range(draw(st.integers(0, 2)))),
        tip=draw(st.integers(0, 500)) * unit,
        names_net=draw(st.booleans()),
    )


def _parcel(draw: st.DrawFn, unit: Decimal, *, removals: bool) -> tuple[Decimal, Decimal]:
    price = draw(st.integers(0, 5000)) * unit
    kept = (price * draw(st.sampled_from([0, 50, 100])) / 100).quantize(unit) if removals else price
    return price, kept


def _piece(draw: st.DrawFn, unit: Decimal, *, removals: bool) -> Piece:
    price, quantity = draw(st.integers(0, 10**5)) * unit, draw(st.sampled_from([1, 2, 3, 7, 500]))
    rates = tuple(Decimal(rate) for rate in draw(RATES))
    worth = price * quantity
    first = (worth * draw(st.sampled_from([0, 0, 10, 33, 100])) / 100).quantize(unit)
    second = ((worth - first) * draw(st.sampled_from([0, 0, 7, 50])) / 100).quantize(unit)
    removed = draw(st.integers(0, quantity)) if removals else 0
    return Piece(price, quantity, rates, tuple(part for part in (first, second) if part), removed)


@st.composite
def baskets_without_decimals(draw: st.DrawFn) -> Basket:
    """Several lines of a shop that rounds to whole amounts where its currency has cents."""

    def piece() -> Piece:
        price, rates = Decimal(draw(st.integers(20, 5000))), (Decimal("0.25"),)
        return Piece(price, draw(st.sampled_from([1, 2, 500])), rates, (price,) if draw(st.booleans()) else ())

    return Basket(
        currency=draw(st.sampled_from(["DKK", "HUF"])),
        unit=Decimal(1),
        is_gross=draw(st.booleans()),
        pieces=tuple(piece() for _ in range(draw(st.integers(1, 4)))),
        shipping=(),
        fees=(),
        tip=ZERO,
        names_net=draw(st.booleans()),
    )


# -- as GraphQL writes it ------------------------------------------------------------------------------------------


def _bag(amount: Decimal, currency: str) -> dict[str, Any]:
    money = {"amount": str(amount), "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def _taxed(basket: Basket, amount: Decimal, rates: tuple[Decimal, ...]) -> list[dict[str, Any]]:
    taxes = basket.taxes(amount, rates)
    return [{"rate": rate, "priceSet": _bag(tax, basket.currency)} for rate, tax in zip(rates, taxes, strict=True)]


def _line(basket: Basket, place: int) -> dict[str, Any]:
    piece, currency = basket.pieces[place], basket.currency
    left = basket.paid(piece, piece.left)
    net = left - sum(basket.taxes(left, piece.rates), ZERO) if basket.is_gross else left
    return {
        "id": f"gid://shopify/LineItem/{place + 1}",
        "name": "Hook",
        "sku": f"HOOK-{place}",
        "quantity": piece.quantity,
        "currentQuantity": piece.left,
        "unfulfilledQuantity": piece.left,
        "nonFulfillableQuantity": piece.removed,
        "requiresShipping": True,
        "variant": {"id": f"gid://shopify/ProductVariant/{place + 1}"},
        "product": {"id": f"gid://shopify/Product/{place + 1}"},
        "originalUnitPriceSet": _bag(piece.price, currency),
        "priceAfterAllDiscountsBeforeTaxesSet": _bag(net, currency) if basket.names_net else None,
        "discountAllocations": [{"allocatedAmountSet": _bag(part, currency)} for part in piece.discounts],
        "taxLines": _taxed(basket, basket.paid(piece, piece.quantity), piece.rates),
    }


def _shipping(basket: Basket, place: int) -> dict[str, Any]:
    price, kept = basket.shipping[place]
    return {
        "id": f"gid://shopify/ShippingLine/{place + 1}",
        "title": f"Parcel {place}",
        "discountedPriceSet": _bag(price, basket.currency),
        "currentDiscountedPriceSet": _bag(kept, basket.currency),
        "taxLines": _taxed(basket, price, CHARGE_RATES),
    }


def _fee(basket: Basket, place: int) -> dict[str, Any]:
    price = basket.fees[place]
    taxes = _taxed(basket, price, CHARGE_RATES)
    name = f"Fee {place}"
    return {
        "id": f"gid://shopify/AdditionalFee/{place + 1}",
        "name": name,
        "price": _bag(price, basket.currency),
        "taxLines": taxes,
    }


def mapped(basket: Basket) -> DraftOrder:
    """The sales order of the basket's JSON."""
    payload = json_text.read((DATA / "plain_ex_tax.json").read_text()) | {
        "currencyCode": basket.currency,
        "presentmentCurrencyCode": basket.currency,
        "taxesIncluded": basket.is_gross,
        "totalPriceSet": _bag(basket.current_total, basket.currency),
        "currentTotalPriceSet": _bag(basket.current_total, basket.currency),
        "currentTotalTaxSet": _bag(basket.current_tax, basket.currency),
        "totalRefundedSet": _bag(ZERO, basket.currency),
        "totalTipReceivedSet": _bag(basket.tip, basket.currency),
        "currentTotalDutiesSet": None,
        "additionalFees": [_fee(basket, place) for place in range(len(basket.fees))],
        "lineItems": {"nodes": [_line(basket, place) for place in range(len(basket.pieces))]},
        "shippingLines": {"nodes": [_shipping(basket, place) for place in range(len(basket.shipping))]},
    }
    order = read_order(payload)
    return draft(order, at=makers.store(PLATFORM), account=makers.account(base_currency=order.currency))


def has_lines(basket: Basket) -> bool:
    return any(piece.left for piece in basket.pieces)


@EXAMPLES
@given(baskets())
def test_MAP_6_the_hubs_order_is_what_was_paid(basket: Basket) -> None:
    made = mapped(basket)

    assert made.total_with_tax == made.store_total_with_tax == basket.current_total
    assert made.total == made.store_total == basket.current_total - basket.current_tax
    assert not made.total_mismatch


@EXAMPLES
@given(baskets())
def test_MAP_10_every_row_has_the_rate_that_is_named_given_away_or_not(basket: Basket) -> None:
    rows = {row.external_id: row for row in mapped(basket).rows}

    for place, piece in enumerate(basket.pieces, 1):
        row = rows[str(place)]
        # Without any tax, what was paid is exempt or was too little to be taxed.
        if row.tax or not basket.paid(piece, piece.quantity):
            assert row.tax_rate == sum(piece.rates) * 100


@EXAMPLES
@given(baskets_without_decimals())
def test_MAP_5_a_shop_without_decimals_adds_up_at_the_rate_that_is_named(basket: Basket) -> None:
    made = mapped(basket)

    assert {row.tax_rate for row in made.rows} == {25}
    assert made.total_with_tax == made.store_total_with_tax == basket.current_total
    assert not made.total_mismatch


@EXAMPLES
@given(baskets(removals=True).filter(has_lines))
def test_MAP_8_what_was_removed_is_off_with_its_discount_and_its_tax(basket: Basket) -> None:
    made = mapped(basket)

    rows = {row.external_id: row.total + (row.tax if basket.is_gross else ZERO) for row in made.rows}
    for place, piece in enumerate(basket.pieces):
        off = rows.get(str(place + 1), ZERO) - basket.paid(piece, piece.left)
        assert abs(off) <= cent(basket.currency)
    assert abs(made.total_with_tax - basket.current_total) <= len(made.rows) * cent(basket.currency)
    assert not made.total_mismatch


def test_MAP_9_a_tip_is_a_row_also_where_a_discounted_piece_was_removed() -> None:
    """0.13 off 3 pieces is 0.0866… on the 2 that are left: the tip is all but found in the total."""
    piece = Piece(Decimal("0.42"), 3, (), (Decimal("0.13"),), removed=1)

    made = mapped(Basket("EUR", Decimal("0.01"), True, (piece,), (), (), Decimal("0.04"), names_net=False))

    assert [(row.name, row.total) for row in made.rows] == [("Hook", Decimal("0.75")), ("Tip", Decimal("0.04"))]
    assert made.total_with_tax == made.store_total_with_tax == Decimal("0.79")
