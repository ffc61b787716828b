"""What work counts for who watches (BEY-8): once for what was done, nothing for what was only looked at."""

from typing import Any

import pytest
from redis import Redis

from connectors import counters
from connectors.counters import Counted
from sandbox import RunningSandbox
from sandbox.faults import Said
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tasks.stock.push import push_stock
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import connect, import_all
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import do
from tests.tasks.stock.stocking import add
from workers.app import QUEUES

Shop = RunningSandbox[Any]


def counted(held: Process, what: Counted, store_id: int) -> int:
    """How often something was counted of a store."""
    return counters.read_counts(held.redis, QUEUES, [store_id]).of_stores[what].get(store_id, 0)


@pytest.fixture
def desk(held: Process, shop: Shop) -> Desk:
    """An order that stands in the hub."""
    bench = open_bench(held, shop, "woocommerce", name="acme")
    bench.seed(1)
    assert import_all(held, bench.store_id) == ["imported"]
    with held.pool.connection() as connection:
        (row,) = connection.execute("SELECT external_id FROM store_orders").fetchall()
    return Desk(held, bench.store_id, row["external_id"])


def test_BEY_8_an_order_counts_when_it_comes_to_the_hub_and_not_when_it_is_looked_at_again(
    held: Process, desk: Desk
) -> None:
    assert counted(held, Counted.ORDERS_IMPORTED, desk.store_id) == 1

    do(held, "UPDATE store_orders SET changed = changed + 1")
    assert import_order(desk.store_id, desk.external_id) == "imported"

    assert counted(held, Counted.ORDERS_IMPORTED, desk.store_id) == 1


def test_BEY_8_orders_that_come_as_one_count_each_and_skipped_ones_do_not(held: Process, shop: Shop) -> None:
    bench = open_bench(held, shop, "woocommerce", name="acme")
    bench.seed(4)
    fetch_orders(bench.store_id)
    with held.pool.connection() as connection:
        ids = [row["external_id"] for row in connection.execute("SELECT external_id FROM store_orders ORDER BY 1")]

    assert import_order(bench.store_id, *ids) == "4 imported"

    assert counted(held, Counted.ORDERS_IMPORTED, bench.store_id) == 4


def test_BEY_8_a_sku_counts_when_its_shop_was_told(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "acme", **{"stock.sync": "on"})
    shop.shop.add_product({"name": "A", "sku": "A-1", "manage_stock": True, "stock_quantity": 0}, is_sku_free=True)
    add(held, "A-1", 7)
    add(held, "B-1", 7)  # which the shop does not have

    push_stock(acme)

    assert counted(held, Counted.STOCK_TOLD, acme) == 1


def test_BEY_8_a_fulfillment_counts_when_it_was_sent(held: Process, desk: Desk) -> None:
    do(held, "UPDATE stores SET settings = settings || '{\"fulfillment.sync\": true}'")
    desk.deliver()

    assert desk.tell() == "sent"
    assert desk.tell() == "nothing_due"

    assert counted(held, Counted.FULFILLMENTS_SENT, desk.store_id) == 1


def test_BEY_8_calls_count_and_so_do_the_shop_s_wishes_for_a_pause(held: Process, shop: Shop) -> None:
    acme = connect(held, shop, "acme")
    before = counted(held, Counted.VENDOR_CALLS, acme)
    shop.faults.answer_next(1, Said(429, headers={"Retry-After": "40"}))

    fetch_orders(acme)
    fetch_orders(acme)  # which asks nothing meanwhile

    assert counted(held, Counted.VENDOR_CALLS, acme) == before + 1
    assert counted(held, Counted.VENDOR_WAITS, acme) == 1
    assert 30 < counters.read_counts(held.redis, QUEUES, [acme]).waits[acme] <= 40


def test_BEY_8_without_redis_nothing_is_counted_and_nothing_fails() -> None:
    with Redis.from_url("redis://127.0.0.1:1") as away:
        counters.count(away, Counted.STOCK_TOLD, 1)
        counters.time_task(away, "orders", 1.0)
        counters.show_worker(away, "a@host", ["orders"])
        counters.hide_worker(away, "a@host", ["orders"])
