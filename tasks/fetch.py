"""Asking a store what changed: its pages into our tables, its cursor forward, bells for what is due."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from time import monotonic
from typing import Final

import psycopg
from celery import shared_task

from connectors import postgres
from connectors.ahead import one_ahead
from connectors.errors import ConnectorError
from connectors.postgres import journal, orders, stock, stores
from connectors.postgres.refusals import words_of
from connectors.postgres.rows import StoreRow, StoreTurn
from schemas.journal import Action, Line, Outcome
from schemas.orders import Page, Snapshot
from schemas.reasons import Reason
from tasks import bells
from tasks.held import Process, process
from tasks.lanes import FETCH
from tasks.work import Done, resolve_store, work_on_store

# A long first import stops here, well inside the time limit, and goes on from its cursor in a new task.
BUDGET_SECONDS = 45

_FETCHED: Final = "fetched"
_GOES_ON: Final = Done("goes_on", is_due=True)


@shared_task(name="fetch_orders")
def fetch_orders(store: int | str) -> str:
    """Ask a store for its changed orders and put them where they are due."""
    return fetch(store)


def fetch(store: int | str) -> str:
    """Do so in this process: what came of it, `fetched` at its end."""
    held = process()
    store_id = resolve_store(held, store)
    word = work_on_store(store_id, FETCH, _fetch_pages)
    if word == _FETCHED:
        with held.pool.connection() as connection:
            bells.ring_left_fetch(connection, held.redis, store_id)
    return word


def _fetch_pages(held: Process, turn: StoreTurn) -> Done:
    stop_at = monotonic() + BUDGET_SECONDS
    bells.answer_fetch(held.redis, turn.store.id)
    row, cursor = turn.store, turn.store.cursor
    connector = held.connector(row)
    imports_from = stores.read_store(row, connector.platform).imports_from
    asked = connector.changed_orders(cursor, imports_from=imports_from)
    with closing(one_ahead(asked, until=stop_at)) as pages:
        for number, page in enumerate(pages):
            # No transaction is open while the store is waited for.
            with held.pool.connection() as connection:
                is_ours = _keep_page(connection, row.id, page, was=cursor)
                bells.ring_due_orders(connection, row.id)
            # The first page may be all there is: a slow shop must come to an end as well.
            if not is_ours or (number and monotonic() > stop_at):
                return _GOES_ON
            cursor = page.cursor
    if row.shop is None:
        _name_shop(held, row)
    with held.pool.connection() as connection:
        is_end = stores.fetched(connection, row.id, cursor=cursor, hinted_at=row.hinted_at)
    return Done(_FETCHED) if is_end else _GOES_ON


def _name_shop(held: Process, row: StoreRow) -> None:
    """Ask the shop of an older store what it calls itself: one shop is one store (MUL-4)."""
    try:
        shop = held.connector(row).shop()
    except ConnectorError:
        return  # it was there a moment ago: the next fetch asks again
    with held.pool.connection() as connection:
        stores.name_shop(connection, row.id, shop)


def _keep_page(connection: postgres.Connection, store_id: int, page: Page, *, was: str | None) -> bool:
    """Store a page and the cursor behind it; False when somebody else moved the cursor, or the store, meanwhile."""
    with connection.transaction():
        keep_orders(connection, store_id, page.snapshots)
        return stores.advance_cursor(connection, store_id, was=was, cursor=page.cursor)


def keep_orders(connection: postgres.Connection, store_id: int, snapshots: Sequence[Snapshot]) -> None:
    """Store what a shop says of some orders: those that are news are due."""
    news = _keep(connection, store_id, snapshots)
    # An order moves its store's own stock: what we told the store is not what it shows any more.
    stock.forget_sold(connection, store_id, [sku for snapshot in news for sku in snapshot.skus or ()])
    for snapshot in news:
        if snapshot.problem is not None:
            _journal_unreadable(connection, store_id, snapshot.external_id, snapshot.problem)


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
    line = Line(Action.FETCH, Outcome.FAILED, Reason.INVALID_PAYLOAD, {"path": path, "problem": words})
    journal.add(connection, line, store_id=store_id, external_id=external_id)
