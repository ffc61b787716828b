"""Where reading a shop's changes stands, as a small text. It asks nobody anything.

A change carries the second in which it was saved and becomes visible a little later (a slow transaction, a second web
server with its own clock). So a change is settled only when the shop's clock is SETTLING past it; what is not settled
is read again by the next run. The shop's clock is never compared with ours: `known` is a moment it has passed, seen
on an order, and ours only measures how long ago (`at`) that was.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

SECOND: Final = timedelta(seconds=1)
SETTLING: Final = timedelta(seconds=120)
# One of a shop's servers may have a clock that is behind: what it saves is dated before what others saved earlier. A
# page has room for more than what is new, so the last few changes are read again on the same call: see `along`.
LOOK_BACK: Final = timedelta(hours=1)
RECENT: Final = timedelta(days=30)  # the first connection also reads orders changed since that are not open
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)  # before any order of the shops we know

_FIRST: Final = "first"  # nothing was read yet


@dataclass(frozen=True, slots=True)
class Cursor:
    """What to ask for next: everything modified in the second `since` or later.

    While backfilling that is only of open orders, and whatever is `recent` follows afterwards. `settled` is
    set in the middle of a run: how far the whole run will count as settled once it has reached its end. `part`
    names what is backfilled just now, where a shop cannot be asked for all its open orders at once. `again` is from
    when on a person wants everything read anew, and has not got it yet.
    """

    since: datetime
    known: datetime
    at: datetime
    is_backfill: bool = False
    settled: datetime | None = None
    part: str = ""
    again: datetime | None = None

    @classmethod
    def first(cls, newest: datetime, *, now: datetime, part: str = "") -> "Cursor":
        """The first connection, with the newest change that the shop has."""
        return cls(BEGINNING, newest, now, is_backfill=True, part=part)

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """A cursor from its text."""
        parts: dict[str, Any] = json.loads(text)
        return cls(
            since=_time(parts["since"]),
            known=_time(parts["known"]),
            at=_time(parts["at"]),
            is_backfill=parts["mode"] == "backfill",
            settled=_time(parts["settled"]) if "settled" in parts else None,
            part=parts.get("part", ""),
            again=_time(parts["again"]) if "again" in parts else None,
        )

    @classmethod
    def open(cls, text: str | None, first: Callable[[], "Cursor"]) -> "Cursor":
        """A cursor from its text; `first` gives that of a shop which nobody has read from yet."""
        if text is None:
            return first()
        again = _asked_at_first(text)
        return cls.read(text) if again is None else first().back_to(again)

    def text(self) -> str:
        """The cursor as it is kept."""
        parts = {"mode": "backfill" if self.is_backfill else "follow"}
        for name in ("since", "known", "at", "settled", "again"):
            moment = getattr(self, name)
            if moment is not None:
                parts[name] = naive(moment)
        if self.part:
            parts["part"] = self.part
        return json.dumps(parts)

    @property
    def recent(self) -> datetime:
        """Where backfilling ends: from here on all orders are read."""
        return self.known - RECENT

    def back_to(self, moment: datetime) -> "Cursor":
        """Reads everything changed since a moment as well, never less than without (ORD-9)."""
        again = max(BEGINNING, min(self.again or moment, moment))
        if self.is_backfill:
            return replace(self, again=again)  # open orders of any age first: they end where the rest begins
        return replace(self, since=min(self.since, again), again=again)

    def begin(self, now: datetime) -> "Cursor":
        """At the start of a run, or of the rest of one: from now on the shop's clock is at least where it must be."""
        if self.is_backfill or self.settled is not None:
            return self
        elapsed = max(timedelta(0), now - self.at)
        return replace(self, settled=self.known + elapsed - SETTLING)

    def reach(self, position: datetime, *, newest: datetime, now: datetime) -> "Cursor":
        """In the middle of a run, everything before `position` read; `newest` is the last likely change seen."""
        # An order dated far ahead is passed within the run, but no later run starts behind it: it would hide the rest.
        seen = replace(self, since=max(self.since, min(position, newest)))
        return seen if self.is_backfill or newest <= self.known else replace(seen, known=newest, at=now)

    def next_part(self, part: str) -> "Cursor":
        """After the last page of one part of a backfill: the next one, from its beginning."""
        return replace(self, since=BEGINNING, part=part)

    def end(self, *, is_one_page: bool, along: datetime | None = None) -> "Cursor":
        """After the last page: the next run reads again what is not settled, and what comes `along` on its page."""
        if self.is_backfill:
            # Recent orders, whatever their state, and whatever changed while the open ones were read.
            return Cursor(min(self.recent, self.again or self.recent), self.known, self.at, again=self.again)
        settled = self.settled or self.known - SETTLING
        if is_one_page:  # one answer that shows a change of `known` was given no earlier
            settled = max(settled, self.known - SETTLING)
        since = min(self.known + SECOND, settled, max(along or self.known + SECOND, self.known - LOOK_BACK))
        return replace(self, since=since, settled=None, again=None)


def back_to(text: str | None, moment: datetime) -> str:
    """The cursor that a person wants: where it stands, and everything changed since a moment besides (ORD-9)."""
    at_first = moment if text is None else _asked_at_first(text)
    if text is not None and at_first is None:
        return Cursor.read(text).back_to(moment).text()
    return json.dumps({"mode": _FIRST, "again": naive(max(BEGINNING, min(at_first or moment, moment)))})


def anew(text: str | None) -> str | None:
    """The cursor of a shop that is connected again: a first connection, and all that it was not read for."""
    if text is None or _asked_at_first(text) is not None:
        return text
    state = Cursor.read(text)
    unread = state.again if state.is_backfill else state.since
    return None if unread is None else back_to(None, unread)


def read_up_to(text: str | None) -> datetime | None:
    """Everything that the shop changed before this moment was read; None while a first connection is under way."""
    if text is None or _asked_at_first(text) is not None:
        return None
    state = Cursor.read(text)
    return None if state.is_backfill else state.since


def _asked_at_first(text: str) -> datetime | None:
    """Since when a person wants everything of a shop that nobody has read from yet."""
    parts: dict[str, Any] = json.loads(text)
    return _time(parts["again"]) if parts["mode"] == _FIRST else None


def naive(moment: datetime) -> str:
    """A time in UTC without saying so, in whole seconds; WooCommerce takes and gives it so beside `_gmt`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
