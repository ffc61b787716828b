"""connectors.locks: one at a time, and nothing lost with Redis."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import fakeredis
import pytest
from redis import Redis

from connectors import locks
from connectors.errors import Unavailable
from connectors.locks import StoreWaits, is_new, lock, open_redis, wait, waiting_until

SOON = timedelta(seconds=20)


@pytest.fixture
def gone() -> Iterator[Redis]:
    """A client of a Redis that does not answer."""
    with open_redis("redis://127.0.0.1:1/0") as client:
        yield client


def test_ORD_6_a_lock_is_held_by_one_at_a_time(redis: Redis) -> None:
    with lock(redis, "order:7:5001") as first, lock(redis, "order:7:5001") as second:
        assert (first, second) == (True, False)

    with lock(redis, "order:7:5001") as third:
        assert third


def test_MUL_1_stores_and_orders_have_locks_of_their_own(redis: Redis) -> None:
    keys = [locks.order_key(1, "5"), locks.order_key(2, "5"), locks.order_key(1, "6"), locks.fetch_key(1)]

    assert len(set(keys)) == 4


def test_whoever_is_busy_does_not_give_the_holders_lock_back(redis: Redis) -> None:
    with lock(redis, "fetch:7"):
        with lock(redis, "fetch:7"):
            pass
        with lock(redis, "fetch:7") as third:
            assert not third


def test_ORD_6_of_many_locks_those_are_ours_that_nobody_has(redis: Redis) -> None:
    with lock(redis, "order:7:2"), locks.lock_many(redis, ["order:7:1", "order:7:2", "order:7:3"]) as ours:
        assert ours == {"order:7:1", "order:7:3"}
        with locks.lock_many(redis, ["order:7:3", "order:7:4"]) as others:
            assert others == {"order:7:4"}

    with locks.lock_many(redis, ["order:7:1", "order:7:2", "order:7:3"]) as again:
        assert again == {"order:7:1", "order:7:2", "order:7:3"}


def test_ORD_6_no_locks_are_none(redis: Redis) -> None:
    with locks.lock_many(redis, []) as ours:
        assert ours == frozenset()


def test_ORD_6_those_of_many_locks_that_got_lost_are_said(redis: Redis, caplog: pytest.LogCaptureFixture) -> None:
    with locks.lock_many(redis, ["order:7:1", "order:7:2"]):
        redis.set("order:7:1", "somebody else")

    assert "the lock order:7:1 was lost" in caplog.text
    assert "order:7:2" not in caplog.text
    assert redis.get("order:7:1") == b"somebody else"


def test_a_lock_is_given_back_when_the_work_fails(redis: Redis) -> None:
    with pytest.raises(ZeroDivisionError), lock(redis, "fetch:7"):
        _ = 1 // 0

    with lock(redis, "fetch:7") as again:
        assert again


def test_a_lock_outlives_the_hard_time_limit(redis: Redis) -> None:
    with lock(redis, "fetch:7"):
        left = redis.pttl("fetch:7")

    assert isinstance(left, int)
    assert locks.SOFT_LIMIT_SECONDS < locks.HARD_LIMIT_SECONDS < left / 1000 <= locks.LOCK_SECONDS


def test_a_lost_lock_does_not_undo_finished_work_nor_free_the_next_holders(redis: Redis) -> None:
    with lock(redis, "fetch:7"):
        redis.delete("fetch:7")
        redis.set("fetch:7", "somebody else")

    assert redis.get("fetch:7") == b"somebody else"


def test_redis_that_vanishes_during_the_work_does_not_undo_it() -> None:
    server = fakeredis.FakeServer()
    client = fakeredis.FakeRedis(server=server)

    with lock(client, "fetch:7") as is_ours:
        server.connected = False

    assert is_ours


class _CountingRedis(Redis):
    commands: list[Any]

    def execute_command(self, *args: Any, **options: Any) -> Any:
        self.commands.append(args[0])
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


@pytest.mark.usefixtures("redis")  # it is empty
def test_a_lock_costs_two_round_trips(redis_url: str) -> None:
    with _CountingRedis.from_url(redis_url) as client:
        client.commands = []
        with lock(client, "order:7:1"):
            pass  # the first release teaches the server its script
        client.commands.clear()
        with lock(client, "order:7:1"):
            pass

    assert client.commands == ["EVALSHA", "EVALSHA"]


def test_a_redis_that_does_not_answer_is_unavailable(gone: Redis) -> None:
    for ask in (lambda: lock(gone, "fetch:7").__enter__(), lambda: waiting_until(gone, 7), lambda: is_new(gone)):
        with pytest.raises(Unavailable, match="Redis"):
            ask()


def test_MUL_1_a_wait_is_shared_by_all_and_is_of_one_store(redis: Redis) -> None:
    until = datetime.now(UTC) + SOON

    StoreWaits(redis, 7).wait(until)

    assert StoreWaits(redis, 7).until() == waiting_until(redis, 7) == until
    assert waiting_until(redis, 8) is None


def test_a_longer_wait_stays(redis: Redis) -> None:
    now = datetime.now(UTC)
    for seconds in (20, 30, 10):
        wait(redis, 7, now + timedelta(seconds=seconds))

    assert waiting_until(redis, 7) == now + timedelta(seconds=30)


def test_a_wait_ends_by_itself(redis: Redis) -> None:
    wait(redis, 7, datetime.now(UTC) + SOON)

    left = redis.pttl("storesync:wait:7")

    assert isinstance(left, int)
    assert 0 < left <= 20_001


def test_a_wait_that_is_over_is_none(redis: Redis) -> None:
    wait(redis, 7, datetime.now(UTC) - SOON)
    assert waiting_until(redis, 7) is None

    redis.set("storesync:wait:7", (datetime.now(UTC) - SOON).isoformat())
    assert waiting_until(redis, 7) is None


def test_an_emptied_redis_is_new_once(redis: Redis) -> None:
    assert [is_new(redis), is_new(redis)] == [True, False]

    redis.flushdb()

    assert is_new(redis)


def test_STK_5_a_few_have_room_at_once_and_then_one_in_a_while(redis: Redis) -> None:
    def has_room() -> bool:
        return locks.has_room(redis, "bells", every=20, ahead=30)

    assert [has_room() for _ in range(4)] == [True, True, False, False]
    redis.pexpire("storesync:pace:bells", 29_000)
    assert has_room()
    assert locks.has_room(redis, "others", every=20, ahead=30)
