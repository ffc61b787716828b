"""Exchange rates as they are kept: the table that ships, the day's news, and rates set by hand."""

from datetime import date
from decimal import Decimal

from connectors.postgres import Connection, rates

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)


def keep(connection: Connection, rate: str, day: date = MONDAY, source: str = "ecb") -> int:
    """Keep a rate of the dollar."""
    return rates.keep(connection, {("USD", day): Decimal(rate)}, base="EUR", source=source)


def latest(connection: Connection) -> dict[tuple[str, str], tuple[date, Decimal]]:
    """The newest rates by currency and source."""
    return {(row["currency"], row["source"]): (row["on_date"], row["rate"]) for row in rates.latest(connection)}


def test_ORD_8_a_table_ships_and_is_loaded_once(connection: Connection) -> None:
    loaded = rates.keep_shipped(connection)

    assert loaded > 25
    assert rates.keep_shipped(connection) == 0
    assert Decimal("0.5") < latest(connection)["USD", "ecb"][1] < Decimal("1.5")


def test_ORD_8_the_shipped_table_does_not_replace_newer_rates(connection: Connection) -> None:
    keep(connection, "0.9", day=date(2199, 1, 1))

    assert rates.keep_shipped(connection) == 0


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
