"""What a count changes, as plain data: of a file, and of what a store shows (STK-11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.counts import Count, CountedItem, CountLine, FileLine, LeftOut, Shelf, Wrong
from schemas.hub import StockLevel
from schemas.orders import ZERO, Kind
from schemas.reasons import Reason
from schemas.stock import StoreItem
from tasks.rules.counting import (
    MOST_NAMED,
    Beside,
    Neighbour,
    as_told,
    beside,
    count_file,
    count_store,
    report_of,
    without,
)
from tests.makers import store

AT = {"": "main"}


def item(
    sku: str = "A",
    *,
    shelf: Shelf | None = None,
    kind: Kind = Kind.PRODUCT,
    is_bundle: bool = False,
    batch_tracked: bool = False,
) -> CountedItem:
    return CountedItem(sku, "1", kind, batch_tracked, is_bundle, shelves={"main": shelf or Shelf()})


def shown(*figures: int | None, sku: str = "A") -> list[StoreItem]:
    return [StoreItem(str(number), sku, sku, True, {"": pieces}) for number, pieces in enumerate(figures)]


def only(figures: list[StoreItem], counted: CountedItem, *, is_again: bool = False) -> CountLine | Reason:
    count = count_store(figures, items={counted.sku: counted}, places=AT, is_again=is_again)
    assert len(count.lines) + len(count.left_out) == 1
    return count.lines[0] if count.lines else count.left_out[0].reason


@given(st.integers(-99, 999), st.integers(0, 99), st.integers(-99, 999))
def test_STK_11_what_is_there_after_all_is_delivered_is_what_the_store_shows(
    figure: int, promised: int, in_stock: int
) -> None:
    shelf = Shelf(Decimal(in_stock), promised=Decimal(promised))

    line = only(shown(figure), item(shelf=shelf))

    assert isinstance(line, CountLine)
    assert line.quantity == in_stock + line.delta
    assert line.quantity - promised == max(figure, -promised)


def test_STK_11_item_that_is_none_of_the_shelf_is_named() -> None:
    assert only(shown(3), item(is_bundle=True)) is Reason.STOCK_OF_PARTS
    assert only(shown(3), item(kind=Kind.SERVICE)) is Reason.NO_HUB_ITEM
    assert only(shown(None), item()) is Reason.FIGURE_UNKNOWN
    assert only(shown(3, 4), item()) is Reason.FIGURES_DIFFER
    assert only(shown(3), item(shelf=Shelf(is_counted=True))) is Reason.COUNTED_BEFORE
    assert isinstance(only(shown(3), item(shelf=Shelf(is_counted=True)), is_again=True), CountLine)
    assert isinstance(only(shown(3, 3), item()), CountLine)


@pytest.mark.parametrize(
    ("found", "counted", "expected"),
    [
        pytest.param([], {}, [], id="nothing"),
        pytest.param(
            [StoreItem("1", "A", "A", False, {"": 3})],
            {"A": item()},
            [LeftOut("A", Reason.TRACKING_OFF)],
            id="untracked",
        ),
        pytest.param(shown(3), {}, [LeftOut("A", Reason.NO_HUB_ITEM)], id="not in the hub"),
        pytest.param(shown(3), {"A": item(is_bundle=True)}, [LeftOut("A", Reason.STOCK_OF_PARTS)], id="a bundle"),
        pytest.param(
            shown(3), {"A": item(batch_tracked=True)}, [LeftOut("A", Reason.BATCH_NOT_NAMED)], id="in batches"
        ),
        pytest.param(
            shown(3),
            {"A": item(shelf=Shelf(is_counted=True))},
            [LeftOut("A", Reason.COUNTED_BEFORE, "main")],
            id="counted before",
        ),
        pytest.param(shown(None), {"A": item()}, [LeftOut("A", Reason.FIGURE_UNKNOWN, "main")], id="not known"),
        pytest.param(
            shown(3, None, 4), {"A": item()}, [LeftOut("A", Reason.FIGURES_DIFFER, "main", "3, -, 4")], id="differing"
        ),
    ],
)
def test_STK_11_what_is_not_counted_of_a_store_says_why(
    found: list[StoreItem], counted: dict[str, CountedItem], expected: list[LeftOut]
) -> None:
    count = count_store(found, items=counted, places=AT, is_again=False)

    assert (count.lines, list(count.left_out)) == ((), expected)


def test_STK_11_a_count_of_a_store_says_what_it_shows_and_what_its_orders_wait_for() -> None:
    shelf = Shelf(Decimal(4), promised=Decimal(2))

    line = only(shown(3), item(shelf=shelf))

    assert line == CountLine("A", "1", "main", Decimal(5), Decimal(1), shown=3, promised=Decimal(2))


def test_STK_11_a_figure_that_the_hub_told_is_the_hub_s_own() -> None:
    shelf = Shelf(Decimal("4.5"), promised=Decimal(2), shows=2)

    line = only(shown(2), item(shelf=shelf))

    assert isinstance(line, CountLine)
    assert (line.quantity, line.delta) == (Decimal("4.5"), 0)


def test_STK_11_several_items_are_counted_each_in_the_order_of_their_skus() -> None:
    found = [*shown(3, sku="B"), *shown(1), *shown(None, sku="C"), *shown(None, sku="D")]

    count = count_store(found, items={sku: item(sku) for sku in "ABCD"}, places=AT, is_again=False)

    assert [(line.sku, line.quantity) for line in count.lines] == [("A", 1), ("B", 3)]
    assert [one.sku for one in count.left_out] == ["C", "D"]


def test_STK_11_an_untracked_item_beside_a_tracked_one_is_no_figure() -> None:
    found = [StoreItem("9", "A", "A", False, {"": 100}), *shown(3)]

    count = count_store(found, items={"A": item()}, places=AT, is_again=False)

    assert [line.quantity for line in count.lines] == [3]


def test_STK_11_a_place_where_the_item_is_not_active_shows_no_figure() -> None:
    found = [StoreItem("1", "A", "A", True, {"7": 3})]
    counted = CountedItem("A", "1", Kind.PRODUCT, False, False, {"main": Shelf(), "berlin": Shelf()})

    count = count_store(found, items={"A": counted}, places={"7": "main", "8": "main", "9": "berlin"}, is_again=False)

    assert [(line.location, line.quantity) for line in count.lines] == [("main", 3)]
    assert list(count.left_out) == [LeftOut("A", Reason.FIGURE_UNKNOWN, "berlin")]


def test_STK_11_a_figure_that_is_not_known_at_one_place_is_not_known_of_the_location() -> None:
    found = [StoreItem("1", "A", "A", True, {"7": 3, "8": None})]

    count = count_store(found, items={"A": item()}, places={"7": "main", "8": "main"}, is_again=False)

    assert [one.reason for one in count.left_out] == [Reason.FIGURE_UNKNOWN]


# -- of a store that was told ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "promised"),
    [("in_stock", 3), ("in_stock_minus_committed", 8), ("in_stock_minus_store_orders", 5)],
)
def test_STK_11_a_store_that_was_told_goes_by_what_the_hub_took_off_for_it(quantity: str, promised: int) -> None:
    at = store(settings={"stock.quantity": quantity, "stock.buffer": 3})
    taken = {"committed": ZERO, "committed_direct": Decimal(5), "committed_store": Decimal(2), "expected": ZERO}
    levels = [StockLevel("A", "main", Decimal(20), is_counted=True, **taken)]
    counted = CountedItem("A", "1", Kind.PRODUCT, False, False, {"main": Shelf(Decimal(20)), "berlin": Shelf()})
    before = {"A": counted, "B": item("B")}

    found = as_told(before, levels, store=at)

    assert found["A"].shelves == {
        "main": Shelf(Decimal(20), promised=Decimal(promised), shows=20 - promised),
        "berlin": Shelf(),
    }
    assert found["B"] == before["B"]
    assert before["A"] == counted  # as it was: the same items serve several stores


def test_STK_11_distinct_places_of_one_location_are_distinct_pieces() -> None:
    figures = [StoreItem("1", "A", "A", True, {"7": 3, "8": 4, "9": 100})]

    count = count_store(figures, items={"A": item()}, places={"7": "main", "8": "main"}, is_again=False)

    assert [line.quantity for line in count.lines] == [7]


def test_STK_11_location_that_the_hub_has_not_is_named() -> None:
    count = count_store(shown(3), items={"A": item()}, places={"": "moon"}, is_again=False)

    assert count.left_out == (LeftOut("A", Reason.LOCATION_UNKNOWN, "moon"),)


# -- of a file -----------------------------------------------------------------------------------------------------


def line(number: int, sku: str = "A", quantity: str | int = 3, **where: Any) -> FileLine:
    return FileLine(number, sku, Decimal(quantity), **{"location": "main", **where})


@pytest.mark.parametrize(
    ("bad", "counted", "words"),
    [
        pytest.param(line(2, "B"), item(), "the hub has no item with the SKU B", id="unknown"),
        pytest.param(line(2), item(kind=Kind.SERVICE), "A is a service: it has no stock", id="a service"),
        pytest.param(
            line(2), item(is_bundle=True), "A is a bundle: its stock is that of its components", id="a bundle"
        ),
        pytest.param(line(2, location="moon"), item(), "there is no location moon", id="no such location"),
        pytest.param(line(2, batch="b1"), item(), "A is not batch-tracked: name no batch", id="no batches"),
        pytest.param(line(2), item(batch_tracked=True), "A is batch-tracked: name the batch", id="which batch"),
    ],
)
def test_STK_11_what_is_wrong_with_a_line_is_said(bad: FileLine, counted: CountedItem, words: str) -> None:
    assert count_file([bad], items={"A": counted}, is_again=False) == Count(wrong=(Wrong(2, words),))


def test_STK_11_what_stands_on_two_lines_is_wrong_and_all_wrong_lines_are_named_in_order() -> None:
    lines = [line(2), line(3, quantity=5), line(4, "B"), line(5)]

    count = count_file(lines, items={"A": item()}, is_again=False)

    again = "A at main stands on line 2 already"
    assert count.wrong == (Wrong(3, again), Wrong(4, "the hub has no item with the SKU B"), Wrong(5, again))


def test_STK_11_a_file_says_what_lies_there_from_now_on() -> None:
    items = {"A": item(shelf=Shelf(Decimal(10), promised=Decimal(2))), "B": item("B")}

    count = count_file([line(2), line(3, "B", 0)], items=items, is_again=False)

    assert count == Count(
        (CountLine("A", "1", "main", Decimal(3), Decimal(-7)), CountLine("B", "1", "main", Decimal(0), Decimal(0)))
    )


@pytest.mark.parametrize("is_again", [True, False])
def test_STK_11_what_was_counted_before_is_left_out_unless_it_is_asked_for(is_again: bool) -> None:
    items = {"A": item(shelf=Shelf(Decimal(10), is_counted=True)), "B": item("B")}

    count = count_file([line(2), line(3, "B")], items=items, is_again=is_again)

    assert [one.sku for one in count.lines] == (["A", "B"] if is_again else ["B"])
    assert count.left_out == (() if is_again else (LeftOut("A", Reason.COUNTED_BEFORE, "main"),))


def batches(shelf: Shelf, *lines: FileLine) -> list[tuple[str | None, int, int]]:
    """What a file makes of an item in batches: of each batch its pieces and what was added."""
    count = count_file(lines, items={"A": item(shelf=shelf, batch_tracked=True)}, is_again=False)
    assert not count.wrong
    assert {(one.sku, one.variant_id, one.location) for one in count.lines} <= {("A", "1", "main")}
    return [(one.batch, int(one.quantity), int(one.delta)) for one in count.lines]


TWO_BATCHES: Final = Shelf(Decimal(10), batches={"b1": Decimal(6), "b2": Decimal(4), "old": Decimal(0)})


def test_STK_11_batches_are_counted_one_by_one() -> None:
    assert batches(TWO_BATCHES, line(2, quantity=5, batch="b1"), line(3, quantity=7, batch="new")) == [
        ("b1", 5, -1),
        ("new", 7, 7),
        ("b2", 0, -4),
    ]


def test_STK_11_an_item_in_batches_that_is_said_to_be_gone_is_gone_from_all_of_them() -> None:
    assert batches(TWO_BATCHES, line(2, quantity=0)) == [("b1", 0, -6), ("b2", 0, -4), (None, 0, 0)]


def test_STK_11_a_file_counts_items_in_batches_beside_others() -> None:
    items = {"A": item(), "B": item("B", batch_tracked=True)}

    count = count_file([line(2), line(3, "B", batch="b1")], items=items, is_again=False)

    assert [(one.sku, one.batch, one.quantity) for one in count.lines] == [("A", None, 3), ("B", "b1", 3)]


def test_STK_11_pieces_that_were_in_no_batch_are_none_any_more() -> None:
    loose = replace(TWO_BATCHES, in_stock=Decimal(13))

    assert batches(loose, line(2, quantity=6, batch="b1"), line(3, quantity=4, batch="b2")) == [
        ("b1", 6, 0),
        ("b2", 4, 0),
        (None, 0, -3),
    ]


def test_STK_11_one_wrong_line_counts_nothing() -> None:
    lines = [FileLine(2, "A", Decimal(3), "main"), FileLine(3, "B", Decimal(3), "main")]

    count = count_file(lines, items={"A": item()}, is_again=False)

    assert (count.lines, [one.number for one in count.wrong]) == ((), [3])


# -- what is said of it --------------------------------------------------------------------------------------------


def counted_line(sku: str, shown: int | None = None, location: str = "main") -> CountLine:
    return CountLine(sku, "1", location, Decimal("3.50"), Decimal(-1), shown=shown, promised=Decimal(2))


def test_STK_11_of_skus_whose_orders_are_not_in_the_hub_nothing_is_counted() -> None:
    count = Count(
        (counted_line("A"), counted_line("B")),
        (LeftOut("C", Reason.TRACKING_OFF), LeftOut("D", Reason.NO_HUB_ITEM)),
        (Wrong(7, "odd"),),
    )

    assert without(count, ["D", "B", "E"]) == Count(
        (counted_line("A"),),
        (LeftOut("C", Reason.TRACKING_OFF), LeftOut("B", Reason.ORDERS_UNREAD), LeftOut("D", Reason.ORDERS_UNREAD)),
        (Wrong(7, "odd"),),
    )


def neighbour(name: str, *found: StoreItem, places: dict[str, str] | None = None) -> Neighbour:
    return Neighbour(name, places or {"7": "main"}, found)


def at_7(pieces: int | None, sku: str = "A", *, is_tracked: bool = True) -> StoreItem:
    return StoreItem("1", sku, sku, is_tracked, {"7": pieces})


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param([], None, id="nobody else"),
        pytest.param([neighbour("b", at_7(3))], None, id="the same figure"),
        pytest.param([neighbour("b", at_7(4))], {"acme": 3, "b": 4}, id="another figure"),
        pytest.param([neighbour("b", at_7(None))], {"acme": 3, "b": None}, id="no known figure"),
        pytest.param(
            [neighbour("b", at_7(3)), neighbour("c", at_7(4))], {"acme": 3, "b": 3, "c": 4}, id="one of several"
        ),
        pytest.param([neighbour("b", at_7(4, "B"))], None, id="another SKU"),
        pytest.param([neighbour("b", at_7(4, is_tracked=False))], None, id="untracked"),
        pytest.param([neighbour("b", at_7(4, is_tracked=False), at_7(3))], None, id="untracked beside a tracked one"),
        pytest.param([neighbour("b", at_7(4), at_7(5))], {"acme": 3, "b": 4}, id="two items: the first"),
        pytest.param([neighbour("b", at_7(4), places={"7": "berlin"})], None, id="another location"),
    ],
)
def test_STK_11_stores_that_show_other_figures_of_one_location_stand_side_by_side(
    others: list[Neighbour], expected: dict[str, int | None] | None
) -> None:
    count = Count((counted_line("A", shown=3),))

    assert beside(count, others, name="acme") == ([Beside("A", "main", expected)] if expected else [])


def test_STK_11_the_report_of_a_count_says_how_much_and_what_was_left_out() -> None:
    count = Count(
        (counted_line("A", shown=3), counted_line("B")),
        (
            LeftOut("C", Reason.TRACKING_OFF),
            LeftOut("D", Reason.FIGURES_DIFFER, "main", "3, 4"),
            LeftOut("E", Reason.TRACKING_OFF),
        ),
    )

    report = report_of(count, [Beside("A", "main", {"acme": 3, "b": None})])

    figures = {"location": "main", "promised": "2", "quantity": "3.5", "delta": "-1"}
    assert report == {
        "figures": 2,
        "pieces": "7",
        "counted": [{"sku": "A", "shown": 3, **figures}, {"sku": "B", "shown": None, **figures}],
        "reasons": {"figures_differ": 1, "tracking_off": 2},
        "left_out": [
            {"sku": "C", "location": None, "reason": "tracking_off", "detail": ""},
            {"sku": "D", "location": "main", "reason": "figures_differ", "detail": "3, 4"},
            {"sku": "E", "location": None, "reason": "tracking_off", "detail": ""},
        ],
        "differing": 1,
        "side_by_side": [{"sku": "A", "location": "main", "figures": {"acme": 3, "b": None}}],
    }
    assert list(report["reasons"]) == ["figures_differ", "tracking_off"]


def test_STK_11_a_report_names_so_many_and_counts_all() -> None:
    many = MOST_NAMED + 1
    count = Count((counted_line("A"),) * many, (LeftOut("B", Reason.TRACKING_OFF),) * many)

    report = report_of(count, [Beside("A", "main", {})] * many)

    assert (report["figures"], report["reasons"], report["differing"]) == (many, {"tracking_off": many}, many)
    assert [len(report[name]) for name in ("counted", "left_out", "side_by_side")] == [MOST_NAMED] * 3
