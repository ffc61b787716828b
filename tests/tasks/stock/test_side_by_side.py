"""News beside a push of many: where the platform takes such calls, and never of the same SKU at once (STK-5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.stock.push import LATEST_SKUS, push_latest, push_stock
from tests.stock_shops import Shelf, connect_shelf
from tests.tasks.orders.looking import do
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal
from tests.waiting import wait_until

SIDE_BY_SIDE = ("shopify", "woocommerce")


@pytest.fixture
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """A shop that sells A-1 and B-1; its next stock call takes as long as the test lets it."""
    with open_sandbox(request.param, orders=0) as sandbox:
        shelf = Shelf(request.param, sandbox)
        shelf.offer("A-1")
        shelf.offer("B-1")
        sandbox.faults.set_pace(slow_seconds=20)
        yield shelf


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected, with its catalogue known; the hub has both SKUs, and none is due."""
    store_id = connect_shelf(held, shelf, {"stock.sync": "on"})
    add(held, "A-1", 1)
    add(held, "B-1", 1)
    fetch_catalogue(store_id)
    push_stock(store_id)
    let_stock_wait_pass(held, store_id)
    return store_id


@contextmanager
def telling_a(held: Process, shelf: Shelf, store: int) -> Iterator[None]:
    """Somebody is telling the store that A-1 has 5 pieces; the call is over at the end."""
    adjust(held, "A-1", 4)
    shelf.fail_next(1, "slow")
    teller = Thread(target=push_stock, args=(store,))
    teller.start()
    try:
        wait_until(lambda: shelf.sandbox.faults.happened["slow"], what="the call")
        yield
    finally:
        shelf.sandbox.faults.release()
        teller.join()


@pytest.mark.parametrize("shelf", SIDE_BY_SIDE, indirect=True)
def test_STK_5_news_waits_for_no_call_of_others(held: Process, shelf: Shelf, store: int) -> None:
    with telling_a(held, shelf, store):
        adjust(held, "B-1", 6)

        assert push_latest(store) == "1 told, 1 settled"
        assert (shelf.shown("A-1"), shelf.shown("B-1")) == ([1], [7])

    assert (shelf.shown("A-1"), shelf.shown("B-1")) == ([5], [7])


@pytest.mark.parametrize("shelf", SIDE_BY_SIDE, indirect=True)
def test_STK_5_two_never_tell_a_store_the_same_sku_at_once(held: Process, shelf: Shelf, store: int) -> None:
    with telling_a(held, shelf, store):
        adjust(held, "A-1", 4)
        let_stock_wait_pass(held, store)  # it may be told again, by its pace
        before = shelf.calls()

        assert push_latest(store) == "nothing_due"
        assert push_stock(store) == "busy"
        assert shelf.calls() == before

    let_stock_wait_pass(held, store)
    push_latest(store)
    assert shelf.shown("A-1") == [9]
    assert stock_journal(held, "A-1").count(("told", None)) == 3


@pytest.mark.parametrize("shelf", SIDE_BY_SIDE, indirect=True)
def test_STK_5_what_another_one_tells_holds_up_nothing_else_of_a_batch(held: Process, shelf: Shelf, store: int) -> None:
    with telling_a(held, shelf, store):
        adjust(held, "A-1", 4)
        adjust(held, "B-1", 6)
        let_stock_wait_pass(held, store)

        assert push_latest(store) == "1 told, 1 settled"

        assert shelf.shown("B-1") == [7]


@pytest.mark.parametrize("shelf", ["bigcommerce"], indirect=True)
def test_STK_5_bigcommerce_is_never_told_stock_twice_at_once(held: Process, shelf: Shelf, store: int) -> None:
    with telling_a(held, shelf, store):
        adjust(held, "B-1", 6)

        assert push_latest(store) == "nothing_due"
        assert push_stock(store) == "busy"
        assert shelf.shown("B-1") == [1]

    push_stock(store)
    assert shelf.shown("B-1") == [7]


@pytest.mark.parametrize("shelf", SIDE_BY_SIDE, indirect=True)
def test_STK_5_both_wait_where_a_store_is_away(held: Process, shelf: Shelf, store: int) -> None:
    adjust(held, "B-1", 6)
    do(held, "UPDATE stores SET stock_due_at = now() + interval '1 minute'")

    assert push_latest(store) == "nothing_due"
    assert push_stock(store) == "nothing_due"


@pytest.mark.parametrize("shelf", ["woocommerce"], indirect=True)
def test_STK_5_beside_a_push_of_many_go_only_few(held: Process, shelf: Shelf, store: int) -> None:
    skus = [f"S-{number}" for number in range(LATEST_SKUS + 3)]
    for sku in skus:
        shelf.offer(sku)
        add(held, sku, 1)
    fetch_catalogue(store)

    push_latest(store)

    assert [shelf.shown(sku) for sku in skus] == [[0]] * 3 + [[1]] * LATEST_SKUS
