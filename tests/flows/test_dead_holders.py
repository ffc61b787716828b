"""Work goes on soon after its process was killed, long before any lock ends by itself: real processes.

A lock of a fetch would last for 150 s, of a store's stock for 80, of an order for 50, and a lost bell for 30.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest

from connectors import locks
from connectors.holders import read_holder
from sandbox import RunningSandbox, open_sandbox, seed_plain
from sandbox.woocommerce.generator import random_order
from tasks import bells
from tasks.held import process
from tasks.upkeep import ring_due
from tests.broker import use_broker
from tests.flows.house import House, holder
from tests.tasks.orders.looking import do
from tests.tasks.stock.stocking import add
from tests.waiting import wait_until
from workers.redis_transport import TAKEN_BY

SOON: Final = 25  # seconds; it takes about five, and a worker on a busy machine as long again to start
ORDERS: Final = 300
Shop = RunningSandbox[Any]

WORKERS: Final = ("worker1", "worker2")

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]


@pytest.fixture
def house(shared_house: House) -> Iterator[House]:
    """Two workers, those that were killed started again, and no store that works but the test's own."""
    use_broker(shared_house.config.redis_url)
    for name in WORKERS:
        if name not in shared_house.programs:
            shared_house.start_worker(name)
    yield shared_house
    for name in set(shared_house.programs).difference(WORKERS):
        shared_house.kill(name)
    do(process(), "UPDATE stores SET state = 'disconnected'")


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    """A shop without orders; its next answers may be held up for as long as a test lasts."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        sandbox.faults.set_pace(timeout_seconds=60)
        yield sandbox


def kill_child(house: House, key: str) -> None:
    """Only the process that does the work, as when there is no memory left."""
    os.kill(holder(key).pid, signal.SIGKILL)


def kill_worker_beside_another(house: House, key: str) -> None:
    """A worker with all its processes; another one goes on."""
    house.kill(holder(key).name.partition("@")[0])


def kill_main_process_beside_another(house: House, key: str) -> None:
    """Only a worker's main process: its children end with it."""
    program = house.programs.pop(holder(key).name.partition("@")[0])
    program.kill()
    program.wait()


def kill_all_and_start_one(house: House, key: str) -> None:
    """Every worker; one of them is started again."""
    for name in [name for name in house.programs if name.startswith("worker")]:
        house.kill(name)
    house.start_worker("worker1")


WAYS: Final = [
    kill_child,
    kill_worker_beside_another,
    kill_main_process_beside_another,
    kill_all_and_start_one,
]


def stall_and_kill(house: House, shop: Shop, key: str, kill: Callable[[House, str], None]) -> None:
    """Let the shop keep whoever holds the lock waiting, and kill that one."""
    wait_until(lambda: shop.faults.happened["timeout"], seconds=30, what=f"the shop to be asked\n{house.logs()}")
    kill(house, key)


@pytest.mark.parametrize("kill", WAYS)
def test_ORD_6_killed_fetch_holds_up_its_stores_news_only_shortly(
    house: House, shop: Shop, kill: Callable[[House, str], None]
) -> None:
    seed_plain(shop.shop, orders=3)
    store_id = house.connect(shop, "acme", **{"fetch.every": 3600})
    shop.faults.fail_next(1, "timeout", only="/orders")
    bells.ring_fetch(store_id)

    stall_and_kill(house, shop, locks.fetch_key(store_id), kill)

    wait_until(lambda: house.imported(store_id) == 3, seconds=SOON, what=f"the orders\n{house.logs()}")


@pytest.mark.parametrize("kill", WAYS)
def test_STK_5_killed_push_holds_up_its_stores_stock_only_shortly(
    house: House, shop: Shop, kill: Callable[[House, str], None]
) -> None:
    sku = kill.__name__  # new to the hub, which is the same for all
    shop.shop.add_product({"name": "Chair", "sku": sku, "manage_stock": True, "stock_quantity": 50})
    store_id = house.connect(shop, "acme", **{"fetch.every": 3600, "stock.sync": True})
    add(process(), sku, 7)
    shop.faults.fail_next(1, "timeout", only="POST /wp-json/wc/v3/products")
    bells.ring_stock([store_id])

    stall_and_kill(house, shop, locks.stock_key(store_id), kill)
    house.start_beat()  # whoever comes within a second of what was told leaves it to the next bell

    def shown() -> list[Any]:
        return [product.stock_quantity for product in shop.shop.catalogue.by_sku(sku)]

    wait_until(lambda: shown() == [7], seconds=SOON, what=f"the shop to show 7\n{house.logs()}")


def test_ORD_6_two_killed_workers_hold_up_an_import_only_shortly(house: House, shop: Shop) -> None:
    seed_plain(shop.shop, orders=ORDERS)
    house.slow_down(0.01)  # or they are all in before anybody looks
    store_id = house.connect(shop, "acme", **{"fetch.every": 3600})
    bells.ring_fetch(store_id)
    wait_until(lambda: house.imported(store_id) >= ORDERS // 10, seconds=60, what=f"orders\n{house.logs()}")

    for name in WORKERS:
        house.kill(name)
    before = house.imported(store_id)
    house.start_worker("worker3")

    house.start_beat()  # a message that was just on its way to a dead worker is rung again
    assert before < ORDERS, "the import was over before it was disturbed"
    wait_until(lambda: not holders() & {"worker1@test", "worker2@test"}, seconds=SOON, what="what they held to be free")
    wait_until(lambda: house.imported(store_id) == ORDERS, seconds=90, what=f"all orders\n{house.logs()}")


def test_SPD_1_an_order_that_kills_whoever_imports_it_takes_no_other_along_for_long(house: House, shop: Shop) -> None:
    killer = str(random_order(shop.shop, {"status": "processing"}).id)
    seed_plain(shop.shop, orders=39)
    house.slow_down(6, external_id=killer)
    store_id = house.connect(shop, "acme", **{"fetch.every": 3600})
    key = locks.order_key(store_id, killer)
    bells.ring_fetch(store_id)
    killed = set()

    def all_others_came() -> bool:
        found = process().redis.get(key)
        if found is not None and found not in killed and is_at_it():
            killed.add(found)
            with suppress(AssertionError, ProcessLookupError):  # it is over meanwhile
                kill_child(house, key)
        do(process(), "UPDATE store_orders SET rung_at = rung_at - interval '1 minute'")  # bells that were lost
        ring_due()
        return house.imported(store_id) == 39

    wait_until(all_others_came, seconds=90, what=f"the others\n{house.logs()}")

    house.hurry()
    assert killed


def is_at_it() -> bool:
    """Whether PostgreSQL takes its time for an order."""
    asked = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    with process().pool.connection() as connection:
        return connection.execute(asked).fetchone() is not None


def holders() -> set[str]:
    """The workers that hold locks, or messages."""
    held: Any = process().redis.hvals(locks.HELD)
    kept: Any = process().redis.hvals("storesync:unacked")
    tokens = [token.decode().partition(" ")[2] for token in held]
    tokens += [json.loads(text)[0]["properties"][TAKEN_BY] for text in kept]
    return {found.name for found in map(read_holder, tokens) if found is not None}
