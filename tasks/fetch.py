"""Asking a store what changed: its pages into our tables, its cursor forward, bells for what is due."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, assert_never

import psycopg
from celery import shared_task

from connectors import locks, postgres
from connectors.config import ConfigError
from connectors.errors import ConnectorError
from connectors.postgres import journal, orders, stock, stores
from connectors.postgres.hub_guards import words_of
from schemas.orders import Page, Snapshot
from schemas.reasons import Reason
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import BUG_TRIES, STORE_TRIES, SetAside, StopStore, TryAgain, decide_failure
from tasks.session import EXPECTED, problem_of, resolve_store, stop_store, store_row

# A long first import stops here, well inside the time limit, and goes on from its cursor in a new task.
BUDGET_SECONDS = 45

# How often a store is asked that stayed away, or says no: its next order should not wait for an hourly sweep.
LONG_PAUSE = timedelta(minutes=5)

_TRIES: Final = {Reason.STORE_UNAVAILABLE: STORE_TRIES, Reason.UNEXPECTED_ERROR: BUG_TRIES}


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
    row = store_row(held, store_id)
    if row["state"] != StoreState.ACTIVE:
        return f"store_{row['state']}"
    if row["fetch_due_at"] and row["fetch_due_at"] > datetime.now(UTC):
        return "waiting"
    try:
        return _fetch_pages(held, row)
    except EXPECTED as error:
        return _write_down(held, store_id, error)
    except ConfigError:
        raise  # the installation is wrong, not the store
    except Exception as error:  # a bug: it shows in Flower, and people see which store it stops
        _write_down(held, store_id, error)
        raise


def _fetch_pages(held: Process, row: postgres.Row) -> str:
    stop_at = monotonic() + BUDGET_SECONDS
    cursor = row["cursor"]
    connector = held.connector(row)
    imports_from = stores.read_store(row, connector.platform).imports_from
    for number, page in enumerate(connector.changed_orders(cursor, imports_from=imports_from)):
        # No transaction is open while the store is asked for the next page.
        with held.pool.connection() as connection:
            is_ours = _keep_page(connection, row["id"], page, was=cursor)
            bells.ring_due_orders(connection, row["id"])
        # The first page may be all there is: a slow shop must come to an end as well.
        if not is_ours or (number and monotonic() > stop_at):
            return "goes_on"
        cursor = page.cursor
    if row["shop"] is None:
        _name_shop(held, row)
    with held.pool.connection() as connection:
        return "fetched" if stores.fetched(connection, row["id"], cursor=cursor) else "goes_on"


def _name_shop(held: Process, row: postgres.Row) -> None:
    """Ask the shop of an older store what it calls itself: one shop is one store (MUL-4)."""
    try:
        shop = held.connector(row).shop()
    except ConnectorError:
        return  # it was there a moment ago: the next fetch asks again
    with held.pool.connection() as connection:
        stores.name_shop(connection, row["id"], shop)


def _keep_page(connection: postgres.Connection, store_id: int, page: Page, *, was: str | None) -> bool:
    """Store a page and the cursor behind it; False when somebody else moved the cursor, or the store, meanwhile."""
    with connection.transaction():
        news = _keep(connection, store_id, page.snapshots)
        # An order moves its store's own stock: what we told the store is not what it shows any more.
        stock.forget_sold(connection, store_id, [sku for snapshot in news for sku in snapshot.skus or ()])
        for snapshot in news:
            if snapshot.problem is not None:
                _journal_unreadable(connection, store_id, snapshot.external_id, snapshot.problem)
        return stores.advance_cursor(connection, store_id, was=was, cursor=page.cursor)


def _keep(connection: postgres.Connection, store_id: int, snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Store a page; what the database itself cannot hold is set aside alone (SPEC chapter 11)."""
    try:
        with connection.transaction():
            return orders.keep_snapshots(connection, store_id, snapshots)
    except psycopg.DataError as error:
        if len(snapshots) == 1:
            problem = ("", f"cannot be stored: {words_of(error)}")
            bare = replace(snapshots[0], payload=None, problem=problem)
            return orders.keep_snapshots(connection, store_id, [bare])
        return [news for snapshot in snapshots for news in _keep(connection, store_id, [snapshot])]


def _journal_unreadable(
    connection: postgres.Connection, store_id: int, external_id: str, problem: tuple[str, str]
) -> None:
    path, words = problem
    line = journal.Line("fetch", "failed", Reason.INVALID_PAYLOAD, {"path": path, "problem": words})
    journal.add(connection, line, store_id=store_id, external_id=external_id)


def _write_down(held: Process, store_id: int, error: Exception) -> str:
    """A store that cannot be fetched waits, alone; one that refuses us stops until a person acts (MUL-1)."""
    now = datetime.now(UTC)
    row = store_row(held, store_id)  # pages may have come in since the fetch began
    with held.pool.connection() as connection:
        problem = problem_of(error)
        decision = decide_failure(problem, attempts=row["fetch_attempts"], now=now, jitter=random.random())
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, store_id, reason=reason, detail=detail)
                return "store_needs_attention"
            case TryAgain(at=at, reason=reason, is_attempt=is_attempt):
                delay = stores.Delay(at, reason, problem.words, is_attempt)
            case SetAside(reason=reason, detail=detail):
                delay = stores.Delay(now + LONG_PAUSE, reason, problem.words)
                if _is_news(row, reason):
                    journal.add(connection, journal.Line("fetch", "failed", reason, detail), store_id=store_id)
            case _:
                assert_never(decision)
        stores.put_off_fetch(connection, store_id, delay)
    return "put_off"


def _is_news(row: postgres.Row, reason: Reason) -> bool:
    # The store says no for the first time, or what was tried again has just outlasted the back-off.
    return bool(row["reason"] != reason or row["fetch_attempts"] + 1 == _TRIES.get(reason))
