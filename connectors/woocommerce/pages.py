"""Lists of WooCommerce that change while they are read: page by page, so that no entry is lost. It reads no entry."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from connectors.errors import NotFound, RateLimited, TooLarge, Unavailable
from connectors.following import Entries, usable_id
from connectors.http import Answer

PER_PAGE: Final = 100  # the most that WooCommerce gives
LEAST: Final = 10  # a shop that cannot give so many at once is not slow, it is away


class PageSize:
    """How many entries a shop is asked for at once: fewer where that is too much for it, or for us."""

    def __init__(self) -> None:
        self.now = PER_PAGE

    def ask(self, page: Callable[[int], Answer]) -> Answer:
        """A page of as many entries as we and the shop take at once.

        Where the shop does not answer, the next try asks for fewer: it may have no time or memory for so many. It may
        also be away, and then any size is as good.
        """
        while True:
            try:
                return page(self.now)
            except TooLarge:
                if self.now == 1:
                    raise
                self.now //= 2
            except RateLimited:
                raise
            except Unavailable:
                self.now = self.now // 2 if self.now >= 2 * LEAST else PER_PAGE
                raise

    def forget(self) -> None:
        """Ask for as many as WooCommerce gives."""
        self.now = PER_PAGE


def walk(
    ask: Callable[[int], Answer], size: PageSize | None = None, /, *, offset: int = 0, top: int = 0
) -> Iterator[tuple[int, Answer, Entries]]:
    """Every page of a list in a lasting order, `ask` giving a page of entries from an offset on. Raises Unavailable.

    An entry that leaves the list in between moves the others forward, past the next offset. So each page must begin
    with an entry that is already known; if it does not, the walk steps back. A walk by id that was cut goes on at the
    `offset` of its last page: it knows every id up to `top`. `size` is what `ask` asks for, PER_PAGE if not given.
    """
    size = size or PageSize()
    known: set[str] = set()
    is_step_back = False
    while True:
        answer = ask(offset)
        entries = answer.entries(size.now)
        names = [name_of(entry) for entry in entries]
        if offset and (not names or not (names[0] in known or _is_up_to(names[0], top))):
            offset, is_step_back = max(0, offset - size.now), True
            continue
        is_news = not known.issuperset(names)
        known.update(names)
        yield offset, answer, entries
        if is_last(answer, len(names), offset=offset, is_news=is_news, per_page=size.now):
            return
        if offset and not is_news and not is_step_back:
            raise Unavailable("the store repeats a page", request=answer.request)
        # One entry again; where the shop hid some that it counts, so many more that one known is among them.
        offset, is_step_back = offset + max(1, len(names) - 1), False


def _is_up_to(name: str, top: int) -> bool:
    return name.isdecimal() and int(name) <= top


def is_last(answer: Answer, shown: int, *, offset: int = 0, is_news: bool = True, per_page: int = PER_PAGE) -> bool:
    """Whether nothing comes after a page.

    WooCommerce leaves out what it cannot load or what the key may not see, and plugins lower the size of a page: a
    page that is not full is the last only if the shop counts no more. `is_news`: something on it was not known yet.
    """
    total = total_of(answer)
    if shown == per_page:
        return False
    return total is None or offset + shown >= total or (not is_news and offset + per_page >= total)


def total_of(answer: Answer) -> int | None:
    """How many entries the whole list has, those included that are not shown; None where the shop does not say."""
    text = answer.headers.get("X-WP-Total", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def name_of(entry: tuple[Any, str]) -> str:
    """What an entry is known by: its id, or all it says where it has none."""
    return usable_id(entry[0]) or entry[1]


def no_api(error: NotFound) -> Unavailable:
    """What 404 means for a list or a batch. Also for the seconds in which WooCommerce is updated: not the last word."""
    words = f"there is no WooCommerce API at this address: {error.problem}"
    return Unavailable(words, request=error.request, status=error.status)
