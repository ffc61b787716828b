"""schemas.tax: the rate that gives the tax."""

from decimal import Decimal

import pytest

from schemas.tax import NamedRate, Taxed, combined, plainest, tax_rate

CENT = Decimal("0.01")


def rate(percent: str, *, is_compound: bool = False) -> NamedRate:
    return NamedRate(Decimal(percent), is_compound)


@pytest.mark.parametrize(
    ("rates", "together"),
    [
        ([], "0"),
        ([rate("19")], "19"),
        ([rate("5"), rate("9.975")], "14.975"),
        ([rate("5"), rate("10", is_compound=True)], "15.5"),
        ([rate("10", is_compound=True), rate("5")], "15.5"),
    ],
    ids=["none", "one", "two that add up", "one on top of the other", "in any order"],
)
def test_rates_of_one_amount_come_together(rates: list[NamedRate], together: str) -> None:
    assert combined(rates) == Decimal(together)


def test_the_named_rate_stands_where_it_gives_the_tax_to_a_cent() -> None:
    assert tax_rate(Taxed(Decimal("4.90"), Decimal("0.94")), rates=[rate("19")], unit=CENT) == 19


def test_every_tax_may_be_a_cent_off() -> None:
    two = [rate("5"), rate("9.975")]

    assert tax_rate(Taxed(Decimal("10.00"), Decimal("1.51")), rates=two, unit=CENT) == Decimal("14.975")


def test_a_tax_that_the_name_does_not_give_has_its_own_rate() -> None:
    assert tax_rate(Taxed(Decimal("100.00"), Decimal("16.00")), rates=[rate("19")], unit=CENT) == 16


def test_MAP_10_of_the_rates_that_give_the_tax_of_a_vanished_one_the_plainest_is_meant() -> None:
    """7.24 would be a hair nearer to 7.242897, but no tax table has it."""
    found = tax_rate(Taxed(Decimal("24.99"), Decimal("1.81")), rates=[NamedRate(None)], unit=CENT)

    assert found == Decimal("7.25")


def test_a_tax_that_no_plain_rate_gives_is_worked_out_to_six_digits() -> None:
    found = tax_rate(Taxed(Decimal("1234567.00"), Decimal("89420.05")), rates=[], unit=CENT)

    assert found == Decimal("7.243029")


@pytest.mark.parametrize(
    ("paid", "tax", "rate"),
    [
        pytest.param("995.00", "158.87", "19", id="500 pieces of 1.99"),
        pytest.param("24000.00", "1251.18", "5.5", id="100 pieces of 250.00 less a discount"),
        pytest.param("940.00", "71.64", "8.25", id="two digits"),
        pytest.param("1088.75", "88.75", "8.875", id="three digits"),
    ],
)
def test_MAP_10_a_tax_in_the_price_is_measured_by_what_was_paid(paid: str, tax: str, rate: str) -> None:
    """Of what the tax leaves of it, the same rounding would be a fifth larger: 19.000634, 5.499978."""
    taxed = Taxed(Decimal(paid), Decimal(tax), is_gross=True)

    assert plainest(taxed, slack=CENT / 2) == tax_rate(taxed, rates=[], unit=CENT) == Decimal(rate)


@pytest.mark.parametrize(
    ("net", "unit", "found"),
    [
        pytest.param("100.00", CENT, "0", id="exempt"),
        pytest.param("0.05", CENT, "0", id="exempt, the tax would be a cent"),
        pytest.param("0.02", CENT, "20", id="rounded to nothing"),
        pytest.param("2", Decimal(1), "20", id="rounded to nothing in a shop without decimals"),
        pytest.param("4", Decimal(1), "0", id="exempt in a shop without decimals"),
    ],
)
def test_MAP_10_no_tax_on_what_was_paid_is_an_exemption_unless_it_was_rounded_to_nothing(
    net: str, unit: Decimal, found: str
) -> None:
    assert tax_rate(Taxed(Decimal(net), Decimal(0)), rates=[rate("20")], unit=unit) == Decimal(found)


def test_a_currency_without_cents_rounds_to_whole_amounts() -> None:
    assert tax_rate(Taxed(Decimal(66), Decimal(7)), rates=[rate("10")], unit=Decimal(1)) == 10


def test_a_free_line_keeps_the_named_rate() -> None:
    assert tax_rate(Taxed(Decimal(0), Decimal(0)), rates=[rate("19")], unit=CENT) == 19


def test_a_tax_on_nothing_is_no_division_by_zero() -> None:
    assert tax_rate(Taxed(Decimal(0), Decimal("1.00")), rates=[NamedRate(None)], unit=CENT) == 0


def test_a_negative_fee_has_the_rate_of_a_positive_one() -> None:
    assert tax_rate(Taxed(Decimal("-3.00"), Decimal("-0.57")), rates=[rate("19")], unit=CENT) == 19
