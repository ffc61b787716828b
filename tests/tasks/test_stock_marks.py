"""What makes SKUs of a store due, and which figures of it are believed: settings, orders, items (STK-1, STK-5)."""

from collections.abc import Iterator

import pytest

from connectors.sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.process import Process
from tasks.stock import push_stock
from tasks.stores import change_store, set_state
from tests.stock_shops import PRIMARY, Shelf, connect_shelf
from tests.tasks.looking import do, store_of
from tests.tasks.stocking import add, let_stock_wait_pass

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
