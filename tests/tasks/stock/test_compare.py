"""Every whole walk through a store's catalogue ends in a comparison: what strayed is told again (STK-13)."""

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.postgres import journal
from sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue, walk_whole
from tasks.held import Process
from tasks.stock.compare import compare_stock
from tasks.stock.importing import import_stock, want_stock
from tasks.stock.push import push_stock
from tasks.stores import change_store
from tasks.upkeep import ring_due
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import do, rung, store_of
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass

ON = {"stock.sync": "on"}


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A shop of each platform in turn that shows 8 chairs, 5 tables and a lamp."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield stocked(Shelf(request.param, sandbox))


@pytest.fixture
def woo() -> Iterator[Shelf]:
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield stocked(Shelf("woocommerce", sandbox))


def stocked(shelf: Shelf) -> Shelf:
    for sku, pieces in (("CHAIR", 8), ("TABLE", 5), ("LAMP", 1)):
        shelf.offer(sku, pieces)
    return shelf


def first_look(held: Process, store: int) -> None:
    assert fetch_catalogue(store) == "walked"


def night(held: Process, store: int) -> str:
    """A day later: the whole catalogue is read, compared, and told."""
    do(held, "UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")
    do(held, "UPDATE store_levels SET told_at = told_at - interval '1 day', moved_at = moved_at - interval '1 day'")
    assert fetch_catalogue(store) == "walked"
    word = compare_stock(store)
    let_stock_wait_pass(held, store)
    push_stock(store)
    return word


def told(held: Process, store: int) -> list[dict[str, Any]]:
    """What the journal says of comparisons."""
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(store))
    return [line.detail | {"reason": line.reason} for line in lines if line.action == "compare"]


def compared(held: Process, store: int) -> dict[str, Any]:
    """What is kept of a store's last comparison."""
    found = store_of(held, store).stock_compared
    assert found is not None
    return found


def test_STK_13_what_a_merchant_changed_in_the_shop_is_told_again(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, ON)
    first_look(held, store)
    for sku, pieces in (("CHAIR", 8), ("TABLE", 5), ("LAMP", 1)):
        add(held, sku, pieces)
    let_stock_wait_pass(held, store)
    push_stock(store)
    adjust(held, "CHAIR", 1)
    let_stock_wait_pass(held, store)
    push_stock(store)  # told: 9
    shelf.count("CHAIR", 900)

    night(held, store)
    quiet = night(held, store)

    assert (shelf.shown("CHAIR"), shelf.shown("TABLE")) == ([9], [5])
    assert quiet == f"0 of {told(held, store)[0]['compared']} told again"
    assert [(one["differing"], one["told_again"], one["reason"]) for one in told(held, store)] == [
        (1, 1, None),
        (0, 0, None),
    ]
    assert told(held, store)[0]["skus"] == ["CHAIR"]
    assert compared(held, store)["differing"] == 0


def test_STK_13_what_was_counted_from_the_store_heals_too(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, {})
    for sku in ("CHAIR", "TABLE", "LAMP"):
        add(held, sku)
    import_all(held, store)
    want_stock(held, store_of(held, store), is_again=False, is_trial=False)
    import_stock(store)
    change_store(held, store_of(held, store), ON, {})
    first_look(held, store)
    shelf.count("CHAIR", 900)

    night(held, store)

    assert shelf.shown("CHAIR") == [8]


def test_STK_13_what_was_never_counted_is_left_alone(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, ON)
    first_look(held, store)
    add(held, "CHAIR")
    add(held, "TABLE", 5)

    night(held, store)

    assert (shelf.shown("CHAIR"), shelf.shown("TABLE")) == ([8], [5])
    assert [(one["differing"], one["reason"]) for one in told(held, store)] == [(0, None)]


def test_STK_13_store_that_would_be_emptied_is_not_and_says_so(held: Process, shelf: Shelf) -> None:
    store = connect_shelf(held, shelf, ON)
    first_look(held, store)
    for sku in ("CHAIR", "TABLE", "LAMP"):
        add(held, sku, 1)  # somebody counted one of each, and the shop has more
    do(held, "UPDATE store_stock SET settled = changed")  # nothing is due by itself

    word = night(held, store)

    assert word.startswith("0 of ")
    assert (shelf.shown("CHAIR"), shelf.shown("TABLE")) == ([8], [5])
    (line,) = told(held, store)
    assert (line["reason"], line["not_told"], line["shown"], line["wanted"]) == (
        "would_empty_store",
        ["CHAIR", "TABLE"],
        14,
        3,
    )
    assert compared(held, store)["reason"] == "would_empty_store"


def test_STK_13_what_differs_a_little_and_never_agreed_is_told(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, ON)
    first_look(held, store)
    for sku, pieces in (("CHAIR", 7), ("TABLE", 5), ("LAMP", 1)):
        add(held, sku, pieces)
    do(held, "UPDATE store_stock SET settled = changed")

    night(held, store)

    assert woo.shown("CHAIR") == [7]


def test_STK_1_connecting_compares_nothing(held: Process, woo: Shelf) -> None:
    for sku, pieces in (("CHAIR", 7), ("TABLE", 5), ("LAMP", 1)):
        add(held, sku, pieces)
    store = connect_shelf(held, woo, ON)

    first_look(held, store)

    assert compare_stock(store) == "nothing_due"
    assert woo.shown("CHAIR") == [8]


def test_STK_13_store_that_is_told_no_stock_is_not_compared(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    first_look(held, store)
    add(held, "CHAIR", 7)

    assert night(held, store) == "nothing_due"

    assert (woo.shown("CHAIR"), told(held, store)) == ([8], [])


def test_STK_13_walk_for_a_person_is_no_night(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, ON)
    first_look(held, store)

    assert walk_whole(held, store_of(held, store), lambda _: None)

    assert compare_stock(store) == "nothing_due"  # who reads it is asked before anything is told


def test_STK_13_figure_that_nobody_knows_is_asked_for(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, ON)
    first_look(held, store)
    add(held, "CHAIR", 8)
    let_stock_wait_pass(held, store)
    push_stock(store)
    woo.count("CHAIR", 3)
    do(held, "UPDATE store_levels SET shown = NULL, moved_at = now() + interval '1 day', agreed_at = now()")  # just now

    night(held, store)

    assert woo.shown("CHAIR") == [8]
    assert told(held, store)[0]["unknown"] > 0


def test_STK_13_store_whose_figures_nobody_followed_is_not_emptied(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, {})
    first_look(held, store)
    for sku in ("CHAIR", "TABLE", "LAMP"):
        add(held, sku, 1)
    change_store(held, store_of(held, store), ON, {})  # what is shown is not known from here on
    do(held, "UPDATE store_stock SET settled = changed")

    night(held, store)

    assert (woo.shown("CHAIR"), woo.shown("TABLE")) == ([8], [5])
    assert told(held, store)[0]["reason"] == "would_empty_store"


def test_STK_13_figure_of_an_item_that_moved_just_now_waits_for_the_next_night(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, ON)
    first_look(held, store)
    add(held, "CHAIR", 1)
    do(held, "UPDATE store_stock SET settled = changed")
    do(held, "UPDATE store_levels SET shown = NULL, moved_at = now() + interval '1 day'")

    night(held, store)

    assert woo.shown("CHAIR") == [8]
    assert told(held, store)[0]["told_again"] == 0


def test_STK_13_comparison_whose_bell_was_lost_is_rung_for_again(held: Process, woo: Shelf) -> None:
    store = connect_shelf(held, woo, ON)
    first_look(held, store)
    do(held, "UPDATE stores SET catalogue_whole_at = now() - interval '25 hours'")
    fetch_catalogue(store)
    rung(held.redis, "fetch")

    ring_due()

    assert [store] in rung(held.redis, "fetch")
    compare_stock(store)
    assert compare_stock(store) == "nothing_due"
