"""What makes SKUs of a store due, and which figures of it are believed: settings, orders, items (STK-1, STK-5)."""

from collections.abc import Iterator
from threading import Thread

import pytest

from connectors import postgres
from connectors.postgres import stock
from sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stock.push import push_stock
from tasks.stores import change_store, set_state
from tasks.upkeep import ring_due
from tests.stock_shops import PRIMARY, Shelf, connect_shelf
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import do, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal, stock_row
from tests.waiting import wait_until

SYNC = {"stock.sync": "on"}


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


def tell(held: Process, shelf: Shelf, store: int, sku: str = "A-1", pieces: int = 7) -> None:
    """Hub and shop have the SKU, the shop was told the hub's pieces, and that is a while ago."""
    shelf.offer(sku)
    add(held, sku, pieces)
    push_stock(store)
    assert shelf.shown(sku) == [pieces]
    let_time_pass(held, store)


def let_time_pass(held: Process, store: int) -> None:
    """What was told is a while ago."""
    let_stock_wait_pass(held, store)
    do(held, "UPDATE store_levels SET moved_at = moved_at - interval '1 hour'")


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["disconnected", "off"])
def test_STK_5_figure_that_moved_in_the_shop_while_it_was_not_told_is_put_right(
    held: Process, shelf: Shelf, store: int, how: str
) -> None:
    tell(held, shelf, store)
    if how == "off":
        change_store(held, store_of(held, store), {"stock.sync": "off"}, {})
    else:
        set_state(held, store_of(held, store), StoreState.DISCONNECTED)

    shelf.count("A-1", 50)
    if how == "off":
        change_store(held, store_of(held, store), SYNC, {})
    else:
        assert connect_shelf(held, shelf, SYNC) == store
    push_stock(store)

    assert shelf.shown("A-1") == [7]


@pytest.mark.parametrize("shelf", ["shopify"], indirect=True)
def test_STK_4_place_that_gets_another_location_is_told_whatever_it_showed_before(
    held: Process, shelf: Shelf, store: int
) -> None:
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    tell(held, shelf, store)
    adjust(held, "A-1", 0, location="annex")
    let_time_pass(held, store)

    change_store(held, store_of(held, store), {"location_map": {PRIMARY: "annex"}}, {})
    push_stock(store)

    assert shelf.shown("A-1") == [0]


def test_STK_6_another_buffer_tells_only_what_differs(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    do(held, "UPDATE hub.stock SET in_stock = 0")
    push_stock(store)
    let_time_pass(held, store)
    before = shelf.calls()

    change_store(held, store_of(held, store), {"stock.buffer": 3}, {})

    assert push_stock(store) == "1 settled"
    assert shelf.calls() == before


def test_STK_5_setting_that_changes_while_skus_are_picked_counts(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    adjust(held, "A-1", 1)
    teller = Thread(target=push_stock, args=(store,))

    with postgres.connect(held.config.database_url) as other, other.transaction():
        other.execute("LOCK TABLE store_orders")  # of all that a push reads, only the look for due SKUs
        teller.start()
        wait_until(lambda: waits_for_a_lock(held), what="the look for due SKUs")
        other.execute("UPDATE stores SET settings = settings || '{\"stock.buffer\": 3}'")
        stock.due_again(other, store)
    teller.join()

    assert shelf.shown("A-1") == [5]


def waits_for_a_lock(held: Process) -> bool:
    """Whether some statement waits for another transaction."""
    return do(held, "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0


def set_back(held: Process, store: int, **settings: str) -> None:
    """What was told is a while ago, and the store has other settings."""
    let_time_pass(held, store)
    change_store(held, store_of(held, store), {key.replace("_", ".", 1): value for key, value in settings.items()}, {})


@pytest.mark.parametrize("how", ["off and on", "another quantity", "connected again"])
def test_STK_5_what_was_moved_by_old_settings_and_committed_later_is_told(
    held: Process, shelf: Shelf, store: int, how: str
) -> None:
    tell(held, shelf, store)
    if how == "another quantity":
        set_back(held, store, stock_quantity="in_stock")
        wait_until(lambda: writers_are_over(held, store), what="the end of all writers")
        push_stock(store)
        let_time_pass(held, store)
    elif how == "off and on":
        set_back(held, store, stock_sync="off")
    elif how == "connected again":
        set_state(held, store_of(held, store), StoreState.DISCONNECTED)

    with postgres.connect(held.config.database_url) as writer, writer.transaction():
        if how == "another quantity":
            writer.execute("UPDATE hub.stock SET committed = 5, committed_direct = 5")
            set_back(held, store, stock_quantity="in_stock_minus_committed")
        else:
            writer.execute("UPDATE hub.stock SET in_stock = 2")
            if how == "off and on":
                set_back(held, store, stock_sync="on")
            else:
                connect_shelf(held, shelf, SYNC)
        push_stock(store)
        for _ in range(3):
            ring_due()
        let_time_pass(held, store)
        assert (push_stock(store), shelf.shown("A-1")) == ("nothing_due", [7])

    wait_until(lambda: writers_are_over(held, store), what="the end of all writers")
    let_time_pass(held, store)
    push_stock(store)
    assert shelf.shown("A-1") == [2]

    let_time_pass(held, store)
    ring_due()
    assert push_stock(store) == "nothing_due"


def test_STK_5_writer_that_stays_for_long_holds_nobody_up(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    set_back(held, store, stock_buffer="1")
    ring_due()
    with postgres.connect(held.config.database_url) as writer, writer.transaction(force_rollback=True):
        writer.execute("UPDATE hub.stock SET in_stock = 5")  # and holds the mark of the SKU

        assert not writers_are_over(held, store)

    wait_until(lambda: writers_are_over(held, store), what="the end of all writers")


def writers_are_over(held: Process, store: int) -> bool:
    """Whether, at the next round of what keeps the house in order, nobody writes by settings of before any more."""
    ring_due()
    with held.pool.connection() as connection:
        writing = "SELECT FROM stores WHERE stock_writers IS NOT NULL AND id = %s"
        return connection.execute(writing, (store,)).fetchone() is None


# -- orders of the store -----------------------------------------------------------------------------------------------


def sell(held: Process, shelf: Shelf, store: int, *skus: str) -> int:
    """The shop sells two of each SKU, the order comes in, and the shop is told: its id."""
    lines = [
        {"sku": sku, "name": sku, "price": "10.00", "quantity": 2, "product_id": number, "variant_id": number}
        for number, sku in enumerate(skus, start=1)
    ]
    order = shelf.shop.place_order({"status": "processing", "tax_rate": "0", "products": lines, "line_items": lines})
    import_all(held, store)
    push_stock(store)
    let_time_pass(held, store)
    return int(order.id)


@pytest.mark.parametrize("quantity", ["in_stock", "in_stock_minus_committed"])
def test_STK_5_order_that_the_shop_cancels_leaves_it_with_the_hubs_figure(
    held: Process, shelf: Shelf, store: int, quantity: str
) -> None:
    change_store(held, store_of(held, store), {"stock.quantity": quantity}, {})
    tell(held, shelf, store)
    order_id = sell(held, shelf, store, "A-1")
    wanted = 7 if quantity == "in_stock" else 5  # WooCommerce's orders stay in the hub as they are
    assert shelf.shown("A-1") == [wanted]

    shelf.shop.cancel_order(order_id)
    assert shelf.shown("A-1") == [wanted + 2]
    import_all(held, store)
    push_stock(store)

    assert shelf.shown("A-1") == [wanted]


@pytest.mark.parametrize(
    ("shelf", "settings"),
    [("woocommerce", {}), ("bigcommerce", {}), ("bigcommerce", {"orders.changes": "off"})],
    indirect=["shelf"],
    ids=["woocommerce", "bigcommerce", "bigcommerce, not followed"],
)
def test_STK_5_line_that_goes_leaves_the_shop_with_the_hubs_figure(
    held: Process, shelf: Shelf, store: int, settings: dict[str, str]
) -> None:
    change_store(held, store_of(held, store), settings, {})
    for sku in ("A-1", "B-1"):
        tell(held, shelf, store, sku)
    order_id = sell(held, shelf, store, "A-1", "B-1")
    assert shelf.shown("A-1") == [5]

    order = shelf.shop.edit_order(order_id, {})
    if shelf.platform == "bigcommerce":
        del order.products[0]
    else:
        shelf.shop.edit_order(order_id, {"line_items": [{"id": order.lines[0].id, "quantity": 0}]})
    shelf.count("A-1", 9)  # it takes the pieces back
    import_all(held, store)
    push_stock(store)

    assert shelf.shown("A-1") == [7 if shelf.platform == "bigcommerce" and not settings else 5]


def test_STK_5_shop_is_told_again_once_the_order_is_looked_at(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    shelf.shop.cancel_order(sell(held, shelf, store, "A-1"))

    fetch_orders(store)
    assert push_stock(store) == "nothing_due"
    import_due(held, store)

    assert push_stock(store) == "1 told, 1 settled"


def test_STK_5_order_that_the_hub_does_not_have_tells_nothing(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    before = stock_row(held, store, "A-1")["changed"]

    order = shelf.shop.place_order({"status": "on-hold", "line_items": [{"sku": "A-1", "quantity": 2}]})
    import_all(held, store)
    shelf.shop.cancel_order(order.id)
    import_all(held, store)

    assert stock_row(held, store, "A-1")["changed"] == before


def test_STK_5_order_that_is_seen_again_tells_nothing_that_is_known(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    sell(held, shelf, store, "A-1")
    before = stock_row(held, store, "A-1")["changed"]

    do(held, "UPDATE store_orders SET changed = changed + 1")
    import_due(held, store)

    assert stock_row(held, store, "A-1")["changed"] == before


# -- what the hub does with its items ----------------------------------------------------------------------------------


def test_STK_3_shop_follows_an_item_to_its_new_sku(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("NEW", 99)
    tell(held, shelf, store)

    do(held, "UPDATE hub.variants SET sku = 'NEW'")
    push_stock(store)

    assert shelf.shown("NEW") == [7]
    assert stock_row(held, store, "A-1")["reason"] == "no_hub_item"


def test_STK_4_shop_keeps_its_figure_where_the_hub_lost_the_location(held: Process, shelf: Shelf, store: int) -> None:
    tell(held, shelf, store)
    do(held, "UPDATE hub.locations SET code = 'berlin'")
    do(held, "UPDATE hub.stock SET in_stock = 8")

    push_stock(store)
    assert shelf.shown("A-1") == [7]
    row = stock_row(held, store, "A-1")
    assert (row["reason"], row["detail"]) == ("location_unknown", {"locations": ["main"]})
    assert stock_journal(held, "A-1")[-1] == ("noted", "location_unknown")

    let_time_pass(held, store)
    change_store(held, store_of(held, store), {"location": "berlin"}, {})
    push_stock(store)
    assert shelf.shown("A-1") == [8]
    assert stock_row(held, store, "A-1")["reason"] is None
