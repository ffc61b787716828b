"""What is kept of orders: which snapshot they were imported from, portions, moments, and no write."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from connectors import postgres
from connectors.postgres import Connection, journal, orders, replay_view
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import OrderOutcome
from schemas.replay import KeptOrder
from tests.connectors.postgres.makers import add_store
from tests.connectors.postgres.test_orders import IMPORTED, LATER, NOON, fill, keep, snapshot


def kept(connection: Connection, store_id: int | None = None, **how: Any) -> list[KeptOrder]:
    return replay_view.kept_orders(connection, store_id, how.get("since"))


def settle(connection: Connection, store_id: int, changed: int = 1, outcome: OrderOutcome = IMPORTED) -> None:
    orders.settle(connection, store_id, "1", changed=changed, outcome=outcome)


# -- what an order was imported from -------------------------------------------------------------------------------


def test_BEY_3_an_order_is_as_imported_until_its_store_changes_it(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    (before,) = kept(connection)
    settle(connection, acme)
    (after,) = kept(connection)
    keep(connection, acme, snapshot(digest="b", at=LATER))
    (changed,) = kept(connection)

    assert [one.is_as_imported for one in (before, after, changed)] == [False, True, False]
    assert [one.is_due for one in (before, after, changed)] == [True, False, True]


def test_BEY_3_a_look_at_an_order_that_is_in_the_hub_leaves_what_it_was_imported_from(
    connection: Connection, acme: int
) -> None:
    keep(connection, acme, snapshot())
    settle(connection, acme)
    orders.retry(connection, acme, "1")
    orders.keep_whole(connection, acme, "1", snapshot())
    settle(connection, acme, 2, OrderOutcome("imported"))

    (one,) = kept(connection)

    assert one.is_as_imported
    assert not one.is_due


def test_BEY_3_of_an_order_that_changed_while_it_was_imported_nobody_knows(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    keep(connection, acme, snapshot(digest="b", at=LATER))
    settle(connection, acme, changed=1)

    (one,) = kept(connection)

    assert not one.is_as_imported


def test_BEY_3_an_order_is_untouched_until_the_hub_moves_it(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    connection.execute("UPDATE store_orders SET hub_changed = 2")  # as the import itself left it
    settle(connection, acme)
    (before,) = kept(connection)
    connection.execute("UPDATE store_orders SET hub_changed = 3")
    settle(connection, acme, 2, OrderOutcome("imported"))
    (after,) = kept(connection)

    assert (before.is_untouched, after.is_untouched) == (True, False)


# -- which, in portions --------------------------------------------------------------------------------------------


def test_BEY_3_orders_come_in_portions_store_by_store(
    connection: Connection, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_view, "PORTION", 2)
    other = add_store(connection, "other")
    fill(connection, acme, 3)
    fill(connection, other, 2)

    def portions(store_id: int | None = None) -> Iterator[list[tuple[int, str]]]:
        beyond = None
        while portion := replay_view.kept_orders(connection, store_id, None, beyond=beyond):
            yield [(one.store_id, one.external_id) for one in portion]
            beyond = portion[-1]

    assert [*portions()] == [[(acme, "1"), (acme, "2")], [(acme, "3"), (other, "1")], [(other, "2")]]
    assert [*portions(acme)] == [[(acme, "1"), (acme, "2")], [(acme, "3")]]
    assert replay_view.count(connection, None, None) == 5
    assert [one.external_id for one in kept(connection, other)] == ["1", "2"]
    assert replay_view.count(connection, other, None) == 2


def test_BEY_3_since_is_when_an_order_came_or_was_changed_in_its_store(connection: Connection, acme: int) -> None:
    keep(
        connection,
        acme,
        snapshot("old"),
        snapshot("changed", at=LATER),
        snapshot("came"),
        snapshot("dateless", at=None),
    )
    connection.execute("UPDATE store_orders SET first_seen_at = %s WHERE external_id <> 'came'", (NOON,))

    since = NOON + timedelta(seconds=1)

    assert [one.external_id for one in kept(connection, since=since)] == ["came", "changed"]
    assert replay_view.count(connection, None, since) == 2


def test_a_snapshot_comes_to_the_letter(connection: Connection, acme: int) -> None:
    text = '{"id": 1, "total": 10.10,  "huge": 1e400}'
    keep(connection, acme, snapshot(payload=text))

    assert [one.payload for one in kept(connection)] == [text]


# -- what was written ----------------------------------------------------------------------------------------------


def test_lines_of_imports_are_those_of_the_orders_asked_for(connection: Connection, acme: int) -> None:
    for external_id, line in (
        ("1", Line(Action.IMPORT, Outcome.SKIPPED, "on_hold")),
        ("2", Line(Action.IMPORT, Outcome.IMPORTED)),
        ("1", Line(Action.IMPORT, Outcome.IMPORTED)),
        ("1", Line(Action.CHANGE, Outcome.NOTED, "held_back")),
    ):
        journal.add(connection, line, store_id=acme, external_id=external_id)

    found = replay_view.import_lines(connection, acme, ["1"])

    assert [(line.outcome, line.reason) for line in found] == [("skipped", "on_hold"), ("imported", None)]


def test_lines_of_settings_are_a_store_s_or_the_account_s(connection: Connection, acme: int) -> None:
    for store_id, line in (
        (acme, Line(Action.CONNECT, Outcome.ACTIVE)),
        (acme, Line(Action.SET_STATE, Outcome.PAUSED)),
        (acme, Line(Action.RECONFIGURE, Outcome.SAVED, detail={"settings": {"location": "main"}})),
        (None, Line(Action.RECONFIGURE, Outcome.SAVED, detail={"account": {"base_currency": "EUR"}})),
    ):
        journal.add(connection, line, store_id=store_id)

    assert [line.action for line in replay_view.settings_lines(connection, acme)] == ["connect", "reconfigure"]
    assert [line.detail for line in replay_view.settings_lines(connection, None)] == [
        {"account": {"base_currency": "EUR"}}
    ]


# -- looking only ----------------------------------------------------------------------------------------------------


@pytest.fixture
def two(fresh_database_url: str) -> Iterator[tuple[Connection, Connection]]:
    with postgres.connect(fresh_database_url) as one, postgres.connect(fresh_database_url) as other:
        yield one, other


def test_BEY_3_a_moment_is_one_whatever_others_write(two: tuple[Connection, Connection]) -> None:
    looking, writing = two
    acme = add_store(writing, "acme")
    fill(writing, acme, 1)

    with replay_view.looking(looking), looking.transaction():
        before = replay_view.count(looking, None, None)
        keep(writing, acme, snapshot("2"))
        during = replay_view.count(looking, None, None)

    assert (before, during, replay_view.count(looking, None, None)) == (1, 1, 2)


def test_BEY_3_while_it_looks_the_database_refuses_every_write(two: tuple[Connection, Connection]) -> None:
    looking, _ = two

    with replay_view.looking(looking):
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            journal.add(looking, Line(Action.IMPORT, Outcome.IMPORTED))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), looking.transaction():
            journal.add(looking, Line(Action.IMPORT, Outcome.IMPORTED))

    journal.add(looking, Line(Action.IMPORT, Outcome.IMPORTED))  # afterwards the connection is as it was
    assert looking.info.transaction_status is TransactionStatus.IDLE


def test_BEY_3_a_moment_keeps_nobody_from_writing(two: tuple[Connection, Connection]) -> None:
    looking, writing = two
    fill(writing, add_store(writing, "acme"), 3)
    writing.execute("SET lock_timeout = '1s'")

    with replay_view.looking(looking), looking.transaction():
        assert len(replay_view.kept_orders(looking, None, None)) == 3
        writing.execute("UPDATE store_orders SET changed = changed + 1")
        with writing.transaction():
            writing.execute("LOCK store_orders, hub.sales_orders IN EXCLUSIVE MODE")
