"""Where reading a shop's changes stands, as a small text. It asks nobody anything.

A change carries the second in which it was saved and becomes visible a little later (a slow transaction, a second web
server with its own clock). So a change is settled only when the shop's clock is SETTLING past it; what is not settled
is read again by the next run. The shop's clock is never compared with ours: `known` is a moment it has passed, seen
on an order, and ours only measures how long ago (`at`) that was.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

SECOND: Final = timedelta(seconds=1)
SETTLING: Final = timedelta(seconds=120)
RECENT: Final = timedelta(days=30)  # the first connection also reads orders changed since that are not open
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)  # before any order of the shops we know


@dataclass(frozen=True, slots=True)
class Cursor:
    """What to ask for next: everything modified in the second `since` or later.

    While backfilling that is only of open orders, and whatever is `recent` follows afterwards. `settled` is
    set in the middle of a run: how far the whole run will count as settled once it has reached its end. `part`
    names what is backfilled just now, where a shop cannot be asked for all its open orders at once.
    """

    since: datetime
    known: datetime
    at: datetime
    is_backfill: bool = False
    settled: datetime | None = None
    part: str = ""

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
        )

    def text(self) -> str:
        """The cursor as it is kept."""
        parts = {"mode": "backfill" if self.is_backfill else "follow"}
        for name in ("since", "known", "at", "settled"):
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

    def end(self, *, is_one_page: bool) -> "Cursor":
        """After the last page: the next run reads again what is not settled."""
        if self.is_backfill:
            # Recent orders, whatever their state, and whatever changed while the open ones were read.
            return Cursor(self.recent, self.known, self.at)
        settled = self.settled or self.known - SETTLING
        if is_one_page:  # one answer that shows a change of `known` was given no earlier
            settled = max(settled, self.known - SETTLING)
        return replace(self, since=min(self.known + SECOND, settled), settled=None)


def naive(moment: datetime) -> str:
    """A time in UTC without saying so, in whole seconds; WooCommerce takes and gives it so beside `_gmt`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
