"""Bells for stock: one a store is enough until somebody answers it, and in a storm they are few."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from connectors.config import Config
from connectors.errors import Unavailable
from connectors.postgres.stock import DueStore
from tasks import bells
from tasks.process import Process
from tasks.stock import push_stock
from tests.broker import use_broker
from tests.tasks.looking import do, rung
from workers.embedded import ensure_servers, stop_servers

FRESH = DueStore(1, has_fresh=True, is_ripe=True)
AGAIN = DueStore(1, has_fresh=False, is_ripe=True)
HELD_BACK = DueStore(1, has_fresh=False, is_ripe=False)


def answered(held: Process, *due: DueStore) -> int:
    """How many of these bells were rung, each answered before the next one."""
    for one in due:
        bells.ring_stock_once(held.redis, [one])
        bells.answer_stock(held.redis, one.id)
    return len(rung(held.redis, "stock"))


def test_STK_5_bell_that_nobody_answered_is_not_rung_again(held: Process) -> None:
    for _ in range(3):
        bells.ring_stock_once(held.redis, [FRESH, replace(FRESH, id=2)])

    assert rung(held.redis, "stock") == [[1], [2]]


def test_STK_5_bell_is_rung_again_once_it_is_answered(held: Process, acme: int) -> None:
    do(held, "UPDATE stores SET settings = settings || '{\"stock.sync\": true}'")
    bells.ring_stock_once(held.redis, [replace(FRESH, id=acme)])

    push_stock(acme)
    bells.ring_stock_once(held.redis, [replace(FRESH, id=acme)])

    assert rung(held.redis, "stock") == [[acme], [acme]]


def test_STK_5_bell_is_rung_again_when_redis_comes_back_empty(held: Process) -> None:
    bells.ring_stock_once(held.redis, [FRESH])
    held.redis.flushdb()

    bells.ring_stock_once(held.redis, [FRESH])

    assert rung(held.redis, "stock") == [[1]]


def test_STK_5_storm_over_many_skus_is_few_bells(held: Process) -> None:
    few = 15  # the first seven come at once, and a machine that is slow may take a second or two

    assert 1 < answered(held, *[FRESH] * 50) <= few


def test_STK_5_skus_that_move_all_the_time_wait_for_one_round_and_no_other_sku_does(held: Process) -> None:
    assert answered(held, AGAIN, AGAIN, AGAIN) == 1
    assert answered(held, FRESH, FRESH) == 2


def test_STK_5_what_was_told_this_moment_is_not_rung_for(held: Process) -> None:
    assert answered(held, HELD_BACK) == 0


# -- Redis -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_redis(held: Process, tmp_path: Path) -> Iterator[Redis]:
    """A Redis that only this test uses; bells go there."""
    config = Config("postgresql://not-used", "", tmp_path / "home", "", "text")
    url = ensure_servers(config).redis_url
    use_broker(url)
    with Redis.from_url(url) as redis:
        yield redis
    stop_servers(config)


def test_redis_that_is_full_is_away_for_bells(held: Process, own_redis: Redis) -> None:
    bells.ring_fetch(1)  # from here on the queue is known, and only the message itself is refused
    own_redis.config_set("maxmemory", 1)

    with pytest.raises(Unavailable, match="Redis does not take messages"):
        bells.ring_fetch(1)


def test_redis_that_goes_is_away_for_bells(held: Process, own_redis: Redis) -> None:
    bells.ring_fetch(1)
    own_redis.shutdown(nosave=True)

    with pytest.raises(Unavailable, match="Redis does not take messages"):
        bells.ring_fetch(1)
