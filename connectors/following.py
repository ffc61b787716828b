"""Following a shop's changes oldest first, page by page, so that none is lost. How a page is asked for it leaves open.

Every page begins with the second in which the last one ended: an order that changes between two calls moves to the end,
and whatever shares that second with the last order of a page is not cut off.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connectors.cursor import BEGINNING, SECOND, Cursor
from connectors.errors import Rejected, Unavailable
from connectors.http import Answer
from schemas.orders import ListedPage, Page, Snapshot

LIKELY_AHEAD: Final = timedelta(seconds=60)  # a change dated later than this is a broken date, not a clock

ALONG: Final = 20  # changes that are read again with what is new, at most

Entries = list[tuple[Any, str]]
Modified = Callable[[Any], datetime | None]  # when an entry was modified, readable otherwise or not


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as it came: the newest date on it, and the newest that is likely.

    `dates` are all that can be read, and `room` is how many changes of before a page may bring again at no cost.
    """

    entries: Entries
    position: datetime
    newest: datetime
    total: int | None
    is_last: bool
    request: str = ""
    dates: tuple[datetime, ...] = ()
    room: int = 0


def raw_page(answer: Answer, entries: Entries, modified: Modified, *, per_page: int, total: int | None) -> RawPage:
    """A page of at most so many entries; one that is not full is the last. Raises Unavailable for no page of orders."""
    if entries and not any(isinstance(value, dict) for value, _ in entries):
        raise Unavailable("the shop's list holds no orders, but other things", request=answer.request)
    return RawPage(
        entries=entries,
        position=newest_of(entries, modified) or BEGINNING,
        newest=newest_of(entries, modified, horizon(answer)) or BEGINNING,
        total=total,
        is_last=len(entries) < per_page,
        request=answer.request,
        dates=dates_of(entries, modified),
        room=min(ALONG, per_page // 2),
    )


def dates_of(entries: Entries, modified: Modified) -> tuple[datetime, ...]:
    """When the entries were modified, of those that say so."""
    return tuple(time for time in (modified(value) for value, _ in entries) if time)


def newest_of(entries: Entries, modified: Modified, until: datetime | None = None) -> datetime | None:
    """The newest change among the entries, not counting those dated beyond a moment."""
    return max((time for time in dates_of(entries, modified) if until is None or time <= until), default=None)


def horizon(answer: Answer) -> datetime:
    """What the shop's clock says, or ours, and a little more."""
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        moment = datetime.now(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + LIKELY_AHEAD


def raw_pages(
    start: datetime,
    ask: Callable[[datetime], RawPage],
    walk_second: Callable[[datetime], Iterator[RawPage]],
    *,
    too_old: str,
) -> Iterator[RawPage]:
    """Everything modified in the second `start` or later, oldest first, until a page is not full.

    `ask` gives the first page from a second on, `walk_second` all of one second that has more orders than fit on a
    page. Raises Rejected with the words `too_old` where the shop does not know the filter, and Unavailable where it
    shows nothing of what it says is there.
    """
    while True:
        page = ask(start)
        yield page
        if page.is_last:
            return
        if not page.entries:
            raise Unavailable("the shop says that there are more orders and shows none of them", request=page.request)
        if page.position < start:
            # A full page from before what was asked for: the next one would be the same, for ever.
            raise Rejected(too_old, request=page.request)
        if page.position > start:
            start = page.position
        else:
            yield from walk_second(start)
            start += SECOND


def follow(
    state: Cursor,
    pages: Iterator[RawPage],
    snapshot: Callable[[tuple[Any, str]], Snapshot],
    *,
    seen: set[tuple[str, str]],
    now: Callable[[], datetime],
    next_part: str = "",
) -> Generator[Page, None, Cursor]:
    """Pages with what is new on them, each with the cursor to keep; gives the cursor of the end.

    `seen` are the orders already told in this run, with their digests. After the last page of one part of a backfill
    the cursor leads to the next part.
    """
    newest, is_one_page = state.known, state.settled is None
    begun, dates = state.since, list[datetime]()
    state = state.begin(now())
    for page in pages:
        dates = sorted([*dates, *page.dates])[-1 - page.room :]
        newest = max(newest, page.newest)
        state = state.reach(page.position, newest=newest, now=now())
        if page.is_last:
            state = (
                state.next_part(next_part)
                if next_part
                else state.end(is_one_page=is_one_page, along=_along(dates, begun, page.room))
            )
        is_one_page = False
        # The second between two pages is in both of them; an id is on a page once.
        snapshots = {one.external_id: one for one in map(snapshot, page.entries)}
        fresh = tuple(one for one in snapshots.values() if (one.external_id, one.digest) not in seen)
        yield Page(fresh, state.text(), page.total)
        seen.update((one.external_id, one.digest) for one in fresh)
    return state


def listing(pages: Iterator[RawPage], id_of: Callable[[Any], str | None], modified: Modified) -> Iterator[ListedPage]:
    """Raw pages as lists of ids with their dates."""
    for page in pages:
        named = [(id_of(value), modified(value)) for value, _ in page.entries]
        times = {id_: time for id_, time in named if id_ is not None}
        yield ListedPage(times, page.position, page.is_last, unread=sum(id_ is None for id_, _ in named))


def _along(dates: Sequence[datetime], begun: datetime, room: int) -> datetime:
    """From when on at most so many of the changes that were read would be read again; nothing older than was asked for.

    Half a page at most, so that the next call has room for what is new, and a second is read as a whole or not at all.
    """
    return max(begun, dates[0] + SECOND) if len(dates) > room else begun


# -- what lists are made of --------------------------------------------------------------------------------------


def usable_id(value: Any) -> str | None:
    """An entry's id where it is a number that an order can have."""
    id_ = str(value.get("id")) if isinstance(value, dict) else ""
    return id_ if id_.isascii() and id_.isdigit() and 0 < int(id_[:21]) < 10**20 else None


def is_id(external_id: str) -> bool:
    """Whether a text is a number that an order can have, and so is safe in an address."""
    return external_id.isascii() and external_id.isdigit() and len(external_id) <= 20
