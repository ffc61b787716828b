"""Whatever a WooCommerce basket holds and gave back, the hub's order adds up to what is paid (MAP-4…6, MAP-8, MAP-9).

The basket is worked out here from prices, rates and coupons alone, and only then written as the REST API writes it:
without tax, in the currency's decimals, in a shop whose own prices may include tax.
"""

import json
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connectors import json_text
from schemas.hub import DraftOrder
from schemas.money import cent, minor_units, round_money
from schemas.orders import ZERO
from schemas.tax import NamedRate, combined
from schemas.woocommerce.order import read_order
from schemas.woocommerce.platform import PLATFORM
from tasks.rules.mapping import SHIPPING_ID
from tests import makers, recorded
from tests.examples import examples
from tests.rules.building import draft

# The rates of an order: percent, and whether it is on top of the others.
RATES: list[tuple[tuple[str, bool], ...]] = [(), (("19", False),), (("8.25", False),), (("5", False), ("9.975", True))]
EXACT = 6  # decimals that WooCommerce keeps of every amount
EXAMPLES = examples(60)


@dataclass(frozen=True, slots=True)
class Item:
    """A line (with pieces), a fee or a shipping line: what it is listed at and paid for, without tax."""

    listed: Decimal
    paid: Decimal
    quantity: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Basket:
    """What was bought. `decimals` are the shop's own, `dp` those that amounts are written with.

    `rounds_at_the_end` is the shop's "round tax at subtotal level"; `has_doubles`: amounts are numbers, not texts.
    """

    currency: str
    rates: tuple[tuple[str, bool], ...]
    lines: tuple[Item, ...]
    fees: tuple[Item, ...]
    shipping: tuple[Item, ...]
    rounds_at_the_end: bool
    prices_include_tax: bool
    decimals: int
    dp: int
    has_doubles: bool = False

    def whole(self, amount: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
        return amount.quantize(Decimal(1).scaleb(-self.decimals), rounding)

    def written(self, amount: Decimal) -> str | float:
        text = f"{amount.quantize(Decimal(1).scaleb(-self.dp), ROUND_HALF_UP):f}"
        return float(text) if self.has_doubles else text

    def taxes(self, amount: Decimal) -> list[Decimal]:
        """The exact tax of each rate; a compound one is on top of the plain ones."""
        plain = sum((amount * Decimal(rate) / 100 for rate, is_compound in self.rates if not is_compound), ZERO)
        return [(amount + plain if on_top else amount) * Decimal(rate) / 100 for rate, on_top in self.rates]

    def shown_tax(self, amount: Decimal) -> Decimal:
        """An item's tax: exact, or each rate's rounded; half a cent is dropped where prices include tax."""
        if self.rounds_at_the_end:
            return sum(self.taxes(amount), ZERO)
        rounding = ROUND_HALF_DOWN if self.prices_include_tax else ROUND_HALF_UP
        return sum((self.whole(tax, rounding) for tax in self.taxes(amount)), ZERO)

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.lines, *self.fees, *self.shipping)

    @property
    def total_tax(self) -> Decimal:
        return self.whole(sum((self.shown_tax(item.paid) for item in self.items), ZERO))

    @property
    def total(self) -> Decimal:
        if self.rounds_at_the_end:
            return self.whole(sum((item.paid + self.shown_tax(item.paid) for item in self.items), ZERO))
        return sum((self.whole(item.paid) for item in self.items), self.total_tax)

    @property
    def rate(self) -> Decimal:
        found = combined(NamedRate(Decimal(rate), on_top) for rate, on_top in self.rates)
        assert found is not None
        return found


# A currency and the decimals of a shop: its own, fewer, more.
SHOPS = [("EUR", 2), ("JPY", 0), ("KWD", 3), ("DKK", 0), ("EUR", 1), ("KWD", 2), ("EUR", 4), ("JPY", 2)]


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    currency, decimals = draw(st.sampled_from(SHOPS))
    rates, is_gross = draw(st.sampled_from(RATES)), draw(st.booleans())
    unit = Decimal(1).scaleb(-decimals)
    share = 1 + sum((tax for tax in Basket(currency, rates, (), (), (), True, is_gross, 9, 9).taxes(Decimal(1))), ZERO)

    def net(shown: Decimal) -> Decimal:
        """Without tax, as the shop keeps it: to six decimals."""
        return (shown / share).quantize(Decimal("1e-6"), ROUND_HALF_UP) if is_gross else shown

    def line() -> Item:
        price = draw(st.integers(0, 10**5)) * unit
        quantity = draw(st.sampled_from([1, 1, 2, 3, 7, 500]))
        off = (price * quantity * draw(st.sampled_from([0, 0, 10, 33, 100])) / 100).quantize(unit)
        return Item(net(price * quantity), net(price * quantity - off), quantity)

    def charge(low: int) -> Item:
        amount = draw(st.integers(low, 5000)) * unit
        return Item(amount, amount)

    return Basket(
        currency=currency,
        rates=rates,
        lines=tuple(line() for _ in range(draw(st.integers(1, 4)))),
        fees=tuple(charge(-5000) for _ in range(draw(st.integers(0, 2)))),
        shipping=tuple(charge(0) for _ in range(draw(st.integers(0, 2)))),
        rounds_at_the_end=draw(st.booleans()),
        prices_include_tax=is_gross,
        decimals=decimals,
        dp=draw(st.sampled_from([decimals, EXACT])),
        has_doubles=decimals == minor_units(currency) and draw(st.booleans()),
    )


@st.composite
def refunded_baskets(draw: st.DrawFn) -> Basket:
    """Baskets of a shop whose prices are without tax, and of some lines pieces were given back."""
    whole = draw(baskets().filter(lambda basket: not basket.prices_include_tax and not basket.rounds_at_the_end))
    lines = tuple(replace(line, refunded=draw(st.integers(0, line.quantity))) for line in whole.lines)
    return replace(whole, lines=lines)


# -- as the REST API writes it -------------------------------------------------------------------------------------


def _item(basket: Basket, number: int, item: Item) -> dict[str, Any]:
    taxes = [
        {"id": place, "total": str(basket.written(tax)), "subtotal": ""}
        for place, tax in enumerate(basket.taxes(item.paid))
    ]
    return {
        "id": number,
        "name": f"Item {number}",
        "method_title": f"Parcel {number}",
        "sku": f"SKU-{number}",
        "product_id": number,
        "variation_id": 0,
        "quantity": item.quantity,
        "subtotal": basket.written(item.listed),
        "subtotal_tax": basket.written(basket.shown_tax(item.listed)),
        "total": basket.written(item.paid),
        "total_tax": basket.written(basket.shown_tax(item.paid)),
        "taxes": taxes,
    }


def _refund(basket: Basket, number: int, item: Item) -> dict[str, Any]:
    paid = basket.whole(item.paid * item.refunded / item.quantity)
    return {
        "id": 1000 + number,
        "quantity": -item.refunded,
        "total": str(-paid),
        "total_tax": str(-basket.whole(basket.shown_tax(item.paid) * item.refunded / item.quantity)),
        "meta_data": [{"key": "_refunded_item_id", "value": str(number)}],
    }


def mapped(basket: Basket, **more: Any) -> DraftOrder:
    """The sales order of the basket's JSON."""
    kinds = (
        ("line_items", basket.lines, 1),
        ("fee_lines", basket.fees, 101),
        ("shipping_lines", basket.shipping, 201),
    )
    written = {
        kind: [_item(basket, number, item) for number, item in enumerate(items, start)] for kind, items, start in kinds
    }
    order = recorded.woocommerce("01_incl_tax_plain") | written
    order |= {
        "currency": basket.currency,
        "prices_include_tax": basket.prices_include_tax,
        "total": basket.written(basket.total),
        "total_tax": basket.written(basket.total_tax),
        "tax_lines": [
            {"rate_id": place, "rate_percent": rate, "compound": on_top}
            for place, (rate, on_top) in enumerate(basket.rates)
        ],
        "refunds": [],
    }
    back = [_refund(basket, number, item) for number, item in enumerate(basket.lines, 1) if item.refunded]
    if back:
        amount = -sum((Decimal(part["total"]) + Decimal(part["total_tax"]) for part in back), ZERO)
        order["refunds"] = [{"id": 90, "total": str(-amount)}]
    order = json_text.read(json.dumps(order | more, default=str))
    payload = {"order": order} | ({"decimals": basket.decimals} if basket.dp == EXACT else {})
    if back:
        payload["refunds"] = [{"id": 90, "amount": str(amount), "line_items": back}]
    read = read_order(payload if len(payload) > 1 else order)
    return draft(read, at=makers.store(PLATFORM), account=makers.account(base_currency=read.currency))


def in_the_hub(amount: Decimal, basket: Basket) -> Decimal:
    return round_money(amount, basket.currency)


@EXAMPLES
@given(baskets())
def test_MAP_6_the_hubs_order_is_what_was_paid(basket: Basket) -> None:
    made = mapped(basket)

    assert made.store_total_with_tax == in_the_hub(basket.total, basket)
    assert made.store_total == in_the_hub(basket.total - basket.total_tax, basket)
    assert not made.total_mismatch
    # What is rounded at the end is not to be had from rounded parts, but with all the decimals that the shop keeps.
    if not basket.rounds_at_the_end or basket.dp == EXACT:
        assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)


@EXAMPLES
@given(baskets())
def test_MAP_10_every_row_has_the_rate_that_the_shop_names(basket: Basket) -> None:
    made = mapped(basket)

    # Without any tax, what was paid is exempt or was too little to be taxed.
    taxed = [row for row in made.rows if (row.tax or not row.total) and row.external_id != SHIPPING_ID]
    assert {row.tax_rate for row in taxed} <= {basket.rate}


@EXAMPLES
@given(baskets())
def test_MAP_4_every_row_is_what_its_line_was_paid_without_tax_whatever_the_shop_shows(basket: Basket) -> None:
    rows = {row.external_id: row for row in mapped(basket).rows}
    unit = _unit_of(basket)

    for number, item in [*enumerate(basket.lines, 1), *enumerate(basket.fees, 101)]:
        assert rows[str(number)].discount_percent == 0
        assert abs(rows[str(number)].total - item.paid) <= unit


@EXAMPLES
@given(baskets().filter(lambda basket: basket.total > 0), st.integers(1, 10**5), st.booleans())
def test_MAP_11_a_gift_card_is_a_payment_whether_it_was_taken_off_the_total_or_not(
    basket: Basket, units: int, is_taken_off: bool
) -> None:
    card = min(basket.total, units * Decimal(1).scaleb(-basket.decimals))
    paid = basket.total - card if is_taken_off else basket.total

    made = mapped(basket, total=basket.written(paid), pw_gift_cards_redeemed=[{"amount": basket.written(card)}])

    assert abs(made.total_with_tax - in_the_hub(basket.total, basket)) <= len(made.rows) * _unit_of(basket)
    assert not made.total_mismatch


def _unit_of(basket: Basket) -> Decimal:
    return max(cent(basket.currency), Decimal(1).scaleb(-basket.decimals))


@EXAMPLES
@given(refunded_baskets())
def test_MAP_8_what_went_back_is_off_with_its_money(basket: Basket) -> None:
    if all(line.refunded == line.quantity for line in basket.lines):
        return

    made = mapped(basket)

    rows = {row.external_id: row.total for row in made.rows}
    for number, line in enumerate(basket.lines, 1):
        left = line.paid - basket.whole(line.paid * line.refunded / line.quantity)
        # A unit more than without refunds: rows add up to the order's total, rounded, less what went back, rounded too.
        assert abs(rows.get(str(number), ZERO) - left) <= _unit_of(basket) * 2
    assert not made.total_mismatch
