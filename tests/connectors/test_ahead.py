"""connectors.ahead: the next is asked for while the one before it is worked on."""

import threading
from collections.abc import Iterator
from contextlib import closing
from math import inf

import pytest

from connectors.ahead import one_ahead


class Shop:
    """Gives pages; notes which were asked for."""

    def __init__(self, pages: int, *, fails: int = 0) -> None:
        self.pages, self.fails = pages, fails
        self.asked: list[int] = []
        self.was_asked = threading.Event()

    def give(self) -> Iterator[int]:
        for page in range(1, self.pages + 1):
            self.asked.append(page)
            if page > 1:
                self.was_asked.set()
            if page == self.fails:
                raise ZeroDivisionError
            yield page


def test_SPD_1_all_come_in_their_order() -> None:
    assert list(one_ahead(Shop(4).give(), until=inf)) == [1, 2, 3, 4]
    assert list(one_ahead(Shop(4).give(), until=-inf)) == [1, 2, 3, 4]
    assert list(one_ahead(Shop(0).give(), until=inf)) == []


def test_SPD_1_the_second_is_asked_for_while_the_first_is_worked_on() -> None:
    shop = Shop(3)
    with closing(one_ahead(shop.give(), until=inf)) as pages:
        assert next(pages) == 1
        assert shop.was_asked.wait(timeout=60)


def test_SPD_1_nothing_is_asked_for_ahead_once_time_is_up() -> None:
    shop = Shop(3)
    with closing(one_ahead(shop.give(), until=-inf)) as pages:
        assert next(pages) == 1
    assert shop.asked == [1]


def test_SPD_1_what_fails_is_raised_where_it_would_have_come() -> None:
    found: list[int] = []
    with pytest.raises(ZeroDivisionError):
        for page in one_ahead(Shop(3, fails=3).give(), until=inf):
            found.append(page)

    assert found == [1, 2]


def test_SPD_1_who_leaves_early_leaves_nothing_behind() -> None:
    with closing(one_ahead(Shop(3).give(), until=inf)) as pages:
        next(pages)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
