"""Properties of an order's money beside the sums: what is left out, who bears a discount, the base currency."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.hub import ExchangeRate
from schemas.money import cent, round_money
from schemas.orders import ZERO, Kind, StoreOrder
from tasks.rules.money import line_amounts
from tests.makers import PERCENT, account, matches, plain_line, store, store_order
from tests.rules.building import draft
from tests.rules.test_penny_proof import EXAMPLES, adds_up_at_the_end, orders, rounds_each_line


@EXAMPLES
@given(orders())
def test_MAP_6_what_a_setting_leaves_out_is_missing_on_both_sides(order: StoreOrder) -> None:
    order = rounds_each_line(order)
    off = {"orders.shipping_fee_line": False, "orders.custom_items": False}
    extra = replace(order.lines[0], external_id="custom", sku=None, is_custom=True)
    order = rounds_each_line(replace(order, lines=(*order.lines, extra)))

    whole = draft(order, at=store(PERCENT), account=account(base_currency=order.currency))
    made = draft(order, at=store(PERCENT, settings=off), account=account(base_currency=order.currency))

    kept = [
        (row.external_id, row.total, row.tax)
        for row in whole.rows
        if row.kind is not Kind.SHIPPING and row.external_id != "custom"
    ]
    assert [(row.external_id, row.total, row.tax) for row in made.rows] == kept
    assert made.total == made.store_total
    assert made.total_with_tax == made.store_total_with_tax
    assert not made.total_mismatch


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 100)), min_size=1, max_size=8),
    st.sampled_from(["JPY", "EUR", "KWD"]),
    st.integers(0, 100),
)
def test_MAP_4_an_orders_discount_is_borne_in_proportion_to_what_is_left_after_line_discounts(
    lines: list[tuple[int, int]], currency: str, percent: int
) -> None:
    unit = cent(currency)
    made = [
        plain_line(str(place), 1, units * unit, discount=round_money(units * unit * off / 100, currency))
        for place, (units, off) in enumerate(lines)
    ]
    worth = [line.amount - line.discount for line in made]
    discount = round_money(sum(worth, ZERO) * percent / 100, currency)

    borne = [
        value - part.paid
        for value, part in zip(
            worth, line_amounts(store_order(currency=currency, order_discount=discount), made), strict=True
        )
    ]

    whole = sum(worth, ZERO)
    assert sum(borne, ZERO) == discount
    assert all(
        abs(have - (discount * value / whole if whole else ZERO)) < unit
        for have, value in zip(borne, worth, strict=True)
    )


@EXAMPLES
@given(orders(), st.decimals("0.0001", "10000", places=6))
def test_ORD_8_the_total_is_kept_in_the_base_currency_too(order: StoreOrder, rate: Decimal) -> None:
    order = adds_up_at_the_end(order)
    on = order.created_at.date()

    made = draft(
        order,
        at=store(PERCENT),
        account=account(base_currency="USD"),
        known=matches(rate=ExchangeRate(rate, on)),
    )

    assert (made.currency, made.base_currency) == (order.currency, "USD")
    assert made.total_base == round_money(made.total * rate, "USD")
    assert (made.exchange_rate, made.exchange_rate_date) == (rate, on)
