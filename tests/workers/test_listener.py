"""Whoever moves stock or ships an order in the hub, its stores are rung at once (STK-1, FUL-10)."""

from collections.abc import Iterator

import pytest
from redis import Redis

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from tasks.held import Process
from tests.connectors.builtin_hub.makers import create, draft, imported
from tests.tasks.conftest import held as held  # noqa: PLC0414 - the fixture
from tests.tasks.orders.looking import do, rung
from tests.tasks.stock.stocking import add
from tests.waiting import wait_until
from workers.listener import HubListener


@pytest.fixture
def told(held: Process) -> int:
    """A store with stock sync on, which nobody asks anything: its id."""
    with held.pool.connection() as connection:
        row = connection.execute(
            "INSERT INTO stores (name, platform, url, settings, stock_news)"
            " VALUES ('acme', 'woocommerce', 'https://acme.example', '{\"stock.sync\": true}', 'rows') RETURNING id"
        ).fetchone()
    assert row is not None
    return int(row["id"])


@pytest.fixture
def listener(held: Process) -> Iterator[HubListener]:
    """One that has begun to listen."""
    listener = HubListener(held.config.database_url)
    listener.start()
    with held.pool.connection() as connection:
        wait_until(lambda: is_heard(connection), what="the listener")
    yield listener
    listener.stop()
    listener.join(5)


def is_heard(connection: postgres.Connection) -> bool:
    found = connection.execute(
        "SELECT FROM pg_stat_activity WHERE application_name = 'storesync listener' AND datname = current_database()"
    )
    return found.fetchone() is not None


def bells(redis: Redis) -> list[list[int]]:
    return rung(redis, "stock")


def test_STK_1_stores_are_rung_when_stock_moves(held: Process, told: int, listener: HubListener) -> None:
    add(held, "A-1", 7)

    wait_until(lambda: bells(held.redis) == [[told]], what="the bell")


def test_STK_1_what_moved_before_anybody_listened_is_rung_for(held: Process, told: int) -> None:
    add(held, "A-1", 7)
    listener = HubListener(held.config.database_url)
    listener.start()

    wait_until(lambda: bells(held.redis) == [[told]], what="the bell")

    listener.stop()
    listener.join(5)
    assert not listener.is_alive()


def test_STK_1_listener_comes_back_when_its_connection_is_cut(held: Process, told: int, listener: HubListener) -> None:
    with held.pool.connection() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'storesync listener' AND datname = current_database()"
        )
    add(held, "A-1", 7)

    wait_until(lambda: bells(held.redis) == [[told]], what="the bell")


def test_STK_5_burst_is_few_bells(held: Process, told: int, listener: HubListener) -> None:
    for number in range(30):
        add(held, f"S-{number}", 1)

    few = 10
    wait_until(lambda: held.redis.llen("storesync:stock"), what="the first bell")
    assert len(bells(held.redis)) <= few


def test_STK_5_what_is_held_back_for_a_moment_is_rung_for_when_it_is_over(
    held: Process, told: int, listener: HubListener
) -> None:
    do(held, "INSERT INTO store_stock (store_id, sku, sent_at) VALUES (%s, 'A-1', clock_timestamp())", told)
    do(held, "NOTIFY storesync_stock")

    assert bells(held.redis) == []
    wait_until(lambda: bells(held.redis) == [[told]], what="the bell")


# -- orders --------------------------------------------------------------------------------------------------------


@pytest.fixture
def order(held: Process, told: int) -> str:
    """An order of the store, and one that was made in the hub: the store's id of its own."""
    with held.pool.connection() as connection:
        hub = BuiltinHub(connection)
        create(hub, draft())
        made = create(hub, imported(told))
        connection.execute(
            "INSERT INTO store_orders (store_id, external_id, state, hub_order_id, order_settled)"
            " VALUES (%s, %s, 'imported', %s, 1)",
            (told, made.external_id, made.id),
        )
    return str(made.external_id)


@pytest.mark.parametrize("pieces", ["packed_quantity", "delivered_quantity"])
def test_FUL_10_a_store_is_rung_for_its_order_that_plain_SQL_ships(
    held: Process, told: int, order: str, listener: HubListener, pieces: str
) -> None:
    do(held, f"UPDATE hub.sales_order_rows SET {pieces} = 1")

    wait_until(lambda: held.redis.llen("storesync:fulfillment"), what="the bell")
    assert rung(held.redis, "fulfillment") == [[told, order]]  # FUL-15: and for no other
