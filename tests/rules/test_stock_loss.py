"""What a store would show less if it were told, case by case (STK-10)."""

from decimal import Decimal

import pytest

from schemas.counts import CountLine
from schemas.hub import StockLevel
from schemas.orders import ZERO
from schemas.stock import StoreItem
from schemas.stores import Store
from tasks.rules.stock_loss import Loss, telling_uncounted, with_count
from tests.makers import store
from tests.rules.test_stock import level

TELLING = telling_uncounted(store(), is_on=True)


def item(shown: int | None, place: str = "", *, is_tracked: bool = True) -> StoreItem:
    return StoreItem("product/1", "A-1", "Chair", is_tracked, {place: shown})


def weighed(*items: StoreItem, levels: tuple[StockLevel, ...] = (), at: Store = TELLING) -> Loss:
    loss = Loss()
    for one in items:
        loss.add(one, levels, store=at, location="main")
    return loss


@pytest.mark.parametrize("shown", [589, None])
def test_STK_10_item_that_nobody_counted_is_named_where_it_may_show_something(shown: int | None) -> None:
    loss = weighed(item(shown), levels=(level(-3, is_counted=False),))

    assert (loss.uncounted, loss.is_to_be_asked) == ({"A-1": shown}, True)


@pytest.mark.parametrize(
    ("found", "levels"),
    [
        (item(0), (level(0, is_counted=False),)),
        (item(5), (level(5),)),
        (item(5), ()),
        (item(5, is_tracked=False), (level(0, is_counted=False),)),
        (item(5, "71"), (level(0, is_counted=False),)),
    ],
    ids=["shows none", "counted", "not in the hub", "not tracked", "at another place"],
)
def test_STK_10_item_that_loses_nothing_is_not_named(found: StoreItem, levels: tuple[StockLevel, ...]) -> None:
    loss = weighed(found, levels=levels)

    assert (loss.uncounted, loss.is_to_be_asked) == ({}, False)


def test_STK_10_less_than_half_is_asked_about_though_all_was_counted() -> None:
    assert [Loss(100, left).is_to_be_asked for left in (49, 50)] == [True, False]


def test_STK_10_item_that_was_counted_and_is_sold_out_is_not_named() -> None:
    loss = weighed(item(5), levels=(level(0),))

    assert (loss.uncounted, loss.shows, loss.would_show) == ({}, 5, 0)


@pytest.mark.parametrize("shown", [0, -2])
def test_STK_10_item_that_shows_nothing_and_is_not_told_adds_nothing(shown: int) -> None:
    assert weighed(item(shown)) == Loss(0, 0)


def test_STK_10_item_that_is_not_told_keeps_its_pieces() -> None:
    loss = weighed(item(5), levels=(level(0, is_counted=False),), at=store())

    assert loss == Loss(5, 5)


def test_STK_10_several_items_of_a_sku_are_added_up() -> None:
    levels = (level(0, is_counted=False),)

    assert weighed(item(5), item(3), levels=levels).uncounted == {"A-1": 8}
    assert weighed(item(5), item(None), levels=levels).uncounted == {"A-1": None}
    assert weighed(item(None), item(5), levels=levels).uncounted == {"A-1": None}


@pytest.mark.parametrize(("would_show", "is_half"), [(49, True), (50, False), (51, False)])
def test_STK_10_half_is_no_less_than_half(would_show: int, is_half: bool) -> None:
    assert Loss(100, would_show).is_half is is_half


def test_STK_10_figures_below_nothing_and_unknown_ones_are_no_pieces() -> None:
    assert weighed(item(-4), levels=(level(7),)) == Loss(0, 7)
    assert weighed(item(None), levels=(level(7),)) == Loss(0, 0)


def test_STK_10_each_mapped_place_counts_for_itself() -> None:
    mapped = telling_uncounted(store(settings={"location_map": {"71": "main", "72": "annex"}}), is_on=True)
    found = StoreItem("1", "A-1", "Chair", True, {"71": 9, "72": 5})

    loss = weighed(found, levels=(level(8), level(0, "annex", is_counted=False)), at=mapped)

    assert loss == Loss(14, 8, {"A-1": 5})


def test_STK_10_what_others_show_counts_over_all() -> None:
    loss = weighed(item(100), levels=(level(1),))
    assert loss.is_half

    loss.keep(900)

    assert (loss.is_half, loss.shows, loss.would_show) == (False, 1000, 901)


def counting(delta: int, location: str = "main", sku: str = "A-1") -> CountLine:
    return CountLine(sku, "v1", location, Decimal(99), Decimal(delta))


def test_STK_10_levels_after_a_count_are_counted_and_the_others_stay_as_they_are() -> None:
    there = [level(5, is_counted=False), level(3, "berlin", is_counted=False, expected=Decimal(7))]

    found = with_count(there, [counting(2), counting(-1), counting(4, "moon"), counting(6, sku="B-1")])

    nothing = (ZERO, ZERO, ZERO, ZERO)
    assert found == [
        level(6),
        there[1],
        StockLevel("A-1", "moon", Decimal(4), *nothing, is_counted=True),
        StockLevel("B-1", "main", Decimal(6), *nothing, is_counted=True),
    ]
