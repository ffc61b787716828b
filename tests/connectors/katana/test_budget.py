"""The limit of requests that all processes share (KAT-2)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import pytest
from redis import Redis

from connectors.errors import RateLimited, RedisAway
from connectors.katana.budget import A_MINUTE, Priority, SharedBudget, seconds_to_finish
from connectors.katana.client import KatanaClient
from schemas.katana.limits import Quota
from tests.connectors.katana.answering import Reply, answering

ASKED: Final = "storesync:katana:asked"
MINUTE: Final = timedelta(seconds=60)


@pytest.fixture
def budget(redis: Redis) -> SharedBudget:
    return SharedBudget(redis)


def takes(budget: SharedBudget, priority: Priority, times: int = 200) -> int:
    """How many requests may be made at once."""
    taken = 0
    with suppress(RateLimited):
        for _ in range(times):
            budget.take(priority)
            taken += 1
    return taken


def wait_of(budget: SharedBudget, priority: Priority) -> timedelta:
    with pytest.raises(RateLimited) as caught:
        budget.take(priority)
    return caught.value.until - datetime.now(UTC)


def age(redis: Redis, seconds: int) -> None:
    """Let all that was asked be so much older."""
    for member in cast(list[bytes], redis.zrange(ASKED, 0, -1)):
        redis.zincrby(ASKED, -seconds * 1000, member)


def test_KAT_2_processes_make_55_requests_a_minute_together(redis_url: str, redis: Redis) -> None:
    def one_process(_: int) -> int:
        with Redis.from_url(redis_url) as client:
            return takes(SharedBudget(client), Priority.ORDERS)

    with ThreadPoolExecutor(6) as processes:
        taken = list(processes.map(one_process, range(6)))

    assert sum(taken) == A_MINUTE
    assert redis.zcard(ASKED) == A_MINUTE


def test_KAT_2_who_comes_late_is_told_when_the_first_request_is_a_minute_old(redis: Redis) -> None:
    budget = SharedBudget(redis)
    takes(budget, Priority.ORDERS)
    age(redis, 40)

    assert timedelta(seconds=10) < wait_of(budget, Priority.ORDERS) <= timedelta(seconds=20)


def test_KAT_2_after_a_minute_it_goes_on(redis: Redis) -> None:
    budget = SharedBudget(redis)
    takes(budget, Priority.ORDERS)
    age(redis, 61)

    assert takes(budget, Priority.ORDERS) == A_MINUTE


def test_BEY_11_what_is_less_urgent_leaves_room_for_orders(budget: SharedBudget) -> None:
    order = (Priority.BACKFILL, Priority.POLL, Priority.STOCK, Priority.CHANGES, Priority.ORDERS, Priority.OVERDUE)

    assert [takes(budget, one) for one in order] == [35, 10, 0, 5, 5, 0]


def test_KAT_2_whoever_is_more_urgent_and_waits_goes_first(redis: Redis) -> None:
    budget = SharedBudget(redis)
    takes(budget, Priority.ORDERS)
    wait_of(budget, Priority.ORDERS)
    age(redis, 61)

    assert wait_of(budget, Priority.BACKFILL) <= timedelta(seconds=1)
    assert takes(budget, Priority.ORDERS, 1) == 1
    assert takes(budget, Priority.BACKFILL, 1) == 1


def test_KAT_2_a_poll_that_is_overdue_waits_for_nobody(redis: Redis) -> None:
    budget = SharedBudget(redis)
    takes(budget, Priority.ORDERS)
    wait_of(budget, Priority.ORDERS)
    age(redis, 61)

    assert takes(budget, Priority.OVERDUE, 1) == 1


def test_KAT_2_a_429_closes_for_all_until_it_says(redis: Redis, redis_url: str) -> None:
    SharedBudget(redis).close(datetime.now(UTC) + timedelta(seconds=30))
    SharedBudget(redis).close(datetime.now(UTC) + timedelta(seconds=3))

    with Redis.from_url(redis_url) as other:
        waits = [wait_of(SharedBudget(other), one) for one in Priority]

    assert all(timedelta(seconds=20) < wait <= timedelta(seconds=31) for wait in waits)


@pytest.mark.parametrize(
    ("taken", "remaining", "left"),
    [(10, 50, 45), (10, 30, 25), (10, 59, 45), (10, 4, 0), (10, 0, 0), (50, 58, 5), (10, None, 45), (10, 10**9, 45)],
)
def test_KAT_2_what_katana_says_is_left_lowers_the_limit_and_never_raises_it(
    budget: SharedBudget, taken: int, remaining: int | None, left: int
) -> None:
    takes(budget, Priority.ORDERS, taken)

    budget.lower(Quota(remaining, None))

    assert takes(budget, Priority.ORDERS) == left


def test_KAT_2_what_others_asked_counts_until_katana_counts_anew(redis: Redis) -> None:
    budget = SharedBudget(redis)
    budget.take(Priority.ORDERS)

    budget.lower(Quota(0, datetime.now(UTC) + timedelta(seconds=15)))

    assert timedelta(seconds=5) < wait_of(budget, Priority.ORDERS) <= timedelta(seconds=15)


def test_KAT_2_losing_redis_loses_the_memory_of_a_minute(redis: Redis) -> None:
    budget = SharedBudget(redis)
    takes(budget, Priority.ORDERS)

    redis.flushdb()

    assert takes(budget, Priority.ORDERS) == A_MINUTE


@pytest.fixture
def away() -> Iterator[SharedBudget]:
    with Redis.from_url("redis://127.0.0.1:1/0") as client:
        yield SharedBudget(client)


def test_KAT_2_without_redis_nothing_is_asked(away: SharedBudget) -> None:
    with pytest.raises(RedisAway):
        away.take(Priority.ORDERS)


@pytest.mark.parametrize(
    ("waiting", "priority", "seconds"),
    [
        ({}, Priority.ORDERS, 0),
        ({Priority.ORDERS: 1550}, Priority.ORDERS, 1550 / 55 * 60),
        ({Priority.ORDERS: 110, Priority.STOCK: 45}, Priority.ORDERS, 120),
        ({Priority.ORDERS: 110, Priority.STOCK: 45, Priority.BACKFILL: 70}, Priority.STOCK, 180),
        ({Priority.ORDERS: 110, Priority.STOCK: 45, Priority.BACKFILL: 70}, Priority.BACKFILL, 300),
    ],
)
def test_KAT_2_the_time_to_finish_counts_what_goes_before(
    waiting: dict[Priority, int], priority: Priority, seconds: float
) -> None:
    assert seconds_to_finish(waiting, priority) == pytest.approx(seconds)
    assert seconds_to_finish(waiting, priority, closed_seconds=7) == pytest.approx(seconds + 7)


def test_KAT_2_case_9_after_a_429_no_process_asks_before_the_time_that_katana_said(
    redis_url: str, redis: Redis
) -> None:
    replies = [Reply("", 429, {"Retry-After": "7"}), Reply({"id": 1})]

    with answering(replies) as server, ExitStack() as stack:
        clients = [
            KatanaClient(
                {"api_key": "k"},
                budget=SharedBudget(stack.enter_context(Redis.from_url(redis_url))),
                url=server.url,
                allow_insecure=True,
            )
            for _ in range(3)
        ]
        for client in clients:
            with pytest.raises(RateLimited) as limited:
                client.get("factory", priority=Priority.ORDERS)
            assert timedelta(seconds=5) < limited.value.until - datetime.now(UTC) <= timedelta(seconds=7.1)
        assert server.calls == ["GET /factory"]

        redis.delete("storesync:katana:closed")  # seven seconds later
        assert clients[1].get("factory", priority=Priority.ORDERS) == {"id": 1}
        assert server.calls == ["GET /factory"] * 2
