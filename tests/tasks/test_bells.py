"""Bells for stock: one a store is enough, until somebody answers it."""

from tasks import bells
from tasks.process import Process
from tasks.stock import push_stock
from tests.tasks.looking import do, rung


def test_STK_5_bell_that_nobody_answered_is_not_rung_again(held: Process) -> None:
    for _ in range(3):
        bells.ring_stock_once(held.redis, [1, 2])

    assert rung(held.redis, "stock") == [[1], [2]]


def test_STK_5_bell_is_rung_again_once_it_is_answered(held: Process, acme: int) -> None:
    do(held, "UPDATE stores SET settings = settings || '{\"stock.sync\": true}'")
    bells.ring_stock_once(held.redis, [acme])

    push_stock(acme)
    bells.ring_stock_once(held.redis, [acme])

    assert rung(held.redis, "stock") == [[acme], [acme]]


def test_STK_5_bell_is_rung_again_when_redis_comes_back_empty(held: Process) -> None:
    bells.ring_stock_once(held.redis, [1])
    held.redis.flushdb()

    bells.ring_stock_once(held.redis, [1])

    assert rung(held.redis, "stock") == [[1]]
