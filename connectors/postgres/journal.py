"""The journal in PostgreSQL: append-only, and read by people."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries

_SQL = queries("journal")


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


def lines(connection: Connection, which: Which, *, after: int = 0, limit: int = 1000) -> list[Row]:
    """The latest lines that fit, oldest first; `after` is the id of a line already seen."""
    return connection.execute(_SQL["lines"], {**asdict(which), "after": after, "limit": limit}).fetchall()
