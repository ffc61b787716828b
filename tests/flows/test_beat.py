"""Beat and workers as people start them: stores are followed, a killed beat is replaced, any task is called."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order
from tasks.held import process
from tasks.stores import change_store
from tests.flows.house import CELERY, House
from tests.waiting import wait_until

STORESYNC = str(Path(sys.executable).parent / "storesync")
Shop = RunningSandbox[Any]

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with one open order."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        random_order(sandbox.shop, {"status": "processing"})
        yield sandbox


def test_beat_fetches_a_new_store_at_once_and_follows_its_interval(house: House, shop: Shop) -> None:
    house.start_worker("worker")
    house.start_beat()
    acme = house.connect(shop, "acme", **{"fetch.every": "1d"})
    _wait_for_orders(house, acme, 1)
    first = _fetched_at(acme)

    random_order(shop.shop, {"status": "processing"})
    change_store(process(), _row(acme), {"fetch.every": "10s"}, {})

    _wait_for_orders(house, acme, 2)
    second = _fetched_at(acme)
    assert (second - first).total_seconds() > 9
    wait_until(lambda: _fetched_at(acme) > second, seconds=60, what=f"the next fetch\n{house.logs()}")
    assert (_fetched_at(acme) - second).total_seconds() > 9


def test_a_standby_takes_over_from_a_beat_that_is_killed(house: House, shop: Shop) -> None:
    house.start_worker("worker")
    house.start_beat("beat1")
    acme = house.connect(shop, "acme", **{"fetch.every": "1d"})
    _wait_for_orders(house, acme, 1)
    house.start_beat("beat2")
    log = house.home / "beat2.log"
    wait_until(lambda: "beat: Starting" in log.read_text(), seconds=60, what=f"the standby\n{house.logs()}")

    with open_sandbox("woocommerce", orders=0) as other:
        random_order(other.shop, {"status": "processing"})
        house.kill("beat1")
        second = house.connect(other, "second", **{"fetch.every": "1d"})
        _wait_for_orders(house, second, 1)

    assert "fetch second" in log.read_text()
    assert "fetch acme" not in log.read_text()  # it was fetched before: the standby goes on from there


def test_any_task_is_called_from_a_shell(house: House, shop: Shop) -> None:
    house.start_worker("worker")
    acme = house.connect(shop, "acme")
    (first,) = shop.shop.book.orders
    second = random_order(shop.shop, {"status": "processing"}).id

    house.run(*CELERY, "call", "import_order", "--args", json.dumps(["acme", str(first)]))
    told = house.run(STORESYNC, "enqueue", "import_order", "acme", str(second), "--wait")

    assert "imported" in told
    _wait_for_orders(house, acme, 2)


def _wait_for_orders(house: House, store_id: int, count: int) -> None:
    wait_until(lambda: house.imported(store_id) == count, seconds=60, what=f"{count} order(s)\n{house.logs()}")


def _row(store_id: int) -> StoreRow:
    with process().pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    assert row is not None
    return row


def _fetched_at(store_id: int) -> datetime:
    wait_until(lambda: _row(store_id).fetched_at, what="the end of a fetch")
    moment = _row(store_id).fetched_at
    assert moment is not None
    return moment
