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
