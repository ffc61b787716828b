"""The due rows of orders in PostgreSQL: snapshots in, bells out, marks set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Json, Jsonb

from connectors.postgres import Connection, Row, chosen, links, queries
from connectors.postgres.rows import OrderTurn, StoreTurn, read_order_of, read_order_turn
from schemas.hub_search import Links

if TYPE_CHECKING:
    from schemas.failures import PutOff
    from schemas.hub import DraftOrder
    from schemas.journal import Line
    from schemas.orders import Snapshot
    from schemas.outcomes import OrderOutcome
    from schemas.stores import Skipped

_SQL = queries("orders")

BELL_SECONDS = 30  # a bell that nobody answered for so long is lost, and rung again
WINDOW = 400  # bells of one store that are out at a time
MOST_COUNTS = 1000  # rows that say what became more or less, before they are folded


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
    rows = connection.execute(_SQL["keep_snapshots"], values).fetchall()
    if len(rows) < len(page):
        dates = {name: values[name] for name in ("store_id", "ids", "digests", "times")}
        connection.execute(_SQL["keep_dates"], dates)
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


def look(connection: Connection, store_id: int, external_id: str) -> OrderTurn | None:
    """The store, the account and the order in one look; None where there is no such store."""
    row = connection.execute(_SQL["look_at_order"], {"store_id": store_id, "external_id": external_id}).fetchone()
    return None if row is None else read_order_turn(row, external_id)


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


def look_many(connection: Connection, store: StoreTurn, external_ids: Sequence[str]) -> list[OrderTurn]:
    """Several orders of a store that was looked at, as far as anybody fetched them."""
    rows = connection.execute(_SQL["look_at_orders"], {"store_id": store.store.id, "ids": list(external_ids)})
    return [read_order_of(store, row) for row in rows]


def settle(connection: Connection, store_id: int, external_id: str, *, changed: int, outcome: OrderOutcome) -> bool:
    """Mark the order seen up to `changed` and journal what came of it; True when it moved meanwhile."""
    return external_id in settle_many(connection, store_id, [Settled(external_id, changed, outcome)])


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an order, which is seen up to `changed`."""

    external_id: str
    changed: int
    outcome: OrderOutcome


def settle_many(connection: Connection, store_id: int, settled: Sequence[Settled]) -> set[str]:
    """Mark orders seen and journal what came of each; those that moved meanwhile."""
    items: dict[str, str] = {}
    customers: dict[str, str] = {}
    for one in settled:
        items |= one.outcome.links.items
        customers |= one.outcome.links.customers
    lines = [_line(one.external_id, line) for one in settled for line in one.outcome.lines]
    values = {
        "store_id": store_id,
        "outcomes": Json([_outcome(one) for one in settled]),
        "lines": Json([{"place": place, **line} for place, line in enumerate(lines)]),
        **links.columns(Links(items, customers)),
    }
    rows = connection.execute(_SQL["settle_orders"], values)
    return {row["external_id"] for row in rows if row["is_due"]}


def _outcome(one: Settled) -> dict[str, Any]:
    outcome = one.outcome
    return {
        "external_id": one.external_id,
        "changed": one.changed,
        "state": outcome.state,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "hub_order_id": outcome.hub_order_id,
        "is_failing": outcome.is_failing,
        **_copy(outcome.created),
    }


def _copy(created: DraftOrder | None) -> dict[str, Any]:
    """What lists show of an order in the hub."""
    if created is None:
        return {}
    return {
        "customer": created.customer.name,
        "email": created.customer.email,
        "total_with_tax": str(created.total_with_tax),
        "currency": created.currency,
    }


def _line(external_id: str, line: Line) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "action": line.action,
        "outcome": line.outcome,
        "reason": line.reason,
        "detail": line.detail,
    }


def put_off(connection: Connection, store_id: int, external_id: str, why: PutOff) -> None:
    """Look again later."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "due_at": why.until,
        "attempt": int(why.is_attempt),
        "reason": why.reason,
        "detail": Jsonb(why.detail),
    }
    connection.execute(_SQL["put_off_order"], values)


def set_aside(connection: Connection, store_id: int, external_id: str, why: PutOff, *, changed: int) -> None:
    """Show the failure to the operator; journaled unless it is the same as last time."""
    values = {
        "store_id": store_id,
        "external_id": external_id,
        "changed": changed,
        "due_at": why.until,
        "reason": why.reason,
        "detail": Jsonb(why.detail),
    }
    connection.execute(_SQL["set_aside_order"], values)


def retry(connection: Connection, store_id: int, external_id: str) -> bool:
    """Make an order due by hand; False when it is unknown or tombstoned."""
    values = {"store_id": store_id, "external_id": external_id}
    return connection.execute(_SQL["retry"], values).rowcount > 0


def look_anew(connection: Connection, store_id: int, external_id: str) -> bool:
    """Make an order due that the shop says something became of; False when it is unknown or tombstoned."""
    values = {"store_id": store_id, "external_id": external_id}
    return connection.execute(_SQL["look_anew"], values).rowcount > 0


def retry_failed(connection: Connection, store_id: int | None, reason: str | None = None) -> list[tuple[int, str]]:
    """Make everything due that was set aside, in the hub or not, of one store or all, for one reason or any.

    For a named reason also what stands in the hub and has it noted. Tells the store and the id of each.
    """
    which = (
        _SQL["failed_somehow"] if reason is None else _SQL["said_for_reason"],
        _SQL["in_connected_stores"] if store_id is None else _SQL["in_one_store"],
    )
    rows = connection.execute(chosen(_SQL["retry_failed"], which), {"store_id": store_id, "reason": reason})
    return [(row["store_id"], row["external_id"]) for row in rows]


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
    connection.execute(_SQL["look_again_at_orders"], {"store_id": store_id, "statuses": list(statuses)})


def look_both_ways(connection: Connection, store_id: int, *, noted: str, also_delivered: bool) -> None:
    """Make due, on both sides, what stands open in the hub, or has `noted` as why its store was not told.

    `also_delivered` takes what is delivered in the hub and not closed, and what is only flagged.
    """
    values = {"store_id": store_id, "noted": noted, "also_delivered": also_delivered}
    which = _SQL["not_closed"] if also_delivered else _SQL["not_delivered"]
    connection.execute(chosen(_SQL["look_both_ways"], [which]), values)


@dataclass(frozen=True, slots=True)
class Bell:
    """An order to ring for; `was_lost` when an earlier bell got no answer; the account's hub, where one was chosen."""

    external_id: str
    was_lost: bool
    is_in_hub: bool
    hub: str | None = None


def pick_bells(connection: Connection, store_id: int, *, at_least: int = 1) -> list[Bell]:
    """The orders of a store whose bells are to be rung now, if the window has so much room; they count as rung."""
    values = {"store_id": store_id, "window": WINDOW, "patience": BELL_SECONDS, "at_least": at_least}
    return [Bell(**row) for row in connection.execute(_SQL["ring_orders"], values)]


def in_hub(connection: Connection, store_id: int, external_ids: Sequence[str]) -> set[str]:
    """Those of some orders that stand in the hub."""
    values = {"store_id": store_id, "ids": list(external_ids)}
    return {row["external_id"] for row in connection.execute(_SQL["orders_in_hub"], values)}


def unring(connection: Connection, store_id: int, *external_ids: str) -> None:
    """Let orders be rung again at once, if they are still due."""
    connection.execute(_SQL["unring_orders"], {"store_id": store_id, "ids": list(external_ids)})


def due_stores(connection: Connection) -> list[int]:
    """Active stores with orders that may be looked at now."""
    return [row["id"] for row in connection.execute(_SQL["stores_with_due_orders"])]


def fold_counts(connection: Connection) -> None:
    """Tell how many orders are in which state in few rows again, where they have become many."""
    connection.execute(_SQL["fold_counts"], {"most": MOST_COUNTS})


def forget_bells(connection: Connection) -> None:
    """No bell is on its way any more."""
    connection.execute(_SQL["forget_order_bells"])


def reimport(connection: Connection, store_id: int, external_id: str) -> bool:
    """Lift an order's tombstone and make it due (BEY-6); False when it has none."""
    values = {"store_id": store_id, "external_id": external_id}
    return connection.execute(_SQL["reimport"], values).rowcount > 0
