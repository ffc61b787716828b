"""The money of a mapped order: prices, discounts, both totals and what is told of them (MAP-4, MAP-5, MAP-6)."""

from dataclasses import fields
from decimal import Decimal

import pytest

from schemas.actions import Note
from schemas.hub import DraftRow
from schemas.money import round_money
from schemas.platform import Platform
from schemas.reasons import Reason
from tests import makers
from tests.makers import (
    INSIDE,
    PERCENT,
    money,
    plain_line,
    store,
    store_line,
    store_order,
)
from tests.rules.building import build, draft, notes_of


def recomputed(row: DraftRow, currency: str = "EUR") -> Decimal:
    return round_money(row.price_per_unit * row.quantity * (1 - row.discount_percent / 100), currency)


@pytest.mark.parametrize("prices_include_tax", [False, True])
@pytest.mark.parametrize("rate", ["0", "19"])
def test_MAP_4_order_discount_is_ten_percent_on_both_rows(prices_include_tax: bool, rate: str) -> None:
    """The SPEC's example: 2 × 30.00 and 1 × 40.00 with $10 off is 10 % on both rows, 90.00 in all."""
    lines = (plain_line("1", 2, 60, tax_rate=Decimal(rate)), plain_line("2", 1, 40, tax_rate=Decimal(rate)))
    whole = Decimal(90)
    tax = round_money(whole * Decimal(rate) / (100 + (Decimal(rate) if prices_include_tax else 0)), "EUR")
    order = store_order(
        lines=lines,
        charges=(),
        order_discount=money(10),
        prices_include_tax=prices_include_tax,
        total_tax=tax,
        total_with_tax=whole if prices_include_tax else whole + tax,
    )

    made = draft(order, at=store(PERCENT))

    assert [row.discount_percent for row in made.rows] == [10, 10]
    assert [recomputed(row) for row in made.rows] == [row.total for row in made.rows]
    assert made.total == made.store_total == (whole - tax if prices_include_tax else whole)


def test_MAP_4_list_price_and_percentage_stand_side_by_side() -> None:
    lines = (plain_line("1", 2, 60, discount=money(6)), plain_line("2", 1, 40))

    first, second = draft(store_order(lines=lines, charges=()), at=store(PERCENT)).rows

    assert (first.price_per_unit, first.discount_percent, first.total) == (money(30), money(10), money(54))
    assert (second.price_per_unit, second.discount_percent, second.total) == (money(40), money(0), money(40))


def test_MAP_4_a_line_discount_is_inside_the_price_where_the_platform_says_so() -> None:
    lines = (plain_line("1", 2, 60, discount=money(6)),)

    (row,) = draft(store_order(lines=lines, charges=()), at=store(INSIDE)).rows

    assert (row.price_per_unit, row.discount_percent, row.total) == (money(27), money(0), money(54))


@pytest.mark.parametrize("platform", [INSIDE, PERCENT], ids=lambda p: p.name)
def test_MAP_4_everything_for_free_is_a_discount_of_100_percent(platform: Platform) -> None:
    order = store_order(lines=(plain_line("1", 2, 60), plain_line("2", 1, 0)), charges=(), order_discount=money(60))

    given, gift = draft(order, at=store(platform)).rows

    assert [given.total, gift.total, gift.discount_percent] == [0, 0, 0]
    assert given.discount_percent == (0 if platform.discounts_inside_price else 100)


@pytest.mark.parametrize("prices_include_tax", [False, True])
def test_price_per_unit_is_without_tax(prices_include_tax: bool) -> None:
    paid = Decimal("119.00") if prices_include_tax else Decimal("100.00")
    line = plain_line("1", 1, paid, tax_rate=Decimal(19))

    (row,) = draft(store_order(lines=(line,), charges=(), prices_include_tax=prices_include_tax)).rows

    assert [row.price_per_unit, row.tax_rate, row.total, row.tax] == [100, 19, 100, 19]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1000"), ("KWD", "1.001")])
def test_MAP_5_currencies_with_0_and_3_decimals_are_exact(currency: str, amount: str) -> None:
    order = store_order(currency=currency, lines=(plain_line("1", 3, amount),), charges=())

    made = draft(order, account=makers.account(base_currency=currency))

    assert str(made.rows[0].total) == str(made.total) == amount
    assert recomputed(made.rows[0], currency) == made.total


def test_MAP_5_the_longest_amounts_and_the_smallest_quantities_stay_exact() -> None:
    order = store_order(
        lines=(plain_line("1", "0.000001", "999999999999999.99"), plain_line("2", 1, "0.01")), charges=()
    )

    made = draft(order, at=store(PERCENT))

    assert made.total == money("1000000000000000.00")
    assert made.rows[0].price_per_unit == money("999999999999999990000")


def test_MAP_5_no_float_is_anywhere() -> None:
    made = draft(store_order(order_discount=money("1.01")), at=store(PERCENT))

    values = [getattr(made, field.name) for field in fields(made)]
    values += [getattr(row, field.name) for row in made.rows for field in fields(row)]

    assert not [value for value in values if isinstance(value, float)]


def test_MAP_6_both_figures_are_kept_and_a_difference_is_flagged() -> None:
    made, notes = build(store_order(total_with_tax=money("180.00")))

    assert (made.total_with_tax, made.store_total_with_tax, made.total_mismatch) == (
        money("174.81"),
        money("180.00"),
        True,
    )
    assert notes == [
        Note(
            Reason.TOTAL_MISMATCH,
            {
                "total": "146.90",
                "store_total": "152.09",
                "residual": "-5.19",
                "total_with_tax": "174.81",
                "store_total_with_tax": "180.00",
                "residual_with_tax": "-5.19",
                "currency": "EUR",
            },
        )
    ]


def test_MAP_6_a_wrong_rate_is_flagged_and_names_its_row() -> None:
    order = store_order(lines=(store_line("11", tax_rate=Decimal(7)), store_line("12")))

    (note,) = notes_of(order)

    assert note.reason is Reason.TOTAL_MISMATCH
    assert note.detail["rows_with_odd_tax"] == ["11"]


def test_MAP_6_a_cent_is_kept_and_not_flagged() -> None:
    made, notes = build(store_order(total_with_tax=money("174.82")))

    assert (made.total_with_tax, made.store_total_with_tax, made.total_mismatch) == (
        money("174.81"),
        money("174.82"),
        False,
    )
    assert notes == []
