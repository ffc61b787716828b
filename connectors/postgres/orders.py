"""The due rows of orders in PostgreSQL: snapshots in, bells out, marks set."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, Row, queries
from connectors.postgres.journal import Line
from schemas.orders import Snapshot
from schemas.stores import Skipped

_SQL = queries("orders")

BELL_SECONDS = 30  # a bell that nobody answered for so long is lost, and rung again
WINDOW = 200  # bells of one store that are out at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of looking at an order: its new state, why, and what to write down.

    `is_failing` is an order in the hub that does not have what its store sent.
    """

    state: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    hub_order_id: str | None = None
    lines: tuple[Line, ...] = ()
    is_failing: bool = False


def keep_snapshots(connection: Connection, store_id: int, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Store a page of orders; returns those that are news, each with every SKU that it ever had."""
    newest = {snapshot.external_id: snapshot for snapshot in snapshots}  # one statement may touch a row once
    page = sorted(newest.values(), key=lambda snapshot: snapshot.external_id)  # locks in one order: no deadlock
    values = {
        "store_id": store_id,
        "ids": [snapshot.external_id for snapshot in page],
        "payloads": [snapshot.payload for snapshot in page],
        "digests": [snapshot.digest for snapshot in page],
        "times": [snapshot.updated_at for snapshot in page],
        "problems": [_problem(snapshot) for snapshot in page],
        "skus": [None if snapshot.skus is None else json.dumps(snapshot.skus) for snapshot in page],
        "numbers": [snapshot.number for snapshot in page],
    }
    rows = connection.execute(_SQL["keep_snapshots"], values)
    return [replace(newest[row["external_id"]], skus=_skus(row)) for row in rows]


def _skus(row: Row) -> tuple[str, ...] | None:
    return None if row["skus"] is None else tuple(row["skus"])


def _problem(snapshot: Snapshot) -> str | None:
    if snapshot.problem is None:
        return None
    path, words = snapshot.problem
    return json.dumps({"path": path, "problem": words})


def expect(connection: Connection, store_id: int, external_id: str) -> None:
    """Make room for an order that was asked for by hand."""
    connection.execute(_SQL["expect"], {"store_id": store_id, "external_id": external_id})


def look(connection: Connection, store_id: int, external_id: str) -> Row | None:
    """The store, the account and the order (its columns None where it is unknown) in one look."""
    return connection.execute(_SQL["look"], {"store_id": store_id, "external_id": external_id}).fetchone()


def keep_whole(connection: Connection, store_id: int, external_id: str, snapshot: Snapshot) -> Sequence[str]:
    """Keep the whole order where the list had only a part, or nobody had fetched it; every SKU that it ever had."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "payload": snapshot.payload,
        "digest": snapshot.digest,
        "updated_at": snapshot.updated_at,
        "skus": None if snapshot.skus is None else list(snapshot.skus),
        "number": snapshot.number,
    }
    row = connection.execute(_SQL["keep_whole"], values).fetchone()
    return (row and _skus(row)) or ()


def settle(connection: Connection, store_id: int, external_id: str, *, changed: int, outcome: Outcome) -> bool:
    """Mark the order seen up to `changed` and journal what came of it; True when it moved meanwhile."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "changed": changed,
        "state": outcome.state,
        "reason": outcome.reason,
        "detail": Jsonb(outcome.detail),
        "hub_order_id": outcome.hub_order_id,
        "is_failing": outcome.is_failing,
        "actions": [line.action for line in outcome.lines],
        "outcomes": [line.outcome for line in outcome.lines],
        "reasons": [line.reason for line in outcome.lines],
        "details": [json.dumps(line.detail) for line in outcome.lines],
    }
    row = connection.execute(_SQL["settle"], values).fetchone()
    return bool(row and row["is_due"])


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an order could not be worked on. `due_at` None: until it changes or a person retries.

    `action` is what was being done; None for importing it, or changing it where it stands in the hub.
    """

    reason: str
    detail: dict[str, Any]
    due_at: datetime | None
    is_attempt: bool = True
    action: str | None = None


def put_off(connection: Connection, store_id: int, external_id: str, failure: Failure) -> None:
    """Look again later."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "due_at": failure.due_at,
        "attempt": int(failure.is_attempt),
        "reason": failure.reason,
        "detail": Jsonb(failure.detail),
    }
    connection.execute(_SQL["put_off"], values)


def set_aside(connection: Connection, store_id: int, external_id: str, *, changed: int, failure: Failure) -> None:
    """Show the failure to the operator; journaled unless it is the same as last time."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "changed": changed,
        "due_at": failure.due_at,
        "action": failure.action,
        "reason": failure.reason,
        "detail": Jsonb(failure.detail),
    }
    connection.execute(_SQL["set_aside"], values)


def retry(connection: Connection, store_id: int, external_id: str) -> bool:
    """Make an order due by hand; False when it is unknown or tombstoned."""
    values = {"store_id": store_id, "external_id": external_id}
    return connection.execute(_SQL["retry"], values).rowcount > 0


def retry_failed(connection: Connection, store_id: int | None, reason: str | None = None) -> list[Row]:
    """Make everything due that was set aside, in the hub or not, of one store or all, for one reason or any.

    For a named reason also what stands in the hub and has it noted.
    """
    return connection.execute(_SQL["retry_failed"], {"store_id": store_id, "reason": reason}).fetchall()


def skipped_again(connection: Connection, store_id: int | None, which: Skipped) -> int:
    """Make skipped orders due, of one store or all, since what kept them out was changed; returns how many are due.

    Orders that are due anyway are marked as well: a worker may be looking at one with what held before.
    """
    if not which.reasons and not which.statuses:
        return 0
    values = {
        "store_id": store_id,
        "reasons": list(which.reasons),
        "statuses": list(which.statuses),
        "currency": which.currency,
    }
    return connection.execute(_SQL["skipped_again"], values).rowcount


def news_again(connection: Connection, store_id: int, reason: str) -> None:
    """Let orders skipped for a reason be looked at anew when a fetch brings them again, as they are by then."""
    connection.execute(_SQL["news_again"], {"store_id": store_id, "reason": reason})


def look_again(connection: Connection, store_id: int, statuses: Sequence[str]) -> None:
    """Make due what other rules may see otherwise: orders skipped in these statuses, and the hub's open ones."""
    connection.execute(_SQL["look_again"], {"store_id": store_id, "statuses": list(statuses)})


def look_both_ways(connection: Connection, store_id: int, *, noted: str, also_delivered: bool) -> None:
    """Make due, on both sides, what stands open in the hub, or has `noted` as why its store was not told.

    `also_delivered` takes what is delivered in the hub and not closed, and what is only flagged.
    """
    values = {"store_id": store_id, "noted": noted, "also_delivered": also_delivered}
    connection.execute(_SQL["look_both_ways"], values)


@dataclass(frozen=True, slots=True)
class Bell:
    """An order to ring for; `was_lost` when an earlier bell got no answer."""

    external_id: str
    was_lost: bool


def pick_bells(connection: Connection, store_id: int, *, at_least: int = 1) -> list[Bell]:
    """The orders of a store whose bells are to be rung now, if the window has so much room; they count as rung."""
    values = {"store_id": store_id, "window": WINDOW, "patience": BELL_SECONDS, "at_least": at_least}
    return [Bell(row["external_id"], row["was_lost"]) for row in connection.execute(_SQL["ring"], values)]


def unring(connection: Connection, store_id: int, external_id: str) -> None:
    """Let an order be rung again at once, if it is still due."""
    connection.execute(_SQL["unring"], {"store_id": store_id, "external_id": external_id})


def due_stores(connection: Connection) -> list[int]:
    """Active stores with orders that may be looked at now."""
    return [row["id"] for row in connection.execute(_SQL["due_stores"])]


def forget_bells(connection: Connection) -> None:
    """No bell is on its way any more."""
    connection.execute(_SQL["forget_bells"])


def order(connection: Connection, store_id: int, external_id: str) -> Row | None:
    """One order as storesync remembers it."""
    return connection.execute(_SQL["order"], {"store_id": store_id, "external_id": external_id}).fetchone()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders a person looks for, None for all. `text` stands in number or customer, or is a SKU or an id."""

    store_id: int | None = None
    state: str | None = None
    reason: str | None = None
    text: str | None = None


def orders(connection: Connection, wanted: Wanted, *, limit: int = 1000) -> list[Row]:
    """Orders for people, newest first; failures of disconnected stores only where the store is named."""
    return connection.execute(_SQL["orders"], {**asdict(wanted), "limit": limit}).fetchall()


def named(connection: Connection, store_id: int, name: str) -> list[str]:
    """The external ids of the orders a person may mean: the one with this very id, else those with this number."""
    numbers = [name, f"#{name}", name.removeprefix("#")]
    rows = connection.execute(_SQL["named"], {"store_id": store_id, "name": name, "numbers": numbers}).fetchall()
    return [row["external_id"] for row in rows if row["external_id"] == name] or [row["external_id"] for row in rows]


def counts(connection: Connection, store_id: int) -> list[Row]:
    """How many orders are in which state, and how many of them wait to be looked at, now or from `again_at` on."""
    return connection.execute(_SQL["counts"], {"store_id": store_id}).fetchall()


def reimport(connection: Connection, store_id: int, external_id: str) -> bool:
    """Lift an order's tombstone and make it due (BEY-6); False when it has none."""
    values = {"store_id": store_id, "external_id": external_id}
    return connection.execute(_SQL["reimport"], values).rowcount > 0
