"""Orders that come to the hub as one end as they would one by one, and one that fails alone fails alone (SPD-1)."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from redis import Redis

from connectors import locks
from connectors.config import Config
from connectors.errors import RedisAway
from connectors.postgres import order_view
from sandbox import RunningSandbox, open_sandbox
from sandbox.woocommerce.generator import random_order, seed_plain
from tasks.fetch import fetch_orders
from tasks.held import Process, close_process, configure, process
from tasks.orders.import_order import import_order
from tests.broker import use_broker
from tests.databases import ScratchDatabase
from tests.tasks.bad_input import open_bench
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, all_orders, journal_of, order_of
from tests.tasks.orders.tables import Tables, tables
from tests.wire import Wire, wire_to


@pytest.fixture
def anew(held: Process, scratch_database: ScratchDatabase, redis: Redis) -> Callable[[], None]:
    """Another installation with nothing in it, at the same address."""

    def renew() -> None:
        close_process()
        scratch_database.renew()
        redis.flushdb()
        configure(held.config)

    return renew


def due_orders(held: Process, store_id: int) -> list[str]:
    """The orders of a store that are due."""
    with held.pool.connection() as connection:
        found = order_view.orders(connection, order_view.OrderFilter(store_id), limit=100_000)
    return sorted(one.external_id for one in found if one.is_due)


def taken_in(shop: RunningSandbox[Any], platform: str, *, size: int, **settings: Any) -> Tables:
    """Connect a shop, take all its orders in, so many in a message, and look at what is there."""
    held = process()
    store_id = open_bench(held, shop, platform, name="acme", **settings).store_id
    assert fetch_orders(store_id) == "fetched"
    due = due_orders(held, store_id)
    for start in range(0, len(due), size):
        import_order(store_id, *due[start : start + size])
    with held.pool.connection() as connection:
        return tables(connection)


def differing(alone: Tables, together: Tables) -> dict[str, tuple[list[str], list[str]]]:
    """What only one of two has, by table."""
    found = {name: (Counter(rows), Counter(together[name])) for name, rows in alone.items()}
    return {name: (list(one - other), list(other - one)) for name, (one, other) in found.items() if one != other}


@pytest.mark.long
@pytest.mark.parametrize(("sync", "sizes"), [("on", (10, 50)), ("off", (50,))])
@pytest.mark.parametrize("platform", ["woocommerce", "shopify", "bigcommerce"])
def test_SPD_1_odd_orders_end_as_they_would_one_by_one(
    anew: Callable[[], None], platform: str, sync: str, sizes: tuple[int, ...]
) -> None:
    with open_sandbox(platform, orders=120) as shop:
        alone = taken_in(shop, platform, size=1, **{"stock.sync": sync})
        for size in sizes:
            anew()
            assert differing(alone, taken_in(shop, platform, size=size, **{"stock.sync": sync})) == {}


@pytest.mark.long
@pytest.mark.parametrize(("sync", "orders"), [("off", 2000), ("on", 300)])
def test_SPD_1_two_thousand_plain_orders_end_as_they_would_one_by_one(
    anew: Callable[[], None], shop: Shop, sync: str, orders: int
) -> None:
    seed_plain(shop.shop, orders=orders, lines=3)
    alone = taken_in(shop, "woocommerce", size=1, **{"stock.sync": sync})
    anew()
    together = taken_in(shop, "woocommerce", size=50, **{"stock.sync": sync})

    assert len(alone["orders"]) == orders
    assert differing(alone, together) == {}


# -- what harms one harms no other -------------------------------------------------------------------------------------


@pytest.fixture
def due(held: Process, shop: Shop, acme: int) -> list[str]:
    """Ten orders, fetched and not looked at."""
    for _ in range(10):
        random_order(shop.shop, {"status": "processing"})
    fetch_orders(acme)
    return due_orders(held, acme)


def execute(held: Process, statement: str, *values: object) -> None:
    with held.pool.connection() as connection:
        connection.execute(statement.encode(), values)


def count_orders(held: Process) -> int:
    with held.pool.connection() as connection:
        row = connection.execute("SELECT count(*) AS orders FROM hub.sales_orders").fetchone()
    assert row is not None
    return int(row["orders"])


def test_SPD_1_an_order_that_cannot_be_read_is_set_aside_alone(held: Process, acme: int, due: list[str]) -> None:
    execute(held, "UPDATE store_orders SET snapshot = '{}' WHERE external_id = %s", due[3])

    assert import_order(acme, *due) == "9 imported, failed"
    assert order_of(held, acme, due[3]).reason == "invalid_payload"


REFUSES = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'not this one' USING ERRCODE = 'HB001'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON hub.sales_orders FOR EACH ROW WHEN (NEW.external_id = '{}')
    EXECUTE FUNCTION refuse()"""


def test_SPD_1_an_order_that_the_hub_refuses_is_set_aside_alone(held: Process, acme: int, due: list[str]) -> None:
    execute(held, REFUSES.format(due[3]))

    assert sorted(import_order(acme, *due).split(", ")) == ["9 imported", "failed"]
    assert order_of(held, acme, due[3]).reason == "refused_by_hub"
    assert journal_of(held, acme, due[3]) == [("import", "failed", "refused_by_hub")]
    assert journal_of(held, acme, due[4]) == [("import", "imported", None)]


def test_SPD_1_an_order_that_somebody_else_is_at_is_left_to_them(held: Process, acme: int, due: list[str]) -> None:
    with locks.lock(held.redis, locks.order_key(acme, due[3])):
        assert import_order(acme, *due) == "9 imported, busy"

    assert due_orders(held, acme) == [due[3]]
    assert import_order(acme, *due) == "imported, 9 nothing_due"


def test_SPD_1_an_order_named_twice_comes_once(held: Process, acme: int, due: list[str]) -> None:
    assert import_order(acme, *due, *due) == "10 imported"


# -- servers that go away, and locks that get lost ---------------------------------------------------------------------

STEPS: Final = range(1, 10)  # statements of taking ten orders in together


@dataclass(frozen=True)
class Wired:
    """The process's database and Redis, at the end of a wire each."""

    database: Wire
    redis: Wire
    config: Config


@pytest.fixture
def wired(held: Process, due: list[str]) -> Iterator[Wired]:
    """The orders are due; whoever looks at them does it over wires."""
    config = held.config
    close_process()
    with (
        wire_to(config.database_url, counts=True) as (database, database_url),
        wire_to(config.redis_url) as (redis, redis_url),
    ):
        configure(replace(config, database_url=database_url, redis_url=redis_url))
        use_broker(redis_url)
        yield Wired(database, redis, config)
        close_process()
    configure(config)
    use_broker(config.redis_url)


def come_to_an_end(wired: Wired, store_id: int) -> None:
    """Everything works again, and bells that were lost are rung again."""
    wired.database.mend()
    wired.redis.mend()
    close_process()
    use_broker(wired.config.redis_url)
    configure(wired.config)
    process().redis.flushdb()
    if due := due_orders(process(), store_id):
        import_order(store_id, *due)


def all_came_once(store_id: int) -> bool:
    states = all_orders(process(), store_id)
    return count_orders(process()) == len(states) and set(states.values()) == {"imported"}


@pytest.mark.parametrize("step", STEPS)
def test_ORD_6_whatever_another_worker_imports_while_we_are_frozen_comes_once(
    acme: int, due: list[str], wired: Wired, step: int
) -> None:
    with ThreadPoolExecutor(1) as another:

        def freeze() -> None:
            process().redis.flushdb()  # our locks have ended
            wait([another.submit(import_order, acme, due[3])], timeout=0.2)  # or it waits for what we have written

        wired.database.at(step, freeze)
        import_order(acme, *due)

    come_to_an_end(wired, acme)
    assert all_came_once(acme)


@pytest.mark.parametrize("step", STEPS)
def test_ORD_6_nothing_is_lost_or_doubled_with_the_database(acme: int, due: list[str], wired: Wired, step: int) -> None:
    process().pool.timeout = 0.2  # a database that is away is not waited for
    wired.database.at(step, wired.database.cut, is_lost=True)
    with suppress(psycopg.OperationalError, PoolTimeout):
        import_order(acme, *due)

    come_to_an_end(wired, acme)
    assert all_came_once(acme)


@pytest.mark.parametrize("step", STEPS)
def test_ORD_6_nothing_is_lost_or_doubled_with_Redis(acme: int, due: list[str], wired: Wired, step: int) -> None:
    wired.database.at(step, wired.redis.cut)
    with suppress(RedisAway):
        import_order(acme, *due)

    come_to_an_end(wired, acme)
    assert all_came_once(acme)


# -- several at once ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_MUL_2_four_workers_over_two_stores_with_the_same_SKUs_and_buyers_get_stuck_in_nothing(
    held: Process, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    people = [{"email": f"buyer{n}@example.test", "first_name": "Buyer", "last_name": str(n)} for n in range(6)]
    skus = [f"NEW-{n}" for n in range(12)]
    with ExitStack() as opened:
        shops = [opened.enter_context(open_sandbox("woocommerce", orders=0)) for _ in range(2)]
        stores = [connect(held, shop, f"shop{n}", **{"stock.sync": "on"}) for n, shop in enumerate(shops)]
        for number, shop in enumerate(shops):
            for n in range(60):
                turn = n if number == 0 else -n
                some = [skus[(turn + k) % 12] for k in range(4)]
                lines = [{"sku": sku, "name": "New", "quantity": 1, "total": "10.00"} for sku in some]
                random_order(shop.shop, {"status": "processing", "billing": people[turn % 6], "line_items": lines})
        for store_id in stores:
            fetch_orders(store_id)
        messages = []
        for number, store_id in enumerate(stores):
            found = due_orders(held, store_id)
            halves = [found[:30], found[30:]]
            messages += [(store_id, *(half if number == 0 else reversed(half))) for half in halves]
        before = deadlocks(held)
        with ThreadPoolExecutor(4) as workers:
            said = list(workers.map(lambda message: import_order(*message), messages))

    assert said == ["30 imported"] * 4
    assert deadlocks(held) == before
    assert "one by one" not in caplog.text


def deadlocks(held: Process) -> int:
    """How often PostgreSQL had to end one."""
    with held.pool.connection() as connection:
        row = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row["deadlocks"])
