"""What is killed in the middle of an import loses nothing and doubles nothing (ORD-6): 300 orders, real processes."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sandbox import RunningSandbox, open_sandbox, seed_plain
from tests.flows.house import House
from tests.waiting import wait_until
from workers.embedded import keep_servers

ORDERS = 300
Shop = RunningSandbox[Any]

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with 300 open orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        seed_plain(sandbox.shop, orders=ORDERS)
        yield sandbox


def test_ORD_6_a_worker_killed_in_the_middle(house: House, shop: Shop) -> None:
    def kill_a_worker() -> None:
        house.kill("worker1")
        house.start_worker("worker3")

    _import_with(house, shop, kill_a_worker)


def test_ORD_6_redis_comes_back_empty_in_the_middle(lone_house: House, shop: Shop) -> None:
    def lose_redis() -> None:
        lone_house.kill_server("Valkey")
        for file in (lone_house.home / "redis").rglob("*.aof"):
            file.unlink()
        for file in (lone_house.home / "redis").rglob("*.manifest"):
            file.unlink()
        lone_house.restart_servers()

    _import_with(lone_house, shop, lose_redis)


def test_ORD_6_both_servers_are_killed_in_the_middle_and_nobody_types_anything(lone_house: House, shop: Shop) -> None:
    def kill_both() -> None:
        for server in ("Valkey", "PostgreSQL"):
            lone_house.kill_server(server)
            wait_until(partial(lone_house.answers, server), seconds=30, what=f"{server} to be back")

    with keep_servers(lone_house.config):
        _import_with(lone_house, shop, kill_both)


def _is_in_the_middle(states: dict[str, int]) -> bool:
    return sum(states.values()) == ORDERS and states.get("imported", 0) >= ORDERS // 10


def _import_with(house: House, shop: Shop, disturb: Callable[[], object]) -> None:
    """Import with two workers, disturb when some orders are in and some are not, and look at the end."""
    house.slow_down(0.01)  # or they are all in before anybody looks
    house.start_worker("worker1")
    house.start_worker("worker2")
    store_id = house.connect(shop, "acme", **{"fetch.every": 10})
    house.start_beat()
    # All are fetched and some are in: a worker killed while it fetches is waited for as long as its lock may live.
    wait_until(lambda: _is_in_the_middle(house.states(store_id)), seconds=40, what="orders to come in")

    disturb()

    assert house.imported(store_id) < ORDERS, "the import was over before it was disturbed"
    wait_until(lambda: house.imported(store_id) == ORDERS, seconds=150, what=f"all orders\n{house.logs()}")
    (total,) = house.money(store_id)
    assert total.orders == ORDERS
    assert total.total_with_tax == total.store_total_with_tax
