"""Discount shares, tax, unit prices, the penny proof, the base currency."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hub import ExchangeRate
from schemas.money import cent, round_money
from schemas.orders import ZERO, StoreOrder
from schemas.shares import spread
from tasks.rules.money import (
    WIDE,
    Amount,
    Price,
    RowMoney,
    discount_percent,
    exchange_rate,
    in_base,
    line_amounts,
    merge,
    net_of_tax,
    price_row,
    proof,
    settle_rows,
    unit_price,
)
from tests.examples import examples
from tests.makers import CREATED_AT, money, plain_line, store_order

CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD"])


def decimals(*amounts: str | int) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def amounts(*paid: str, rate: str = "0", taxes: list[str | None] | None = None) -> list[Amount]:
    given_taxes = taxes or [None] * len(paid)
    return [
        Amount(Decimal(one), Decimal(one), Decimal(rate), None if tax is None else Decimal(tax))
        for one, tax in zip(paid, given_taxes, strict=True)
    ]


def order_of(total_with_tax: str, total_tax: str = "0", **changes: object) -> StoreOrder:
    return store_order(total_with_tax=Decimal(total_with_tax), total_tax=Decimal(total_tax), **changes)


# -- MAP-4 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "weights", "currency", "expected"),
    [
        pytest.param("10.00", ["60", "40"], "EUR", ["6.00", "4.00"], id="in proportion"),
        pytest.param("10.00", ["1", "1", "1"], "EUR", ["3.34", "3.33", "3.33"], id="the first of equals"),
        pytest.param("0.05", ["10", "20", "70"], "EUR", ["0.01", "0.01", "0.03"], id="the largest remainder"),
        pytest.param("-10.00", ["1", "1", "1"], "EUR", ["-3.33", "-3.33", "-3.34"], id="negative"),
        pytest.param("100", ["1", "1", "1"], "JPY", ["34", "33", "33"], id="no minor unit"),
        pytest.param("1.000", ["1", "1", "1"], "KWD", ["0.334", "0.333", "0.333"], id="three decimals"),
        pytest.param("0.02", ["0", "5", "0"], "EUR", ["0", "0.02", "0"], id="a zero weight takes nothing"),
        pytest.param("3.00", ["-5", "5"], "EUR", ["0", "3.00"], id="a negative weight takes nothing"),
        pytest.param("1.00", ["0", "0"], "EUR", ["0.50", "0.50"], id="nothing but zeros: evenly"),
        pytest.param("1.005", ["1", "3"], "EUR", ["0.25", "0.755"], id="fractions of a cent are kept"),
        pytest.param("5.00", [], "EUR", [], id="nothing to share over"),
    ],
)
def test_MAP_4_a_total_is_spread_by_largest_remainder(
    total: str, weights: list[str], currency: str, expected: list[str]
) -> None:
    assert spread(Decimal(total), decimals(*weights), currency) == decimals(*expected)


MONEY = st.decimals(-(10**6), 10**6, places=4)
WEIGHTS = st.lists(st.decimals(0, 10**6, places=4), min_size=1, max_size=8)


@examples(40)
@given(MONEY, WEIGHTS, CURRENCIES)
def test_MAP_4_the_shares_always_sum_to_the_total(total: Decimal, weights: list[Decimal], currency: str) -> None:
    parts = spread(total, weights, currency)

    assert sum(parts) == total
    assert parts == spread(total, weights, currency)


@examples(40)
@given(st.decimals(0, 10**6, places=2), WEIGHTS)
def test_MAP_4_no_share_is_a_cent_from_its_proportion(total: Decimal, weights: list[Decimal]) -> None:
    whole = sum(weights)

    for part, weight in zip(spread(total, weights, "EUR"), weights, strict=True):
        exact = total * weight / whole if whole else total / len(weights)
        assert abs(part - exact) < Decimal("0.01")


def test_MAP_4_a_discount_on_a_line_stays_there_and_the_rest_follows_what_is_left() -> None:
    lines = [plain_line("1", 1, 60, discount=money(20)), plain_line("2", 1, 60)]

    first, second = line_amounts(store_order(order_discount=money("10.00")), lines)

    assert (first.paid, second.paid) == (money(36), money(54))


@pytest.mark.parametrize(
    ("listed", "total", "expected"),
    [
        pytest.param("60", "54", "10", id="10 %"),
        pytest.param("100", "0", "100", id="all of it"),
        pytest.param("0", "0", "0", id="nothing of nothing"),
        pytest.param("3", "2", "33.3333333333", id="a third"),
        pytest.param("0", "5", None, id="from nothing to something"),
        pytest.param("5", "6", None, id="upwards"),
        pytest.param("5", "-1", None, id="across zero"),
        pytest.param("-5", "-4", "20", id="of a negative amount"),
    ],
)
def test_MAP_4_discount_percent(listed: str, total: str, expected: str | None) -> None:
    percent = discount_percent(Decimal(listed), Decimal(total), "EUR")

    assert percent == (None if expected is None else Decimal(expected))


@examples(40)
@given(st.integers(1, 10**16), st.integers(0, 10**16), CURRENCIES)
def test_MAP_4_discount_percent_has_digits_enough_for_any_amount(listed: int, taken: int, currency: str) -> None:
    before, after = listed * cent(currency), max(listed - taken, 0) * cent(currency)

    with localcontext(WIDE):
        percent = discount_percent(before, after, currency)

        assert percent is not None
        assert round_money(before * (1 - percent / 100), currency) == after


# -- unit prices -------------------------------------------------------------------------------------------------


@examples(40)
@given(st.integers(-(10**12), 10**12), st.decimals("0.000001", 10**12, places=6), CURRENCIES)
def test_MAP_6_unit_price_leads_back_to_the_total(units: int, quantity: Decimal, currency: str) -> None:
    total = units * cent(currency)

    with localcontext(WIDE):
        assert round_money(unit_price(total, quantity, currency) * quantity, currency) == total


def test_MAP_6_a_price_below_ten_decimals_takes_more() -> None:
    assert unit_price(money("0.01"), Decimal(10**12), "EUR") == Decimal("1e-14")


@pytest.mark.parametrize(
    ("amount", "total", "is_gross", "expected"),
    [
        pytest.param(("60", "54"), "54.00", False, ("30", "10"), id="as the store grants it"),
        pytest.param(("60", "60"), "60.00", False, ("30", "0"), id="none"),
        pytest.param(("1000", "995"), "995.00", False, ("500", "0.5"), id="half a percent"),
        pytest.param(("60", "0"), "0.00", False, ("30", "100"), id="all of it"),
        pytest.param(("60", "54"), "45.38", True, ("25.2100840336", "10"), id="with tax in the price"),
        pytest.param(("60", "54"), "45.39", True, ("25.2100840336", "9.976499999976"), id="a cent moved"),
        pytest.param(("60", "60"), "50.41", True, ("25.205", "0"), id="a cent moved without discount"),
        pytest.param(("60", "66"), "66.00", False, ("33", "0"), id="a surcharge is inside the price"),
        pytest.param(("0", "-4"), "-4.00", False, ("-2", "0"), id="a discount on what is free"),
    ],
)
def test_MAP_4_price_and_discount_of_two_pieces(
    amount: tuple[str, str], total: str, is_gross: bool, expected: tuple[str, str]
) -> None:
    listed, paid = decimals(*amount)
    row = Amount(listed, paid, Decimal(19), None)

    price = price_row(
        row, Decimal(total), Decimal(2), order=order_of("1", prices_include_tax=is_gross), is_inside=False
    )

    assert round_money(price.per_unit * 2 * (1 - price.discount_percent / 100), "EUR") == Decimal(total)
    assert price.per_unit == Decimal(expected[0])
    assert abs(price.discount_percent - Decimal(expected[1])) < Decimal("0.0001")


def test_MAP_4_a_discount_inside_the_price_has_no_percentage() -> None:
    row = Amount(money(60), money(54), Decimal(19), None)

    assert price_row(row, money("54.00"), money(2), order=order_of("1"), is_inside=True) == Price(money(27), ZERO)


def test_a_price_inside_which_the_discount_is_keeps_the_digits_of_its_net() -> None:
    """10.00 of 12.00 with tax for three pieces: 10 / 1.19 / 3, not the rounded 8.40 / 3."""
    row, order = Amount(money(12), money(10), Decimal(19), None), order_of("10.00", prices_include_tax=True)

    assert price_row(row, money("8.40"), money(3), order=order, is_inside=True).per_unit == money("2.8011204482")


# -- tax and rounding --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        ("119.00", "19", "100"),
        ("108.90", "8.9", "100"),
        ("50", "0", "50"),
        ("-3.57", "19", "-3"),
        ("200", "100", "100"),
    ],
)
def test_net_of_tax(amount: str, rate: str, expected: str) -> None:
    assert net_of_tax(Decimal(amount), Decimal(rate)) == Decimal(expected)


def settle(rows: list[Amount], order: StoreOrder) -> tuple[list[Decimal], list[Decimal]]:
    settled = settle_rows(rows, order)
    return [row.total for row in settled], [row.tax for row in settled]


def test_MAP_6_tax_that_the_store_gives_is_kept() -> None:
    rows = amounts("100.00", "42.00", rate="19", taxes=["19.00", "7.98"])

    assert settle(rows, order_of("168.98", "26.98")) == (decimals("100", "42"), decimals("19", "7.98"))


def test_MAP_6_tax_that_the_store_does_not_give_adds_up_to_its_total() -> None:
    rows = amounts("9.99", "9.99", "9.99", rate="19")

    assert settle(rows, order_of("35.66", "5.69"))[1] == decimals("1.90", "1.90", "1.89")


def test_MAP_6_prices_with_tax_come_apart_without_losing_a_cent() -> None:
    rows = amounts("10.00", "10.00", "10.00", rate="19")

    totals, taxes = settle(rows, order_of("30.00", "4.79", prices_include_tax=True))

    assert (totals, taxes) == (decimals("8.40", "8.40", "8.41"), decimals("1.60", "1.60", "1.59"))


def test_MAP_6_fractions_of_a_cent_are_rounded_to_the_stores_total() -> None:
    rows = amounts("8.403361", "8.403361", "8.403361", rate="19", taxes=["1.596639"] * 3)

    assert settle(rows, order_of("30.00", "4.79")) == (
        decimals("8.41", "8.40", "8.40"),
        decimals("1.60", "1.60", "1.59"),
    )


def test_MAP_6_where_only_taxes_reach_the_order_sums_with_tax_are_settled() -> None:
    """A shop that rounds the whole order shows 141.35 without tax where 141.34 was paid."""
    rows = settle_rows(amounts("136.45", "4.90", rate="19", taxes=["25.92", "0.93"]), order_of("168.20", "26.86"))

    assert [(row.total, row.tax) for row in rows] == [
        (money("136.44"), money("25.93")),
        (money("4.90"), money("0.93")),
    ]


@pytest.mark.parametrize(
    ("total_tax", "is_gross", "expected"),
    [
        pytest.param("1.90", False, ["5.00", "5.00"], id="the taxes reach the order"),
        pytest.param("2.90", False, ["5.00", "5.01"], id="they do not"),
        pytest.param("1.90", True, ["4.05", "4.06"], id="what was paid is with tax"),
    ],
)
def test_MAP_6_sums_with_tax_are_settled_only_where_taxes_reach_the_order_and_prices_are_without_tax(
    total_tax: str, is_gross: bool, expected: list[str]
) -> None:
    rows = amounts("5.004", "5.006", rate="19", taxes=["0.95", "0.95"])

    assert settle(rows, order_of("11.90", total_tax, prices_include_tax=is_gross))[0] == decimals(*expected)


def test_MAP_6_sums_with_tax_that_do_not_reach_the_order_either_leave_the_rows_as_they_are() -> None:
    rows = settle_rows(amounts("10.00", rate="19", taxes=["1.90"]), order_of("11.50", "1.90"))

    assert [(row.total, row.tax) for row in rows] == [(10, money("1.90"))]


def test_MAP_5_amounts_are_rounded_to_a_shops_own_unit_where_cents_do_not_reach_its_total() -> None:
    order = order_of("248", "50", currency="DKK", unit=Decimal(1))
    rows = settle_rows(amounts("79.20", "119.20", rate="25", taxes=["20", "30"]), order)

    assert [(row.total, row.tax) for row in rows] == [(79, 20), (119, 30)]
    assert not proof(rows, order).is_mismatch


def test_MAP_5_a_rate_is_odd_by_the_shops_own_unit() -> None:
    rows = [RowMoney(*decimals("79", "20", "25"))]

    assert proof(rows, order_of("99", "20", currency="DKK")).odd_rows == (0,)
    assert proof(rows, order_of("99", "20", currency="DKK", unit=Decimal(1))).odd_rows == ()


def test_MAP_5_a_shop_with_more_decimals_than_its_currency_is_right_in_both_totals() -> None:
    """0.0250 with tax, 0.0210 without: 0.03 and 0.02."""
    (row,) = settle_rows(amounts("0.0210", rate="19", taxes=["0.0040"]), order_of("0.0250", "0.0040"))

    assert (row.total, row.tax) == (money("0.02"), money("0.01"))


def test_MAP_6_taxes_rounded_for_show_add_up_to_what_was_paid() -> None:
    rows = amounts("6.665", "6.665", "6.665", rate="20", taxes=["1.33"] * 3)

    assert settle(rows, order_of("24.00", "4.00"))[1] == decimals("1.34", "1.33", "1.33")


def test_MAP_6_of_two_taxes_the_one_that_is_nearer_to_its_next_unit_is_moved() -> None:
    rows = amounts("6.665", "6.69", rate="20", taxes=["1.33", "1.33"])

    assert settle(rows, order_of("16.03", "2.67"))[1] == decimals("1.33", "1.34")


def test_MAP_6_every_tax_that_rounding_explains_may_be_moved() -> None:
    rows = [*amounts("6.69", rate="20", taxes=["1.33"]), *amounts("5.00", rate="0", taxes=["0"])]

    assert settle(rows, order_of("13.03", "1.34"))[1] == decimals("1.34", "0")


@pytest.mark.parametrize(
    ("rate", "taxes", "total_tax"),
    [
        pytest.param("0", ["0", "0"], "0.01", id="a row without tax gets none"),
        pytest.param("20", ["2.00", "2.00"], "4.01", id="exact taxes stay"),
        pytest.param("20", ["2.00", "1.99"], "4.10", id="no rounding explains it"),
    ],
)
def test_MAP_6_taxes_that_contradict_the_total_stay_the_stores(
    rate: str, taxes: list[str | None], total_tax: str
) -> None:
    rows = amounts("10.00", "10.00", rate=rate, taxes=taxes)

    order = order_of(str(20 + Decimal(total_tax)), total_tax)

    assert settle(rows, order)[1] == decimals(*[tax for tax in taxes if tax])


def test_MAP_6_whole_amounts_that_contradict_the_total_stay_the_stores() -> None:
    assert settle(amounts("10.00", "5.004"), order_of("20.00"))[0] == decimals("10.00", "5.00")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([("5", "0.95", "19")], ("5", "0.95", "19"), id="one row"),
        pytest.param([("5", "0.95", "19"), ("3", "0.57", "19")], ("8", "1.52", "19"), id="one rate"),
        pytest.param([("0.10", "0.02", "19")] * 2, ("0.20", "0.04", "19"), id="one rate that still gives it"),
        pytest.param([("0.10", "0.02", "19"), ("0.10", "0.02", "20")], ("0.20", "0.04", "20"), id="two that give it"),
        pytest.param([("0.12", "0.02", "20")] * 4, ("0.48", "0.08", "16.6666666667"), id="rounded one by one"),
        pytest.param([("5", "1.00", "20"), ("5", "0", "0")], ("10", "1.00", "10"), id="two rates"),
        pytest.param([("5", "1.00", "20"), ("-5", "0", "0")], ("0", "1.00", "0"), id="nothing left to have a rate"),
    ],
)
def test_several_rows_merge_at_the_rate_that_gives_their_taxes(
    rows: list[tuple[str, str, str]], expected: tuple[str, str, str]
) -> None:
    assert merge([RowMoney(*decimals(*one)) for one in rows], store_order()) == RowMoney(*decimals(*expected))


# -- the proof ---------------------------------------------------------------------------------------------------


def row(total: str, tax: str, rate: str = "20") -> RowMoney:
    return RowMoney(*decimals(total, tax, rate))


def test_MAP_6_the_proof_holds_both_totals_and_residuals() -> None:
    shown = proof([row("10.00", "2.00"), row("5.00", "1.00")], order_of("18.01", "3.00"))

    assert (shown.total, shown.total_with_tax) == (money("15.00"), money("18.00"))
    assert (shown.store_total, shown.store_total_with_tax) == (money("15.01"), money("18.01"))
    assert (shown.residual, shown.residual_with_tax) == (money("-0.01"), money("-0.01"))


def test_MAP_5_a_shop_that_keeps_finer_amounts_than_its_currency_is_proved_in_whole_units() -> None:
    order = order_of("18.02", "3.00", unit=Decimal("0.001"))

    assert not proof([row("10.00", "2.00"), row("5.00", "1.00")], order).is_mismatch


@pytest.mark.parametrize(("tax", "is_odd"), [("2.01005", False), ("2.01006", True)])
def test_MAP_6_a_tax_may_be_off_by_a_unit_and_the_four_decimals_that_a_store_keeps_of_a_piece(
    tax: str, is_odd: bool
) -> None:
    shown = proof([row("10.00", tax)], order_of("12.01", "2.01"))

    assert bool(shown.odd_rows) is is_odd


@pytest.mark.parametrize(
    ("total_with_tax", "total_tax", "expected"),
    [
        pytest.param("18.00", "3.00", False, id="to the cent"),
        pytest.param("18.02", "3.00", False, id="a cent a row"),
        pytest.param("18.03", "3.00", True, id="more than a cent a row"),
        pytest.param("17.97", "3.00", True, id="more, downwards"),
        pytest.param("18.00", "3.03", True, id="without tax only"),
        pytest.param("18.03", "3.03", True, id="with tax only"),
    ],
)
def test_MAP_6_a_mismatch_is_more_than_a_minor_unit_a_row(total_with_tax: str, total_tax: str, expected: bool) -> None:
    shown = proof([row("10.00", "2.00"), row("5.00", "1.00")], order_of(total_with_tax, total_tax))

    assert shown.is_mismatch is expected


@pytest.mark.parametrize(
    ("tax", "expected"), [("2.01", ()), ("1.99", ()), ("2.02", (1,)), ("1.98", (1,)), ("0.00", (1,))]
)
def test_MAP_6_a_rate_that_does_not_give_its_rows_tax_is_a_mismatch(tax: str, expected: tuple[int, ...]) -> None:
    shown = proof([row("5.00", "1.00"), row("10.00", tax)], order_of(str(16 + Decimal(tax)), str(1 + Decimal(tax))))

    assert shown.odd_rows == expected
    assert shown.is_mismatch is bool(expected)


def test_MAP_6_what_a_setting_leaves_out_is_not_expected() -> None:
    shown = proof([row("10.00", "2.00")], order_of("17.88", "2.98"), left_out=[row("4.90", "0.98")])

    assert (shown.store_total, shown.store_total_with_tax) == (money("10.00"), money("12.00"))
    assert shown.residual == shown.residual_with_tax == 0


# -- ORD-8 -------------------------------------------------------------------------------------------------------

TABLE = ExchangeRate(Decimal("0.9"), CREATED_AT.date().replace(day=4))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"currency": "EUR"}, ExchangeRate(Decimal(1), CREATED_AT.date()), id="at home"),
        pytest.param({"currency": "USD"}, TABLE, id="the table's"),
        pytest.param(
            {"currency": "USD", "exchange_rate": money("0.8"), "exchange_base": "EUR"},
            ExchangeRate(money("0.8"), CREATED_AT.date()),
            id="the store's own first",
        ),
        pytest.param(
            {"currency": "USD", "exchange_rate": money("0.7"), "exchange_base": "GBP"}, TABLE, id="not to the base"
        ),
        pytest.param({"currency": "USD", "exchange_rate": money(0), "exchange_base": "EUR"}, TABLE, id="worth nothing"),
        pytest.param(
            {"currency": "USD", "exchange_rate": money(-1), "exchange_base": "EUR"}, TABLE, id="below nothing"
        ),
    ],
)
def test_ORD_8_exchange_rate(changes: dict[str, object], expected: ExchangeRate) -> None:
    assert exchange_rate(store_order(**changes), "EUR", TABLE) == expected


@pytest.mark.parametrize(
    ("total", "rate", "base", "expected"),
    [("90.00", "1.08", "USD", "97.20"), ("10.00", "161.235", "JPY", "1612"), ("1000", "0.00195", "KWD", "1.950")],
)
def test_ORD_8_a_total_in_the_base_currency_has_its_minor_unit(total: str, rate: str, base: str, expected: str) -> None:
    assert str(in_base(Decimal(total), Decimal(rate), base)) == expected
