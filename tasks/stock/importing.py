"""The first count from a store: what it shows, and what its open orders wait for, as one adjustment (STK-11).

Its steps are done again as they are after a crash: the store's orders come in first, its whole catalogue is read, then
its orders once more. Figures that an order moved meanwhile are read again. The count itself is one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from celery import shared_task

from connectors import locks, platforms, postgres
from connectors.hubs import our_hub
from connectors.postgres import catalogue, comparing, journal, stock_imports, stores
from connectors.postgres.rows import StoreRow
from connectors.postgres.stock_imports import CountTurn, StockImport
from schemas.actions import CountStock
from schemas.counts import Count
from schemas.groups import Group
from schemas.journal import Action, Line, Outcome
from schemas.stores import Store, StoreState
from tasks import bells
from tasks.catalogue import Walk
from tasks.fetch import fetch
from tasks.held import Process
from tasks.lanes import COUNT
from tasks.rules.counting import Neighbour, as_told, beside, count_store, report_of, without
from tasks.rules.places import hub_locations, location_of
from tasks.work import Done, store_row, work_on_store

BUDGET_SECONDS: Final = 45  # of one task: the next one goes on behind its last page
BACKLOG: Final = 20  # orders that may wait: more of them are waited for before anything is read
PATIENCE: Final = timedelta(minutes=10)  # with SKUs whose orders do not come in: they are left out
STALE: Final = timedelta(minutes=30)  # figures that are older are read again


@shared_task(
    name="import_stock",
    soft_time_limit=locks.CATALOGUE_SOFT_LIMIT_SECONDS,
    time_limit=locks.CATALOGUE_HARD_LIMIT_SECONDS,
)
def import_stock(store: int | str) -> str:
    """Go on with the count of a store that a person asked for, as far as it goes now."""
    return work_on_store(store, COUNT, _go_on)


def want_stock(held: Process, row: StoreRow, *, is_again: bool, is_trial: bool) -> list[str]:
    """Ask for a count of what a store shows; the names of stores that sell from the same locations.

    Their catalogues are read too, to be shown beside.
    """
    with held.pool.connection() as connection:
        stock_imports.want(connection, row.id, is_again=is_again, is_trial=is_trial)
        sharing = _sharing(connection, row)
    for other, _ in sharing:
        if other.state == StoreState.ACTIVE:
            bells.ring_catalogue(other.id)
    bells.ring_stock_import(row.id)
    return [other.name for other, _ in sharing]


def _go_on(held: Process, turn: CountTurn) -> Done:
    """Step by step, each with the store and the count as they are by then."""
    store_id, word = turn.store.id, "next"
    while word == "next":
        with held.pool.connection() as connection:
            job = stock_imports.look(connection, store_id)
        if job is None or job.is_over:
            return Done("nothing_due")
        row = store_row(held, store_id)
        if row.state is not StoreState.ACTIVE:
            return Done(f"store_{row.state}")
        word = _step(held, row, job)
    return Done(word, is_due=word == "goes_on")


def _step(held: Process, row: StoreRow, job: StockImport) -> str:
    match job.step:
        case "orders":
            return _begin(held, row, job)
        case "reading":
            return _read(held, row, job)
        case _:
            return _check(held, row, job)


def _begin(held: Process, row: StoreRow, job: StockImport) -> str:
    """The store's orders first: what is open of them is to be in the hub, and its items too."""
    if row.wants_products:
        return "waits_for_products"
    with held.pool.connection() as connection:
        waiting = stock_imports.backlog(connection, row.id).waiting
    if waiting > BACKLOG or fetch(row.id) != "fetched":
        return "waits_for_orders"
    with held.pool.connection() as connection, connection.transaction():
        if stock_imports.backlog(connection, row.id).waiting > BACKLOG:
            return "waits_for_orders"
        stock_imports.forget_earlier(connection, job)
        stock_imports.go_to(connection, job, "reading")
    return "next"


def _read(held: Process, row: StoreRow, job: StockImport) -> str:
    """One stretch of a walk through the whole catalogue, as it is now."""
    asked_at = _now(held)
    walk = Walk.read(job.walk) if job.walk else Walk(asked_at)
    stop_at = monotonic() + BUDGET_SECONDS
    for page in held.connector(row).catalogue(None, after=walk.position):
        walk = walk.past(page)
        with held.pool.connection() as connection, connection.transaction():
            catalogue.keep_items(connection, row.id, page.items, asked_at=asked_at)
            stock_imports.keep_page(connection, job, page.items, read_at=asked_at, walk=walk.text())
        if page.position is not None and monotonic() > stop_at:
            return "goes_on"
    with held.pool.connection() as connection:
        stock_imports.go_to(connection, job, "checking")
    return "next"


def _check(held: Process, row: StoreRow, job: StockImport) -> str:
    """Count once every order that the figures know of is in the hub, and none moved them since they were read."""
    if fetch(row.id) != "fetched":
        return "waits_for_orders"
    is_late = _now(held) - job.step_at > PATIENCE
    with held.pool.connection() as connection:
        doubtful = stock_imports.doubtful(connection, job)
        waiting = stock_imports.backlog(connection, row.id).waiting
    if any(doubtful.values()) and (not is_late or waiting > BACKLOG):
        return "waits_for_orders"
    if _now(held) - job.step_at > STALE:
        with held.pool.connection() as connection:
            stock_imports.go_to(connection, job, "reading")
        return "next"
    moved = [sku for sku, is_unread in doubtful.items() if not is_unread]
    if moved and not is_late:
        _read_again(held, row, job, moved)
        return "next"
    return _count(held, row, job, left_out=doubtful)


def _read_again(held: Process, row: StoreRow, job: StockImport, skus: Sequence[str]) -> None:
    connector = held.connector(row)
    size = connector.platform.stock_batch
    for start in range(0, len(skus), size):
        some, read_at = skus[start : start + size], _now(held)
        found = connector.find_items(some)
        with held.pool.connection() as connection, connection.transaction():
            stock_imports.read_again(connection, job, some, found.items, read_at=read_at)


# -- the count -------------------------------------------------------------------------------------------------------


def _count(held: Process, row: StoreRow, job: StockImport, *, left_out: dict[str, bool]) -> str:
    with held.pool.connection() as connection, (hub := our_hub(connection)).unit():
        if not stock_imports.hold(connection, job):
            return "next"  # it was asked for anew meanwhile
        found = stock_imports.figures(connection, job)
        items = hub.shelves(sorted({one.sku for one in found}), store_id=row.id)
        # Behind what is promised: an order among it has moved its SKUs before.
        doubtful = stock_imports.doubtful(connection, job)
        if doubtful.keys() - left_out.keys():
            return "next"
        store = _store(row)
        if job.is_again and store.is_on("stock.sync"):
            told = stock_imports.told(connection, row.id, list(items))
            items = as_told(items, hub.levels(told), store=store)
        places = hub_locations(store, _location(connection, store))
        count = count_store(found, items=items, places=places, is_again=job.is_again)
        count = without(count, doubtful)
        count_id = None
        if count.lines and not job.is_trial:
            counted = CountStock(row.name, count.lines)
            count_id = hub.apply([Group("count", (counted,))]).made(counted)
        with postgres.together(connection):
            if not job.is_trial:  # the hub goes by what the store shows
                skus = {line.sku for line in count.lines}
                shown = [(one.external_id, place) for one in found if one.sku in skus for place in one.shown]
                comparing.agree(connection, row.id, shown)
            return _finish(connection, row, job, count, count_id)


def _finish(
    connection: postgres.Connection, row: StoreRow, job: StockImport, count: Count, count_id: str | None
) -> str:
    report = report_of(count, beside(count, _neighbours(connection, row, count), name=row.name))
    failed = stock_imports.backlog(connection, row.id).failed
    stock_imports.finish(connection, job, {"count": count_id, **report, "orders_set_aside": failed})
    detail = {"count": count_id, "source": row.name, "figures": len(count.lines), "left_out": report["reasons"]}
    outcome = Outcome.TRIED if job.is_trial else Outcome.COUNTED
    journal.add(connection, Line(Action.COUNT, outcome, None, detail), store_id=row.id)
    return f"{len(count.lines)} {outcome}"


def _neighbours(connection: postgres.Connection, row: StoreRow, count: Count) -> list[Neighbour]:
    return [
        Neighbour(other.name, places, catalogue.items(connection, other.id, sorted(count.skus)))
        for other, places in _sharing(connection, row)
    ]


def _sharing(connection: postgres.Connection, row: StoreRow) -> list[tuple[StoreRow, dict[str, str]]]:
    """Other connected stores that sell from the locations of this one, with their places."""
    mine = _places(connection, row)
    others = [(other, _places(connection, other)) for other in stores.stores(connection)]
    return [one for one in others if one[0].id != row.id and set(one[1].values()) & set(mine.values())]


def _places(connection: postgres.Connection, row: StoreRow) -> dict[str, str]:
    store = _store(row)
    return hub_locations(store, _location(connection, store))


def _store(row: StoreRow) -> Store:
    return stores.read_store(row, platforms.record(row.platform))


def _location(connection: postgres.Connection, store: Store) -> str:
    return location_of(store, stores.account(connection))


def _now(held: Process) -> datetime:
    with held.pool.connection() as connection:
        return stores.database_time(connection)
