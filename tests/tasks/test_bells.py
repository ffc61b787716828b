"""Bells for stock: one a store is enough until somebody answers it, and in a storm they are few."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from connectors.config import Config
from connectors.errors import Unavailable
from connectors.postgres.stock import DueStore
from sandbox.woocommerce.generator import random_order
from tasks import bells
from tasks.bells import FEW_QUEUE
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import change_order, import_order
from tasks.stock.push import push_stock
from tasks.upkeep import ring_due
from tests.broker import use_broker
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, do, messages, rung
from workers.embedded import ensure_servers, stop_servers

FRESH = DueStore(1, has_fresh=True, is_ripe=True, has_latest=False)
LATEST = replace(FRESH, has_latest=True)
AGAIN = DueStore(1, has_fresh=False, is_ripe=True, has_latest=False)
HELD_BACK = DueStore(1, has_fresh=False, is_ripe=False, has_latest=False)


def answered(held: Process, *due: DueStore) -> int:
    """How many of these bells were rung, each answered before the next one."""
    for one in due:
        bells.ring_stock_once(held.redis, [one])
        bells.answer_stock(held.redis, one.id, bells.PUSH)
    return len(rung(held.redis, "stock"))


def test_STK_5_bell_that_nobody_answered_is_not_rung_again(held: Process) -> None:
    for _ in range(3):
        bells.ring_stock_once(held.redis, [FRESH, replace(FRESH, id=2)])

    assert rung(held.redis, "stock") == [[1], [2]]


def test_STK_5_bell_is_rung_again_once_it_is_answered(held: Process, acme: int) -> None:
    do(held, "UPDATE stores SET settings = settings || '{\"stock.sync\": true}', stock_news = 'rows'")
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


def tasks_rung(held: Process) -> list[str]:
    """The names of the messages that wait for stock."""
    return [message["headers"]["task"] for message in messages(held.redis, "stock")]


def test_STK_5_the_latest_news_of_a_store_that_is_told_of_many_has_a_bell_of_its_own(held: Process) -> None:
    for _ in range(3):
        bells.ring_stock_once(held.redis, [LATEST])
        held.redis.delete("storesync:pace:stock:1")

    assert tasks_rung(held) == ["push_stock", "push_latest"]


def test_STK_5_a_storm_beside_a_push_of_many_is_few_bells(held: Process) -> None:
    few = 5  # one at once, and a machine that is slow may take a second or two

    bells.ring_stock_once(held.redis, [LATEST])
    held.redis.delete("storesync:pace:stock:1")
    for _ in range(50):
        bells.ring_stock_once(held.redis, [LATEST])
        bells.answer_stock(held.redis, LATEST.id, bells.PUSH_LATEST)

    assert 1 <= tasks_rung(held).count("push_latest") <= few


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def both(held: Process, shop: Shop, acme: int) -> tuple[str, str]:
    """Two orders that are due: one is new, and one is in the hub, where the shop has completed it."""
    known = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    shop.shop.complete_order(known.id)
    new = random_order(shop.shop, {"status": "processing"})
    rung(held.redis, FEW_QUEUE)
    fetch_orders(acme)
    return str(new.id), str(known.id)


def bells_for_orders(held: Process) -> set[tuple[str, str]]:
    """Tasks and orders of the messages that wait."""
    found = messages(held.redis, FEW_QUEUE)
    held.redis.delete(f"storesync:{FEW_QUEUE}")
    return {(message["headers"]["task"], order) for message in found for order in message["body"][0][1:]}


def test_a_new_order_is_imported_and_one_in_the_hub_is_changed_by_name(
    held: Process, acme: int, both: tuple[str, str]
) -> None:
    new, known = both
    by_fetch = bells_for_orders(held)
    do(held, "UPDATE store_orders SET rung_at = NULL")
    ring_due()
    by_beat = bells_for_orders(held)
    with held.pool.connection() as connection:
        bells.ring_orders(connection, acme, both)

    assert by_fetch == by_beat == bells_for_orders(held) == {("import_order", new), ("change_order", known)}


def test_SPD_3_bells_of_few_orders_have_a_queue_of_their_own(held: Process, acme: int) -> None:
    bells.ring_together("import_order", acme, [str(n) for n in range(10)])
    bells.ring_together("import_order", acme, [str(n) for n in range(400)])

    assert [len(bell) - 1 for bell in rung(held.redis, FEW_QUEUE)] == [2] * 5
    assert [len(bell) - 1 for bell in rung(held.redis, "orders")] == [50] * 8


@pytest.mark.parametrize(("hub", "messages"), [("builtin", 4), ("katana", 1)])
def test_KAT_2_orders_of_a_hub_that_counts_requests_come_in_one_message(
    held: Process, shop: Shop, acme: int, hub: str, messages: int
) -> None:
    for _ in range(8):
        random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    rung(held.redis, FEW_QUEUE)
    do(held, "UPDATE store_orders SET rung_at = NULL")
    do(held, "UPDATE account SET settings = settings || jsonb_build_object('hub', %s::text)", hub)

    ring_due()

    assert len(rung(held.redis, FEW_QUEUE)) == messages


@pytest.mark.parametrize("task", [import_order, change_order], ids=lambda task: str(task.name))
def test_either_name_does_what_the_order_needs(acme: int, both: tuple[str, str], task: Callable[..., str]) -> None:
    assert [task(acme, order) for order in both] == ["imported", "delivered"]


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
