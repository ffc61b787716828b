"""One SKU's news beside a push of thousands, and a worker that was frozen while it pushed (STK-5): real processes."""

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from statistics import median
from typing import Final

import pytest

from connectors import locks, postgres
from connectors.builtin_hub.hub import BuiltinHub
from sandbox import open_sandbox
from schemas.actions import AddProduct, AdjustStock
from tasks.catalogue import fetch_catalogue
from tasks.held import process
from tests.broker import use_broker
from tests.flows.house import House, holder
from tests.stock_shops import Shelf, connect_shelf
from tests.tasks.orders.looking import do
from tests.tasks.stock.stocking import adjust
from tests.waiting import wait_until

MANY: Final = 3000
NEWS: Final = tuple(f"N-{number}" for number in range(7))
SLOW: Final = 0.3  # seconds of each call of the shop's: thirty of them for all

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A shop without orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield Shelf("woocommerce", sandbox)


def fill(shelf: Shelf, skus: list[str]) -> int:
    """The shop, connected with its catalogue known; hub and shop have one piece of each."""
    with process().pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AddProduct(sku, sku) for sku in skus])
        BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(1)) for sku in skus])
    for sku in skus:
        shelf.offer(sku, 1)
    store_id = connect_shelf(process(), shelf, {"stock.sync": "on", "fetch.every": 3600})
    fetch_catalogue(store_id)
    do(process(), "UPDATE stores SET stock_writers = NULL")  # new settings make nothing due later
    return store_id


def seconds_until_shown(shelf: Shelf, sku: str, pieces: int) -> float:
    """From the hub's commit until the shop shows it."""
    adjust(process(), sku, pieces - 1)
    began = time.monotonic()
    wait_until(lambda: shelf.shown(sku) == [pieces], seconds=30, what=f"the shop to show {sku}")
    return time.monotonic() - began


def test_STK_5_news_of_one_sku_is_shown_within_a_second_while_thousands_are_pushed(house: House, shelf: Shelf) -> None:
    many = [f"S-{number:04}" for number in range(MANY)]
    use_broker(house.config.redis_url)
    fill(shelf, [*many, *NEWS])
    for name in ("worker1", "worker2"):
        house.start_worker(name)
    house.start_beat()
    seconds_until_shown(shelf, NEWS[0], 5)  # the programs are up
    shelf.sandbox.faults.set_pace(slow_seconds=SLOW)
    shelf.sandbox.faults.set_rates({"slow": 1})

    with postgres.connect(house.config.database_url) as connection:
        connection.execute(
            "UPDATE hub.stock SET in_stock = in_stock + 1 WHERE variant_id IN"
            " (SELECT id FROM hub.variants WHERE sku LIKE 'S-%%')"
        )
    wait_until(lambda: shelf.shown(many[0]) == [2], seconds=30, what="the push of many to begin")
    took = [seconds_until_shown(shelf, sku, 5) for sku in NEWS[1:]]

    waiting = sum(shelf.shown(sku) == [1] for sku in many)

    assert waiting, "the push of many was over before the last news"
    assert median(took) < 1, (took, house.logs())
    shelf.sandbox.faults.set_rates({})
    wait_until(lambda: all(shelf.shown(sku) == [2] for sku in many), seconds=60, what="all")


def wake(house: House, name: str) -> None:
    """It goes on where it was."""
    house.go_on(name)


def kill(house: House, name: str) -> None:
    """It never says what it did; the longest time that any call may take is over."""
    house.kill(name)
    do(process(), "UPDATE stock_tellings SET began_at = began_at - interval '2 minutes'")


@pytest.mark.parametrize("then", [wake, kill])
def test_STK_5_worker_that_is_frozen_while_it_pushes_leaves_no_old_value(
    house: House, shelf: Shelf, then: Callable[[House, str], None]
) -> None:
    use_broker(house.config.redis_url)
    store_id = fill(shelf, ["F-1"])
    for name in ("worker1", "worker2"):
        house.start_worker(name)
    house.start_beat()
    shelf.sandbox.faults.set_pace(slow_seconds=120)
    shelf.fail_next(1, "slow")
    adjust(process(), "F-1", 4)
    wait_until(lambda: shelf.sandbox.faults.happened["slow"], seconds=30, what=f"the call\n{house.logs()}")

    keys = (locks.stock_key(store_id), locks.latest_key(store_id), locks.sku_key(store_id, "F-1"))
    name = holder(keys[-1]).name.partition("@")[0]
    house.freeze(name)
    process().redis.delete(*keys)  # they ended by themselves
    adjust(process(), "F-1", 4)
    wait_until(lambda: shelf.shown("F-1") == [9], seconds=30, what=f"another worker\n{house.logs()}")
    shelf.sandbox.faults.release()
    wait_until(lambda: shelf.shown("F-1") == [5], what="the old value")

    then(house, name)

    wait_until(lambda: shelf.shown("F-1") == [9], seconds=30, what=f"the hub's value\n{house.logs()}")
