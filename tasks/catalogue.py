"""What a store sells: its items by SKU into our tables, so that stock finds them (STK-3)."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from celery import shared_task

from connectors import locks, postgres
from connectors.postgres import stock, stores
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import SWEEP, SetAside, StopStore, TryAgain, decide_failure
from tasks.session import EXPECTED, UnknownStore, problem_of, resolve_store, stop_store

WHOLE_EVERY: Final = timedelta(days=1)  # deleted items are only missed by a walk through all of them
OVERLAP: Final = timedelta(minutes=2)  # the store's clock and ours may differ


@shared_task(
    name="fetch_catalogue",
    soft_time_limit=locks.CATALOGUE_SOFT_LIMIT_SECONDS,
    time_limit=locks.CATALOGUE_HARD_LIMIT_SECONDS,
)
def fetch_catalogue(store: int | str) -> str:
    """Ask a store which items it has: all of them once a day, in between those whose products changed."""
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.catalogue_key(store_id), ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if not is_ours:
            return "busy"
        with held.pool.connection() as connection:
            row = stores.find_store(connection, str(store_id))
        if row is None:
            raise UnknownStore(f"there is no store {store_id}")
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        try:
            return _walk(held, row)
        except EXPECTED as error:
            return _write_down(held, row, error)


def walk_whole(held: Process, row: postgres.Row, on_page: Callable[[int], None]) -> bool:
    """Read all of a store's catalogue now, in this process; `on_page` hears how many items each page had.

    False where somebody else is reading it. Raises what the store's connector raises.
    """
    key = locks.catalogue_key(row["id"])
    with locks.lock(held.redis, key, ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if is_ours:
            _keep_pages(held, row, None, on_page)
        return is_ours


def _walk(held: Process, row: postgres.Row) -> str:
    with held.pool.connection() as connection:
        now = stores.database_time(connection)
    is_whole = row["catalogue_whole_at"] is None or row["catalogue_whole_at"] <= now - WHOLE_EVERY
    moved = _keep_pages(held, row, None if is_whole else row["catalogue_at"] - OVERLAP, lambda _: None)
    if moved:
        bells.ring_stock([row["id"]])
    return "walked" if is_whole else "followed"


def _keep_pages(held: Process, row: postgres.Row, since: datetime | None, on_page: Callable[[int], None]) -> int:
    """Keep what the store has, all of it or what changed since a moment; how many SKUs are due for it."""
    with held.pool.connection() as connection:
        asked_at = stores.database_time(connection)
    is_whole = since is None
    moved = 0
    for page in held.connector(row).catalogue(since):
        # No connection is held while the store is asked for the next page.
        with held.pool.connection() as connection:
            moved += stock.keep_items(connection, row["id"], page.items, asked_at=asked_at)
            stock.drop_items(connection, row["id"], page.gone)
        on_page(len(page.items))
    with held.pool.connection() as connection, connection.transaction():
        if is_whole:
            gone = stock.unseen_items(connection, row["id"], before=asked_at)
            stock.drop_items(connection, row["id"], gone)
        stock.catalogue_seen(connection, row["id"], asked_at=asked_at, is_whole=is_whole)
    return moved


def _write_down(held: Process, row: postgres.Row, error: Exception) -> str:
    """A store whose catalogue cannot be read is asked again later; one that refuses us stops (SPEC chapter 11)."""
    now = datetime.now(UTC)
    decision = decide_failure(problem_of(error), attempts=row["catalogue_attempts"], now=now, jitter=random.random())
    with held.pool.connection() as connection:
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, row["id"], reason=reason, detail=detail)
                return "store_needs_attention"
            case TryAgain(at=at, is_attempt=is_attempt):
                stock.put_off_catalogue(connection, row["id"], until=at, is_attempt=is_attempt)
            case SetAside(again_at=at):
                stock.put_off_catalogue(connection, row["id"], until=at or now + SWEEP, is_attempt=True)
            case _:
                assert_never(decision)
    return "put_off"
