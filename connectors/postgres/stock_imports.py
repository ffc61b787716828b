"""Counts of what stores show, in PostgreSQL: which was asked for, how far it is, and what was read for it (STK-11)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries
from connectors.postgres.rows import Rest, StoreTurn, read_store_row
from schemas.account import read_account
from schemas.failures import PutOff
from schemas.stock import StoreItem

_SQL: Final = queries("stock_imports")
OVER: Final = frozenset({"done", "stopped"})


@dataclass(frozen=True, slots=True)
class StockImport:
    """A count that a person asked for, and how far it is. `step` is where it stands; `report` what came of it."""

    store_id: int
    asked_at: datetime
    is_again: bool
    is_trial: bool
    step: str
    step_at: datetime
    walk: dict[str, Any] | None
    seen: int
    attempts: int
    due_at: datetime | None
    reason: str | None
    detail: str | None
    report: dict[str, Any] | None
    ended_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.step in OVER

    @property
    def key(self) -> dict[str, Any]:
        """Which count it is: one that was asked for anew is another one."""
        return {"store_id": self.store_id, "asked_at": self.asked_at}


def want(connection: Connection, store_id: int, *, is_again: bool, is_trial: bool) -> None:
    """Ask for a count of what a store shows."""
    values = {"store_id": store_id, "is_again": is_again, "is_trial": is_trial}
    connection.execute(_SQL["want_import"], values)
    go_on_now(connection, store_id)


def look(connection: Connection, store_id: int) -> StockImport | None:
    """The latest count of a store."""
    row = connection.execute(_SQL["stock_import"], {"store_id": store_id}).fetchone()
    return StockImport(**row) if row else None


@dataclass(frozen=True, slots=True)
class CountTurn(StoreTurn):
    """A store when the turn of its count comes: when that was asked for and how far it is, where there is one."""

    asked_at: datetime | None = None
    step: str | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether something of it is left to do."""
        return self.step is not None and self.step not in OVER


def look_with_store(connection: Connection, store_id: int) -> CountTurn | None:
    """The store with the account's settings, and how far its latest count is."""
    row = connection.execute(_SQL["store_with_import"], {"store_id": store_id}).fetchone()
    if row is None:
        return None
    rest = Rest(row["count_due_at"], row["count_attempts"] or 0, row["count_reason"])
    return CountTurn(read_store_row(row), read_account(row["account"]), rest, row["asked_at"], row["step"])


def due(connection: Connection) -> list[int]:
    """Stores of which a count is under way."""
    return [row["store_id"] for row in connection.execute(_SQL["due"])]


def go_on_now(connection: Connection, store_id: int) -> None:
    """Go on at once with a store's count, whatever failed before: a person wants it now."""
    connection.execute(_SQL["go_on_now"], {"store_id": store_id})


def go_to(connection: Connection, job: StockImport, step: str) -> None:
    """Go on with another step."""
    connection.execute(_SQL["go_to"], job.key | {"step": step})


def forget_earlier(connection: Connection, job: StockImport) -> None:
    """Forget what was read for an earlier count."""
    connection.execute(_SQL["forget_figures"], job.key)
    connection.execute(_SQL["forget_moves"], job.key)


def keep_page(
    connection: Connection, job: StockImport, items: Sequence[StoreItem], *, read_at: datetime, walk: dict[str, Any]
) -> None:
    """Keep what a page of the catalogue showed, and how far the walk has come."""
    keep_figures(connection, job, items, read_at=read_at)
    connection.execute(_SQL["keep_import_walk"], job.key | {"walk": Jsonb(walk), "more": len(items)})


def read_again(
    connection: Connection, job: StockImport, skus: Sequence[str], items: Sequence[StoreItem], *, read_at: datetime
) -> None:
    """Keep what a store shows of some SKUs now, in place of what it showed."""
    connection.execute(_SQL["drop_figures"], job.key | {"skus": list(skus)})
    keep_figures(connection, job, items, read_at=read_at)


def keep_figures(connection: Connection, job: StockImport, items: Sequence[StoreItem], *, read_at: datetime) -> None:
    """Keep what a store showed when it was asked."""
    newest = {item.external_id: item for item in items}  # one statement may touch a row once
    values = {
        "ids": list(newest),
        "skus": [item.sku for item in newest.values()],
        "tracked": [item.is_tracked for item in newest.values()],
        "shown": [json.dumps(item.shown) for item in newest.values()],
    }
    connection.execute(_SQL["keep_figures"], job.key | values | {"read_at": read_at})


def figures(connection: Connection, job: StockImport) -> list[StoreItem]:
    """All that was read."""
    return [StoreItem(**row) for row in connection.execute(_SQL["figures"], job.key)]


def forget(connection: Connection, store_id: int) -> None:
    """Nobody wants a store counted any more that is parted from: connected again, it is not counted unasked."""
    connection.execute(_SQL["stop_import"], {"store_id": store_id})


def moved(connection: Connection, store_id: int, skus: Sequence[str]) -> None:
    """Orders of a store moved these SKUs: a count that is under way reads them again."""
    if skus:
        connection.execute(_SQL["moved"], {"store_id": store_id, "skus": list(skus)})


def doubtful(connection: Connection, job: StockImport) -> dict[str, bool]:
    """SKUs whose figure and whose orders may not be of one moment; whether one waits for an order that is unread."""
    return {row["sku"]: row["is_unread"] for row in connection.execute(_SQL["doubtful"], job.key)}


def told(connection: Connection, store_id: int, skus: Sequence[str]) -> list[str]:
    """Those of some SKUs that the store was ever told: what it shows of them is the hub's word."""
    found = connection.execute(_SQL["told_skus"], {"store_id": store_id, "skus": list(skus)})
    return [row["sku"] for row in found]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Orders of a store that wait to be looked at now, and those that were set aside."""

    waiting: int
    failed: int


def backlog(connection: Connection, store_id: int) -> Backlog:
    """How far the hub is behind a store's orders."""
    row = connection.execute(_SQL["backlog"], {"store_id": store_id}).fetchone()
    return Backlog(**row) if row else Backlog(0, 0)


def put_off(connection: Connection, store_id: int, asked_at: datetime, why: PutOff) -> None:
    """Go on later with the count that was asked for at that moment."""
    key = {"store_id": store_id, "asked_at": asked_at}
    values = {"due_at": why.until, "attempt": int(why.is_attempt), "reason": why.reason, "detail": why.words}
    connection.execute(_SQL["put_off_import"], key | values)


def hold(connection: Connection, job: StockImport) -> bool:
    """Let nobody ask for it anew before the transaction ends; False where somebody did."""
    return connection.execute(_SQL["hold_import"], job.key).fetchone() is not None


def finish(connection: Connection, job: StockImport, report: dict[str, Any]) -> None:
    """It is done."""
    _end(connection, job.key, {"step": "done", "reason": None, "detail": None, "report": Jsonb(report)})


def stop(connection: Connection, store_id: int, asked_at: datetime, why: PutOff) -> None:
    """The count that was asked for at that moment cannot be done; nothing was counted."""
    key = {"store_id": store_id, "asked_at": asked_at}
    _end(connection, key, {"step": "stopped", "reason": why.reason, "detail": why.words, "report": None})


def _end(connection: Connection, key: Row, values: Row) -> None:
    if connection.execute(_SQL["finish"], key | values).rowcount:
        connection.execute(_SQL["drop_all"], key)
