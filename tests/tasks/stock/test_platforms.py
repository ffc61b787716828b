"""The hub's stock to shops of every platform: what is told, refused, missing, and away (STK-1…9)."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from connectors.postgres import stock
from sandbox import open_sandbox
from sandbox.faults import Said
from schemas.stores import StoreState
from tasks.catalogue import fetch_catalogue
from tasks.checks import check_store
from tasks.held import Process
from tasks.stock.push import push_stock
from tests.stock_shops import PLATFORMS, PRIMARY, Shelf, connect_shelf
from tests.tasks.orders.looking import do, journal_of, store_of
from tests.tasks.stock.stocking import add, add_all, adjust, let_stock_wait_pass, stock_journal, stock_row

FULL = 60  # SKUs of a batch that every platform takes whole


@pytest.fixture(params=PLATFORMS)
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    """An empty shop of each platform in turn."""
    with open_sandbox(request.param, orders=0) as sandbox:
        yield Shelf(request.param, sandbox)


@pytest.fixture
def store(held: Process, shelf: Shelf) -> int:
    """The shop, connected with stock sync on: its id."""
    return connect_shelf(held, shelf, {"stock.sync": "on"})


def fill(held: Process, shelf: Shelf, store: int) -> list[str]:
    """So many SKUs in shop and hub that a batch is full; the shop's catalogue is known."""
    skus = [f"S-{number:02}" for number in range(FULL)]
    for sku in skus:
        shelf.offer(sku)
    add_all(held, skus, 5)
    fetch_catalogue(store)
    return skus


def test_STK_1_stock_of_the_hub_is_shown(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)

    assert push_stock(store) == "1 told, 1 settled"

    assert shelf.shown("A-1") == [7]
    assert stock_journal(held, "A-1") == [("told", None)]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [("-3", 0), ("0.999", 0), ("7.5", 7), ("999999999", 999_999_999), ("99999999999", 1_000_000_000)],
)
def test_STK_2_stores_count_whole_pieces(held: Process, shelf: Shelf, store: int, pieces: str, shown: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 1)
    do(held, "UPDATE hub.stock SET in_stock = %s", Decimal(pieces))

    push_stock(store)

    assert shelf.shown("A-1") == [shown]


def test_STK_3_every_item_with_the_sku_is_told_and_no_other(held: Process, shelf: Shelf, store: int) -> None:
    for sku in ("A-1", "A-1", "A-10", "A"):
        shelf.offer(sku, 2)
    add(held, "A-1", 7)

    push_stock(store)

    assert [shelf.shown(sku) for sku in ("A-1", "A-10", "A")] == [[7, 7], [2], [2]]


def test_STK_3_unknown_sku_is_told_once_the_catalogue_has_it(held: Process, shelf: Shelf, store: int) -> None:
    add(held, "A-1", 7)
    push_stock(store)
    assert stock_row(held, store, "A-1")["reason"] == "no_store_item"

    shelf.offer("A-1")
    fetch_catalogue(store)
    push_stock(store)

    assert shelf.shown("A-1") == [7]
    assert stock_journal(held, "A-1") == [("noted", "no_store_item"), ("told", None)]


def test_STK_5_what_is_told_travels_in_one_call(held: Process, shelf: Shelf, store: int) -> None:
    skus = fill(held, shelf, store)

    push_stock(store)

    assert [shelf.shown(sku) for sku in skus] == [[5]] * FULL
    assert shelf.calls() == 1


def test_STK_6_item_that_is_not_counted_is_journaled_and_left_alone(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    shelf.stop_counting("A-1")
    add(held, "A-1", 7)

    push_stock(store)

    assert stock_journal(held, "A-1") == [("noted", "tracking_off")]
    assert shelf.calls() == 0


def test_STK_6_what_comes_back_in_the_catalogue_is_not_told_again(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    push_stock(store)
    let_stock_wait_pass(held, store)

    assert fetch_catalogue(store) == "walked"

    assert push_stock(store) == "nothing_due"
    assert shelf.calls() == 1


def test_STK_8_deleted_item_fails_alone(held: Process, shelf: Shelf, store: int) -> None:
    skus = fill(held, shelf, store)
    shelf.delete("S-37")

    push_stock(store)
    let_stock_wait_pass(held, store)
    push_stock(store)

    assert [shelf.shown(sku) for sku in skus if sku != "S-37"] == [[5]] * (FULL - 1)
    assert stock_row(held, store, "S-37")["reason"] == "no_store_item"


def test_STK_8_refused_item_is_set_aside_and_the_rest_is_told(held: Process, shelf: Shelf, store: int) -> None:
    skus = fill(held, shelf, store)
    shelf.stop_counting("S-37")

    push_stock(store)

    assert [shelf.shown(sku) for sku in skus if sku != "S-37"] == [[5]] * (FULL - 1)
    row = stock_row(held, store, "S-37")
    assert row["changed"] == row["settled"]
    assert row["reason"] in {"tracking_off", "refused_by_store"}  # in BigCommerce's words it is refused
    assert stock_journal(held, "S-37") == [("noted", row["reason"])]


def test_STK_8_batch_that_is_refused_without_a_name_is_halved(held: Process, shelf: Shelf, store: int) -> None:
    skus = fill(held, shelf, store)
    shelf.refuse_next(2)  # the whole, and its first half

    push_stock(store)

    assert [shelf.shown(sku) for sku in skus] == [[5]] * FULL
    assert shelf.calls() == 3  # two quarters and the other half


def test_STK_8_sku_that_is_refused_alone_is_settled_with_the_reason(held: Process, shelf: Shelf, store: int) -> None:
    skus = fill(held, shelf, store)
    shelf.refuse_next(6)  # 60, 30, 15, 7, 3 and 1

    push_stock(store)

    row = stock_row(held, store, "S-00")
    assert (row["reason"], row["changed"] - row["settled"]) == ("refused_by_store", 0)
    assert [shelf.shown(sku) for sku in skus] == [[0], *[[5]] * (FULL - 1)]


@pytest.mark.parametrize(("status", "calls"), [(301, 1), (406, 7)])
def test_STK_8_refusal_that_no_sku_explains_settles_nothing(
    held: Process, shelf: Shelf, store: int, status: int, calls: int
) -> None:
    skus = ["S-0", "S-1", "S-2", "S-3"]
    for sku in skus:
        shelf.offer(sku)
        add(held, sku, 5)
    fetch_catalogue(store)
    shelf.answer_next(calls, status)

    push_stock(store)
    for sku in skus:
        row = stock_row(held, store, sku)
        assert (row["reason"], row["changed"] > row["settled"]) == ("refused_by_store", True)
    assert journal_of(held, store)[-1] == ("push", "failed", "refused_by_store")

    let_stock_wait_pass(held, store)
    push_stock(store)
    assert [shelf.shown(sku) for sku in skus] == [[5]] * 4
    assert [stock_row(held, store, sku)["reason"] for sku in skus] == [None] * 4


def test_STK_5_single_sku_that_is_refused_without_a_name_is_tried_again(
    held: Process, shelf: Shelf, store: int
) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    shelf.refuse_next(1)

    push_stock(store)
    row = stock_row(held, store, "A-1")
    assert (row["reason"], row["changed"] > row["settled"]) == ("refused_by_store", True)

    let_stock_wait_pass(held, store)
    push_stock(store)
    assert shelf.shown("A-1") == [7]


@pytest.mark.parametrize("fault", ["http_500", "rate_limit"])
def test_STK_8_store_that_is_away_is_asked_once_however_much_moves(
    held: Process, shelf: Shelf, store: int, fault: str
) -> None:
    skus = fill(held, shelf, store)
    shelf.fail_next(99, fault)
    push_stock(store)
    later = "UPDATE stores SET stock_due_at = now() + interval '1 minute' WHERE stock_due_at IS NOT NULL"
    assert do(held, later) == 1

    for sku in skus[:5]:
        adjust(held, sku, 1)
        assert push_stock(store) == "nothing_due"

    assert shelf.sandbox.faults.happened[fault] == 1


def test_STK_5_store_that_answers_again_is_told_what_waited_for_it(held: Process, shelf: Shelf, store: int) -> None:
    for sku in ("S-0", "S-1", "S-2"):
        shelf.offer(sku)
        add(held, sku, 5)
    fetch_catalogue(store)
    for attempt in range(8):
        shelf.fail_next(1, "http_500")
        assert push_stock(store) == "3 put_off"
        row = store_of(held, store)
        assert row.stock_attempts == attempt + 1
        for each in ("S-0", "S-1", "S-2"):
            assert stock_row(held, store, each)["due_at"] <= row.stock_due_at  # not an hour, however often it failed
        let_stock_wait_pass(held, store)
    assert journal_of(held, store)[-1] == ("push", "failed", "store_unavailable")
    do(held, "UPDATE store_stock SET due_at = now() + interval '5 minutes' WHERE sku = 'S-2'")

    push_stock(store)
    assert stock_row(held, store, "S-2")["due_at"] is None
    push_stock(store)

    assert [shelf.shown(sku) for sku in ("S-0", "S-1", "S-2")] == [[5]] * 3
    assert store_of(held, store).stock_attempts == 0


def test_store_that_is_away_for_a_while_ends_with_the_last_value(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    shelf.sandbox.faults.set_rates({"http_500": 1})
    for _ in range(3):
        push_stock(store)
        let_stock_wait_pass(held, store)
        adjust(held, "A-1", 1)
    assert stock_row(held, store, "A-1")["attempts"] == 3

    shelf.sandbox.faults.set_rates({})
    push_stock(store)

    assert shelf.shown("A-1") == [10]
    assert stock_row(held, store, "A-1")["attempts"] == 0


@pytest.mark.parametrize("fault", ["lost", "truncated", "html", "html_done"])
def test_STK_5_answer_that_is_lost_leaves_the_sku_due(held: Process, shelf: Shelf, store: int, fault: str) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    shelf.fail_next(1, fault)
    push_stock(store)
    adjust(held, "A-1", -5)  # what the shop showed before: nobody may think that it still does

    let_stock_wait_pass(held, store)
    push_stock(store)

    assert shelf.shown("A-1") == [2]


def test_store_that_limits_us_is_told_later_and_it_is_no_attempt(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    shelf.fail_next(1, "rate_limit")

    push_stock(store)

    row = stock_row(held, store, "A-1")
    assert (row["attempts"], row["due_at"] is not None) == (0, True)
    let_stock_wait_pass(held, store)
    push_stock(store)
    assert shelf.shown("A-1") == [7]


def test_store_that_refuses_us_needs_attention_and_goes_on_later(held: Process, shelf: Shelf, store: int) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    shelf.sandbox.faults.set_rates({"unauthorized": 1})

    push_stock(store)
    assert store_of(held, store).state == StoreState.NEEDS_ATTENTION

    shelf.sandbox.faults.set_rates({})
    check_store(held, store_of(held, store))
    let_stock_wait_pass(held, store)
    push_stock(store)
    assert shelf.shown("A-1") == [7]


def test_STK_5_figure_of_before_a_tell_that_is_still_on_its_way_is_not_believed(
    held: Process, shelf: Shelf, store: int
) -> None:
    shelf.offer("A-1", 2)
    add(held, "A-1", 8)
    push_stock(store)
    let_stock_wait_pass(held, store)
    adjust(held, "A-1", -3)
    push_stock(store)
    let_stock_wait_pass(held, store)
    shelf.count("A-1", 8)  # it said yes to 5, and shows the 8 of before for another moment
    adjust(held, "A-1", 3)
    with held.pool.connection() as connection:
        stock.ask(connection, store, ["A-1"], wants_look=True)

    assert push_stock(store) == "1 told, 1 settled"

    assert shelf.calls() == 3


# -- Shopify's places ----------------------------------------------------------------------------------------------


@pytest.fixture
def shopify() -> Iterator[Shelf]:
    """An empty Shopify shop."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield Shelf("shopify", sandbox)


def levels(shelf: Shelf, sku: str) -> dict[str, int]:
    """What is available of a SKU by location."""
    return {place: pieces for (_, place), pieces in shelf.shop.stock_of(sku).items()}


def connect_mapped(held: Process, shelf: Shelf, **places: str) -> int:
    """The shop with hub locations for its own."""
    do(held, "INSERT INTO hub.locations (code, name) VALUES ('annex', 'Annex')")
    location_map: Any = {place.removeprefix("at_"): code for place, code in places.items()}
    return connect_shelf(held, shelf, {"stock.sync": "on", "location_map": location_map})


def test_STK_8_words_of_a_refused_item_that_cannot_be_stored_are_cleaned(held: Process, shopify: Shelf) -> None:
    store = connect_shelf(held, shopify, {"stock.sync": "on"})
    shopify.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(store)
    error = {"code": "X", "field": ["input", "quantities", "0", "quantity"], "message": "not \x00 today"}
    said = {"data": {"inventorySetQuantities": {"userErrors": [error]}}}
    shopify.sandbox.faults.answer_next(1, Said(200, json.dumps(said)), only="graphql")

    push_stock(store)

    row = stock_row(held, store, "A-1")
    assert (row["reason"], list(row["detail"]["items"].values())) == ("refused_by_store", ["X: not  today"])


def test_STK_4_each_place_of_a_shopify_shop_shows_its_own_location(held: Process, shopify: Shelf) -> None:
    store = connect_mapped(held, shopify, at_101="main", at_102="annex")
    shopify.shop.stock.add("A-1", levels={PRIMARY: 1, "102": 1})
    add(held, "A-1", 7)
    adjust(held, "A-1", 4, location="annex")

    push_stock(store)

    assert levels(shopify, "A-1") == {PRIMARY: 7, "102": 4}


def test_STK_4_item_is_stocked_at_a_place_where_it_was_not(held: Process, shopify: Shelf) -> None:
    store = connect_mapped(held, shopify, at_101="main", at_102="annex")
    shopify.offer("A-1", 1)
    add(held, "A-1", 7)
    adjust(held, "A-1", 4, location="annex")

    push_stock(store)

    assert levels(shopify, "A-1") == {PRIMARY: 7, "102": 4}


def test_STK_4_place_that_takes_no_more_items_is_said_to_be_so(held: Process, shopify: Shelf) -> None:
    store = connect_mapped(held, shopify, at_101="main", at_102="annex")
    shopify.offer("A-1", 1)
    shopify.shop.stock.closed.add("102")
    add(held, "A-1", 7)
    adjust(held, "A-1", 4, location="annex")

    push_stock(store)

    assert levels(shopify, "A-1") == {PRIMARY: 7}
    assert stock_row(held, store, "A-1")["reason"] == "not_stocked_here"


def test_STK_5_figure_that_the_merchant_moved_is_told_all_the_same(held: Process, shopify: Shelf) -> None:
    store = connect_shelf(held, shopify, {"stock.sync": "on"})
    shopify.offer("A-1", 2)
    add(held, "A-1", 7)
    push_stock(store)
    let_stock_wait_pass(held, store)

    shopify.count("A-1", 3)
    adjust(held, "A-1", 1)
    for _ in range(2):  # what the shop shows is no longer what it was told: found out, and told
        push_stock(store)
        let_stock_wait_pass(held, store)

    assert shopify.shown("A-1") == [8]
    assert stock_row(held, store, "A-1")["reason"] is None
