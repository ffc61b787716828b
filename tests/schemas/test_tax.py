"""schemas.tax: the rate that gives the tax."""

from decimal import Decimal

import pytest

from schemas.tax import NamedRate, combined, tax_rate

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
    assert tax_rate(Decimal("4.90"), Decimal("0.94"), rates=[rate("19")], unit=CENT) == 19


def test_every_tax_may_be_a_cent_off() -> None:
    two = [rate("5"), rate("9.975")]

    assert tax_rate(Decimal("10.00"), Decimal("1.51"), rates=two, unit=CENT) == Decimal("14.975")


def test_a_tax_that_the_name_does_not_give_has_its_own_rate() -> None:
    assert tax_rate(Decimal("100.00"), Decimal("16.00"), rates=[rate("19")], unit=CENT) == 16


def test_a_vanished_rate_is_worked_out_to_six_digits() -> None:
    found = tax_rate(Decimal("24.99"), Decimal("1.81"), rates=[NamedRate(None)], unit=CENT)

    assert found == Decimal("7.242897")


def test_a_currency_without_cents_rounds_to_whole_amounts() -> None:
    assert tax_rate(Decimal(66), Decimal(7), rates=[rate("10")], unit=Decimal(1)) == 10


def test_a_free_line_keeps_the_named_rate() -> None:
    assert tax_rate(Decimal(0), Decimal(0), rates=[rate("19")], unit=CENT) == 19


def test_a_tax_on_nothing_is_no_division_by_zero() -> None:
    assert tax_rate(Decimal(0), Decimal("1.00"), rates=[NamedRate(None)], unit=CENT) == 0


def test_a_negative_fee_has_the_rate_of_a_positive_one() -> None:
    assert tax_rate(Decimal("-3.00"), Decimal("-0.57"), rates=[rate("19")], unit=CENT) == 19
