"""Merchants who move a SKU to another product: what is told goes where the SKU is now, on every platform (STK-3)."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.postgres import catalogue, journal, stores
from sandbox import open_sandbox
from sandbox.faults import Said
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.stock.push import push_stock
from tests.stock_shops import PLATFORMS, Shelf, connect_shelf
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal, stock_row


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """An empty shop of each platform in turn."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield Shelf(request.param, sandbox)


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected with stock sync on, with A-1 in it that was told 7: its id."""
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    push_stock(store)
    return store


def push(held: Process, store: int, times: int = 1) -> None:
    for _ in range(times):
        let_stock_wait_pass(held, store)
        push_stock(store)


def told_items(held: Process, sku: str) -> list[set[str]]:
    """The items of every line that says that a SKU was told, oldest first."""
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(sku=sku))
    told = [set(line.detail["items"]) for line in lines if (line.action, line.outcome) == ("push", "told")]
    return sorted(told, key=str)


@pytest.mark.parametrize("was_told", [True, False])
def test_STK_3_SKU_that_was_moved_to_another_product_is_told_there_and_the_other_one_too(
    held: Process, shelf: Shelf, store: int, was_told: bool
) -> None:
    add(held, "A-2", 3)
    if was_told:
        push(held, store)  # there is no such item: noted
    shelf.rename("A-1", "A-2")
    shelf.offer("A-1", 40)

    adjust(held, "A-1", 1)
    push(held, store, times=2)

    assert (shelf.shown("A-1"), shelf.shown("A-2")) == ([8], [3])
    if was_told:
        assert ("noted", "sku_moved") in stock_journal(held, "A-1")
    assert [stock_row(held, store, sku)["reason"] for sku in ("A-1", "A-2")] == [None, None]
    (first, last) = told_items(held, "A-1")  # what the wrong item was told is no telling of A-1
    assert first.isdisjoint(last)


def test_STK_3_SKU_whose_item_the_catalogue_says_is_another_one_s_is_looked_up_at_once(
    held: Process, shelf: Shelf, store: int
) -> None:
    push(held, store)  # it was asked for a moment ago
    shelf.rename("A-1", "A-2")
    shelf.offer("A-1", 40)
    with held.pool.connection() as connection:
        renamed = [replace(one, sku="A-2") for one in catalogue.items(connection, store, ["A-1"])]
        catalogue.looked(connection, store, ["A-1"])
        catalogue.keep_items(connection, store, renamed, asked_at=stores.database_time(connection))

    push(held, store)

    assert shelf.shown("A-1") == [7]


@pytest.mark.parametrize("fault", ["html_done", "lost"])
def test_STK_3_SKU_that_was_moved_is_told_where_it_is_though_the_first_answer_was_lost(
    held: Process, shelf: Shelf, store: int, fault: str
) -> None:
    add(held, "A-2", 3)
    push(held, store)
    shelf.rename("A-1", "A-2")
    shelf.offer("A-1", 40)
    shelf.fail_next(1, fault)

    adjust(held, "A-1", 1)
    push(held, store, times=3)

    assert (shelf.shown("A-1"), shelf.shown("A-2")) == ([8], [3])


def test_STK_3_two_products_that_change_their_SKUs_end_right(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-2", 2)
    add(held, "A-2", 3)
    fetch_catalogue(store)
    push(held, store)
    for sku, new in (("A-1", "X"), ("A-2", "A-1"), ("X", "A-2")):
        shelf.rename(sku, new)

    adjust(held, "A-1", 1)
    adjust(held, "A-2", 1)
    push(held, store, times=2)

    assert (shelf.shown("A-1"), shelf.shown("A-2")) == ([8], [4])


def test_STK_3_SKU_that_the_hub_does_not_have_takes_the_item_along(held: Process, shelf: Shelf, store: int) -> None:
    shelf.rename("A-1", "NOT-OURS")

    adjust(held, "A-1", 1)
    push(held, store, times=2)

    assert stock_row(held, store, "A-1")["reason"] == "no_store_item"
    assert stock_row(held, store, "NOT-OURS")["reason"] == "no_hub_item"
    adjust(held, "A-1", 1)
    push(held, store)
    assert shelf.shown("NOT-OURS") in ([7], [8])  # never again


def test_STK_3_item_that_lost_its_SKU_is_told_no_more(held: Process, shelf: Shelf, store: int) -> None:
    shelf.rename("A-1", "")

    adjust(held, "A-1", 1)
    push(held, store, times=2)

    assert stock_row(held, store, "A-1")["reason"] == "no_store_item"
    calls = shelf.calls()
    adjust(held, "A-1", 1)
    push(held, store)
    assert shelf.calls() == calls


@pytest.mark.parametrize("shelf", ["woocommerce"], indirect=True)
def test_STK_3_shop_that_contradicts_itself_is_not_asked_for_ever(held: Process, shelf: Shelf, store: int) -> None:
    (name,) = shelf.shop.stock_of("A-1")
    shown = {"id": int(name.rpartition("/")[2]), "sku": "A-9", "manage_stock": True, "stock_quantity": 8}
    shelf.sandbox.faults.answer_next(99, Said(200, json.dumps({"update": [shown]})), only="/products/batch")

    adjust(held, "A-1", 1)
    push(held, store, times=6)

    assert shelf.sandbox.faults.happened["answer_200"] == 2
    assert stock_row(held, store, "A-1")["reason"] == "no_store_item"
