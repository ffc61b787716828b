"""Whatever a WooCommerce basket holds and gave back, the hub's order adds up to what is paid (MAP-4…6, MAP-8, MAP-9).

The basket is worked out here from prices, rates and coupons alone, and only then written as the REST API writes it:
without tax, in the currency's decimals, in a shop whose own prices may include tax.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hub import DraftOrder
from schemas.money import cent
from schemas.orders import ZERO
from schemas.woocommerce import PLATFORM, read_order
from tests import makers, recorded
from tests.rules.building import draft

# The rates of an order: percent, and whether it is on top of the others.
RATES: list[tuple[tuple[str, bool], ...]] = [(), (("19", False),), (("8.25", False),), (("5", False), ("9.975", True))]
EXAMPLES = settings(max_examples=40)


@dataclass(frozen=True, slots=True)
class Item:
    """A line (with pieces), a fee or a shipping line: what it is listed at and paid for, without tax."""

    listed: Decimal
    paid: Decimal
    quantity: int = 0
    refunded: int = 0


@dataclass(frozen=True, slots=True)
class Basket:
    """What was bought; `rounds_at_the_end` is the shop's "round tax at subtotal level"."""

    currency: str
    rates: tuple[tuple[str, bool], ...]
    lines: tuple[Item, ...]
    fees: tuple[Item, ...]
    shipping: tuple[Item, ...]
    rounds_at_the_end: bool
    prices_include_tax: bool

    def whole(self, amount: Decimal) -> Decimal:
        return amount.quantize(cent(self.currency), ROUND_HALF_UP)

    def taxes(self, amount: Decimal) -> list[Decimal]:
        """The exact tax of each rate; a compound one is on top of the plain ones."""
        plain = sum((amount * Decimal(rate) / 100 for rate, is_compound in self.rates if not is_compound), ZERO)
        return [(amount + plain if on_top else amount) * Decimal(rate) / 100 for rate, on_top in self.rates]

    def shown_tax(self, amount: Decimal) -> Decimal:
        if self.rounds_at_the_end:
            return self.whole(sum(self.taxes(amount), ZERO))
        return sum((self.whole(tax) for tax in self.taxes(amount)), ZERO)

    @property
    def items(self) -> tuple[Item, ...]:
        return (*self.lines, *self.fees, *self.shipping)

    @property
    def total_tax(self) -> Decimal:
        if self.rounds_at_the_end:
            sums = [sum(each, ZERO) for each in zip(*(self.taxes(item.paid) for item in self.items), strict=True)]
            return sum((self.whole(tax) for tax in sums), ZERO)
        return sum((self.shown_tax(item.paid) for item in self.items), ZERO)

    @property
    def total(self) -> Decimal:
        return sum((item.paid for item in self.items), self.total_tax)


@st.composite
def baskets(draw: st.DrawFn, *, refunds: bool = False) -> Basket:
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    unit = cent(currency)

    def line() -> Item:
        listed, quantity = draw(st.integers(0, 10**6)) * unit, draw(st.integers(1, 7))
        off = (listed * draw(st.sampled_from([0, 0, 10, 33, 100])) / 100).quantize(unit)
        return Item(listed, listed - off, quantity, draw(st.integers(0, quantity)) if refunds else 0)

    def charge(low: int) -> Item:
        amount = draw(st.integers(low, 5000)) * unit
        return Item(amount, amount)

    return Basket(
        currency=currency,
        rates=draw(st.sampled_from(RATES)),
        lines=tuple(line() for _ in range(draw(st.integers(1, 4)))),
        fees=tuple(charge(-5000) for _ in range(draw(st.integers(0, 2)))),
        shipping=tuple(charge(0) for _ in range(draw(st.integers(0, 2)))),
        rounds_at_the_end=draw(st.booleans()),
        prices_include_tax=draw(st.booleans()),
    )


# -- as the REST API writes it -------------------------------------------------------------------------------------


def _item(basket: Basket, number: int, item: Item) -> dict[str, Any]:
    taxes = [
        {"id": place, "total": str(basket.whole(tax)), "subtotal": ""}
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
        "subtotal": str(item.listed),
        "total": str(item.paid),
        "total_tax": str(basket.shown_tax(item.paid)),
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


def mapped(basket: Basket) -> DraftOrder:
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
        "total": str(basket.total),
        "total_tax": str(basket.total_tax),
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
    read = read_order(
        {"order": order, "refunds": [{"id": 90, "amount": str(amount), "line_items": back}]} if back else order
    )
    return draft(read, at=makers.store(PLATFORM), account=makers.account(base_currency=read.currency))


@EXAMPLES
@given(baskets())
def test_MAP_6_the_hubs_order_is_what_was_paid(basket: Basket) -> None:
    made = mapped(basket)

    assert made.total_with_tax == made.store_total_with_tax == basket.total
    assert made.total == made.store_total == basket.total - basket.total_tax
    assert not made.total_mismatch


@EXAMPLES
@given(baskets())
def test_MAP_4_every_row_is_what_its_line_was_paid_without_tax_whatever_the_shop_shows(basket: Basket) -> None:
    rows = {row.external_id: row for row in mapped(basket).rows}

    for number, line in enumerate(basket.lines, 1):
        assert (rows[str(number)].total, rows[str(number)].discount_percent) == (line.paid, 0)
    for number, fee in enumerate(basket.fees, 101):
        assert rows[str(number)].total == fee.paid


@EXAMPLES
@given(baskets(refunds=True))
def test_MAP_8_what_went_back_is_off_with_its_money(basket: Basket) -> None:
    if all(line.refunded == line.quantity for line in basket.lines):
        return

    made = mapped(basket)

    rows = {row.external_id: row.total for row in made.rows}
    for number, line in enumerate(basket.lines, 1):
        left = line.paid - basket.whole(line.paid * line.refunded / line.quantity)
        assert rows.get(str(number), ZERO) == left
    assert not made.total_mismatch
