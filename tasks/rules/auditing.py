"""A store's list of orders beside ours: what we do not have, and what the store has newer than we do (BEY-4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from schemas.orders import ListedPage

DAYS: Final = 7  # that a night looks back, and a person who does not say
NIGHT: Final = timedelta(hours=1)  # after midnight UTC a night begins: orders and stock are compared
LATE: Final = timedelta(hours=2)  # after that a night's comparison should have come to its end


@dataclass(frozen=True, slots=True)
class Window:
    """Orders that the store changed in this time are compared: `since` is within, `until` is not."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ComparedPage:
    """What a page of the store's list says: orders that we do not have, and those of which we know an older change."""

    listed: tuple[str, ...]
    missing: tuple[str, ...]
    older: Mapping[str, datetime]


def last_night(now: datetime) -> datetime:
    """When the last night began."""
    return (now - NIGHT).replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT


def is_late(audited_at: datetime | None, since: datetime, *, now: datetime) -> bool:
    """Whether the last night's comparison should have come to its end, and did not; the store is there `since`."""
    night = last_night(now - LATE)
    return (audited_at or since) < night


def decide_window(*, wanted: datetime, read_from: datetime, read_up_to: datetime | None) -> Window | None:
    """What can be compared of what changed since a moment; None where nothing of it was read yet.

    What was changed before `read_from` was never to be read, what was changed later than `read_up_to` is on its way: it
    is not missing.
    """
    since = max(wanted, read_from)
    return None if read_up_to is None or read_up_to <= since else Window(since, read_up_to)


def compare_page(page: ListedPage, known: Mapping[str, datetime | None], window: Window) -> ComparedPage:
    """Compare a page of the store's list with what we know of its orders."""
    times = {id_: time for id_, time in page.times.items() if time is None or time < window.until}
    missing = tuple(id_ for id_ in times if id_ not in known)
    older = dict[str, datetime]()
    for id_, time in times.items():
        ours = known.get(id_)
        if time is not None and ours is not None and ours < time:
            older[id_] = time
    return ComparedPage(tuple(times), missing, older)
