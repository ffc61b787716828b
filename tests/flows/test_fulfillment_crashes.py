"""A worker killed exactly between a shop's answer and our commit tells the shop nothing twice (FUL-14): real processes.

All platforms at once: the worker is telling a shop of each when it is killed. The Shopify order goes in part, so that
the shop itself would take the same fulfilment again.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

from connectors import locks, postgres
from tasks.held import process
from tasks.upkeep import ring_due
from tests.broker import use_broker
from tests.flows.house import CELERY, House
from tests.flows.tollgate import PLATFORMS, Shop, Tollgate, open_gate, told
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.delivering import TRACKED, Desk, place
from tests.tasks.orders.looking import do
from tests.waiting import wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("patient flows")]

_WAITS: Final = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass(frozen=True, slots=True)
class Stall:
    """A shop behind its gate, and one of its orders in the hub."""

    platform: str
    shop: Shop
    gate: Tollgate
    desk: Desk

    def told(self) -> int:
        """What the shop was told."""
        return told(self.platform, self.shop.shop)


@pytest.fixture
def stalls(house: House) -> Iterator[list[Stall]]:
    """A shop of every platform, with an order that a person has just delivered in the hub."""
    use_broker(house.config.redis_url)
    with ExitStack() as leaving:
        gates = [(platform, *leaving.enter_context(open_gate(platform))) for platform in PLATFORMS]
        yield [_stall(*gate) for gate in gates]


def _stall(platform: str, shop: Shop, gate: Tollgate) -> Stall:
    bench = open_bench(process(), shop, platform, name=platform)
    is_in_part = platform == "shopify"
    if is_in_part:
        place(shop, A=3)
    else:
        bench.seed(1)
    assert import_all(process(), bench.store_id) == ["imported"]
    with process().pool.connection() as connection:
        (row,) = connection.execute("SELECT external_id FROM store_orders WHERE store_id = %s", (bench.store_id,))
    desk = Desk(process(), bench.store_id, row["external_id"])
    desk.deliver(TRACKED, **({"A": 1} if is_in_part else {}))
    return Stall(platform, shop, gate, desk)


def start_worker(house: House, name: str) -> None:
    """A worker that tells all three shops at once."""
    house.start(name, *CELERY, "worker", "-Q", "fulfillment", "-c", "3", "-n", f"{name}@test", "--loglevel", "INFO")


def kill_before_the_answer(house: House, stalls: list[Stall]) -> None:
    """The shop has done it, and says nothing."""
    for stall in stalls:
        stall.gate.close(stall.gate.hold)
    start_worker(house, "worker1")
    ring_due()
    for stall in stalls:
        wait_until(stall.gate.reached.is_set, seconds=30, what=f"{stall.platform} to be told\n{house.logs()}")

    house.kill("worker1")

    for stall in stalls:
        stall.gate.released.set()


def kill_before_the_commit(house: House, stalls: list[Stall]) -> None:
    """The shop has said so, and the worker waits for its row to write it down in."""
    with ExitStack() as rows, postgres.connect(house.config.database_url) as watching:
        for stall in stalls:
            stall.gate.close(lambda desk=stall.desk: rows.enter_context(_held(house, desk)))  # type: ignore[misc]
        start_worker(house, "worker1")
        ring_due()
        what = f"all three to write it down\n{house.logs()}"
        wait_until(lambda: len(watching.execute(_WAITS).fetchall()) == len(stalls), seconds=30, what=what)

        house.kill("worker1")

        watching.execute(f"SELECT pg_terminate_backend(w.pid) FROM ({_WAITS}) w")


@contextmanager
def _held(house: House, desk: Desk) -> Iterator[None]:
    """Nobody else writes the order's row."""
    key = (desk.store_id, desk.external_id)
    with postgres.connect(house.config.database_url) as connection, connection.transaction():
        connection.execute("SELECT FROM store_orders WHERE store_id = %s AND external_id = %s FOR UPDATE", key)
        yield


@pytest.mark.parametrize("kill", [kill_before_the_answer, kill_before_the_commit], ids=["unanswered", "uncommitted"])
def test_FUL_14_a_worker_killed_after_the_shop_was_told_tells_it_nothing_twice(
    house: House, stalls: list[Stall], kill: Callable[[House, list[Stall]], None]
) -> None:
    kill(house, stalls)
    assert [(stall.told(), stall.desk.due().hub_settled) for stall in stalls] == [(1, 0)] * len(stalls)

    for stall in stalls:  # what the dead worker held runs out
        process().redis.delete(locks.order_key(stall.desk.store_id, stall.desk.external_id))
    do(process(), "UPDATE store_orders SET hub_rung_at = NULL")
    start_worker(house, "worker2")
    ring_due()
    for stall in stalls:
        wait_until(stall.desk.is_settled, seconds=30, what=f"{stall.platform} to be looked at\n{house.logs()}")

    assert [stall.told() for stall in stalls] == [1] * len(stalls)
    for stall in stalls:
        stall.desk.hear()
        assert (stall.told(), stall.desk.is_settled()) == (1, True)
    (shopify,) = (stall for stall in stalls if stall.platform == "shopify")
    assert shopify.desk.fulfillments() == [("hub", True)]
    assert shopify.desk.shipped() == {"A": "0+1/3"}
    assert shopify.desk.journal("fulfill") == [("found", None)]
