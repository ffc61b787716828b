"""Whatever a store that adds up sells, the hub's order adds up to the same (MAP-4, MAP-5, MAP-6)."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hub import DraftOrder
from schemas.money import cent, round_money
from schemas.orders import ZERO, Kind, StoreCharge, StoreLine, StoreOrder
from schemas.platform import Platform
from tasks.rules.money import line_amounts
from tests.makers import INSIDE, PERCENT, account, plain_line, store, store_charge, store_order
from tests.rules.building import draft

# 15.47375 is 5 % and 9.975 % on top of both; 20.625 has no round share of anything.
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "7", "8.875", "15.47375", "19", "20.625", "25")])
EXAMPLES = settings(max_examples=25)

Totalled = Callable[[StoreOrder], StoreOrder]


@st.composite
def orders(draw: st.DrawFn, *, fractions: int = 0) -> StoreOrder:
    """An order before its totals; amounts may have `fractions` decimals beyond the currency's own."""
    currency = draw(st.sampled_from(["JPY", "EUR", "KWD"]))
    unit = cent(currency).scaleb(-fractions)
    lines = tuple(draw(_line(str(place), unit)) for place in range(draw(st.integers(1, 5))))
    charges = tuple(draw(_charge(f"c{place}", unit)) for place in range(draw(st.integers(0, 3))))
    worth = sum((line.amount - line.discount for line in lines), ZERO)
    order_discount = round_money(worth * draw(st.sampled_from([0, 0, 10, 33, 100])) / 100, currency)
    return store_order(
        currency=currency,
        lines=lines,
        charges=charges,
        order_discount=min(order_discount, worth),
        prices_include_tax=draw(st.booleans()),
    )


@st.composite
def _line(draw: st.DrawFn, external_id: str, unit: Decimal) -> StoreLine:
    amount = draw(st.integers(0, 10**7)) * unit
    discount = draw(st.sampled_from([ZERO, ZERO, amount, (amount / 3).quantize(unit)]))
    quantity = draw(st.sampled_from(["1", "2", "3", "7", "0.5", "1234567"]))
    return plain_line(external_id, quantity, amount, discount=discount, tax_rate=draw(RATES))


@st.composite
def _charge(draw: st.DrawFn, external_id: str, unit: Decimal) -> StoreCharge:
    kind = draw(st.sampled_from([Kind.SERVICE, Kind.SHIPPING]))
    amount = draw(st.integers(-(10**4) if kind is Kind.SERVICE else 0, 10**5)) * unit
    return store_charge(external_id, name=external_id, kind=kind, amount=amount, tax_rate=draw(RATES), tax=None)


def exact_taxes(order: StoreOrder) -> list[Decimal]:
    paid = [(part.paid, part.tax_rate) for part in line_amounts(order, order.lines)]
    paid += [(charge.amount, charge.tax_rate) for charge in order.charges]
    return [amount * rate / (100 + rate) if order.prices_include_tax else amount * rate / 100 for amount, rate in paid]


def with_totals(order: StoreOrder, tax: Decimal) -> StoreOrder:
    paid = sum((line.amount - line.discount for line in order.lines), -order.order_discount)
    paid = round_money(paid + sum(charge.amount for charge in order.charges), order.currency)
    return replace(order, total_tax=tax, total_with_tax=paid if order.prices_include_tax else paid + tax)


def with_taxes(order: StoreOrder, taxes: list[Decimal]) -> StoreOrder:
    count = len(order.lines)
    lines = tuple(replace(line, tax=tax) for line, tax in zip(order.lines, taxes[:count], strict=True))
    charges = tuple(replace(charge, tax=tax) for charge, tax in zip(order.charges, taxes[count:], strict=True))
    return replace(order, lines=lines, charges=charges)


def adds_up_at_the_end(order: StoreOrder) -> StoreOrder:
    """The store gives no tax by line and rounds the whole order's once."""
    return with_totals(order, round_money(sum(exact_taxes(order), ZERO), order.currency))


def rounds_each_line(order: StoreOrder) -> StoreOrder:
    """The store rounds every line's tax and adds those up."""
    taxes = [round_money(tax, order.currency) for tax in exact_taxes(order)]
    return with_totals(with_taxes(order, taxes), sum(taxes, ZERO))


def rounds_for_show(order: StoreOrder) -> StoreOrder:
    """The store shows rounded taxes by line, but adds up before it rounds."""
    taxes = exact_taxes(order)
    shown = [round_money(tax, order.currency) for tax in taxes]
    return with_totals(with_taxes(order, shown), round_money(sum(taxes, ZERO), order.currency))


def built(order: StoreOrder, platform: Platform) -> DraftOrder:
    return draft(order, at=store(platform), account=account(base_currency=order.currency))


def assert_adds_up(order: DraftOrder) -> None:
    for row in order.rows:
        row_total = row.price_per_unit * row.quantity * (1 - row.discount_percent / 100)
        assert round_money(row_total, order.currency) == row.total
        assert 0 <= row.discount_percent <= 100
    assert sum(row.total for row in order.rows) == order.total == order.store_total
    assert sum(row.total + row.tax for row in order.rows) == order.total_with_tax == order.store_total_with_tax
    assert not order.total_mismatch


@pytest.mark.parametrize("platform", [INSIDE, PERCENT], ids=lambda platform: platform.name)
@pytest.mark.parametrize("totalled", [adds_up_at_the_end, rounds_each_line, rounds_for_show])
@EXAMPLES
@given(order=orders())
def test_MAP_6_rows_add_up_to_the_stores_totals(platform: Platform, totalled: Totalled, order: StoreOrder) -> None:
    assert_adds_up(built(totalled(order), platform))


@pytest.mark.parametrize("platform", [INSIDE, PERCENT], ids=lambda platform: platform.name)
@EXAMPLES
@given(order=orders(fractions=2))
def test_MAP_6_amounts_with_fractions_of_a_cent_add_up_too(platform: Platform, order: StoreOrder) -> None:
    assert_adds_up(built(adds_up_at_the_end(order), platform))


@EXAMPLES
@given(order=orders())
def test_MAP_6_every_row_is_within_a_unit_of_what_was_paid_for_it(order: StoreOrder) -> None:
    order = rounds_for_show(replace(order, charges=()))
    made = built(order, PERCENT)

    paid = [part.paid for part in line_amounts(order, order.lines)]
    rows = [row.total + row.tax if order.prices_include_tax else row.total for row in made.rows]

    assert all(abs(have - want) < cent(order.currency) for have, want in zip(rows, paid, strict=True))


@EXAMPLES
@given(order=orders())
def test_MAP_4_the_money_is_the_same_inside_the_price_and_as_a_percentage(order: StoreOrder) -> None:
    order = rounds_each_line(order)

    inside, percent = built(order, INSIDE), built(order, PERCENT)

    assert [(row.total, row.tax) for row in inside.rows] == [(row.total, row.tax) for row in percent.rows]
