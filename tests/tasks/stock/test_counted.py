"""What nobody ever counted in the hub is told to no store by itself (STK-10)."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import stock
from sandbox import open_sandbox
from schemas.actions import AddLocation, AddProduct
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.stock.push import push_stock
from tasks.stores import change_store
from tests.stock_shops import PLATFORMS, PRIMARY, Shelf, connect_shelf
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import do, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal, stock_row

SYNC = {"stock.sync": "on"}
NEVER = [("noted", "never_counted")]


@pytest.fixture
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """An empty shop, WooCommerce's unless a test asks for another."""
    platform = getattr(request, "param", "woocommerce")
    with open_sandbox(platform, orders=0) as sandbox:
        yield Shelf(platform, sandbox)


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected with stock sync on: its id."""
    return connect_shelf(held, shelf, SYNC)


def sell(shelf: Shelf, sku: str) -> None:
    """The shop sells two of a SKU."""
    line = {"sku": sku, "name": sku, "price": "10.00", "quantity": 2, "product_id": 1, "variant_id": 1}
    shelf.shop.place_order({"status": "processing", "tax_rate": "0", "products": [line], "line_items": [line]})


@pytest.mark.parametrize("shelf", ["bigcommerce", "woocommerce"], indirect=True)
def test_STK_10_sale_of_an_item_that_was_never_counted_leaves_the_shop_its_figure(
    held: Process, shelf: Shelf, store: int
) -> None:
    shelf.offer("A-1", 589)
    sell(shelf, "A-1")
    there = shelf.shown("A-1")
    import_all(held, store)

    push_stock(store)

    assert (shelf.shown("A-1"), shelf.calls()) == (there, 0)
    assert stock_journal(held, "A-1") == NEVER


@pytest.mark.parametrize("shelf", PLATFORMS, indirect=True)
def test_STK_10_count_is_told_at_once(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 589)
    add(held, "A-1")
    with held.pool.connection() as connection:
        stock.ask(connection, store, ["A-1"], wants_look=True)
    push_stock(store)
    assert (shelf.shown("A-1"), stock_row(held, store, "A-1")["reason"]) == ([589], "never_counted")
    let_stock_wait_pass(held, store)

    adjust(held, "A-1", 0)
    push_stock(store)

    assert (shelf.shown("A-1"), stock_row(held, store, "A-1")["reason"]) == ([0], None)
    assert stock_journal(held, "A-1") == [*NEVER, ("told", None)]


def test_STK_10_it_is_said_once_however_often_the_item_moves(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 589)
    for _ in range(3):
        sell(shelf, "A-1")
        import_all(held, store)
        push_stock(store)
        let_stock_wait_pass(held, store)

    assert stock_journal(held, "A-1") == NEVER


def test_STK_10_delivery_below_nothing_is_no_count(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 589)
    sell(shelf, "A-1")
    import_all(held, store)
    do(held, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE kind = 'product'")

    push_stock(store)

    assert shelf.shown("A-1") == [587]
    assert stock_row(held, store, "A-1")["reason"] == "never_counted"


def test_STK_10_store_that_asks_for_it_is_told(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 589)
    sell(shelf, "A-1")
    import_all(held, store)
    push_stock(store)
    let_stock_wait_pass(held, store)

    change_store(held, store_of(held, store), {"stock.tell_uncounted": "on"}, {})
    push_stock(store)

    assert shelf.shown("A-1") == [0]


def test_STK_10_person_tells_it_once(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 589)
    add(held, "A-1")
    with held.pool.connection() as connection:
        stock.ask(connection, store, ["A-1"], wants_look=False, tell_uncounted=True)
    push_stock(store)
    assert shelf.shown("A-1") == [0]

    shelf.count("A-1", 5)
    do(held, "UPDATE store_levels SET shown = 5")
    let_stock_wait_pass(held, store)
    do(held, "UPDATE store_stock SET changed = changed + 1")
    push_stock(store)

    assert shelf.shown("A-1") == [5]


def test_STK_10_bundle_is_told_once_all_its_parts_are_counted(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("SET", 30)
    for sku in ("LEG", "TOP"):
        add(held, sku)
    add(held, "SET", bundle=(("LEG", Decimal(4)), ("TOP", Decimal(1))))
    adjust(held, "LEG", 8)
    push_stock(store)
    assert shelf.shown("SET") == [30]
    let_stock_wait_pass(held, store)

    adjust(held, "TOP", 5)
    push_stock(store)

    assert shelf.shown("SET") == [2]


def test_STK_10_second_item_with_the_sku_tells_nothing_before_it_is_counted(
    held: Process, shelf: Shelf, store: int
) -> None:
    shelf.offer("A-1", 7)
    add(held, "A-1", 7)
    push_stock(store)
    let_stock_wait_pass(held, store)

    add(held, "A-1", is_another=True)
    push_stock(store)

    assert (shelf.shown("A-1"), stock_row(held, store, "A-1")["reason"]) == ([7], "never_counted")


@pytest.mark.parametrize("shelf", ["shopify"], indirect=True)
def test_STK_10_shop_keeps_its_figure_at_the_place_that_was_not_counted(held: Process, shelf: Shelf) -> None:
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AddLocation("annex", "Annex"), AddProduct("A-1", "Chair")])
    store = connect_shelf(held, shelf, {**SYNC, "location_map": {PRIMARY: "main", "102": "annex"}})
    shelf.shop.stock.add("A-1", levels={PRIMARY: 1, "102": 5})
    fetch_catalogue(store)

    adjust(held, "A-1", 10)
    push_stock(store)

    assert {place: pieces for (_, place), pieces in shelf.shop.stock_of("A-1").items()} == {PRIMARY: 10, "102": 5}
    assert stock_row(held, store, "A-1")["detail"] == {"locations": ["annex"]}
