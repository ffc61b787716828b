"""What a shop with several locations shows: BigCommerce's default one, Shopify's primary one (STK-2, STK-4, STK-6)."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from connectors import memo as remembered
from connectors.postgres import stock
from sandbox import open_sandbox
from tasks.catalogue import fetch_catalogue
from tasks.held import Process
from tasks.stock.push import push_stock
from tests.stock_shops import PRIMARY, Shelf, connect_shelf
from tests.tasks.orders.looking import do
from tests.tasks.stock.stocking import add, adjust, let_stock_wait_pass, stock_journal


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


def connect_annex(held: Process, shelf: Shelf, *, annex: int = 4) -> int:
    """The shop, whose second location is another one of the hub; 7 of A-1 on one shelf, so many on the other."""
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    location_map: Any = {PRIMARY: "main", "102": "annex"}
    store = connect_shelf(held, shelf, {"stock.sync": "on", "location_map": location_map})
    add(held, "A-1", 7)
    adjust(held, "A-1", annex, location="annex")
    return store


def push_again(held: Process, store: int) -> None:
    let_stock_wait_pass(held, store)
    push_stock(store)


@shopify
@pytest.mark.parametrize("kept", [{}, {"102": 4}, {"102": 99}], ids=repr)
def test_STK_12_item_that_is_not_active_at_a_place_is_made_so_with_its_quantity(
    held: Process, shelf: Shelf, kept: dict[str, int]
) -> None:
    made = shelf.shop.stock.add("A-1", levels={PRIMARY: 1})
    made.kept = dict(kept)
    store = connect_annex(held, shelf)

    push_stock(store)

    assert levels(shelf, "A-1") == {PRIMARY: 7, "102": 4}
    assert shelf.shop.asked["inventoryActivate"] == 1
    assert stock_journal(held, "A-1") == [("told", None)]


@shopify
@pytest.mark.parametrize("then", [3, -4], ids=["three more", "none left"])
@pytest.mark.parametrize("fault", ["lost", "html_done", "html", "http_500"])
def test_STK_12_item_whose_activation_has_no_answer_ends_with_the_last_value(
    held: Process, shelf: Shelf, fault: str, then: int
) -> None:
    shelf.shop.stock.add("A-1", levels={PRIMARY: 7})
    store = connect_annex(held, shelf)
    fetch_catalogue(store)
    shelf.fail_next(1, fault)
    push_stock(store)

    adjust(held, "A-1", then, location="annex")
    push_again(held, store)

    assert levels(shelf, "A-1").get("102", 0) == 4 + then
    push_again(held, store)
    assert levels(shelf, "A-1").get("102", 0) == 4 + then


@shopify
@pytest.mark.parametrize("moves", [True, False], ids=["with the next change", "with the next walk"])
def test_STK_12_item_that_a_merchant_made_inactive_is_sold_there_again(
    held: Process, shelf: Shelf, moves: bool
) -> None:
    made = shelf.shop.stock.add("A-1", levels={PRIMARY: 1, "102": 1})
    store = connect_annex(held, shelf)
    push_stock(store)
    let_time_pass(held, store)
    do(held, "UPDATE store_levels SET told_at = told_at - interval '1 hour'")

    shelf.shop.stock.put(made.id, "102", None)
    if moves:
        adjust(held, "A-1", 1, location="annex")
    else:
        fetch_catalogue(store)
    push_stock(store)

    assert levels(shelf, "A-1") == {PRIMARY: 7, "102": 5 if moves else 4}


@shopify
def test_STK_12_many_items_are_made_active_and_none_is_forgotten(held: Process, shelf: Shelf) -> None:
    store = connect_annex(held, shelf)
    skus = [f"S-{number:02}" for number in range(40)]
    for sku in skus:
        shelf.shop.stock.add(sku, levels={PRIMARY: 0})
        add(held, sku)
        adjust(held, sku, 3, location="annex")

    push_stock(store)

    assert [levels(shelf, sku) for sku in skus] == [{PRIMARY: 0, "102": 3}] * 40


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
