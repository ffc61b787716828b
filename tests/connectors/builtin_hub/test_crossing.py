"""Two writers of the hub at once: what waits, what is busy, and that the numbers stay right."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from threading import Event

import pytest
from psycopg.errors import LockNotAvailable

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import AlreadyThere, HubBusy
from connectors.postgres import Connection
from schemas.actions import AddItems, AdjustStock, CreateOrder
from schemas.hub import Customer, DeliveryStatus, DraftOrder, NewCustomer, NewItem
from schemas.orders import Kind
from tests.connectors.builtin_hub.makers import create, deliver, draft, imported, one, product, read, run, stock_up
from tests.connectors.postgres.makers import add_store
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
        hub = BuiltinHub(mine)
        order = create(hub, draft(product("A"), product("B")))
        with mine.transaction():
            deliver(hub, order, 1, "A")
            second = start(deliver, BuiltinHub(theirs), order, 1, "B")
            wait_until(is_waiting, what="the second delivery to wait")
        second.result(timeout=60)

        assert read(hub, order.id).status is DeliveryStatus.DELIVERED


@pytest.mark.parametrize("join", ["hashjoin", "mergejoin", "nestloop"])
def test_CHG_8_order_in_a_unit_is_held_whatever_way_PostgreSQL_reads_what_hangs_on_it(
    fresh_database_url: str, join: str
) -> None:
    with postgres.connect(fresh_database_url) as mine, postgres.connect(fresh_database_url) as theirs:
        hub = BuiltinHub(mine)
        order = create(hub, draft(product("A")))
        run(mine, "ANALYZE hub.sales_orders, hub.sales_order_rows, hub.manufacturing_orders")
        for other in {"hashjoin", "mergejoin", "nestloop"} - {join}:
            run(mine, f"SET enable_{other} = off")

        with hub.unit():
            assert hub.order(order.id) is not None

            for table in ("sales_orders", "sales_order_rows"):
                with pytest.raises(LockNotAvailable):
                    run(theirs, f"SELECT FROM hub.{table} FOR UPDATE NOWAIT")


def test_STK_1_plain_sql_deliveries_of_two_rows_at_once_deliver_the_order(fresh_database_url: str) -> None:
    update = "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE sku = %s"
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        hub = BuiltinHub(mine)
        order = create(hub, draft(product("A"), product("B")))
        with mine.transaction():
            run(mine, update, "A")
            second = start(run, theirs, update, "B")
            wait_until(is_waiting, what="the second update to wait")
        second.result(timeout=60)

        assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_MUL_2_items_of_two_stores_that_come_at_once_are_made_once(fresh_database_url: str) -> None:
    items = AddItems((("A", "Apple"), ("B", "Pear")))
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        with mine.transaction():
            BuiltinHub(mine).carry_out([items])
            second = start(BuiltinHub(theirs).carry_out, [items])
            wait_until(is_waiting, what="the second import to wait")

        assert second.result(timeout=60) == ("",)
        assert [(one.sku, one.name) for one in BuiltinHub(mine).products()] == [("A", "Apple"), ("B", "Pear")]
        assert one(mine, "SELECT count(*) AS products FROM hub.products")["products"] == 2


def test_MUL_2_an_order_finds_the_items_that_a_store_brought(connection: Connection) -> None:
    hub = BuiltinHub(connection)
    hub.carry_out([AddItems((("A", "Apple"), ("A", "Another name"), (" B", "no SKU")))])

    create(hub, draft(product("A")))

    assert [(one.sku, one.name) for one in hub.products()] == [("A", "Apple")]


def test_two_changes_that_block_each_other_are_a_busy_hub(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, background(fresh_database_url) as (theirs, start, is_waiting):
        hub = BuiltinHub(mine)
        stock_up(hub, "A")
        stock_up(hub, "B")
        run(mine, "SET deadlock_timeout = '20ms'")
        with pytest.raises(HubBusy), mine.transaction(), theirs.transaction():
            hub.carry_out([AdjustStock("A", Decimal(1))])
            BuiltinHub(theirs).carry_out([AdjustStock("B", Decimal(1))])
            start(BuiltinHub(theirs).carry_out, [AdjustStock("A", Decimal(1))])
            wait_until(is_waiting, what="the other change to wait")
            hub.carry_out([AdjustStock("B", Decimal(1))])


def test_a_lost_connection_is_a_busy_hub(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as mine, postgres.connect(fresh_database_url) as other:
        run(other, "SELECT pg_terminate_backend(%s)", mine.info.backend_pid)

        with pytest.raises(HubBusy):
            BuiltinHub(mine).levels(["CHAIR"])


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
                BuiltinHub(mine).carry_out([CreateOrder(first)])
                waiting = start(BuiltinHub(theirs).carry_out, [CreateOrder(second)])
                wait_until(is_waiting, what="the second order to wait")
            return waiting.exception(timeout=60)

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


def test_MUL_2_who_finds_made_what_it_wanted_to_make_keeps_nobody_from_using_it(fresh_database_url: str) -> None:
    care = product("CARE", kind=Kind.SERVICE, item=NewItem("Care", Kind.SERVICE, sku="CARE"))
    is_over = Event()
    with (
        postgres.connect(fresh_database_url) as mine,
        background(fresh_database_url) as (theirs, start, is_waiting),
        postgres.connect(fresh_database_url) as third,
    ):

        def create_and_stay() -> None:
            with theirs.transaction():
                create(BuiltinHub(theirs), draft(care))
                assert is_over.wait(60)

        with mine.transaction():
            order = create(BuiltinHub(mine), draft(care))
            staying = start(create_and_stay)
            wait_until(is_waiting, what="the second creation to wait for the first")
        wait_until(lambda: not is_waiting(), what="the second creation to go on")
        run(third, "SET lock_timeout = '1s'")
        known, buyer = order.rows[0].variant_id, one(third, "SELECT id::text, name, email FROM hub.customers")
        try:
            create(BuiltinHub(third), draft(replace(care, item=known), customer=Customer(**buyer)))
        finally:
            is_over.set()
        staying.result(timeout=60)


def test_MUL_2_parallel_imports_of_one_new_sku_make_one_product(crossing: Crossing, fresh_database_url: str) -> None:
    assert crossing(draft(customer=NewCustomer("A", None)), draft(customer=NewCustomer("B", None))) is None

    with postgres.connect(fresh_database_url) as connection:
        assert one(connection, "SELECT count(*) FROM hub.variants")["count"] == 1
        assert one(connection, "SELECT count(*) FROM hub.products")["count"] == 1
        assert one(connection, "SELECT committed FROM hub.stock")["committed"] == 4
