"""Whatever BigCommerce's basket holds, the hub's order adds up to what was paid (MAP-4, MAP-5, MAP-6, MAP-9).

The basket is worked out here from prices, rates and discounts alone, and only then written as the API writes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.hub import DraftOrder
from schemas.orders import ZERO
from schemas.shares import spread
from tests.examples import examples
from tests.schemas.bigcommerce.orders import built, line, read

RATES = st.sampled_from([Decimal(rate) for rate in ("0", "5.5", "7", "8.25", "19", "20.625")])
EXAMPLES = examples(60)
FINE = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Piece:
    """A line of the basket: `price` for one in the shop's basis, `own` a promotion on it, `share` the order's."""

    price: Decimal
    quantity: int
    rate: Decimal
    own: Decimal = ZERO
    share: Decimal = ZERO
    refunded: int = 0

    @property
    def base(self) -> Decimal:
        return self.price * self.quantity

    @property
    def paid(self) -> Decimal:
        return self.base - self.own - self.share


@dataclass(frozen=True, slots=True)
class Basket:
    """What was bought; `is_reported` says whether lines name their share of the order's discount.

    `decimals` are those that the shop shows of its currency; `has_doubles`: amounts are numbers, not texts.
    """

    currency: str
    decimals: int
    is_gross: bool
    pieces: tuple[Piece, ...]
    costs: tuple[Decimal, ...]
    discount: Decimal
    coupon: Decimal
    is_reported: bool
    rounds_at_the_end: bool
    has_doubles: bool

    @property
    def unit(self) -> Decimal:
        return Decimal(1).scaleb(-self.decimals)

    def written(self, amount: Decimal) -> str | float:
        return float(amount) if self.has_doubles else f"{amount:.4f}"

    def tax(self, amount: Decimal, rate: Decimal) -> Decimal:
        share = rate / (100 + rate) if self.is_gross else rate / 100
        return amount * share

    def both(self, amount: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
        """An amount without tax and with it, as lists show it: worked out to four decimals."""
        tax = self.tax(amount, rate).quantize(FINE, ROUND_HALF_UP)
        return (amount - tax, amount) if self.is_gross else (amount, amount + tax)

    @property
    def exact_tax(self) -> list[Decimal]:
        return [self.tax(piece.paid, piece.rate) for piece in self.pieces] + [
            self.tax(cost, RATE) for cost in self.costs
        ]

    @property
    def total_tax(self) -> Decimal:
        parts = self.exact_tax
        if self.rounds_at_the_end:
            return sum(parts, ZERO).quantize(self.unit, ROUND_HALF_UP)
        return sum((part.quantize(self.unit, ROUND_HALF_UP) for part in parts), ZERO)

    @property
    def total_with_tax(self) -> Decimal:
        paid = sum((piece.paid for piece in self.pieces), ZERO) + sum(self.costs, ZERO)
        return paid if self.is_gross else paid + self.total_tax


RATE = Decimal(19)  # of everything that is no line
SHOPS = [("EUR", 2), ("JPY", 0), ("KWD", 3)]  # a currency and its decimals
_COSTS = ("shipping", "handling", "wrapping")


@st.composite
def baskets(draw: st.DrawFn, *, refunds: bool = False) -> Basket:
    currency, decimals = draw(st.sampled_from(SHOPS))
    unit = Decimal(1).scaleb(-decimals)
    pieces = [_piece(draw, unit) for _ in range(draw(st.integers(1, 4)))]
    worth = [piece.base - piece.own for piece in pieces]
    discount, coupon = (
        (sum(worth, ZERO) * draw(st.sampled_from([0, 0, 5, 33, 50, 100])) / 100).quantize(unit) for _ in range(2)
    )
    whole = min(discount + coupon, sum(worth, ZERO))
    coupon = whole - min(discount, whole)
    shares = spread(whole, worth, currency)
    return Basket(
        currency=currency,
        decimals=decimals,
        is_gross=draw(st.booleans()),
        pieces=tuple(
            Piece(
                one.price, one.quantity, one.rate, one.own, share, draw(st.integers(0, one.quantity)) if refunds else 0
            )
            for one, share in zip(pieces, shares, strict=True)
        ),
        costs=tuple(draw(st.integers(0, 5000)) * unit for _ in _COSTS),
        discount=whole - coupon,
        coupon=coupon,
        is_reported=draw(st.booleans()),
        rounds_at_the_end=draw(st.booleans()),
        has_doubles=draw(st.booleans()),
    )


def _piece(draw: st.DrawFn, unit: Decimal) -> Piece:
    price, quantity = draw(st.integers(0, 10**5)) * unit, draw(st.sampled_from([1, 2, 3, 7, 500]))
    own = draw(st.sampled_from([ZERO, ZERO, price * quantity, (price * quantity / 3).quantize(unit)]))
    return Piece(price, quantity, draw(RATES), own)


@st.composite
def baskets_without_decimals(draw: st.DrawFn) -> Basket:
    """Several lines of a shop that rounds to whole amounts where its currency has cents."""

    def piece() -> Piece:
        return Piece(Decimal(draw(st.integers(20, 5000))), draw(st.sampled_from([1, 2, 3, 500])), Decimal(25))

    return Basket(
        currency=draw(st.sampled_from(["DKK", "HUF"])),
        decimals=0,
        is_gross=draw(st.booleans()),
        pieces=tuple(piece() for _ in range(draw(st.integers(2, 4)))),
        costs=(ZERO, ZERO, ZERO),
        discount=ZERO,
        coupon=ZERO,
        is_reported=True,
        rounds_at_the_end=False,
        has_doubles=draw(st.booleans()),
    )


def _line(basket: Basket, place: int) -> dict[str, Any]:
    piece = basket.pieces[place]
    ex_tax, inc_tax = basket.both(piece.base, piece.rate)
    tax = basket.tax(piece.paid, piece.rate).quantize(basket.unit, ROUND_HALF_UP)
    applied = [{"id": "promotion", "amount": f"{piece.own:.4f}", "target": "product"}] if piece.own else []
    if basket.is_reported and piece.share:
        applied.append({"id": "coupon", "amount": f"{piece.share:.4f}", "target": "order"})
    return line(
        place + 1,
        quantity=piece.quantity,
        quantity_refunded=piece.refunded,
        applied_discounts=applied,
        total_ex_tax=basket.written(ex_tax),
        total_inc_tax=basket.written(inc_tax),
        total_tax=basket.written(tax),
    )


def mapped(basket: Basket) -> DraftOrder:
    """The sales order of the basket's JSON."""
    costs: dict[str, str | float] = {}
    for name, amount in zip(_COSTS, basket.costs, strict=True):
        ex_tax, inc_tax = basket.both(amount, RATE)
        costs |= {f"{name}_cost_ex_tax": basket.written(ex_tax), f"{name}_cost_inc_tax": basket.written(inc_tax)}
    promotions = sum((piece.own for piece in basket.pieces), ZERO)
    order = read(
        *(_line(basket, place) for place in range(len(basket.pieces))),
        default_currency_code=basket.currency,
        is_tax_inclusive_pricing=basket.is_gross,
        discount_amount=basket.written(basket.discount + promotions),
        coupon_discount=basket.written(basket.coupon),
        total_inc_tax=basket.written(basket.total_with_tax),
        total_ex_tax=basket.written(basket.total_with_tax - basket.total_tax),
        total_tax=basket.written(basket.total_tax),
        **costs,
    )
    return built(order)


def paid_by_row(made: DraftOrder, basket: Basket) -> Sequence[Decimal]:
    """What each line's row comes to in the shop's basis."""
    rows = {row.external_id: row.total + (row.tax if basket.is_gross else ZERO) for row in made.rows}
    return [rows.get(str(place + 1), ZERO) for place in range(len(basket.pieces))]


@EXAMPLES
@given(baskets())
def test_MAP_6_the_hubs_order_is_what_was_paid(basket: Basket) -> None:
    made = mapped(basket)

    assert made.total_with_tax == made.store_total_with_tax == basket.total_with_tax
    assert made.total == made.store_total == basket.total_with_tax - basket.total_tax
    assert not made.total_mismatch


@EXAMPLES
@given(baskets())
def test_MAP_4_every_line_comes_to_what_was_paid_for_it(basket: Basket) -> None:
    paid = paid_by_row(mapped(basket), basket)

    assert all(abs(have - piece.paid) <= basket.unit for have, piece in zip(paid, basket.pieces, strict=True))


@EXAMPLES
@given(baskets())
def test_MAP_10_a_row_has_the_rate_that_was_charged_given_away_or_not(basket: Basket) -> None:
    """Of what is large enough to tell it: a cent of ten could be any rate."""
    rows = {row.external_id: row.tax_rate for row in mapped(basket).rows}

    for place, piece in enumerate(basket.pieces):
        told = piece.paid or piece.base
        if told >= 2000 * basket.unit and (piece.paid or not any(one.paid for one in basket.pieces)):
            assert rows[str(place + 1)] == piece.rate


@EXAMPLES
@given(baskets_without_decimals())
def test_MAP_5_a_shop_without_decimals_adds_up_at_the_rate_that_was_charged(basket: Basket) -> None:
    made = mapped(basket)

    assert {row.tax_rate for row in made.rows} == {25}
    assert made.total_with_tax == made.store_total_with_tax == basket.total_with_tax
    assert not made.total_mismatch


@EXAMPLES
@given(baskets(refunds=True))
def test_MAP_8_what_is_left_of_a_line_comes_to_its_part_of_what_was_paid(basket: Basket) -> None:
    left = [piece.paid * (piece.quantity - piece.refunded) / piece.quantity for piece in basket.pieces]
    if not any(piece.refunded < piece.quantity for piece in basket.pieces):
        return

    made = mapped(basket)

    assert all(abs(have - want) <= 2 * basket.unit for have, want in zip(paid_by_row(made, basket), left, strict=True))
    assert not made.total_mismatch
