"""What of a store's list of orders is missing with us, or older, as plain data (BEY-4)."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.orders import ListedPage
from tasks.rules.auditing import Window, compare_page, decide_window, is_late, last_night

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = Window(NOW - 9 * HOUR, NOW)


def test_BEY_4_what_we_lack_is_missing_and_what_the_store_has_newer_is_older_with_us() -> None:
    times = {"1": NOW - HOUR, "2": NOW - HOUR, "3": NOW - HOUR, "4": NOW - HOUR, "5": None}
    known = {"2": NOW - HOUR, "3": NOW - 2 * HOUR, "4": None}

    found = compare_page(ListedPage(times, NOW, is_last=True), known, WINDOW)

    assert (found.listed, found.missing, found.older) == (tuple(times), ("1", "5"), {"3": NOW - HOUR})


def test_BEY_4_what_a_fetch_may_still_bring_is_neither() -> None:
    found = compare_page(ListedPage({"1": NOW, "2": NOW + HOUR}, NOW, is_last=True), {"2": NOW - HOUR}, WINDOW)

    assert (found.listed, found.missing, found.older) == ((), (), {})


@pytest.mark.parametrize(
    ("read_from", "read_up_to", "window"),
    [
        (NOW - 9 * HOUR, NOW, Window(NOW - 5 * HOUR, NOW)),
        (NOW - 2 * HOUR, NOW, Window(NOW - 2 * HOUR, NOW)),  # connected since: what is older was never to be read
        (NOW - 9 * HOUR, NOW - 6 * HOUR, None),  # a person had all of it read anew, and it is not done
        (NOW - 9 * HOUR, None, None),
    ],
)
def test_BEY_4_only_what_was_to_be_read_and_was_is_compared(
    read_from: datetime, read_up_to: datetime | None, window: Window | None
) -> None:
    assert decide_window(wanted=NOW - 5 * HOUR, read_from=read_from, read_up_to=read_up_to) == window


@pytest.mark.parametrize(("hour", "day"), [(0, 9), (1, 10), (23, 10)])
def test_BEY_4_a_night_begins_at_one(hour: int, day: int) -> None:
    assert last_night(NOW.replace(hour=hour, minute=30)) == NOW.replace(day=day, hour=1)


@pytest.mark.parametrize(
    ("audited_at", "hour", "late"),
    [
        (NOW.replace(hour=1), 2, False),
        (NOW - 24 * HOUR, 2, False),  # the night has begun, and it may still be at it
        (NOW - 24 * HOUR, 4, True),
        (None, 4, False),  # connected this night
    ],
)
def test_BEY_4_a_comparison_that_a_night_did_not_bring_is_late(
    audited_at: datetime | None, hour: int, late: bool
) -> None:
    assert is_late(audited_at, NOW.replace(hour=2), now=NOW.replace(hour=hour)) is late
