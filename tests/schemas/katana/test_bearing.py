"""Who bears what charges below zero take off: to the cent, at their own rate, and never more than a row comes to."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hub import DraftRow
from schemas.katana.bearing import Share, bear, takes_off, unborne
from schemas.money import round_money
from schemas.orders import ZERO
from tests.connectors.builtin_hub.makers import chair, shipping
from tests.examples import examples

D = Decimal
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
RATES = st.sampled_from([D(0), D(7), D(19), D("8.875")])


def line(total: str | Decimal, rate: str | Decimal = "19") -> DraftRow:
    return chair(total=D(total), tax_rate=D(rate), tax=D(total) * D(rate) / 100)


def charge(total: str | Decimal, rate: str | Decimal = "19", tax: str | None = None) -> DraftRow:
    own = D(total) * D(rate) / 100 if tax is None else D(tax)
    return shipping(name="Loyalty", total=D(total), price_per_unit=D(total), tax_rate=D(rate), tax=own)


def borne(*rows: DraftRow) -> list[Decimal]:
    return list(bear([Share(row) for row in rows], "EUR").amounts)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([line("60"), line("40"), charge("-10")], ["6", "4", "0"], id="in proportion"),
        pytest.param([line("10"), line("10"), line("10"), charge("-1")], ["0.34", "0.33", "0.33", "0"], id="cents"),
        pytest.param([line("60"), line("40", "7"), charge("-10", "7")], ["0", "10", "0"], id="its own rate"),
        pytest.param([line("60"), charge("20"), charge("-8")], ["6", "2", "0"], id="a fee bears too"),
        pytest.param([line("60"), charge("-50"), charge("-10")], ["60", "0", "0"], id="all of it"),
        pytest.param(
            [line("60"), line("40", "7"), charge("-10", "14.2", "-1.42")], ["6", "4", "0"], id="taxed as the lines are"
        ),
    ],
)
def test_MAP_9_what_a_charge_takes_off_is_borne_to_the_cent(rows: list[DraftRow], expected: list[str]) -> None:
    assert borne(*rows) == [D(one) for one in expected]


@pytest.mark.parametrize(
    ("rows", "short"),
    [
        pytest.param([line("60"), charge("-60.01")], "0.01", id="more than there is"),
        pytest.param([line("60"), charge("-5", "7")], "5", id="no row of its rate"),
        pytest.param([line("60"), line("40", "7"), charge("-10", "16")], "10", id="no rate of theirs, nor all of them"),
        pytest.param([line("-60"), charge("-5")], "5", id="a line below zero bears nothing"),
    ],
)
def test_MAP_9_what_nobody_bears_is_said(rows: list[DraftRow], short: str) -> None:
    assert bear([Share(row) for row in rows], "EUR").short == D(short)


def test_CHG_4_a_fixed_row_bears_what_it_bore_and_the_others_the_rest() -> None:
    parts = [Share(line("60"), D(6), is_fixed=True), Share(line("40"), D(4)), Share(charge("-15"))]

    assert bear(parts, "EUR").amounts == (D(6), D(9), D(0))
    assert bear([*parts[:1], Share(charge("-15"))], "EUR").short == 9
    assert bear(parts[:2], "EUR").short == -6  # the charge is gone, and its share can not come back


AMOUNTS = st.integers(0, 10**9)


@pytest.mark.long
@examples(150)
@given(
    st.lists(st.tuples(AMOUNTS, RATES, st.booleans()), max_size=7),
    st.lists(st.tuples(st.integers(1, 10**9), RATES), max_size=3),
    CURRENCIES,
)
def test_MAP_9_each_rate_comes_to_the_same_and_no_row_falls_below_zero(
    above: list[tuple[int, Decimal, bool]], below: list[tuple[int, Decimal]], currency: str
) -> None:
    unit = D(1).scaleb(-{"EUR": 2, "JPY": 0, "KWD": 3}[currency])
    rows = [line(unit * n, rate) if ships else charge(unit * n, rate) for n, rate, ships in above]
    rows += [charge(-unit * n, rate, tax="1000") for n, rate in below]  # a tax that fits no mixture

    found = bear([Share(row) for row in rows], currency)

    wanted, come_to = defaultdict[Decimal, Decimal](Decimal), defaultdict[Decimal, Decimal](Decimal)
    for row, part in zip(rows, found.amounts, strict=True):
        wanted[row.tax_rate] += row.total
        come_to[row.tax_rate] += ZERO if takes_off(row) else row.total - part
        assert ZERO <= part <= max(row.total, ZERO)
        assert part == round_money(part, currency)
    if not found.short:
        assert wanted == come_to
    assert sum(come_to.values()) == sum(wanted.values()) + found.short
    assert found.short == sum(max(-total, ZERO) for total in wanted.values())


@examples(60)
@given(st.lists(st.tuples(st.integers(1, 10**6), st.booleans(), st.integers(0, 10**6)), min_size=1), AMOUNTS)
def test_CHG_4_nothing_is_lost_between_what_is_fixed_and_what_is_not(
    above: list[tuple[int, bool, int]], off: int
) -> None:
    parts = [Share(line(D(n)), D(min(n, had)), is_fixed) for n, is_fixed, had in above] + [Share(charge(D(-off)))]

    found = bear(parts, "EUR")

    assert sum(found.amounts) + found.short == off
    assert all(part == one.borne for part, one in zip(found.amounts, parts, strict=True) if one.is_fixed)


def test_MAP_9_what_is_borne_nowhere_is_counted() -> None:
    class Kept:
        def __init__(self, row: DraftRow, borne: str) -> None:
            self.total, self.tax, self.tax_rate, self.ships = row.total, row.tax, row.tax_rate, row.ships
            self.borne = D(borne)

    assert unborne([Kept(line("60"), "6"), Kept(charge("-10"), "0")]) == 4
    assert unborne([Kept(line("60"), "6")]) == -6
