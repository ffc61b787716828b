"""The journal in PostgreSQL: append-only, and read by people."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries

_SQL = queries("journal")

LIMIT: Final = 1000  # lines at a time
OVERLAP: Final = timedelta(minutes=2)  # so long after it was written a line may come: no transaction takes longer


@dataclass(frozen=True, slots=True)
class Line:
    """What was done or not done, and why."""

    action: str
    outcome: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Which:
    """Which lines: of a store, an order, a SKU, from a moment on; None is any."""

    store_id: int | None = None
    external_id: str | None = None
    sku: str | None = None
    since: datetime | None = None


def add(connection: Connection, line: Line, *, store_id: int | None = None, external_id: str | None = None) -> None:
    """Write one line."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "sku": None,
        "action": line.action,
        "outcome": line.outcome,
        "reason": line.reason,
        "detail": Jsonb(line.detail),
    }
    connection.execute(_SQL["add"], values)


def lines(connection: Connection, which: Which, *, limit: int = LIMIT) -> list[Row]:
    """The latest lines that fit, oldest first."""
    return connection.execute(_SQL["lines"], {**asdict(which), "limit": limit}).fetchall()


@dataclass(slots=True)
class Following:
    """The lines that fit from number `first` on: those that were seen, with their times, and how to find the others."""

    which: Which
    first: int = 0
    seen: dict[int, datetime] = field(default_factory=dict)

    def news(self, connection: Connection) -> Iterator[Row]:
        """Every line that was not seen yet, once, oldest first."""
        while page := connection.execute(_SQL["news"], self._values()).fetchall():
            for row in page:
                self.seen[row["id"]] = row["at"]
                yield row
            self._forget()

    def _values(self) -> dict[str, Any]:
        return {**asdict(self.which), "first": self.first, "seen": list(self.seen), "limit": LIMIT}

    def _forget(self) -> None:
        """Let go what is older than any transaction: what was numbered before it has come by now."""
        oldest = max(self.seen.values()) - OVERLAP
        self.first = max([self.first, *(id + 1 for id, at in self.seen.items() if at < oldest)])
        self.seen = {id: at for id, at in self.seen.items() if id >= self.first}


def follow(which: Which, shown: Sequence[Row]) -> Following:
    """Go on behind the latest lines, as `lines` gave them."""
    first = shown[0]["id"] if len(shown) >= LIMIT else 0  # what is older was left out on purpose
    return Following(which, first, {row["id"]: row["at"] for row in shown})
