"""Records of one kind, with their past: a read may be late, and what is deleted stays."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

from sandbox.katana.errors import not_found

Row = dict[str, Any]


class Clock(Protocol):
    """What a table asks its account."""

    def moment(self) -> datetime:
        """The time."""

    def seen_until(self) -> datetime | None:
        """How far the present request sees; None sees everything."""

    def next_id(self) -> int:
        """A number that nothing else has."""


class Table:
    """Rows by id. A row is never changed, only replaced: who holds one holds what stood then."""

    def __init__(self, clock: Clock, parent: str = "") -> None:
        self._clock = clock
        self._parent = parent
        self._rows: dict[int, Row] = {}
        self._before: dict[int, list[tuple[datetime, Row | None]]] = defaultdict(list)
        self._children: dict[int, list[int]] = defaultdict(list)

    def add(self, **fields: Any) -> Row:
        """A new row with an id and its times."""
        now = self._now()
        number = self._clock.next_id()
        row = {"id": number, **fields, "created_at": now, "updated_at": now, "deleted_at": None}
        self._rows[number] = row
        self._before[number].append((now, None))
        if self._parent:
            self._children[row[self._parent]].append(number)
        return row

    def change(self, number: int, **fields: Any) -> Row:
        """Change fields; it counts as an update though nothing differs."""
        now, row = self._now(), self._rows[number]
        self._before[number].append((now, row))
        self._rows[number] = row | fields | {"updated_at": now}
        return self._rows[number]

    def delete(self, number: int) -> None:
        """Delete a row: it stays, and counts as updated."""
        if self._rows[number]["deleted_at"] is None:
            self.change(number, deleted_at=self._now())

    def view(self, *, deleted: bool = False) -> Iterator[Row]:
        """All rows as the present request sees them, the newest first."""
        return self._seen(reversed(list(self._rows)), deleted=deleted)

    def of(self, parent: int, *, deleted: bool = False) -> list[Row]:
        """The rows of a parent, the oldest first."""
        return list(self._seen(iter(self._children.get(parent, ())), deleted=deleted))

    def find(self, number: Any, *, deleted: bool = False) -> Row:
        """A row by id. Raises KatanaRefusal."""
        row = self.get(number, deleted=deleted)
        if row is None:
            raise not_found()
        return row

    def get(self, number: Any, *, deleted: bool = False) -> Row | None:
        """The same, None where there is none."""
        known = [number] if number in self._rows else []
        return next(self._seen(iter(known), deleted=deleted), None)

    def _seen(self, numbers: Iterator[int], *, deleted: bool) -> Iterator[Row]:
        until = self._clock.seen_until()
        for number in numbers:
            row = self._rows[number] if until is None else self._then(number, until)
            if row is not None and (deleted or row["deleted_at"] is None):
                yield row

    def _then(self, number: int, until: datetime) -> Row | None:
        """What stood at a time: what the first change after it replaced."""
        later = (before for at, before in self._before[number] if at > until)
        return next(later, self._rows[number])

    def _now(self) -> datetime:
        now = self._clock.moment()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
