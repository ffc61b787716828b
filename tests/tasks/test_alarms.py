"""A person hears of what is wrong, by a real HTTP receiver, whoever looks and whatever is away (DOR-7)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import counters, locks, notices
from connectors.postgres import alarms, journal
from sandbox import seed_plain
from schemas.alarms import AlarmKind, Notice
from tasks import people
from tasks.alarms import DIGEST_HOUR, gather, look
from tasks.held import Process
from tests.receiver import Receiver, listening
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, do
from workers.app import QUEUES, app
from workers.web.lookout import Lookout

pytestmark = pytest.mark.long

NIGHT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as receiver:
        yield receiver


@pytest.fixture
def told(held: Process, receiver: Receiver) -> Receiver:
    """The receiver is told of alarms. All queues are served, and it is night."""
    tell(held, receiver.url)
    counters.show_worker(held.redis, "worker@test", QUEUES)
    at(held, 0)
    return receiver


def tell(held: Process, urls: str) -> None:
    """As `people.set_addresses` does, without a process that asks whose addresses they are."""
    with held.pool.connection() as connection:
        alarms.set_addresses(connection, held.secrets.lock({"urls": urls}))


def at(held: Process, minute: float) -> None:
    """From now on it is this minute."""
    moment = NIGHT + timedelta(minutes=minute)
    held.now = lambda: moment


def look_at(held: Process, *minutes: float) -> None:
    for minute in minutes:
        at(held, minute)
        assert look(held) == "looked"


def said(held: Process) -> list[tuple[str, str | None]]:
    """What the journal has of messages."""
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which())
    return [(str(line.outcome), line.reason) for line in lines if line.action == "alert" and line.outcome != "saved"]


def kinds(held: Process) -> set[AlarmKind]:
    return {alarm.kind for alarm in gather(held).alarms}


STOP = "UPDATE stores SET state = 'needs_attention', reason = 'credentials_refused', reason_detail = 'Ada said no'"
GO_ON = "UPDATE stores SET state = 'active', reason = NULL, reason_detail = NULL, fetched_at = now()"


def test_DOR_7_a_person_hears_of_a_store_that_stops_once_and_when_it_goes_on(
    held: Process, acme: int, told: Receiver
) -> None:
    do(held, STOP)
    look_at(held, 0, 1, 5)
    do(held, GO_ON)
    look_at(held, 6, 12)

    assert told.titles == ["acme needs attention", "over: acme needs attention"]
    assert "credentials_refused" in told.posts[0]["message"]
    assert "Ada" not in told.posts[0]["message"]
    assert said(held) == [("said", None)] * 2


def test_DOR_7_of_two_that_look_one_tells(held: Process, acme: int, told: Receiver) -> None:
    do(held, STOP)

    look_at(held, 0)

    assert look(held) == "early"
    assert told.titles == ["acme needs attention"]


def test_DOR_7_orders_that_fail_and_a_store_that_is_not_fetched_are_seen(
    held: Process, shop: Shop, acme: int, told: Receiver
) -> None:
    seed_plain(shop.shop, orders=2)
    import_all(held, acme)
    assert kinds(held) == set()

    do(held, "UPDATE store_orders SET is_failing = true, reason = 'invalid_payload'")
    do(held, "UPDATE stores SET fetched_at = now() - interval '6 minutes', activated_at = now() - interval '1 day'")

    found = {alarm.kind: alarm for alarm in gather(held).alarms}
    assert set(found) == {AlarmKind.ORDERS_FAIL, AlarmKind.NOTHING_FETCHED}
    assert (found[AlarmKind.ORDERS_FAIL].subject, found[AlarmKind.ORDERS_FAIL].detail) == ("acme", "invalid_payload 2")
    assert found[AlarmKind.NOTHING_FETCHED].detail == "for 6 min"


def test_DOR_7_a_queue_that_nobody_serves_is_seen(held: Process, told: Receiver) -> None:
    counters.hide_worker(held.redis, "worker@test", ["stock"])

    (alarm,) = gather(held).alarms

    assert (alarm.kind, alarm.detail) == (AlarmKind.NO_WORKER, "on stock")


def test_DOR_7_a_task_that_does_not_come_back_is_seen(held: Process, told: Receiver) -> None:
    app.tasks["fetch_orders"].apply_async((1,))
    with app.connection_for_read() as broker:
        channel: Any = broker.channel()
        message = channel.basic_get("fetch")
        assert message
        now = datetime.now(UTC)
        held.now = lambda: now + timedelta(seconds=100)
        early = gather(held).alarms
        held.now = lambda: now + timedelta(seconds=200)
        (alarm,) = gather(held).alarms
        message.ack()

    assert early == ()
    assert (alarm.kind, alarm.subject) == (AlarmKind.TASK_LOST, "fetch_orders")
    assert gather(held).alarms == ()


def test_DOR_7_redis_that_is_away_is_said_by_who_needs_none(held: Process, told: Receiver) -> None:
    held._redis = locks.open_redis("redis://127.0.0.1:1")

    look_at(held, 0, 2)

    assert told.titles == ["Redis does not answer"]


def test_DOR_7_postgresql_that_is_away_is_said_by_the_web_process_and_when_it_is_back(
    held: Process, told: Receiver
) -> None:
    lookout = Lookout(held.config)
    lookout.look()
    there, lookout._config = held.config, replace(held.config, database_url="postgresql://127.0.0.1:1/none")
    for minute in (1, 2, 3, 4):
        at(held, minute)
        lookout.look()
    away = list(told.titles)
    lookout._config = there
    for minute in (5, 11):
        at(held, minute)
        lookout.look()

    assert away == ["PostgreSQL does not answer"]
    assert told.titles == [*away, "over: PostgreSQL does not answer"]


def test_DOR_7_a_service_that_is_down_is_told_later_and_holds_up_no_other(
    held: Process, acme: int, told: Receiver
) -> None:
    with listening() as other:
        tell(held, f"{told.url}\n{other.url}")
        other.status = 503
        do(held, STOP)
        look_at(held, 0)
        with held.pool.connection() as connection:
            (failing,) = alarms.failing_notices(connection)
        look_at(held, 0.4, 1.5)
        other.status = 200
        look_at(held, 4)

        assert (failing.reason, failing.detail) == ("notification_failed", "json://****")
        assert (told.titles, other.titles) == (["acme needs attention"], ["acme needs attention"])
    assert said(held) == [("failed", "notification_failed"), ("said", None)]
    with held.pool.connection() as connection:
        assert alarms.failing_notices(connection) == []


def test_DOR_7_a_service_that_does_not_answer_is_waited_for_so_long_and_no_longer(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "PATIENCE_SECONDS", 8)
    receiver.may_answer.clear()
    with listening() as other:
        assert notices.send([f"{receiver.url}?rto=60", other.url], "title", "body") == [False, True]


def test_DOR_7_what_is_given_up_after_a_day_is_no_longer_tried(held: Process, told: Receiver) -> None:
    told.status = 503
    with held.pool.connection() as connection:
        alarms.add_notice(connection, Notice("old", "news"), now=NIGHT - timedelta(days=2), drop_before=NIGHT)

    people.deliver(held)

    with held.pool.connection() as connection:
        assert alarms.failing_notices(connection) == []
    assert said(held) == [("failed", "notification_failed")]


def test_DOR_7_once_a_day_people_hear_what_came_in(held: Process, shop: Shop, acme: int, told: Receiver) -> None:
    seed_plain(shop.shop, orders=2)
    import_all(held, acme)
    do(held, "UPDATE account SET digest_on = '2026-01-01'")
    now = datetime.now(UTC)
    morning = now if now.hour >= DIGEST_HOUR else now + timedelta(hours=DIGEST_HOUR)

    for seconds in (0, 20, 40):
        moment = morning + timedelta(seconds=seconds)
        held.now = lambda moment=moment: moment  # type: ignore[misc]
        look(held)

    (digest,) = [post for post in told.posts if "24 hours" in post["title"]]
    assert digest["title"] == "storesync, 24 hours: 2 orders in, 0 set aside"
    assert digest["message"].startswith("acme: 2 orders in, none set aside, stock told 0 times; waiting now: 0 orders")


def test_DOR_7_the_first_digest_comes_on_the_day_after(held: Process, told: Receiver) -> None:
    at(held, 0)
    look(held)
    at(held, 60 * DIGEST_HOUR)
    look(held)

    assert told.titles == []
    with held.pool.connection() as connection, connection.transaction():
        assert alarms.lock(connection).digest_on == NIGHT.date()


def test_DOR_7_where_alarms_go_is_locked_and_in_no_journal(held: Process, told: Receiver) -> None:
    with held.pool.connection() as connection:
        people.set_addresses(held, connection, told.url)
        kept: Any = connection.execute("SELECT alerts_to FROM account").fetchone()
        assert people.addresses(held, connection) == [told.url]
        lines = journal.lines(connection, journal.Which())

    assert "s3cret" not in kept["alerts_to"]
    assert [(line.action, line.outcome, line.detail) for line in lines] == [("alert", "saved", {"addresses": 1})]
