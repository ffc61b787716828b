"""After any storm every store shows the hub's value (STK-5): three shops, workers killed, frozen, without Redis."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from connectors import postgres
from sandbox import open_sandbox
from tasks.held import process
from tests.flows.house import House
from tests.flows.stock_storm import Storm, differing, fill, raging, stale_last_words
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.waiting import wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]

SETTINGS = {"stock.sync": "on", "fetch.every": "10s"}


@pytest.fixture
def shelves() -> Iterator[list[Shelf]]:
    """A shop of every platform."""
    with ExitStack() as opened:
        yield [Shelf(name, opened.enter_context(open_sandbox(name, orders=0))) for name in PLATFORMS]


def test_STK_5_every_store_ends_with_the_hub_s_value(house: House, shelves: list[Shelf]) -> None:
    with postgres.connect(house.config.database_url) as connection:
        fill(connection, shelves)
        for name in ("worker1", "worker2"):
            house.start_worker(name)
        house.start_beat()
        for shelf in shelves:
            connect_shelf(process(), shelf, SETTINGS)

        with raging(house.config.database_url, shelves) as storm:
            _all_told(shelves, house, times=3)
            storm.spoil_answers()
            _go_on(storm)
            house.kill("worker1")
            house.start_worker("worker3")
            _go_on(storm)
            process().redis.flushdb()
            _go_on(storm)
            house.freeze("worker2")
            _let_locks_of_stock_end()
            _go_on(storm)
            house.go_on("worker2")
            _go_on(storm)
        assert storm.problems == []

        _let_waits_pass(connection)
        with suppress(AssertionError):  # what is not so in the end says more than that it was waited for
            wait_until(
                lambda: not _due(connection) and not differing(connection, shelves),
                seconds=90,
                what="the hub's values in every store",
            )
        assert (differing(connection, shelves), _due(connection)) == ({}, 0), house.logs()
        assert stale_last_words(connection, shelves) == {}


def _all_told(shelves: list[Shelf], house: House, *, times: int) -> None:
    """Every shop was told so often."""
    with suppress(AssertionError):  # the programs' words say more
        wait_until(lambda: all(shelf.calls() >= times for shelf in shelves), seconds=60, what="calls")
    assert min(shelf.calls() for shelf in shelves) >= times, house.logs()


def _go_on(storm: Storm, changes: int = 150) -> None:
    """So many changes more."""
    until = storm.changes + changes
    wait_until(lambda: storm.changes >= until or storm.problems, seconds=60, what="the storm to go on")


def _let_locks_of_stock_end() -> None:
    """As they do by themselves, whoever holds them."""
    for pattern in ("storesync:stock:*", "storesync:latest:*"):
        for key in process().redis.scan_iter(pattern):
            process().redis.delete(key)


def _due(connection: postgres.Connection) -> int:
    row = connection.execute("SELECT count(*)::int AS due FROM store_stock WHERE changed > settled").fetchone()
    assert row is not None
    return int(row["due"])


def _let_waits_pass(connection: postgres.Connection) -> None:
    """Back-off of what failed in the storm is over."""
    connection.execute("UPDATE store_stock SET due_at = NULL")
    connection.execute("UPDATE store_orders SET due_at = NULL")
    connection.execute("UPDATE stores SET fetch_due_at = NULL, catalogue_due_at = NULL, stock_due_at = NULL")
    for key in process().redis.scan_iter("storesync:wait:*"):
        process().redis.delete(key)
