"""A shop tells, and its order is in the hub under a second later, through programs as people start them (DOR-2)."""

import http.client
import json
import sys
from collections.abc import Iterator
from functools import partial
from statistics import median
from time import monotonic
from typing import Any, Final

import pytest

from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order
from tasks.held import process
from tests.flows.house import House
from tests.ports import free_ports
from tests.waiting import wait_until

Shop = RunningSandbox[Any]
MOST: Final = 9

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop without orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield sandbox


def row_of(store_id: int) -> StoreRow:
    """A store's row."""
    with process().pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    assert row is not None
    return row


def health(port: int) -> bool:
    """Whether the web process answers, and is well."""
    try:
        caller = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        caller.request("GET", "/readyz")
        with caller.getresponse() as answer:
            return set(json.load(answer).values()) == {"ok"}
    except OSError:
        return False
    finally:
        caller.close()


def has_come(house: House, store_id: int, orders: int) -> bool:
    """Whether so many orders of a store are in the hub."""
    return house.imported(store_id) == orders


def test_DOR_2_an_order_that_is_told_is_in_the_hub_under_a_second_later(house: House, shop: Shop) -> None:
    (port,) = free_ports(1)
    house.start("web", sys.executable, "-m", "workers.web", "--port", str(port))
    house.start_worker("worker")
    acme = house.connect(shop, "acme", **{"fetch.every": "1d"})
    row = row_of(acme)
    wait_until(lambda: health(port), seconds=30, what=f"the door\n{house.logs()}")
    shop.shop.webhooks.subscribe(
        {
            "topic": "order.created",
            "delivery_url": f"http://127.0.0.1:{port}/webhooks/woocommerce/{row.webhook_token}",
            "secret": process().secrets.unlock(row.credentials)["webhook_secret"],
        }
    )

    took = []
    for number in range(1, MOST + 1):
        random_order(shop.shop, {"status": "processing"})
        began = monotonic()
        wait_until(partial(has_come, house, acme, number), seconds=20, what=f"order {number}\n{house.logs()}")
        took.append(monotonic() - began)

    assert median(took[1:]) < 1, took  # the first waited for the worker to start
