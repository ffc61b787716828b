"""Which quantity a store is to show (STK-2…6), case by case."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import Note, TellStock
from schemas.hub import StockLevel
from schemas.reasons import Reason
from schemas.stock import StoreItem
from schemas.stores import StockNews, Store
from tasks.rules.stock import MOST, Push, decide_push, stock_news
from tests.makers import store

COMMITTED = {"stock.quantity": "in_stock_minus_committed"}
STORE_ORDERS = {"stock.quantity": "in_stock_minus_store_orders"}


def level(in_stock: str | int = 10, location: str = "main", **changes: Any) -> StockLevel:
    nothing = dict.fromkeys(("committed", "committed_direct", "committed_store", "expected"), Decimal(0))
    values = {**nothing, "is_counted": True, **changes}
    return StockLevel(sku="A-1", location=location, in_stock=Decimal(in_stock), **values)


def item(external_id: str = "product/1", shown: dict[str, int | None] | None = None, **changes: Any) -> StoreItem:
    values = {"sku": "A-1", "name": "Chair", "is_tracked": True, **changes}
    return StoreItem(external_id, shown={"": None} if shown is None else shown, **values)


def push(levels: list[StockLevel], *items: StoreItem, at: Store | None = None, location: str = "main") -> Push:
    return decide_push("A-1", levels=levels, items=items or (item(),), store=at or store(), location=location)


def told(*levels: StockLevel, at: Store | None = None) -> int:
    (tell,) = push(list(levels), at=at).tells
    return tell.quantity


def test_STK_2_in_stock_counts_whatever_is_committed() -> None:
    promised: Any = {"committed": Decimal(4), "committed_direct": Decimal(4), "committed_store": Decimal(4)}

    assert told(level(10, **promised), at=store(settings={"stock.quantity": "in_stock"})) == 10


def test_STK_2_committed_counts_only_what_stands_on_rows() -> None:
    # Two on an order of this SKU, five more in bundles that hold it.
    assert told(level(10, committed=Decimal(7), committed_direct=Decimal(2)), at=store(settings=COMMITTED)) == 8


def test_STK_2_what_is_committed_is_taken_off_where_nothing_was_chosen() -> None:
    assert told(level(10, committed=Decimal(7), committed_direct=Decimal(2))) == 8


@pytest.mark.parametrize(
    ("quantity", "news"),
    [
        ("in_stock", StockNews.SHELF),
        ("in_stock_minus_store_orders", StockNews.STORE_ROWS),
        ("in_stock_minus_committed", StockNews.ROWS),
    ],
)
def test_STK_2_what_rows_promise_is_news_where_it_moves_what_is_shown(quantity: str, news: StockNews) -> None:
    at = store(settings={"stock.quantity": quantity, "stock.sync": True})
    by_stores: Any = {"committed_direct": Decimal(2), "committed_store": Decimal(2)}
    moves = {
        StockNews.ROWS: told(level(10, committed_direct=Decimal(2)), at=at) < 10,
        StockNews.STORE_ROWS: told(level(10, **by_stores), at=at) < 10,
    }

    assert stock_news(at.settings) == news
    assert moves == {StockNews.ROWS: news is StockNews.ROWS, StockNews.STORE_ROWS: news is not StockNews.SHELF}


def test_STK_2_what_any_row_promises_is_news_where_nothing_was_chosen() -> None:
    assert stock_news(store(settings={"stock.sync": True}).settings) == StockNews.ROWS


def test_STK_5_nothing_is_news_for_a_store_that_is_told_no_stock() -> None:
    assert stock_news(store(settings={"stock.sync": False}).settings) is None


def test_STK_2_orders_made_in_the_hub_take_nothing_off_where_only_those_of_stores_count() -> None:
    promised: Any = {"committed": Decimal(7), "committed_direct": Decimal(5), "committed_store": Decimal(2)}

    assert told(level(10, **promised), at=store(settings=STORE_ORDERS)) == 8


def test_STK_2_less_than_nothing_is_nothing() -> None:
    assert told(level(-3)) == 0
    assert told(level(1, committed_direct=Decimal(4)), at=store(settings=COMMITTED)) == 0


@pytest.mark.parametrize(("in_stock", "shown"), [("7.99", 7), ("0.5", 0), ("-0.5", 0), ("3", 3), ("3.0", 3)])
def test_STK_2_fractions_are_left_off(in_stock: str, shown: int) -> None:
    assert told(level(in_stock)) == shown


def test_STK_2_more_than_a_store_can_show_is_the_most() -> None:
    assert told(level("1e30")) == MOST


def test_STK_9_buffer_is_kept_back() -> None:
    assert told(level(10), at=store(settings={"stock.buffer": 3})) == 7
    assert told(level("2.5"), at=store(settings={"stock.buffer": 3})) == 0
    assert told(level("3.9"), at=store(settings={"stock.buffer": 3})) == 0


def test_STK_4_only_the_stores_own_location_counts() -> None:
    (tell,) = push([level(10), level(4, "annex")], location="annex").tells

    assert tell.quantity == 4


def test_STK_4_location_with_nothing_shows_none() -> None:
    (tell,) = push([level(10), level(0, "annex")], location="annex").tells

    assert tell.quantity == 0


def test_STK_4_location_that_the_hub_does_not_have_is_said_and_not_shown_as_none() -> None:
    decided = push([level(10)], location="annex")

    assert decided.tells == ()
    assert decided.note == Note(Reason.LOCATION_UNKNOWN, {"locations": ["annex"]})


def test_STK_4_places_of_known_locations_are_told_beside_an_unknown_one() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    decided = push([level(10)], item(shown={"71": 1, "72": 1}), at=mapped)

    assert [(tell.place, tell.quantity) for tell in decided.tells] == [("71", 10)]
    assert decided.note == Note(Reason.LOCATION_UNKNOWN, {"locations": ["annex"]})


def test_STK_4_each_mapped_place_shows_its_location() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    tells = push([level(10), level(4, "annex")], item(shown={"71": 1, "72": None}), at=mapped).tells

    assert [(tell.place, tell.quantity, tell.known) for tell in tells] == [("71", 10, 1), ("72", 4, None)]


def test_STK_4_two_places_of_one_location_add_up_to_it() -> None:
    mapped = store(settings={"location_map": {"100": "main", "9": "main"}})

    tells = push([level(10)], item(shown={"9": 3, "100": 3}), at=mapped).tells

    assert {tell.place: tell.quantity for tell in tells} == {"9": 10, "100": 0}


def test_STK_4_item_is_stocked_where_it_has_pieces_only() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    tells = push([level(10), level(0, "annex")], item(shown={}), at=mapped).tells

    assert [(tell.place, tell.quantity) for tell in tells] == [("71", 10)]


@pytest.mark.parametrize(
    ("shown", "inactive", "in_stock", "told"),
    [
        ({"71": 1}, (), 4, [(4, True)]),  # the catalogue does not name the place
        ({"71": 1}, (), 1, [(1, True)]),
        ({"71": 1}, (), 0, []),
        ({"71": 1, "72": 1}, (), 4, [(4, False)]),
        ({"71": 1, "72": None}, (), 4, [(4, False)]),
        ({"71": 1, "72": None}, ("72",), 4, [(4, True)]),  # an answer that was lost
        ({"71": 1, "72": None}, ("72",), 0, [(0, False)]),
        ({"71": 1, "72": 0}, ("72",), 4, [(4, True)]),
        ({"71": 1, "72": 0}, ("72",), 0, []),
    ],
)
def test_STK_12_item_is_made_active_where_it_has_pieces_and_is_not_known_to_be(
    shown: dict[str, int | None], inactive: tuple[str, ...], in_stock: int, told: list[tuple[int, bool]]
) -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    tells = push([level(1), level(in_stock, "annex")], item(shown=shown, inactive=inactive), at=mapped).tells

    assert [(tell.quantity, tell.activates) for tell in tells] == told


def test_STK_10_what_was_never_counted_is_said_and_not_told() -> None:
    decided = push([level(-3, is_counted=False)], item(shown={"": 589}))

    assert decided == Push("A-1", (), Note(Reason.NEVER_COUNTED, {"locations": ["main"]}))


def test_STK_10_what_was_never_counted_is_told_where_the_store_asks_for_it() -> None:
    assert told(level(0, is_counted=False), at=store(settings={"stock.tell_uncounted": True})) == 0


def test_STK_10_what_was_counted_as_none_is_told() -> None:
    assert told(level(0)) == 0


def test_STK_10_place_whose_location_was_never_counted_keeps_its_figure() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex", "73": "annex"}})
    levels = [level(10), level(0, "annex", is_counted=False)]

    decided = push(levels, item(shown={"71": 1, "72": 5}), at=mapped)

    assert [(tell.place, tell.quantity) for tell in decided.tells] == [("71", 10)]
    assert decided.note == Note(Reason.NEVER_COUNTED, {"locations": ["annex"]})


def test_STK_10_place_where_the_item_does_not_lie_needs_no_count() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    assert push([level(10), level(0, "annex", is_counted=False)], item(shown={"71": 1}), at=mapped).note is None


def test_STK_10_item_that_lies_nowhere_yet_names_every_place_that_was_never_counted() -> None:
    mapped = store(settings={"location_map": {"71": "main", "72": "annex"}})

    decided = push([level(10, is_counted=False), level(0, "annex", is_counted=False)], item(shown={}), at=mapped)

    assert decided == Push("A-1", note=Note(Reason.NEVER_COUNTED, {"locations": ["annex", "main"]}))


def test_STK_10_item_that_the_store_does_not_count_is_said_to_be_that() -> None:
    decided = push([level(0, is_counted=False)], item(is_tracked=False))

    assert decided.note is not None and decided.note.reason is Reason.TRACKING_OFF


def test_STK_3_every_item_with_the_sku_is_told() -> None:
    tells = push([level(5)], item("product/1"), item("product/2/variation/3")).tells

    assert tells == (TellStock("A-1", "product/1", "", 5), TellStock("A-1", "product/2/variation/3", "", 5))


def test_STK_3_no_item_in_the_store_is_said() -> None:
    decided = decide_push("A-1", levels=[level()], items=(), store=store(), location="main")

    assert decided == Push("A-1", note=Note(Reason.NO_STORE_ITEM))


def test_STK_3_sku_that_the_hub_does_not_stock_is_said() -> None:
    assert push([]) == Push("A-1", note=Note(Reason.NO_HUB_ITEM))


def test_STK_6_unchanged_value_is_not_sent() -> None:
    assert push([level(5)], item(shown={"": 5})) == Push("A-1")


def test_STK_6_only_the_item_that_differs_is_told() -> None:
    (tell,) = push([level(5)], item("product/1", {"": 5}), item("product/2", {"": 6})).tells

    assert (tell.external_id, tell.known) == ("product/2", 6)


def test_STK_6_untracked_item_is_said_and_not_told() -> None:
    decided = push([level(5)], item("product/1", is_tracked=False), item("product/2"))

    assert [tell.external_id for tell in decided.tells] == ["product/2"]
    assert decided.note is not None
    assert (decided.note.reason, decided.note.detail) == (Reason.TRACKING_OFF, {"items": ["product/1"]})
