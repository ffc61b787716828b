"""connectors.cursor: no change is lost, however late it shows and whenever we ask."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.cursor import BEGINNING, LOOK_BACK, RECENT, SECOND, SETTLING, Cursor, anew, back_to, naive
from connectors.following import RawPage, follow
from schemas.orders import Snapshot

START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def poll(cursor: Cursor, *, newest: datetime, now: datetime) -> Cursor:
    """A run of one page whose newest change is `newest`."""
    newest = max(newest, cursor.known)
    return cursor.begin(now).reach(newest, newest=newest, now=now).end(is_one_page=True)


def test_a_cursor_comes_back_from_its_text() -> None:
    for cursor in (Cursor.first(START, now=START), Cursor(START, START, START).begin(START + MINUTE)):
        assert Cursor.read(cursor.text()) == cursor


def test_a_time_never_has_a_zone() -> None:
    """With dates_are_gmt a Z is silently shifted by the shop's offset."""
    assert naive(START.astimezone()) == "2026-01-05T10:00:00"


def test_ORD_4_after_the_backfill_follows_everything_recent() -> None:
    cursor = Cursor.first(START, now=START)

    backfilled = cursor.begin(START).reach(START + MINUTE, newest=START + MINUTE, now=START).end(is_one_page=True)

    assert not backfilled.is_backfill
    assert (backfilled.since, backfilled.known) == (START - RECENT, START)


def test_fresh_changes_are_read_again_and_settled_ones_are_not() -> None:
    cursor = Cursor(START, START, START)

    cursor = poll(cursor, newest=START, now=START)
    assert cursor.since == START - SETTLING

    cursor = poll(cursor, newest=START, now=START + MINUTE)
    assert cursor.since == START - MINUTE

    cursor = poll(cursor, newest=START, now=START + 5 * MINUTE)
    assert cursor.since == START + SECOND
    assert poll(cursor, newest=START, now=START + 9 * MINUTE) == cursor


@pytest.mark.parametrize("leap", [timedelta(days=365), timedelta(days=-365)])
def test_our_clock_may_leap_without_a_gap(leap: timedelta) -> None:
    cursor = poll(Cursor(START, START, START), newest=START, now=START + leap)

    assert cursor.since <= START + SECOND


def test_a_date_far_ahead_is_not_followed() -> None:
    """`newest` leaves it out: whatever changes before that day would be lost."""
    cursor = Cursor(START, START, START).begin(START)

    reached = cursor.reach(START + timedelta(days=900), newest=START + SECOND, now=START)

    assert reached.since == START + SECOND
    assert reached.end(is_one_page=True).since <= START + SECOND


# -- what a person asks for (ORD-9) ----------------------------------------------------------------------------------


def opened(text: str | None) -> Cursor:
    return Cursor.open(text, lambda: Cursor.first(START, now=START, part="open"))


@given(asked=st.integers(-40_000, 30_000), stood=st.integers(-9_000, 5_000), is_under_way=st.booleans())
def test_ORD_9_a_cursor_only_ever_moves_back(asked: int, stood: int, is_under_way: bool) -> None:
    since, stands = START + timedelta(days=asked), START + timedelta(days=stood)
    before = Cursor(stands, stands, stands)
    before = before.begin(stands) if is_under_way else before

    after = opened(back_to(before.text(), since))

    assert BEGINNING <= after.since <= stands
    assert after.since <= max(BEGINNING, since)
    assert (after.known, after.at, after.settled) == (before.known, before.at, before.settled)


@pytest.mark.parametrize("since", [START - timedelta(days=2), START - timedelta(days=90), START])
def test_ORD_9_a_first_import_goes_on_where_it_was_and_ends_where_it_is_asked_to(since: datetime) -> None:
    begun = Cursor.first(START, now=START, part="open").reach(START - timedelta(days=400), newest=START, now=START)

    for text in (begun.text(), back_to(None, since)):
        asked = opened(back_to(text, since))
        assert (asked.is_backfill, asked.part) == (True, "open")
        assert asked.since <= begun.since
        assert asked.end(is_one_page=True).since == min(START - RECENT, since)


def test_ORD_9_what_is_asked_for_twice_is_asked_for_from_the_earlier_moment() -> None:
    earlier, later = START - timedelta(days=90), START - timedelta(days=2)

    for text in (None, Cursor(START, START, START).text(), Cursor.first(START, now=START).text()):
        assert back_to(back_to(text, earlier), later) == back_to(back_to(text, later), earlier)


def test_ORD_9_what_was_asked_for_is_done_once() -> None:
    asked = opened(back_to(Cursor(START, START, START).text(), START - timedelta(days=90)))

    ended = Cursor.read(asked.begin(START).text()).reach(START, newest=START, now=START).end(is_one_page=True)

    assert (asked.again, ended.again) == (START - timedelta(days=90), None)


def test_ORD_9_a_shop_that_is_connected_again_is_also_read_from_where_it_was_left() -> None:
    left, wish = START - timedelta(days=200), START - timedelta(days=300)
    began = Cursor.first(left, now=left)

    assert opened(anew(Cursor(left, left, left).text())).end(is_one_page=True).since == left
    assert opened(anew(began.back_to(wish).text())).end(is_one_page=True).since == wish
    assert (anew(None), anew(began.text())) == (None, None)
    assert anew(back_to(None, wish)) == back_to(None, wish)


# -- clocks that are behind --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("along", "since"),
    [
        (None, START + SECOND),
        (START - 10 * MINUTE, START - 10 * MINUTE),
        (START - timedelta(days=3), START - LOOK_BACK),
        (START + 10 * MINUTE, START + SECOND),
    ],
)
def test_the_last_changes_are_read_again_as_far_as_they_come_along(along: datetime | None, since: datetime) -> None:
    cursor = Cursor(START, START, START).begin(START + 5 * MINUTE)

    assert cursor.end(is_one_page=True, along=along).since == since


def test_what_comes_along_is_never_more_than_fits_on_the_page_beside_what_is_new() -> None:
    """Shops of every pace, orders of one second among them: each poll is one page, as without."""
    shop = [START + timedelta(seconds=gap) for gap in [*range(0, 3000, 7), *([3000] * 90), *range(3001, 9000, 40)]]
    cursor, polls = Cursor(START, START, START), list[int]()
    for second in range(0, 9000, 60):
        now = START + timedelta(seconds=second)
        there = sorted(one for one in shop if one <= now)
        asked = [one for one in there if one >= cursor.since]
        polls.append(len(asked))
        page = RawPage([], max(there), max(there), None, True, dates=tuple(asked), room=20)
        gone = follow(cursor, iter([page]), _nothing, seen=set(), now=partial(_same, now))
        cursor = Cursor.read([page.cursor for page in gone][-1])

    starts = (START + timedelta(seconds=second) for second in range(0, 9000, 60))
    busiest = max(sum(start - 3 * MINUTE <= one <= start for one in shop) for start in starts)
    assert max(polls) <= 20 + busiest
    assert min(polls[60:]) >= 5


def _same(moment: datetime) -> datetime:
    return moment


def _nothing(_: object) -> Snapshot:
    raise AssertionError("there are no entries")


@dataclass(frozen=True)
class Change:
    """A change stamped at a second of the shop's clock, which shows some seconds later."""

    stamp: int
    delay: int


changes = st.lists(st.builds(Change, st.integers(1, 900), st.integers(0, 119)), unique_by=lambda change: change.stamp)


@pytest.mark.long
@given(
    events=changes,
    pauses=st.lists(st.integers(1, 200), min_size=1, max_size=12),
    page_seconds=st.integers(0, 90),
    budget=st.integers(1, 5),
    offset=st.integers(-10_000, 10_000),
)
def test_no_change_is_lost_however_late_it_shows(
    events: list[Change], pauses: list[int], page_seconds: int, budget: int, offset: int
) -> None:
    """Pages of two that take their time, runs that stop after `budget` pages, our clock off by `offset`."""
    shop = _Shop(events, page_seconds, offset)
    cursor = Cursor(START, START, shop.ours())
    for pause in [*pauses, *([1000] * 200)]:
        shop.clock += pause
        cursor = Cursor.read(_run(cursor, shop, budget).text())

    assert shop.seen == set(events)


class _Shop:
    def __init__(self, events: list[Change], page_seconds: int, offset: int) -> None:
        self.clock = 0
        self.seen: set[Change] = set()
        self._events = sorted(events, key=lambda event: event.stamp)
        self._page_seconds = page_seconds
        self._offset = offset

    def ours(self) -> datetime:
        return START + SECOND * (self.clock + self._offset)

    def page(self, position: datetime) -> list[Change]:
        self.clock += self._page_seconds
        there = [e for e in self._events if e.stamp + e.delay <= self.clock and stamped(e) >= position]
        self.seen.update(there[:2])
        return there[:2]


def stamped(change: Change) -> datetime:
    return START + SECOND * change.stamp


def _run(cursor: Cursor, shop: _Shop, budget: int) -> Cursor:
    state, position, is_one_page = cursor.begin(shop.ours()), cursor.since, cursor.settled is None
    newest = state.known
    for _ in range(budget):
        page = shop.page(position)
        newest = max([newest, *map(stamped, page)])
        position = stamped(page[-1]) if page else position
        state = state.reach(position, newest=newest, now=shop.ours())
        if len(page) < 2:
            return state.end(is_one_page=is_one_page)
        is_one_page = False
    return state
