"""Who is told again after a comparison, as plain data (STK-13)."""

import pytest

from schemas.actions import Note, TellStock
from schemas.reasons import Reason
from schemas.stock import StoreItem
from tasks.rules.comparing import Compared, compare
from tasks.rules.stock import Push

AT = {"": "main"}


def one(sku: str, shows: int | None, wants: int, *, agreed: bool = False, note: Note | None = None) -> Compared:
    """One SKU compared."""
    tells = () if shows == wants else (TellStock(sku, sku, "", wants, known=shows),)
    pushes = [Push(sku, () if note else tells, note)]
    items = [StoreItem(sku, sku, sku, True, {"": shows})]
    return compare(pushes, items, places=AT, agreed={(sku, "")} if agreed else set())


def test_STK_13_what_agreed_once_is_told_whatever_it_shows() -> None:
    found = one("A", 900, 9, agreed=True) + one("B", 5, 0, agreed=True)

    assert (found.would_empty, found.to_tell) == (False, ("A", "B"))


@pytest.mark.parametrize(("wants", "told"), [(5, ("A",)), (4, ())])
def test_STK_13_what_never_agreed_is_told_if_half_of_it_is_left(wants: int, told: tuple[str, ...]) -> None:
    assert one("A", 10, wants).to_tell == told


def test_STK_13_what_never_agreed_keeps_nothing_else_from_healing() -> None:
    found = one("A", 10, 0) + one("B", 900, 9, agreed=True) + one("C", 1, 1)

    assert (found.would_empty, found.to_tell, found.strange, found.equal) == (True, ("B",), ("A",), (("C", ""),))


def test_STK_13_figure_that_nobody_knows_is_neither_equal_nor_told() -> None:
    found = one("A", None, 9) + one("B", None, 9, agreed=True)

    assert (found.unseen, found.unknown, found.to_tell, found.equal) == (("A",), ("B",), (), ())


def test_STK_13_what_was_never_counted_agrees_with_nothing() -> None:
    found = one("A", 7, 0, note=Note(Reason.NEVER_COUNTED))

    assert (found.to_tell, found.equal, found.shown, found.wanted) == ((), (), 0, 0)


def test_STK_13_parts_of_a_comparison_add_up() -> None:
    first = Compared(1, ("a",), ("b",), ("c",), ("d",), (("e", ""),), 10, 4)
    second = Compared(2, ("A",), ("B",), ("C",), ("D",), (("E", ""),), 30, 5)

    assert first + second == Compared(3, ("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"), (("e", ""), ("E", "")), 40, 9)


def test_STK_13_what_is_not_counted_by_its_store_is_compared_with_nothing() -> None:
    items = [StoreItem("1", "A", "A", False, {"": 5})]

    assert compare([Push("A")], items, places=AT, agreed=()) == Compared(1)


def test_STK_13_a_figure_that_nobody_knows_and_that_is_not_told_is_left_out() -> None:
    items = [StoreItem("1", "A", "A", True, {"7": None, "8": 2})]

    assert compare([Push("A")], items, places={"7": "main", "8": "berlin"}, agreed=()).equal == (("1", "8"),)


def test_STK_13_figures_of_all_items_and_places_add_up_and_none_is_below_nothing() -> None:
    items = [
        StoreItem("1", "A", "A", True, {"7": 9, "8": -3}),
        StoreItem("2", "B", "B", True, {"7": 0, "8": -2}),
        StoreItem("3", "C", "C", True, {"7": 4, "8": 1}),
    ]
    pushes = [
        Push("A", (TellStock("A", "1", "7", 2), TellStock("A", "1", "8", 6))),
        Push("B"),
        Push("C", (TellStock("C", "3", "8", 0),)),
    ]

    found = compare(pushes, items, places={"7": "main", "8": "berlin"}, agreed=())

    assert (found.skus, found.shown, found.wanted) == (3, 9 + 4 + 1, 2 + 6 + 4)
    assert found.strange == ("A", "C")
    assert found.equal == (("2", "7"), ("2", "8"), ("3", "7"))
