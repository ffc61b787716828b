"""A server that is lost in the middle of an import is replaced by its copy: work goes on, nothing lost or doubled."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from connectors.config import Config
from sandbox import RunningSandbox, open_sandbox, seed_plain
from tasks.held import close_process
from tests.databases import own_database
from tests.flows.house import House, open_house, own_servers
from tests.homes import new_home
from tests.sentinels import watched_redis
from tests.standby import standby_of
from tests.waiting import wait_until
from workers.embedded import Servers, remove_home

ORDERS = 150

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("flows")]


@pytest.fixture
def shop() -> Iterator[RunningSandbox[Any]]:
    """A shop with open orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        seed_plain(sandbox.shop, orders=ORDERS)
        yield sandbox


@pytest.fixture
def key() -> str:
    """What credentials are locked with."""
    return Fernet.generate_key().decode()


def test_ORD_6_redis_fails_over_in_the_middle(
    servers: Servers, shop: RunningSandbox[Any], key: str, tmp_path: Path
) -> None:
    with own_database(servers.database_url) as database_url, watched_redis(tmp_path) as redis:
        with open_house(Config(database_url, redis.url, tmp_path, key, "text")) as house:
            import_with(house, shop, redis.kill_master)
        close_process()


def test_ORD_6_postgresql_fails_over_in_the_middle(shop: RunningSandbox[Any], key: str) -> None:
    home = new_home("storesync-flow-")
    ours = own_servers(home)
    try:
        with standby_of(ours) as standby:

            def fail_over() -> None:
                house.kill_server("PostgreSQL")
                standby.promote()

            config = replace(ours, database_url=standby.both_url, secret_key=key, embedded=frozenset())
            with open_house(config) as house:
                import_with(house, shop, fail_over)
            close_process()
    finally:
        remove_home(Config("", "", home, "", "text"))


def import_with(house: House, shop: RunningSandbox[Any], fail_over: Callable[[], None]) -> None:
    """Import with a worker and beat, lose a server when some orders are in and some are not, and look at the end."""
    house.start_worker("worker1")
    store_id = house.connect(shop, "acme", **{"fetch.every": 3600})
    house.start_beat()
    wait_until(lambda: house.imported(store_id) >= ORDERS // 10, seconds=40, what=f"orders\n{house.logs()}")

    fail_over()

    assert house.imported(store_id) < ORDERS, "the import was over before it was disturbed"
    wait_until(lambda: house.imported(store_id) == ORDERS, seconds=60, what=f"all orders\n{house.logs()}")
    (total,) = house.money(store_id)
    assert (total.orders, total.mismatches) == (ORDERS, 0)
    assert total.total_with_tax == total.store_total_with_tax
