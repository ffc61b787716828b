"""Asking a store what changed: its pages into our tables, its cursor forward, bells for what is due."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic

import psycopg
from celery import shared_task

from connectors import locks, postgres
from connectors.postgres import journal, orders, stores
from schemas.orders import Snapshot
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import SetAside, StopStore, TryAgain, decide_failure
from tasks.session import EXPECTED, UnknownStore, problem_of, resolve_store, stop_store

# A long first import stops here, well inside the time limit, and goes on from its cursor in a new task.
BUDGET_SECONDS = 45

# How long a store is left alone that answered, but not as a shop does.
REFUSED_PAUSE = timedelta(minutes=10)


@shared_task(name="fetch_orders")
def fetch_orders(store: int | str) -> str:
    """Ask a store for its changed orders and put them where they are due."""
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.fetch_key(store_id)) as is_ours:
        if not is_ours:
            return "busy"
        word = _fetch_one(held, store_id)
    if word == "goes_on":
        bells.ring_fetch(store_id)
    return word


def _fetch_one(held: Process, store_id: int) -> str:
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
        if row is None:
            raise UnknownStore(f"there is no store {store_id}")
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        if row["fetch_due_at"] and row["fetch_due_at"] > datetime.now(UTC):
            return "waiting"
    try:
        return _fetch_pages(held, row)
    except EXPECTED as error:
        return _write_down(held, row, error)


def _fetch_pages(held: Process, row: postgres.Row) -> str:
    stop_at = monotonic() + BUDGET_SECONDS
    for page in held.connector(row).changed_orders(row["cursor"]):
        # No transaction is open while the store is asked for the next page.
        with held.pool.connection() as connection:
            with connection.transaction():
                news = _keep(connection, row["id"], page.snapshots)
                _journal_unreadable(connection, row["id"], news)
                stores.keep_cursor(connection, row["id"], page.cursor)
            bells.ring_due_orders(connection, row["id"])
        if monotonic() > stop_at:
            return "goes_on"
    with held.pool.connection() as connection:
        stores.fetched(connection, row["id"])
    return "fetched"


def _keep(connection: postgres.Connection, store_id: int, snapshots: Sequence[Snapshot]) -> list[postgres.Row]:
    """Store a page; what the database itself cannot hold is set aside alone (SPEC chapter 11)."""
    try:
        with connection.transaction():
            return orders.keep_snapshots(connection, store_id, snapshots)
    except psycopg.DataError as error:
        if len(snapshots) == 1:
            problem = ("", f"cannot be stored: {error.diag.message_primary}")
            bare = replace(snapshots[0], payload=None, problem=problem)
            return orders.keep_snapshots(connection, store_id, [bare])
        return [row for snapshot in snapshots for row in _keep(connection, store_id, [snapshot])]


def _journal_unreadable(connection: postgres.Connection, store_id: int, news: list[postgres.Row]) -> None:
    for order in news:
        if order["state"] == "failed":
            line = journal.Line("fetch", "failed", order["reason"], order["detail"])
            journal.add(connection, line, store_id=store_id, external_id=order["external_id"])


def _write_down(held: Process, row: postgres.Row, error: Exception) -> str:
    """A store that cannot be fetched waits, alone; one that refuses us stops until a person acts (MUL-1)."""
    now = datetime.now(UTC)
    decision = decide_failure(problem_of(error), attempts=row["fetch_attempts"], now=now, jitter=random.random())
    with held.pool.connection() as connection:
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, row["id"], reason=reason, detail=detail)
                return "store_needs_attention"
            case TryAgain(at=at, reason=reason, is_attempt=is_attempt):
                stores.put_off_fetch(
                    connection, row["id"], due_at=at, reason=reason, detail=str(error), is_attempt=is_attempt
                )
            case SetAside(reason=reason, detail=detail, again_at=at):
                # Several attempts in a row have failed, or the store says no: journaled, and tried on, rarely.
                journal.add(connection, journal.Line("fetch", "failed", reason, detail), store_id=row["id"])
                stores.put_off_fetch(
                    connection,
                    row["id"],
                    due_at=at or now + REFUSED_PAUSE,
                    reason=reason,
                    detail=str(error),
                    is_attempt=True,
                )
        return "put_off"
