"""What a count changes, as plain data: of a file, and of what a store shows (STK-11)."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from schemas.counts import CountedItem, CountLine, FileLine, Shelf
from schemas.orders import Kind
from schemas.reasons import Reason
from schemas.stock import StoreItem
from tasks.rules.counting import count_file, count_store

AT = {"": "main"}


def item(
    sku: str = "A", *, shelf: Shelf | None = None, kind: Kind = Kind.PRODUCT, is_bundle: bool = False
) -> CountedItem:
    return CountedItem(sku, "1", kind, batch_tracked=False, is_bundle=is_bundle, shelves={"main": shelf or Shelf()})


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


def test_STK_11_distinct_places_of_one_location_are_distinct_pieces() -> None:
    figures = [StoreItem("1", "A", "A", True, {"7": 3, "8": 4, "9": 100})]

    count = count_store(figures, items={"A": item()}, places={"7": "main", "8": "main"}, is_again=False)

    assert [line.quantity for line in count.lines] == [7]


def test_STK_11_location_that_the_hub_has_not_is_named() -> None:
    count = count_store(shown(3), items={"A": item()}, places={"": "moon"}, is_again=False)

    assert [(one.reason, one.location) for one in count.left_out] == [(Reason.LOCATION_UNKNOWN, "moon")]


def test_STK_11_one_wrong_line_counts_nothing() -> None:
    lines = [FileLine(2, "A", Decimal(3), "main"), FileLine(3, "B", Decimal(3), "main")]

    count = count_file(lines, items={"A": item()}, is_again=False)

    assert (count.lines, [one.number for one in count.wrong]) == ((), [3])
