"""The due rows: what moves them, what settles them, and which bells are rung."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import postgres
from connectors.postgres import Connection, order_view, orders
from connectors.postgres.journal import Which, lines
from connectors.postgres.order_view import OrderRow
from connectors.postgres.orders import BELL_SECONDS, WINDOW
from schemas.failures import PutOff
from schemas.journal import Action, Line, Outcome
from schemas.orders import Snapshot
from schemas.outcomes import OrderOutcome
from tests.connectors.postgres.makers import add_store

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
IMPORTED = OrderOutcome("imported", hub_order_id="7", lines=(Line(Action.IMPORT, Outcome.IMPORTED),))


def snapshot(external_id: str = "1", digest: str = "a", at: datetime | None = NOON, **changes: Any) -> Snapshot:
    """What a page brings of an order."""
    payload, skus = changes.get("payload", '{"id": 1}'), changes.get("skus")
    return Snapshot(external_id, at, digest, payload, changes.get("problem"), skus)


def keep(connection: Connection, store_id: int, *page: Snapshot) -> list[str]:
    """Store a page; the ids of what was news."""
    return [news.external_id for news in orders.keep_snapshots(connection, store_id, page)]


def fill(connection: Connection, store_id: int, count: int) -> None:
    """So many due orders."""
    assert len(keep(connection, store_id, *(snapshot(str(number)) for number in range(1, count + 1)))) == count


def row(connection: Connection, store_id: int, external_id: str = "1") -> OrderRow:
    """An order's due row."""
    found = order_view.order(connection, store_id, external_id)
    assert found is not None
    return found


def is_due(connection: Connection, store_id: int, external_id: str = "1") -> bool:
    """Whether anything is left to look at."""
    found = row(connection, store_id, external_id)
    return bool(found.changed > found.order_settled)


def ring(connection: Connection, store_id: int, **how: int) -> list[str]:
    """The orders that are rung for now."""
    return [bell.external_id for bell in orders.pick_bells(connection, store_id, **how)]


def let_bells_age(connection: Connection) -> None:
    """Every bell that is out got no answer for too long."""
    connection.execute("UPDATE store_orders SET rung_at = rung_at - %s * interval '1 second'", (BELL_SECONDS + 1,))


# -- snapshots -----------------------------------------------------------------------------------------------------


def test_STK_5_sku_stays_with_an_order_that_had_it_once(connection: Connection, acme: int) -> None:
    def skus(digest: str, page_has: tuple[str, ...] | None) -> tuple[str, ...] | None:
        (news,) = orders.keep_snapshots(connection, acme, [snapshot(digest=digest, skus=page_has)])
        return news.skus

    assert skus("a", None) is None
    assert skus("b", ("B", "A")) == ("A", "B")
    assert skus("c", ("B",)) == ("A", "B")
    assert skus("d", None) == ("A", "B")

    whole = snapshot(digest="e", skus=("C",))
    assert orders.keep_whole(connection, acme, "1", whole) == ("A", "B", "C")
    assert orders.keep_whole(connection, acme, "1", snapshot(digest="f")) == ("A", "B", "C")


def test_a_new_order_is_due(connection: Connection, acme: int) -> None:
    assert keep(connection, acme, snapshot()) == ["1"]

    found = row(connection, acme)
    assert (found.state, found.changed, found.order_settled) == ("pending", 1, 0)


def test_changed_moves_only_when_the_meaning_does(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())

    same = keep(connection, acme, snapshot(at=LATER, payload='{"id": 1, "seen": true}'))
    unmoved = row(connection, acme).changed
    other = keep(connection, acme, snapshot(digest="b", at=LATER))

    assert (same, unmoved) == ([], 1)
    assert (other, row(connection, acme).changed) == (["1"], 2)


def test_CHG_8_of_older_news_nothing_is_taken_but_the_store_is_asked(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot(digest="new", at=LATER))
    orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    first, again = (keep(connection, acme, snapshot(digest="old", at=NOON)) for _ in range(2))

    found = row(connection, acme)
    assert (first, again) == (["1"], [])
    assert (found.snapshot, found.store_updated_at, found.changed) == (None, LATER, 2)
    assert is_due(connection, acme)


def test_CHG_8_older_news_that_cannot_be_read_does_not_set_an_order_aside(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot(digest="new", at=LATER))

    keep(connection, acme, snapshot(digest="old", at=NOON, payload=None, problem=("", "cannot be stored")))

    assert is_due(connection, acme)


@pytest.mark.parametrize("at", [LATER, None])
def test_CHG_8_news_of_the_same_second_or_without_a_date_wins(
    connection: Connection, acme: int, at: datetime | None
) -> None:
    keep(connection, acme, snapshot(digest="first", at=LATER))

    assert keep(connection, acme, snapshot(digest="second", at=at)) == ["1"]
    assert row(connection, acme).store_updated_at == LATER


def test_an_order_twice_on_a_page_is_kept_once_as_it_came_last(connection: Connection, acme: int) -> None:
    assert keep(connection, acme, snapshot(digest="first"), snapshot(digest="second")) == ["1"]
    assert row(connection, acme).digest == "second"


def test_a_payload_is_kept_to_the_letter(connection: Connection, acme: int) -> None:
    text = '{"total": 10.10, "total": 1e2,  "name": "\\u0000 \\ud83d"}'
    keep(connection, acme, snapshot(payload=text))

    found = orders.look(connection, acme, "1")

    assert found is not None
    assert found.payload == text


def test_news_lifts_what_an_order_waited_for(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    orders.put_off(connection, acme, "1", PutOff("store_unavailable", {}, datetime.now(UTC) + timedelta(hours=1)))

    keep(connection, acme, snapshot(digest="b", at=LATER))

    found = row(connection, acme)
    assert (found.due_at, found.attempts) == (None, 0)
    assert ring(connection, acme) == ["1"]


def test_ch_11_an_unreadable_order_is_set_aside_as_it_is_stored(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot(problem=("total", "must be a number")))

    found = row(connection, acme)
    assert (found.state, found.reason) == ("failed", "invalid_payload")
    assert found.detail == {"path": "total", "problem": "must be a number"}
    assert not is_due(connection, acme)


def test_ch_11_unreadable_news_does_not_touch_what_was_imported(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    keep(connection, acme, snapshot(digest="b", at=LATER, problem=("total", "must be a number")))

    found = row(connection, acme)
    assert (found.state, found.reason, found.hub_order_id) == ("imported", "invalid_payload", "7")
    assert not is_due(connection, acme)


# -- settling ------------------------------------------------------------------------------------------------------


def test_settling_writes_down_what_came_of_it(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())

    assert not orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    assert row(connection, acme).state == "imported"
    assert not is_due(connection, acme)
    assert [line.outcome for line in lines(connection, Which(acme))] == ["imported"]


def test_settling_marks_what_was_seen_so_that_an_order_that_moved_stays_due(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    ring(connection, acme)
    keep(connection, acme, snapshot(digest="b", at=LATER))

    assert orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    assert is_due(connection, acme)
    assert ring(connection, acme) == ["1"]


def test_settling_twice_writes_once(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())

    for _ in range(2):
        orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    assert len(lines(connection, Which(acme))) == 1


def test_putting_off_a_skipped_order_keeps_its_reason(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    orders.settle(
        connection, acme, "1", changed=1, outcome=OrderOutcome("skipped", "status_not_imported", {"status": "x"})
    )
    keep(connection, acme, snapshot(digest="b", at=LATER))

    orders.put_off(connection, acme, "1", PutOff("store_unavailable", {"problem": "502"}, LATER))

    found = row(connection, acme)
    assert (found.state, found.reason) == ("skipped", "status_not_imported")
    assert (found.detail, found.attempts, found.due_at) == ({"status": "x"}, 1, LATER)


def test_putting_off_what_was_settled_meanwhile_does_nothing(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    orders.settle(connection, acme, "1", changed=1, outcome=IMPORTED)

    orders.put_off(connection, acme, "1", PutOff("store_unavailable", {}, LATER))

    assert row(connection, acme).due_at is None


def test_setting_aside_an_order_that_moved_meanwhile_leaves_it_due(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    keep(connection, acme, snapshot(digest="b", at=LATER))

    orders.set_aside(connection, acme, "1", PutOff("refused_by_hub", {}, None), changed=1)

    assert is_due(connection, acme)
    assert ring(connection, acme) == ["1"]


def test_setting_aside_twice_for_the_same_is_journaled_once(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())

    for reason in ("refused_by_hub", "refused_by_hub", "not_found_in_store"):
        orders.set_aside(connection, acme, "1", PutOff(reason, {}, None), changed=1)

    assert [line.reason for line in lines(connection, Which(acme))] == ["refused_by_hub", "not_found_in_store"]


def test_BEY_7_what_was_set_aside_is_retried_by_reason_and_store(connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    for store_id in (acme, other):
        fill(connection, store_id, 2)
        for key, reason in (("1", "refused_by_hub"), ("2", "unexpected_error")):
            orders.set_aside(connection, store_id, key, PutOff(reason, {}, None), changed=1)

    of_one = orders.retry_failed(connection, acme, "refused_by_hub")
    of_all = orders.retry_failed(connection, None, "unexpected_error")

    assert of_one == [(acme, "1")]
    assert set(of_all) == {(acme, "2"), (other, "2")}
    assert is_due(connection, acme, "1")
    assert not is_due(connection, other, "1")


# -- bells ---------------------------------------------------------------------------------------------------------


def test_MUL_1_no_more_than_a_window_of_bells_is_out_for_a_store(connection: Connection, acme: int) -> None:
    other = add_store(connection, "other")
    fill(connection, acme, 500)
    fill(connection, other, 3)

    assert len(ring(connection, acme)) == WINDOW
    assert ring(connection, acme) == []
    assert sorted(ring(connection, other)) == ["1", "2", "3"]


def test_MUL_1_the_window_is_filled_again_as_orders_are_settled(connection: Connection, acme: int) -> None:
    fill(connection, acme, 500)
    out = ring(connection, acme)

    for external_id in out[:30]:
        orders.settle(connection, acme, external_id, changed=1, outcome=OrderOutcome("skipped"))

    assert ring(connection, acme, at_least=31) == []
    assert len(ring(connection, acme, at_least=30)) == 30


def test_a_bell_is_rung_once_until_it_is_lost_and_then_alone(connection: Connection, acme: int) -> None:
    fill(connection, acme, 3)
    first = orders.pick_bells(connection, acme)

    again = orders.pick_bells(connection, acme)
    let_bells_age(connection)
    lost = orders.pick_bells(connection, acme)

    assert [bell.was_lost for bell in first] == [False] * 3
    assert again == []
    assert [bell.was_lost for bell in lost] == [True] * 3


def test_bells_that_were_never_rung_come_before_those_that_were_lost(connection: Connection, acme: int) -> None:
    fill(connection, acme, WINDOW)
    ring(connection, acme)
    let_bells_age(connection)
    keep(connection, acme, snapshot("new"))

    assert "new" in ring(connection, acme)


def test_orders_are_rung_as_their_news_came_the_oldest_first(
    connection: Connection, acme: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = {"3": NOON, "1": NOON + timedelta(minutes=1), "2": NOON + timedelta(minutes=2)}
    keep(connection, acme, *(snapshot(external_id, at=at) for external_id, at in times.items()))

    for rung, expected in enumerate(("3", "1", "2"), 1):
        monkeypatch.setattr(orders, "WINDOW", rung)
        assert ring(connection, acme) == [expected]


def test_BEY_6_an_order_that_comes_back_is_asked_for_anew(connection: Connection, acme: int) -> None:
    keep(connection, acme, snapshot())
    connection.execute("UPDATE store_orders SET tombstoned_at = now(), state = 'deleted'")

    assert orders.reimport(connection, acme, "1")

    assert (row(connection, acme).snapshot, is_due(connection, acme)) == (None, True)


def test_a_put_off_order_is_not_rung_before_its_time(connection: Connection, acme: int) -> None:
    fill(connection, acme, 2)
    orders.put_off(connection, acme, "1", PutOff("store_unavailable", {}, datetime.now(UTC) + timedelta(minutes=1)))

    assert ring(connection, acme) == ["2"]

    connection.execute("UPDATE store_orders SET due_at = now() WHERE external_id = '1'")
    assert ring(connection, acme) == ["1"]


def test_forgotten_bells_are_all_rung_again_together(connection: Connection, acme: int) -> None:
    fill(connection, acme, 5)
    ring(connection, acme)

    orders.forget_bells(connection)

    bells = orders.pick_bells(connection, acme)
    assert len(bells) == 5
    assert not any(bell.was_lost for bell in bells)


@pytest.mark.parametrize("state", ["paused", "needs_attention", "disconnected"])
def test_only_active_stores_with_something_due_are_rung_for(connection: Connection, acme: int, state: str) -> None:
    resting, waiting, idle = (add_store(connection, name) for name in ("resting", "waiting", "idle"))
    for store_id in (acme, resting, waiting):
        fill(connection, store_id, 1)
    orders.put_off(connection, waiting, "1", PutOff("hub_busy", {}, datetime.now(UTC) + timedelta(minutes=1)))
    connection.execute("UPDATE stores SET state = %s WHERE id = %s", (state, resting))

    assert orders.due_stores(connection) == [acme]
    assert idle not in orders.due_stores(connection)


@pytest.fixture
def ringers(fresh_database_url: str) -> Iterator[tuple[Connection, Connection]]:
    """Two connections that see what the other one commits."""
    with postgres.connect(fresh_database_url) as one, postgres.connect(fresh_database_url) as two:
        yield one, two


def test_two_ringers_at_once_take_different_orders(ringers: tuple[Connection, Connection]) -> None:
    one, two = ringers
    acme = add_store(one, "acme")
    fill(one, acme, 10)

    with one.transaction():
        of_one = ring(one, acme)
        of_two = ring(two, acme)

    assert len(of_one) == 10
    assert of_two == []
