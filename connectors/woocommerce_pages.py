"""Lists of WooCommerce that change while they are read: page by page, so that no entry is lost. It reads no entry."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from connectors.changes import Entries, usable_id
from connectors.errors import NotFound, Unavailable
from connectors.http import Answer

PER_PAGE: Final = 100  # the most that WooCommerce gives


def walk(ask: Callable[[int], Answer]) -> Iterator[tuple[Answer, Entries]]:
    """Every page of a list in a lasting order, `ask` giving PER_PAGE entries from an offset on.

    An entry that leaves the list in between moves the others forward, past the next offset. So each page must begin
    with an entry that is already known; if it does not, the walk steps back. Raises Unavailable.
    """
    known: set[str] = set()
    offset = 0
    while True:
        answer = ask(offset)
        entries = answer.entries()
        names = [name_of(entry) for entry in entries]
        if offset and (not names or names[0] not in known):
            offset = max(0, offset - PER_PAGE)
            continue
        if offset and len(names) == PER_PAGE and known.issuperset(names):
            raise Unavailable("the store repeats a page", request=answer.request)
        known.update(names)
        yield answer, entries
        if len(names) < PER_PAGE:
            return
        offset += PER_PAGE - 1


def name_of(entry: tuple[Any, str]) -> str:
    """What an entry is known by: its id, or all it says where it has none."""
    return usable_id(entry[0]) or entry[1]


def no_api(error: NotFound) -> Unavailable:
    """What 404 means for a list or a batch. Also for the seconds in which WooCommerce is updated: not the last word."""
    words = f"there is no WooCommerce API at this address: {error.problem}"
    return Unavailable(words, request=error.request, status=error.status)
