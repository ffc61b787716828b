"""The first count from a store: what it shows, and what its open orders wait for, as one adjustment (STK-11).

Its steps are done again as they are after a crash: the store's orders come in first, its whole catalogue is read, then
its orders once more. Figures that an order moved meanwhile are read again. The count itself is one transaction.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final, assert_never

from celery import shared_task

from connectors import STORES, locks, postgres
from connectors.postgres import comparing, hub_counts, journal, stock, stock_imports, stores
from connectors.postgres.hub import PostgresHub
from connectors.postgres.stock_imports import StockImport
from schemas.actions import CountStock
from schemas.counts import Count
from schemas.reasons import Reason
from schemas.stores import Store, StoreState
from tasks import bells
from tasks.catalogue import Walk
from tasks.fetch import fetch_orders
from tasks.process import Process, process
from tasks.rules.counting import Neighbour, as_told, beside, count_store, report_of, without
from tasks.rules.failures import SWEEP, SetAside, StopStore, TryAgain, decide_failure
from tasks.rules.stock import hub_locations
from tasks.session import EXPECTED, problem_of, resolve_store, stop_store, store_row

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
    held = process()
    store_id = resolve_store(held, store)
    with locks.lock(held.redis, locks.count_key(store_id), ttl=locks.CATALOGUE_LOCK_SECONDS) as is_ours:
        if not is_ours:
            return "busy"
        word = _go_on(held, store_id)
    if word == "goes_on":
        bells.ring_stock_import(store_id)
    return word


def want_stock(held: Process, row: postgres.Row, *, is_again: bool, is_trial: bool) -> list[str]:
    """Ask for a count of what a store shows; the names of stores that sell from the same locations.

    Their catalogues are read too, to be shown beside.
    """
    with held.pool.connection() as connection:
        stock_imports.want(connection, row["id"], is_again=is_again, is_trial=is_trial)
        sharing = _sharing(connection, row)
    for other, _ in sharing:
        if other["state"] == StoreState.ACTIVE:
            bells.ring_catalogue(other["id"])
    bells.ring_stock_import(row["id"])
    return [other["name"] for other, _ in sharing]


def _go_on(held: Process, store_id: int) -> str:
    word = "next"
    while word == "next":
        row = store_row(held, store_id)
        with held.pool.connection() as connection:
            job = stock_imports.look(connection, store_id)
        if job is None or job.is_over:
            return "nothing_due"
        if row["state"] != StoreState.ACTIVE:
            return f"store_{row['state']}"
        try:
            word = _step(held, row, job)
        except EXPECTED as error:
            return _write_down(held, job, error)
    return word


def _step(held: Process, row: postgres.Row, job: StockImport) -> str:
    match job.step:
        case "orders":
            return _begin(held, row, job)
        case "reading":
            return _read(held, row, job)
        case _:
            return _check(held, row, job)


def _begin(held: Process, row: postgres.Row, job: StockImport) -> str:
    """The store's orders first: what is open of them is to be in the hub, and its items too."""
    if row["wants_products"]:
        return "waits_for_products"
    with held.pool.connection() as connection:
        waiting = stock_imports.backlog(connection, row["id"]).waiting
    if waiting > BACKLOG or fetch_orders(row["id"]) != "fetched":
        return "waits_for_orders"
    with held.pool.connection() as connection, connection.transaction():
        if stock_imports.backlog(connection, row["id"]).waiting > BACKLOG:
            return "waits_for_orders"
        stock_imports.forget_earlier(connection, job)
        stock_imports.go_to(connection, job, "reading")
    return "next"


def _read(held: Process, row: postgres.Row, job: StockImport) -> str:
    """One stretch of a walk through the whole catalogue, as it is now."""
    asked_at = _now(held)
    walk = Walk.read(job.walk) if job.walk else Walk(asked_at)
    stop_at = monotonic() + BUDGET_SECONDS
    for page in held.connector(row).catalogue(None, after=walk.position):
        walk = walk.past(page)
        with held.pool.connection() as connection, connection.transaction():
            stock.keep_items(connection, row["id"], page.items, asked_at=asked_at)
            stock_imports.keep_page(connection, job, page.items, read_at=asked_at, walk=walk.text())
        if page.position is not None and monotonic() > stop_at:
            return "goes_on"
    with held.pool.connection() as connection:
        stock_imports.go_to(connection, job, "checking")
    return "next"


def _check(held: Process, row: postgres.Row, job: StockImport) -> str:
    """Count once every order that the figures know of is in the hub, and none moved them since they were read."""
    if fetch_orders(row["id"]) != "fetched":
        return "waits_for_orders"
    is_late = _now(held) - job.step_at > PATIENCE
    with held.pool.connection() as connection:
        doubtful = stock_imports.doubtful(connection, job)
        waiting = stock_imports.backlog(connection, row["id"]).waiting
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


def _read_again(held: Process, row: postgres.Row, job: StockImport, skus: Sequence[str]) -> None:
    connector = held.connector(row)
    size = connector.platform.stock_batch
    for start in range(0, len(skus), size):
        some, read_at = skus[start : start + size], _now(held)
        found = connector.find_items(some)
        with held.pool.connection() as connection, connection.transaction():
            stock_imports.read_again(connection, job, some, found.items, read_at=read_at)


# -- the count -------------------------------------------------------------------------------------------------------


def _count(held: Process, row: postgres.Row, job: StockImport, *, left_out: dict[str, bool]) -> str:
    with held.pool.connection() as connection, connection.transaction():
        hub_counts.alone(connection)
        if not stock_imports.hold(connection, job):
            return "next"  # it was asked for anew meanwhile
        found = stock_imports.figures(connection, job)
        items = hub_counts.gather(connection, sorted({one.sku for one in found}), store_id=row["id"])
        # Behind what is promised: an order among it has moved its SKUs before.
        doubtful = stock_imports.doubtful(connection, job)
        if doubtful.keys() - left_out.keys():
            return "next"
        store = _store(row)
        if job.is_again and store.is_on("stock.sync"):
            told = stock_imports.told(connection, row["id"], list(items))
            items = as_told(items, PostgresHub(connection).levels(told), store=store)
        places = hub_locations(store, _location(connection, store))
        count = count_store(found, items=items, places=places, is_again=job.is_again)
        count = without(count, doubtful)
        if not job.is_trial:  # the hub goes by what the store shows
            counted = {line.sku for line in count.lines}
            shown = [(one.external_id, place) for one in found if one.sku in counted for place in one.shown]
            comparing.agree(connection, row["id"], shown)
        return _finish(connection, row, job, count)


def _finish(connection: postgres.Connection, row: postgres.Row, job: StockImport, count: Count) -> str:
    count_id = None
    if count.lines and not job.is_trial:
        (count_id,) = PostgresHub(connection).apply([CountStock(row["name"], count.lines)])
    report = report_of(count, beside(count, _neighbours(connection, row, count), name=row["name"]))
    failed = stock_imports.backlog(connection, row["id"]).failed
    stock_imports.finish(connection, job, {"count": count_id, **report, "orders_set_aside": failed})
    detail = {"count": count_id, "source": row["name"], "figures": len(count.lines), "left_out": report["reasons"]}
    word = "tried" if job.is_trial else "counted"
    journal.add(connection, journal.Line("count", word, None, detail), store_id=row["id"])
    return f"{len(count.lines)} {word}"


def _neighbours(connection: postgres.Connection, row: postgres.Row, count: Count) -> list[Neighbour]:
    return [
        Neighbour(other["name"], places, stock.items(connection, other["id"], sorted(count.skus)))
        for other, places in _sharing(connection, row)
    ]


def _sharing(connection: postgres.Connection, row: postgres.Row) -> list[tuple[postgres.Row, dict[str, str]]]:
    """Other connected stores that sell from the locations of this one, with their places."""
    mine = _places(connection, row)
    others = [(other, _places(connection, other)) for other in stores.stores(connection)]
    return [one for one in others if one[0]["id"] != row["id"] and set(one[1].values()) & set(mine.values())]


def _places(connection: postgres.Connection, row: postgres.Row) -> dict[str, str]:
    store = _store(row)
    return hub_locations(store, _location(connection, store))


def _store(row: postgres.Row) -> Store:
    return stores.read_store(row, STORES[row["platform"]].platform)


def _location(connection: postgres.Connection, store: Store) -> str:
    return str(store.settings["location"] or stores.account(connection).default_location)


# -- failures --------------------------------------------------------------------------------------------------------


def _write_down(held: Process, job: StockImport, error: Exception) -> str:
    """A store that cannot be read is asked later; one that says no ends the count, and nothing of it is counted."""
    now, problem = datetime.now(UTC), problem_of(error)
    decision = decide_failure(problem, attempts=job.attempts, now=now, jitter=random.random())
    with held.pool.connection() as connection, connection.transaction():
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, job.store_id, reason=reason, detail=detail)
                return "store_needs_attention"
            case TryAgain(at=at, reason=reason, is_attempt=is_attempt):
                delay = stock_imports.Delay(at, reason, problem.words, is_attempt)
                stock_imports.put_off(connection, job, delay)
            case SetAside(reason=Reason.STORE_UNAVAILABLE as reason, again_at=at):
                stock_imports.put_off(connection, job, stock_imports.Delay(at or now + SWEEP, reason, problem.words))
            case SetAside(reason=reason, detail=detail):
                stock_imports.stop(connection, job, reason=reason, detail=problem.words)
                journal.add(connection, journal.Line("count", "failed", reason, detail), store_id=job.store_id)
                return "stopped"
            case _:
                assert_never(decision)
    return "put_off"


def _now(held: Process) -> datetime:
    with held.pool.connection() as connection:
        return stores.database_time(connection)
