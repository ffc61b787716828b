"""connectors.woocommerce.pages: whatever leaves a list while it is read, what stays is read."""

import json
from collections.abc import Sequence, Set
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.errors import NotFound, Unavailable
from connectors.http import Answer
from connectors.woocommerce.pages import PER_PAGE, no_api, walk


class ShrinkingList:
    """A list by id that loses some entries whenever a page was asked for, and shows some never, which it counts."""

    def __init__(
        self, size: int, leaving: Sequence[list[int]] = (), *, hidden: Set[int] = frozenset(), most: int = PER_PAGE
    ) -> None:
        self.ids = list(range(1, size + 1))
        self.leaving = leaving
        self.hidden = hidden
        self.most = most
        self.calls = 0

    def page(self, offset: int) -> Answer:
        total = str(len(self.ids))
        shown = [{"id": id_} for id_ in self.ids[offset : offset + self.most] if id_ not in self.hidden]
        if self.calls < len(self.leaving):
            gone = {self.ids[place % len(self.ids)] for place in self.leaving[self.calls]} if self.ids else set()
            self.ids = [id_ for id_ in self.ids if id_ not in gone]
        self.calls += 1
        return Answer("GET /products", {"X-WP-Total": total} if shown else {}, json.dumps(shown))


def ids_of(walked: Any) -> list[int]:
    return [value["id"] for _, _, entries in walked for value, _ in entries]


def ids_of_cut_walk(listed: ShrinkingList) -> list[int]:
    """As a walk reads them that is cut behind every page with something new, and goes on at that page."""
    read: list[int] = []
    begin = top = 0
    while True:
        for offset, _, entries in walk(listed.page, offset=begin, top=top):
            if new := [value["id"] for value, _ in entries if value["id"] > top]:
                read, begin, top = read + new, offset, max(new)
                break
        else:
            return read


@given(
    size=st.integers(0, 420),
    leaving=st.lists(st.lists(st.integers(0, 419), max_size=120), max_size=8),
)
@example(size=199, leaving=[[], [0]])  # the page after the step back has nothing new, and is no repetition
def test_what_stays_in_the_list_is_read(size: int, leaving: list[list[int]]) -> None:
    listed = ShrinkingList(size, leaving)

    read = ids_of(walk(listed.page))

    assert set(listed.ids) <= set(read)
    assert listed.calls <= 2 * (size // PER_PAGE + 2) + 2 * len(leaving)


@given(
    size=st.integers(0, 420),
    leaving=st.lists(st.lists(st.integers(0, 419), max_size=120), max_size=8),
)
@example(size=420, leaving=[[], [], list(range(120)), [], [0]])
def test_what_stays_is_read_once_by_a_walk_that_is_cut_behind_every_page(size: int, leaving: list[list[int]]) -> None:
    listed = ShrinkingList(size, leaving)

    read = ids_of_cut_walk(listed)

    assert set(listed.ids) <= set(read)
    assert len(read) == len(set(read))


@given(
    size=st.integers(0, 420),
    leaving=st.lists(st.lists(st.integers(0, 419), max_size=20), max_size=4),
    hidden=st.sets(st.integers(1, 420), max_size=60),
)
def test_what_the_shop_counts_and_does_not_show_ends_no_list(
    size: int, leaving: list[list[int]], hidden: set[int]
) -> None:
    listed = ShrinkingList(size, leaving, hidden=hidden)

    read = ids_of(walk(listed.page))

    assert set(listed.ids) - hidden <= set(read)


@pytest.mark.parametrize("most", [50, 20, 99])
def test_a_shop_that_gives_less_than_was_asked_for_is_read_to_the_end(most: int) -> None:
    listed = ShrinkingList(230, most=most)

    assert set(ids_of(walk(listed.page))) == set(range(1, 231))


def test_where_more_is_hidden_than_can_be_bridged_the_list_is_not_called_whole() -> None:
    listed = ShrinkingList(400, hidden=set(range(50, 250)))

    with pytest.raises(Unavailable):
        ids_of(walk(listed.page))


def test_a_page_that_is_just_full_is_not_taken_for_a_repetition() -> None:
    listed = ShrinkingList(PER_PAGE)

    assert ids_of(walk(listed.page)) == [*range(1, PER_PAGE + 1), PER_PAGE]
    assert listed.calls == 2


def test_what_grows_at_its_end_is_read_to_the_end() -> None:
    listed = ShrinkingList(150)
    pages = walk(listed.page)
    read = ids_of([next(pages)])
    listed.ids += [151, 152]

    assert set(read + ids_of(pages)) == set(range(1, 153))


def test_a_list_that_never_moves_on_is_given_up() -> None:
    listed = ShrinkingList(PER_PAGE)

    with pytest.raises(Unavailable, match="repeats a page"):
        ids_of(walk(lambda _: listed.page(0)))


def test_a_missing_list_is_not_the_last_word() -> None:
    error = no_api(NotFound("answered 404", request="GET /products", status=404))

    assert (error.request, error.status) == ("GET /products", 404)
