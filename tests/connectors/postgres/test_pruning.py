"""What is long over is cut, and nothing that anybody still asks for (SPD-2)."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest

from connectors.postgres import Connection, last_look, pruning, replay_view
from schemas.pruning import Portion
from tests.connectors.builtin_hub.makers import one, run

NOW: Final = datetime.now(UTC)
OLD: Final = NOW - timedelta(days=500)
BEFORE: Final = NOW - timedelta(days=400)
OVER: Final[dict[str, Any]] = {"state": "imported", "hub_status": "DELIVERED", "order_settled": 1}


def keep(connection: Connection, store_id: int, external_id: str, **columns: Any) -> None:
    """An order that came long ago and is over, or as the columns say."""
    values = {"snapshot": '"an order"', "store_updated_at": OLD, "first_seen_at": OLD, **OVER, **columns}
    statement = f"""INSERT INTO store_orders (store_id, external_id, {", ".join(values)})
        VALUES (%s, %s, {", ".join(["%s"] * len(values))})"""
    run(connection, statement, store_id, external_id, *values.values())


def write(
    connection: Connection, store_id: int | None, external_id: str | None, *line: str, at: datetime = OLD
) -> None:
    statement = "INSERT INTO journal (at, store_id, external_id, action, outcome) VALUES (%s, %s, %s, %s, %s)"
    run(connection, statement, at, store_id, external_id, *line)


def lines(connection: Connection) -> list[tuple[str | None, str, str]]:
    found = connection.execute("SELECT external_id, action, outcome FROM journal ORDER BY id")
    return [(row["external_id"], row["action"], row["outcome"]) for row in found]


def kept(connection: Connection) -> list[str]:
    """The orders whose snapshots are there."""
    found = connection.execute("SELECT external_id FROM store_orders WHERE snapshot IS NOT NULL ORDER BY 1")
    return [row["external_id"] for row in found]


# -- the journal -------------------------------------------------------------------------------------------------------


def test_SPD_2_old_lines_are_cut_and_young_ones_stay(connection: Connection, acme: int) -> None:
    write(connection, acme, None, "push", "told")
    write(connection, None, None, "count", "counted")
    write(connection, acme, "1", "change", "changed")
    write(connection, acme, "1", "change", "changed", at=NOW)

    assert pruning.cut_journal(connection, BEFORE, 0) == Portion(3, None)
    assert lines(connection) == [("1", "change", "changed")]


def test_SPD_2_what_was_set_when_stays(connection: Connection, acme: int) -> None:
    write(connection, acme, None, "connect", "active")
    write(connection, acme, None, "reconfigure", "saved")
    write(connection, None, None, "reconfigure", "saved")

    assert pruning.cut_journal(connection, BEFORE, 0).cut == 0
    assert [len(replay_view.settings_lines(connection, store_id)) for store_id in (acme, None)] == [2, 1]


@pytest.mark.parametrize(
    "columns",
    [
        {"hub_status": "PARTIALLY_DELIVERED"},
        {"hub_status": None, "state": "failed"},
        {"hub_status": None, "state": "pending"},
        {"changed": 2},
        {"hub_changed": 1},
        {"is_failing": True},
        {"hub_is_failing": True},
        {"sending": "{}"},
    ],
    ids=str,
)
def test_SPD_2_of_an_order_that_is_not_over_every_line_stays(
    connection: Connection, acme: int, columns: dict[str, Any]
) -> None:
    keep(connection, acme, "1", **columns)
    write(connection, acme, "1", "change", "changed")

    assert pruning.cut_journal(connection, BEFORE, 0).cut == 0


def test_SPD_2_lines_of_an_import_stay_as_long_as_its_snapshot(connection: Connection, acme: int) -> None:
    keep(connection, acme, "1")
    write(connection, acme, "1", "import", "imported")
    write(connection, acme, "1", "change", "changed")

    assert pruning.cut_journal(connection, BEFORE, 0).cut == 1
    assert lines(connection) == [("1", "import", "imported")]

    pruning.cut_snapshots(connection, BEFORE)

    assert pruning.cut_journal(connection, BEFORE, 0).cut == 1


def test_SPD_2_notes_of_an_import_stay_for_the_next_look(connection: Connection, acme: int) -> None:
    keep(connection, acme, "1", snapshot=None)
    write(connection, acme, "1", "import", "imported")
    write(connection, acme, "1", "import", "noted")
    write(connection, acme, "1", "change", "changed")
    before = last_look.last_look(connection, acme, "1")

    assert pruning.cut_journal(connection, BEFORE, 0).cut == 1
    assert before is not None
    assert before.at_import
    assert last_look.last_look(connection, acme, "1") == before


def test_SPD_2_a_long_journal_is_cut_in_portions(connection: Connection, acme: int) -> None:
    run(
        connection,
        "INSERT INTO journal (at, store_id, action, outcome) SELECT %s, %s, 'push', 'told' FROM generate_series(1, %s)",
        *(OLD, acme, pruning.LINES + 1),
    )

    first = pruning.cut_journal(connection, BEFORE, 0)
    assert first.cut == pruning.LINES
    assert first.beyond is not None
    assert pruning.cut_journal(connection, BEFORE, first.beyond) == Portion(1, None)


@pytest.mark.parametrize("change", ["DELETE FROM journal", "UPDATE journal SET at = now()"])
def test_SPD_2_nobody_else_cuts_the_journal(fresh_database_url: str, change: str) -> None:
    with psycopg.connect(fresh_database_url, autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('storesync.prunes', 'on', true)")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(change)


# -- snapshots ---------------------------------------------------------------------------------------------------------


def test_DOR_6_snapshots_of_orders_that_are_at_rest_for_long_are_cut_whatever_became_of_them(
    connection: Connection, acme: int
) -> None:
    keep(connection, acme, "open", hub_status="NOT_SHIPPED")
    keep(connection, acme, "failed", hub_status=None, state="failed")
    keep(connection, acme, "due", hub_status=None, state="pending", changed=2)
    keep(connection, acme, "came lately", first_seen_at=NOW)
    keep(connection, acme, "changed lately", store_updated_at=NOW)
    keep(connection, acme, "without a date", store_updated_at=None)

    assert pruning.cut_snapshots(connection, BEFORE) == Portion(4, None)
    assert kept(connection) == ["came lately", "changed lately"]


def test_DOR_6_of_what_was_skipped_the_snapshot_is_cut_sooner(connection: Connection, acme: int) -> None:
    keep(connection, acme, "imported")
    keep(connection, acme, "skipped", hub_status=None, state="skipped")
    keep(connection, acme, "skipped lately", hub_status=None, state="skipped", first_seen_at=NOW)

    assert pruning.cut_skipped(connection, BEFORE) == Portion(1, None)
    assert kept(connection) == ["imported", "skipped lately"]


def test_SPD_2_snapshots_are_cut_in_portions(connection: Connection, acme: int) -> None:
    for number in range(pruning.SNAPSHOTS + 1):
        keep(connection, acme, str(number))

    assert pruning.cut_snapshots(connection, BEFORE) == Portion(pruning.SNAPSHOTS, 0)
    assert pruning.cut_snapshots(connection, BEFORE) == Portion(1, None)
    assert one(connection, "SELECT count(*) AS orders FROM store_orders")["orders"] == pruning.SNAPSHOTS + 1
