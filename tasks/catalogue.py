"""What a store sells: its items by SKU into our tables, so that stock finds them (STK-3)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, Self

from celery import shared_task

from connectors import goods, locks
from connectors.patience import walk_catalogue
from connectors.platforms import record
from connectors.postgres import catalogue, comparing, stores
from connectors.postgres.rows import StoreRow, StoreTurn
from schemas.stock import CataloguePage
from tasks import bells
from tasks.held import Process
from tasks.lanes import CATALOGUE
from tasks.rules.auditing import last_night
from tasks.work import Done, work_on_store

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
    return work_on_store(store, CATALOGUE, _walk)


def walk_whole(held: Process, row: StoreRow, on_page: Callable[[int], None]) -> bool:
    """Read all of a store's catalogue now, in this process; `on_page` hears how many items each page had.

    False where somebody else is reading it. Raises what the store's connector raises.
    """
    key = locks.catalogue_key(row.id)
    with locks.lock(held.redis, key, ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if is_ours:
            walk = Walk(_now(held))
            for page in walk_catalogue(held.connector(row)):
                # No connection is held while the store is asked for the next page.
                walk = walk.past(page)
                _keep_page(held, row.id, page, walk, asked_at=walk.asked_at)
                on_page(len(page.items))
            _end(held, row.id, walk)
        return is_ours


def _walk(held: Process, turn: StoreTurn) -> Done:
    """One stretch of a walk: what is left is for another task, if the store's pages tell where to go on."""
    row, asked_at = turn.store, _now(held)
    walk = _begin(row, asked_at)
    stop_at = monotonic() + BUDGET_SECONDS
    bells.answer_catalogue(held.redis, row.id)
    moved = _look_at_named(held, row, until=stop_at)
    for page in held.connector(row).catalogue(walk.since, after=walk.position):
        walk = walk.past(page)
        moved += _keep_page(held, row.id, page, walk, asked_at=asked_at)
        if page.position is not None and monotonic() > stop_at:
            return Done("goes_on", is_due=True)
    if walk.since is None:
        with held.pool.connection() as connection:
            comparing.want(connection, row.id)
    _end(held, row.id, walk)
    if moved:
        bells.ring_stock([row.id])
    return Done("walked" if walk.since is None else "followed")


def _look_at_named(held: Process, row: StoreRow, *, until: float) -> int:
    """Ask for the items that the shop named, which the list of what changed may not show; how many SKUs are due."""
    moved, most = 0, record(row.platform).stock_batch
    while (items := goods.named(held.redis, row.id, most=most)) and monotonic() < until:
        with held.pool.connection() as connection:
            asked_at, skus = stores.database_time(connection), catalogue.skus_of(connection, row.id, items)
        found = held.connector(row).find_items(skus) if skus else CataloguePage(())
        with held.pool.connection() as connection:
            moved += catalogue.keep_items(connection, row.id, found.items, asked_at=asked_at)
        goods.forget(held.redis, row.id, items)
    return moved


def _begin(row: StoreRow, now: datetime) -> Walk:
    """The walk that was interrupted, or a new one: through everything once a night, else through what changed.

    Deleted items are only missed by a walk through all of them.
    """
    kept = row.catalogue_walk
    if kept and datetime.fromisoformat(kept.get("moved_at", kept["asked_at"])) > now - STALE:
        return Walk.read(kept)
    if row.catalogue_at is None or row.catalogue_whole_at is None or row.catalogue_whole_at < last_night(now):
        return Walk(now)
    return Walk(now, row.catalogue_at - OVERLAP)


def _keep_page(held: Process, store_id: int, page: CataloguePage, walk: Walk, *, asked_at: datetime) -> int:
    """Keep a page that was not asked for before a moment, and the walk behind it; how many SKUs are due for it."""
    with held.pool.connection() as connection, connection.transaction():
        moved = catalogue.keep_items(connection, store_id, page.items, asked_at=asked_at, is_whole=walk.since is None)
        catalogue.drop_items(connection, store_id, page.gone)
        if page.position is not None:
            catalogue.keep_walk(connection, store_id, walk.text())
    return moved


def _end(held: Process, store_id: int, walk: Walk) -> None:
    with held.pool.connection() as connection, connection.transaction():
        if walk.since is None and not walk.unread:  # what it did not meet may be what could not be told
            gone = catalogue.unseen_items(connection, store_id, before=walk.asked_at)
            catalogue.drop_items(connection, store_id, gone)
        catalogue.seen(
            connection,
            store_id,
            asked_at=walk.asked_at,
            is_whole=walk.since is None,
            without_sku=walk.without_sku,
        )


def _now(held: Process) -> datetime:
    with held.pool.connection() as connection:
        return stores.database_time(connection)
