"""Exchange rates as they are kept: the table that ships, the day's news, and rates set by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.postgres import Connection, rates
from schemas.hub import ExchangeRate

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def keep(connection: Connection, rate: str, day: date = MONDAY, source: str = "ecb") -> int:
    """Keep a rate of the dollar."""
    return rates.keep(connection, {("USD", day): Decimal(rate)}, base="EUR", source=source)


def latest(connection: Connection) -> dict[tuple[str, str], tuple[date, Decimal]]:
    """The newest rates by currency and source."""
    return {(row.currency, row.source): (row.on_date, row.rate) for row in rates.latest(connection)}


@pytest.mark.long
def test_ORD_8_a_table_ships_and_is_loaded_once(connection: Connection) -> None:
    loaded = rates.keep_shipped(connection)

    assert loaded > 25
    assert rates.keep_shipped(connection) == 0
    assert Decimal("0.5") < latest(connection)["USD", "ecb"][1] < Decimal("1.5")


@pytest.mark.long
def test_ORD_8_the_shipped_table_does_not_replace_newer_rates(connection: Connection) -> None:
    keep(connection, "0.9", day=date(2199, 1, 1))

    assert rates.keep_shipped(connection) == 0


@pytest.mark.long
def test_ORD_8_rates_set_by_hand_do_not_keep_the_table_out(connection: Connection) -> None:
    keep(connection, "0.9", day=date(2199, 1, 1), source="hand")

    assert rates.keep_shipped(connection) > 25


def test_the_same_rate_again_changes_nothing_and_a_corrected_one_replaces_it(connection: Connection) -> None:
    assert [keep(connection, rate) for rate in ("0.9", "0.90", "0.91")] == [1, 0, 1]
    assert latest(connection) == {("USD", "ecb"): (MONDAY, Decimal("0.91"))}


def test_the_latest_rate_of_each_source_is_shown(connection: Connection) -> None:
    keep(connection, "0.92", day=TUESDAY)
    keep(connection, "0.91", day=MONDAY)
    keep(connection, "0.95", day=MONDAY, source="hand")

    assert latest(connection) == {
        ("USD", "ecb"): (TUESDAY, Decimal("0.92")),
        ("USD", "hand"): (MONDAY, Decimal("0.95")),
    }


@pytest.mark.parametrize(
    ("currency", "base", "rate", "on"),
    [
        ("USD", "EUR", "0.8", "2026-01-03"),
        ("EUR", "USD", "1.25", "2026-01-03"),
        ("USD", "GBP", "0.6666666667", "2026-01-02"),
        ("JPY", "EUR", "0.006", "2026-02-01"),
        ("CHF", "EUR", "1.1", "2026-01-01"),
    ],
    ids=["the last before", "from the euro", "a cross", "only a later one", "by hand first"],
)
def test_ORD_8_the_rate_of_the_orders_day(connection: Connection, currency: str, base: str, rate: str, on: str) -> None:
    kept(connection)

    found = rates.rates_on(connection, {(currency, MONDAY)}, base=base)

    assert found == {(currency, MONDAY): ExchangeRate(Decimal(rate), date.fromisoformat(on))}


def test_ORD_8_every_order_of_many_has_the_rate_of_its_own_day(connection: Connection) -> None:
    kept(connection)
    later = MONDAY + timedelta(days=1)

    found = rates.rates_on(
        connection, {("USD", MONDAY), ("USD", later), ("JPY", MONDAY), ("XXX", MONDAY), ("EUR", MONDAY)}, base="EUR"
    )

    assert {key: str(one.rate.normalize()) for key, one in found.items()} == {
        ("USD", MONDAY): "0.8",
        ("USD", later): "0.9",
        ("JPY", MONDAY): "0.006",
    }


def kept(connection: Connection) -> None:
    """Rates of several days around Monday, 5 January 2026."""
    for currency, base, day, rate, source in (
        ("USD", "EUR", "2025-12-31", "0.7", "ecb"),
        ("USD", "EUR", "2026-01-03", "0.8", "ecb"),
        ("USD", "EUR", "2026-01-06", "0.9", "ecb"),
        ("GBP", "EUR", "2026-01-02", "1.2", "ecb"),
        ("JPY", "EUR", "2026-02-01", "0.006", "ecb"),
        ("CHF", "EUR", "2026-01-05", "1.05", "ecb"),
        ("CHF", "EUR", "2026-01-01", "1.1", "hand"),
    ):
        worth = {(currency, date.fromisoformat(day)): Decimal(rate)}
        rates.keep(connection, worth, base=base, source=source)
