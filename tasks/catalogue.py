"""What a store sells: its items by SKU into our tables, so that stock finds them (STK-3)."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final, Self, assert_never

from celery import shared_task

from connectors import locks, postgres
from connectors.patience import walk_catalogue
from connectors.postgres import comparing, journal, stock, stores
from schemas.stock import CataloguePage
from schemas.stores import StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import SWEEP, SetAside, StopPart, StopStore, TryAgain, decide_failure
from tasks.session import EXPECTED, judge, resolve_store, stop_store, store_row

WHOLE_EVERY: Final = timedelta(days=1)  # deleted items are only missed by a walk through all of them
OVERLAP: Final = timedelta(minutes=2)  # the store's clock and ours may differ
STALE: Final = timedelta(hours=6)  # a walk that did not move on for so long begins anew
BUDGET_SECONDS: Final = 45  # of one task: the next one goes on behind its last page


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through a catalogue: when it was begun, through what changed since when (None: all), and how far it is.

    `without_sku` counts what was seen on the way that has no SKU, `unread` what the store could not tell.
    """

    asked_at: datetime
    since: datetime | None = None
    position: str | None = None
    without_sku: int = 0
    unread: int = 0

    @classmethod
    def read(cls, value: dict[str, Any]) -> Self:
        """One that was interrupted."""
        since = value["since"] and datetime.fromisoformat(value["since"])
        counts = (value.get(name, 0) for name in ("without_sku", "unread"))
        return cls(datetime.fromisoformat(value["asked_at"]), since, value["position"], *counts)

    def text(self) -> dict[str, Any]:
        """As it is kept."""
        since = self.since and self.since.isoformat()
        kept = {"asked_at": self.asked_at.isoformat(), "since": since, "position": self.position}
        return {**kept, "without_sku": self.without_sku, "unread": self.unread}

    def past(self, page: CataloguePage) -> Self:
        """Behind another page."""
        without_sku, unread = self.without_sku + page.without_sku, self.unread + page.unread
        return replace(self, position=page.position, without_sku=without_sku, unread=unread)


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
        row = store_row(held, store_id)
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        try:
            word = _walk(held, row)
        except EXPECTED as error:
            return _write_down(held, store_id, error)
    if word == "goes_on":
        bells.ring_catalogue(store_id)
    return word


def walk_whole(held: Process, row: postgres.Row, on_page: Callable[[int], None]) -> bool:
    """Read all of a store's catalogue now, in this process; `on_page` hears how many items each page had.

    False where somebody else is reading it. Raises what the store's connector raises.
    """
    key = locks.catalogue_key(row["id"])
    with locks.lock(held.redis, key, ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if is_ours:
            walk = Walk(_now(held))
            for page in walk_catalogue(held.connector(row)):
                # No connection is held while the store is asked for the next page.
                walk = walk.past(page)
                _keep_page(held, row["id"], page, walk, asked_at=walk.asked_at)
                on_page(len(page.items))
            _end(held, row["id"], walk)
        return is_ours


def _walk(held: Process, row: postgres.Row) -> str:
    """One stretch of a walk: what is left is for another task, if the store's pages tell where to go on."""
    asked_at = _now(held)
    walk = _begin(row, asked_at)
    stop_at = monotonic() + BUDGET_SECONDS
    moved = 0
    for page in held.connector(row).catalogue(walk.since, after=walk.position):
        walk = walk.past(page)
        moved += _keep_page(held, row["id"], page, walk, asked_at=asked_at)
        if page.position is not None and monotonic() > stop_at:
            return "goes_on"
    if walk.since is None:
        with held.pool.connection() as connection:
            comparing.want(connection, row["id"])
    _end(held, row["id"], walk)
    if moved:
        bells.ring_stock([row["id"]])
    return "walked" if walk.since is None else "followed"


def _begin(row: postgres.Row, now: datetime) -> Walk:
    """The walk that was interrupted, or a new one: through everything once a day, else through what changed."""
    kept = row["catalogue_walk"]
    if kept and datetime.fromisoformat(kept.get("moved_at", kept["asked_at"])) > now - STALE:
        return Walk.read(kept)
    is_whole = row["catalogue_whole_at"] is None or row["catalogue_whole_at"] <= now - WHOLE_EVERY
    return Walk(now, None if is_whole else row["catalogue_at"] - OVERLAP)


def _keep_page(held: Process, store_id: int, page: CataloguePage, walk: Walk, *, asked_at: datetime) -> int:
    """Keep a page that was not asked for before a moment, and the walk behind it; how many SKUs are due for it."""
    with held.pool.connection() as connection, connection.transaction():
        moved = stock.keep_items(connection, store_id, page.items, asked_at=asked_at, is_whole=walk.since is None)
        stock.drop_items(connection, store_id, page.gone)
        if page.position is not None:
            stock.keep_walk(connection, store_id, walk.text())
    return moved


def _end(held: Process, store_id: int, walk: Walk) -> None:
    with held.pool.connection() as connection, connection.transaction():
        if walk.since is None and not walk.unread:  # what it did not meet may be what could not be told
            gone = stock.unseen_items(connection, store_id, before=walk.asked_at)
            stock.drop_items(connection, store_id, gone)
        stock.catalogue_seen(
            connection,
            store_id,
            asked_at=walk.asked_at,
            is_whole=walk.since is None,
            without_sku=walk.without_sku,
        )


def _now(held: Process) -> datetime:
    with held.pool.connection() as connection:
        return stores.database_time(connection)


def _write_down(held: Process, store_id: int, error: Exception) -> str:
    """A store whose catalogue cannot be read is asked again later; one that refuses us stops (SPEC chapter 11)."""
    now = datetime.now(UTC)
    row = store_row(held, store_id)  # pages may have come in since the walk began
    problem = judge(held, row, error)
    decision = decide_failure(problem, attempts=row["catalogue_attempts"], now=now, jitter=random.random())
    with held.pool.connection() as connection, connection.transaction():
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, store_id, reason=reason, detail=detail)
                return "store_needs_attention"
            case TryAgain(at=at, is_attempt=is_attempt):
                stock.put_off_catalogue(connection, store_id, until=at, is_attempt=is_attempt)
                if isinstance(decision, StopPart):
                    _blame(connection, row, decision, problem.words)
            case SetAside(again_at=at):
                stock.put_off_catalogue(connection, store_id, until=at or now + SWEEP, is_attempt=True)
                _blame(connection, row, decision, problem.words)
            case _:
                assert_never(decision)
    return "put_off"


def _blame(connection: postgres.Connection, row: postgres.Row, decision: SetAside | StopPart, words: str) -> None:
    stock.blame_catalogue(connection, row["id"], reason=decision.reason, words=words)
    if row["catalogue_reason"] != decision.reason:
        line = journal.Line("fetch_catalogue", "failed", decision.reason, decision.detail)
        journal.add(connection, line, store_id=row["id"])
