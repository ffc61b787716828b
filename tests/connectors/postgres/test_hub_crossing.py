"""Two writers of the hub at once: what waits, what is busy, and that the numbers stay right."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal

import pytest

from connectors import postgres
from connectors.errors import AlreadyThere, HubBusy
from connectors.postgres import Connection
from connectors.postgres.hub import PostgresHub
from schemas.actions import AddItems, AdjustStock, CreateOrder
from schemas.hub import DeliveryStatus, DraftOrder, NewCustomer
from tests.connectors.postgres.conftest import add_store
from tests.connectors.postgres.hub_makers import create, deliver, draft, imported, one, product, read, run, stock_up
from tests.waiting import wait_until


@contextmanager
def background(url: str) -> Iterator[tuple[Connection, Callable[..., Future[object]], Callable[[], bool]]]:
    """Another connection, a way to start work on it, and whether it waits for somebody."""
    with (
        postgres.connect(url) as connection,
        postgres.connect(url) as looking,
        ThreadPoolExecutor(1) as pool,
    ):
        pid = connection.info.backend_pid

        def is_waiting() -> bool:
            return bool(one(looking, "SELECT cardinality(pg_blocking_pids(%s)) AS blockers", pid)["blockers"])

        yield connection, pool.submit, is_waiting


def test_FUL_1_of_two_parallel_deliveries_the_later_one_sees_both(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        hub = PostgresHub(mine)
        order = create(hub, draft(product("A"), product("B")))
        with mine.transaction():
            deliver(hub, order, 1, "A")
            second = start(deliver, PostgresHub(theirs), order, 1, "B")
            wait_until(is_waiting, what="the second delivery to wait")
        second.result(timeout=10)

        assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_STK_1_plain_sql_deliveries_of_two_rows_at_once_deliver_the_order(fresh_database_url: str) -> None:
    update = "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE sku = %s"
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        hub = PostgresHub(mine)
        order = create(hub, draft(product("A"), product("B")))
        with mine.transaction():
            run(mine, update, "A")
            second = start(run, theirs, update, "B")
            wait_until(is_waiting, what="the second update to wait")
        second.result(timeout=10)

        assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_MUL_2_items_of_two_stores_that_come_at_once_are_made_once(fresh_database_url: str) -> None:
    items = AddItems((("A", "Apple"), ("B", "Pear")))
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        with mine.transaction():
            PostgresHub(mine).apply([items])
            second = start(PostgresHub(theirs).apply, [items])
            wait_until(is_waiting, what="the second import to wait")

        assert second.result(timeout=10) == ("",)
        assert [(one.sku, one.name) for one in PostgresHub(mine).products()] == [("A", "Apple"), ("B", "Pear")]
        assert one(mine, "SELECT count(*) AS products FROM hub.products")["products"] == 2


def test_MUL_2_an_order_finds_the_items_that_a_store_brought(connection: Connection) -> None:
    hub = PostgresHub(connection)
    hub.apply([AddItems((("A", "Apple"), ("A", "Another name"), (" B", "no SKU")))])

    create(hub, draft(product("A")))

    assert [(one.sku, one.name) for one in hub.products()] == [("A", "Apple")]


def test_two_changes_that_block_each_other_are_a_busy_hub(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        hub = PostgresHub(mine)
        stock_up(hub, "A")
        stock_up(hub, "B")
        run(mine, "SET deadlock_timeout = '20ms'")
        with pytest.raises(HubBusy), mine.transaction(), theirs.transaction():
            hub.apply([AdjustStock("A", Decimal(1))])
            PostgresHub(theirs).apply([AdjustStock("B", Decimal(1))])
            start(PostgresHub(theirs).apply, [AdjustStock("A", Decimal(1))])
            wait_until(is_waiting, what="the other change to wait")
            hub.apply([AdjustStock("B", Decimal(1))])


def test_a_lost_connection_is_a_busy_hub(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, postgres.connect(fresh_database_url) as other:
        run(other, "SELECT pg_terminate_backend(%s)", mine.info.backend_pid)

        with pytest.raises(HubBusy):
            PostgresHub(mine).levels(["CHAIR"])


Crossing = Callable[[DraftOrder, DraftOrder], BaseException | None]


@pytest.fixture
def crossing(fresh_database_url: str) -> Crossing:
    """Create two orders in two transactions, the second waiting for the first's commit; what the second raised."""

    def cross(first: DraftOrder, second: DraftOrder) -> BaseException | None:
        with (
            postgres.connect(fresh_database_url) as mine,
            background(fresh_database_url) as (theirs, start, is_waiting),
        ):
            with mine.transaction():
                PostgresHub(mine).apply([CreateOrder(first)])
                waiting = start(PostgresHub(theirs).apply, [CreateOrder(second)])
                wait_until(is_waiting, what="the second order to wait")
            return waiting.exception(timeout=10)

    return cross


def test_ORD_6_of_two_parallel_imports_of_one_order_the_second_rolls_back(
    crossing: Crossing, fresh_database_url: str
) -> None:
    with postgres.connect(fresh_database_url) as connection:
        store_id = add_store(connection, "acme")
        error = crossing(imported(store_id), imported(store_id))

        assert isinstance(error, AlreadyThere)
        assert one(connection, "SELECT count(*) FROM hub.sales_orders")["count"] == 1
        assert one(connection, "SELECT sum(committed) FROM hub.stock")["sum"] == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [("ada@example.com", " ADA@example.com "), (None, None)],
    ids=["same e-mail", "same name without e-mail"],
)
def test_MAP_2_parallel_first_orders_of_one_customer_make_one(
    crossing: Crossing, fresh_database_url: str, first: str | None, second: str | None
) -> None:
    ada, too = NewCustomer("Ada  Lovelace", first), NewCustomer("ada lovelace", second)
    assert crossing(draft(customer=ada), draft(product("B"), customer=too)) is None

    with postgres.connect(fresh_database_url) as connection:
        assert one(connection, "SELECT count(*) FROM hub.customers")["count"] == 1
        assert one(connection, "SELECT count(DISTINCT customer_id), count(*) AS orders FROM hub.sales_orders") == {
            "count": 1,
            "orders": 2,
        }


def test_MUL_2_parallel_imports_of_one_new_sku_make_one_product(crossing: Crossing, fresh_database_url: str) -> None:
    assert crossing(draft(customer=NewCustomer("A", None)), draft(customer=NewCustomer("B", None))) is None

    with postgres.connect(fresh_database_url) as connection:
        assert one(connection, "SELECT count(*) FROM hub.variants")["count"] == 1
        assert one(connection, "SELECT count(*) FROM hub.products")["count"] == 1
        assert one(connection, "SELECT committed FROM hub.stock")["committed"] == 4
