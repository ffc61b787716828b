"""What a shop with several locations shows: BigCommerce's default one, Shopify's primary one (STK-2, STK-4, STK-6)."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from connectors import remembered
from connectors.postgres import stock
from connectors.sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue
from tasks.process import Process
from tasks.stock import push_stock
from tests.stock_shops import PRIMARY, Shelf, connect_shelf
from tests.tasks.looking import do
from tests.tasks.stocking import add, adjust, let_stock_wait_pass


@pytest.fixture
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """An empty shop of the platform."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield Shelf(request.param, sandbox)


big = pytest.mark.parametrize("shelf", ["bigcommerce"], indirect=True)
shopify = pytest.mark.parametrize("shelf", ["shopify"], indirect=True)


def let_time_pass(held: Process, store: int) -> None:
    """What the store was told is older news than what it says next, and its whole catalogue is due."""
    let_stock_wait_pass(held, store)
    do(held, "UPDATE store_levels SET moved_at = moved_at - interval '1 hour'")
    do(held, "UPDATE stores SET catalogue_whole_at = NULL")


def push_by_hand(held: Process, store: int, sku: str) -> str:
    with held.pool.connection() as connection:
        stock.ask(connection, store, [sku], wants_look=True)
    return push_stock(store)


def counting(shelf: Shelf, sku: str) -> Any:
    """The one thing of a BigCommerce shop that carries a SKU's stock."""
    (holder,) = shelf.shop.catalogue.counting(sku)
    return holder


def levels(shelf: Shelf, sku: str) -> dict[str, int]:
    """What is available of a SKU by Shopify's location."""
    return {place: pieces for (_, place), pieces in shelf.shop.stock_of(sku).items()}


# -- BigCommerce -------------------------------------------------------------------------------------------------


@big
@pytest.mark.parametrize("locations", [[1], [1, 2]])
def test_STK_2_what_is_sold_out_is_told_however_many_locations(
    held: Process, shelf: Shelf, locations: list[int]
) -> None:
    shelf.shop.catalogue.locations = locations
    shelf.offer("A-1", 5)
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    fetch_catalogue(store)
    add(held, "A-1", 1)
    adjust(held, "A-1", -1)

    assert push_stock(store) == "1 told, 1 settled"

    assert shelf.shown("A-1") == [0]


@big
def test_STK_6_figure_that_a_merchant_set_at_one_of_several_locations_is_healed_by_hand(
    held: Process, shelf: Shelf
) -> None:
    shelf.shop.catalogue.locations = [1, 2]
    shelf.offer("A-1", 2)
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    add(held, "A-1", 7)
    push_stock(store)
    let_time_pass(held, store)

    shelf.count("A-1", 3)
    fetch_catalogue(store)
    push_by_hand(held, store, "A-1")

    assert shelf.shown("A-1") == [7]


@big
def test_STK_6_safety_stock_hides_no_difference(held: Process, shelf: Shelf) -> None:
    shelf.offer("A-1", 2)
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    add(held, "A-1", 10)
    push_stock(store)
    let_time_pass(held, store)

    counting(shelf, "A-1").safety[1] = 2  # 8 are on sale
    fetch_catalogue(store)
    adjust(held, "A-1", -2)
    push_stock(store)

    assert shelf.shown("A-1") == [8]


@big
def test_STK_6_location_that_was_opened_hides_no_difference(held: Process, shelf: Shelf) -> None:
    shelf.offer("A-1", 2)
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    add(held, "A-1", 7)
    push_stock(store)
    let_time_pass(held, store)

    shelf.shop.catalogue.locations = [1, 2]
    shelf.shop.catalogue.count(counting(shelf, "A-1"), 3, 2)  # 10 in both
    fetch_catalogue(store)
    adjust(held, "A-1", 3)
    push_stock(store)

    assert counting(shelf, "A-1").stock == {1: 10, 2: 3}


# -- Shopify -----------------------------------------------------------------------------------------------------


@shopify
def test_STK_4_item_that_is_no_longer_stocked_at_a_place_is_stocked_again_by_hand(held: Process, shelf: Shelf) -> None:
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    made = shelf.shop.stock.add("A-1", levels={PRIMARY: 1, "102": 1})
    location_map: Any = {PRIMARY: "main", "102": "annex"}
    store = connect_shelf(held, shelf, {"stock.sync": "on", "location_map": location_map})
    add(held, "A-1", 7)
    adjust(held, "A-1", 4, location="annex")
    push_stock(store)
    let_time_pass(held, store)

    shelf.shop.stock.put(made.id, "102", None)
    push_by_hand(held, store, "A-1")

    assert levels(shelf, "A-1") == {PRIMARY: 7, "102": 4}


@shopify
def test_STK_4_primary_location_is_another_one_for_a_process_that_only_pushes(
    held: Process, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.shop.stock.add("A-1", levels={PRIMARY: 0, "102": 0})
    store = connect_shelf(held, shelf, {"stock.sync": "on"})
    add(held, "A-1", 7)
    push_stock(store)
    let_time_pass(held, store)

    shelf.shop.stock.primary = "102"
    later = monotonic() + remembered.SECONDS
    monkeypatch.setattr(remembered, "monotonic", lambda: later)
    adjust(held, "A-1", 1)
    for _ in range(2):  # the known figure was that of the other location: found out, and told
        push_stock(store)
        let_stock_wait_pass(held, store)

    assert levels(shelf, "A-1") == {PRIMARY: 7, "102": 8}
