"""schemas.figures: the unit that a shop rounds in, and payments that are off its total."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from schemas.figures import Figures, TaxedPart, coarsest, taken_off, unit_of, written_in
from schemas.tax import Taxed

CENT = Decimal("0.01")


def figures(
    total: str, tax: str, *parts: tuple[str, str], rate: str | None = "25", currency: str = "DKK", written: str = "0"
) -> Figures:
    """An order of amounts without tax, their taxes beside them."""
    named = None if rate is None else Decimal(rate)
    made = [TaxedPart(Taxed(Decimal(net), Decimal(part)), named) for net, part in parts]
    return Figures(currency, made, Decimal(total), Decimal(tax), Decimal(written))


@pytest.mark.parametrize(
    ("order", "unit"),
    [
        pytest.param(figures("99.00", "20.00", ("79.20", "20.00")), "1", id="a tax that only whole amounts explain"),
        pytest.param(figures("99.00", "19.80", ("79.20", "19.80")), "0.01", id="a tax in cents"),
        pytest.param(figures("125.00", "25.00", ("100.00", "25.00")), "0.01", id="whole amounts that cents explain"),
        pytest.param(figures("99", "20", ("79", "20"), written="1"), "1", id="written without decimals"),
        pytest.param(
            figures("98.50", "19.50", ("79", "19.50"), written="1"), "0.01", id="written otherwise than summed"
        ),
        pytest.param(figures("120.00", "20.00", ("100.00", "20.00"), rate=None), "0.01", id="one rate without a name"),
        pytest.param(
            figures("248", "50", ("79", "20"), ("119", "30"), rate=None), "1", id="two odd taxes without a name"
        ),
        pytest.param(
            figures("287.00", "57.00", ("79.20", "19.80"), ("119.20", "29.80"), ("31.20", "7.80")),
            "1",
            id="a tax that was rounded in the total alone",
        ),
        pytest.param(
            figures("90.00", "20.00", ("79.20", "20.00")), "0.01", id="a difference that no rounding explains"
        ),
        pytest.param(figures("0", "0", ("0", "0")), "0.01", id="nothing paid"),
        pytest.param(
            figures("9.90", "1.20", ("8.700", "1.20"), rate="14", currency="KWD"), "0.1", id="of a thousandth"
        ),
    ],
)
def test_MAP_5_a_coarser_unit_is_one_that_explains_more(order: Figures, unit: str) -> None:
    assert order.unit() == Decimal(unit)


@pytest.mark.parametrize(
    ("amounts", "unit"), [(["287", "57"], "1"), (["1.50", "2"], "0.01"), (["0", "0.00"], "0.01"), (["5.0", "7.0"], "0")]
)
def test_MAP_5_the_unit_that_amounts_are_written_in(amounts: Sequence[str], unit: str) -> None:
    """5.0 may be a double of a shop with any decimals."""
    assert written_in([Decimal(amount) for amount in amounts]) == Decimal(unit)


@pytest.mark.parametrize(
    ("decimals", "unit"), [(0, "1"), (2, "0.01"), (None, "0"), (True, "0"), (-1, "0"), (99, "0"), ("2", "0"), ([], "0")]
)
def test_MAP_5_what_is_no_number_of_decimals_says_nothing(decimals: object, unit: str) -> None:
    assert unit_of(decimals) == Decimal(unit)


def test_MAP_5_a_doubles_last_digits_are_no_amount() -> None:
    assert coarsest([Decimal("287.00000000000006"), Decimal("57")], CENT) == 1


@pytest.mark.parametrize(
    ("payments", "off"),
    [
        pytest.param(["20"], "20", id="one"),
        pytest.param(["5", "20"], "20", id="one of them"),
        pytest.param(["5", "15"], "20", id="both"),
        pytest.param(["20", "20"], "20", id="one that is named twice"),
        pytest.param(["19"], "0", id="another amount"),
        pytest.param(["-20", "0"], "0", id="no amounts"),
        pytest.param([], "0", id="none"),
    ],
)
def test_MAP_11_payments_that_account_for_the_difference_are_off_the_total(payments: Sequence[str], off: str) -> None:
    order = figures("105.00", "25.00", ("100.00", "25.00"))

    assert taken_off([Decimal(payment) for payment in payments], order) == Decimal(off)


def test_MAP_11_where_the_order_adds_up_no_payment_is_off_its_total() -> None:
    assert taken_off([Decimal(20)], figures("125.00", "25.00", ("100.00", "25.00"))) == 0


def test_MAP_11_many_payments_are_no_work_without_end() -> None:
    assert taken_off([Decimal(7)] * 1000, figures("105.00", "25.00", ("100.00", "25.00"))) == 0
