"""Work on a store that failed and waits, by its kind: until when, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.postgres import Connection, queries, read_all
from connectors.postgres.rows import Rest, StoreTurn, read_store_row
from schemas.account import read_account
from schemas.failures import PutOff

_SQL: Final = queries("lanes")


def look(connection: Connection, store_id: int, lane: str = "") -> StoreTurn | None:
    """The store with the account's settings, and what one kind of work on it waits for."""
    row = connection.execute(_SQL["look_at_lane"], {"store_id": store_id, "lane": lane}).fetchone()
    if row is None:
        return None
    rest = Rest(row["lane_due_at"], row["lane_attempts"], row["lane_reason"])
    return StoreTurn(read_store_row(row), read_account(row["account"]), rest)


def put_off(connection: Connection, store_id: int, lane: str, why: PutOff) -> None:
    """Do not try one kind of work on a store before a moment."""
    values = {"due_at": why.until, "attempt": int(why.is_attempt), "reason": why.reason, "detail": why.words}
    connection.execute(_SQL["put_off_lane"], {"store_id": store_id, "lane": lane, **values})


def clear(connection: Connection, store_id: int, lane: str | None = None) -> None:
    """Nothing of a store waits any more, or not this kind of work: it is done, or a person has mended something."""
    connection.execute(_SQL["clear_lanes"], {"store_id": store_id, "lane": lane})


@dataclass(frozen=True, slots=True)
class WaitingWork:
    """Work on a store that could not be done: until when it waits, and why."""

    task: str
    due_at: datetime
    reason: str
    detail: str


def waiting(connection: Connection, store_id: int) -> list[WaitingWork]:
    """What work on a store waits for."""
    return read_all(connection, WaitingWork, _SQL["waiting_lanes"], {"store_id": store_id})
