"""The journal in PostgreSQL: append-only, and read by people."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, chosen, queries, read_all
from schemas.journal import Entry, Line

_SQL = queries("journal")

LIMIT: Final = 1000  # lines at a time
OVERLAP: Final = timedelta(minutes=2)  # so long after it was written a line may come: no transaction takes longer


@dataclass(frozen=True, slots=True)
class Which:
    """Which lines: of a store, an order, a SKU, from a moment on, before a number; None is any."""

    store_id: int | None = None
    external_id: str | None = None
    sku: str | None = None
    since: datetime | None = None
    before: int | None = None

    def chosen(self, name: str, *, limit: int) -> LiteralString:
        """A statement about these lines, by the index that has them in their order."""
        of_order = "of_orders" if self.store_id is None else "of_order"
        asked: dict[str, object] = {
            of_order: self.external_id,
            "of_sku": self.sku,
            "of_time": self.since,
            "before_line": self.before,
        }
        if self.external_id is None:
            asked["of_store"] = self.store_id
        conditions = [_SQL[key] for key, value in asked.items() if value is not None]
        columns = ["j.store_id", "j.id"] if asked.get("of_store") else ["j.id"]
        latest = ", ".join(f"{column} DESC" for column in columns)
        return chosen(_SQL[name], conditions, limit=limit, latest=latest, oldest=", ".join(columns))


_WHO: Final[ContextVar[str | None]] = ContextVar("who", default=None)


@contextmanager
def by(who: str | None) -> Iterator[None]:
    """What is journaled meanwhile, a person did: a user of the console, or who types a command (CON-2)."""
    before = _WHO.set(who)
    try:
        yield
    finally:
        _WHO.reset(before)


def add(
    connection: Connection,
    line: Line,
    *,
    store_id: int | None = None,
    external_id: str | None = None,
    sku: str | None = None,
) -> None:
    """Write one line, of an order or of a SKU where it is about one."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "sku": sku,
        "action": line.action,
        "outcome": line.outcome,
        "reason": line.reason,
        "detail": Jsonb(line.detail),
        "who": _WHO.get(),
    }
    connection.execute(_SQL["add"], values)


def add_for_orders(connection: Connection, line: Line, orders: Sequence[tuple[int, str]]) -> None:
    """Write the same line for several orders, each by its store and id."""
    values = {
        "store_ids": [store_id for store_id, _ in orders],
        "external_ids": [external_id for _, external_id in orders],
        "action": line.action,
        "outcome": line.outcome,
        "reason": line.reason,
        "detail": Jsonb(line.detail),
        "who": _WHO.get(),
    }
    connection.execute(_SQL["add_for_orders"], values)


def newest(connection: Connection) -> int:
    """The number of the newest line; 0 where there is none."""
    row = connection.execute(_SQL["newest_line"]).fetchone()
    return int(row["id"]) if row else 0


def lines(connection: Connection, which: Which, *, limit: int = LIMIT) -> list[Entry]:
    """The latest lines that fit, oldest first."""
    return read_all(connection, Entry, which.chosen("lines", limit=limit), asdict(which))


@dataclass(slots=True)
class Following:
    """The lines that fit from number `first` on: those that were seen, with their times, and how to find the others."""

    which: Which
    first: int = 0
    seen: dict[int, datetime] = field(default_factory=dict)

    def news(self, connection: Connection) -> Iterator[Entry]:
        """Every line that was not seen yet, once, oldest first."""
        statement = self.which.chosen("news", limit=LIMIT)
        while page := read_all(connection, Entry, statement, self._values()):
            for line in page:
                self.seen[line.id] = line.at
                yield line
            self._forget()

    def _values(self) -> dict[str, Any]:
        return {**asdict(self.which), "first": self.first, "seen": list(self.seen)}

    def _forget(self) -> None:
        """Let go what is older than any transaction: what was numbered before it has come by now."""
        oldest = max(self.seen.values()) - OVERLAP
        self.first = max([self.first, *(id + 1 for id, at in self.seen.items() if at < oldest)])
        self.seen = {id: at for id, at in self.seen.items() if id >= self.first}


def follow(which: Which, shown: Sequence[Entry]) -> Following:
    """Go on behind the latest lines, as `lines` gave them."""
    first = shown[0].id if len(shown) >= LIMIT else 0  # what is older was left out on purpose
    return Following(which, first, {line.id: line.at for line in shown})
