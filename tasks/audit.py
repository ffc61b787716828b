"""A store's list of orders beside ours, every night and when a person wants it: what is missing comes in (BEY-4)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, Self

from celery import shared_task
from psycopg import Rollback

from connectors import cursor
from connectors.postgres import auditing, journal, lanes, stores
from connectors.postgres.rows import StoreRow, StoreTurn
from schemas.journal import Action, Line, Outcome
from schemas.orders import ListedPage
from tasks import bells
from tasks.held import Process
from tasks.lanes import AUDIT
from tasks.rules.auditing import DAYS, Window, compare_page, decide_window, last_night
from tasks.work import Done, work_on_store

BUDGET_SECONDS: Final = 10  # of one task: fetches of other stores wait in the same queue
_NAMED: Final = 20  # orders that are named where some were missing

Kept = dict[str, Any]

_GOES_ON: Final = Done("goes_on", is_due=True)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison under way: behind which second of the store's list it is, and what it found until there.

    `last` are the ids of the page before: the next one begins with some of them.
    """

    begun_at: datetime
    window: Window
    position: datetime
    listed: int = 0
    missing: int = 0
    looked_again: int = 0
    unread: int = 0
    orders: tuple[str, ...] = ()  # some of those that were missing
    last: tuple[str, ...] = ()

    @classmethod
    def read(cls, kept: Kept) -> Self:
        """One that was interrupted."""
        counts = {name: kept[name] for name in ("listed", "missing", "looked_again", "unread")}
        since, until, begun_at, position = map(_time, (kept[name] for name in _TIMES))
        orders, last = tuple(kept["orders"]), tuple(kept["last"])
        return cls(begun_at, Window(since, until), position, **counts, orders=orders, last=last)

    def text(self) -> Kept:
        """As it is kept."""
        times = (self.window.since, self.window.until, self.begun_at, self.position)
        kept = dict(zip(_TIMES, (time.isoformat() for time in times), strict=True))
        return {**kept, **self.counts(), "orders": [*self.orders], "last": [*self.last]}

    def counts(self) -> dict[str, int]:
        """What it found."""
        return {name: getattr(self, name) for name in ("listed", "missing", "looked_again", "unread")}

    def past(self, page: ListedPage, listed: Collection[str], missing: Sequence[str], older: Sequence[str]) -> Self:
        """Behind another page, of which these orders were compared, and of those some missing, or older with us."""
        return replace(
            self,
            position=max(self.position, page.position),
            listed=self.listed + len(set(listed) - set(self.last)),
            missing=self.missing + len(missing),
            looked_again=self.looked_again + len(older),
            unread=self.unread + page.unread,
            orders=(*self.orders, *missing)[:_NAMED],
            last=tuple(listed),
        )


_TIMES: Final = ("since", "until", "begun_at", "position")


@shared_task(name="audit")
def audit(store: int | str) -> str:
    """Compare a store's list of orders with ours, if a person wants it or the night has come."""
    return compare_orders(store)


def compare_orders(store: int | str, on_page: Callable[[int], None] = lambda _: None) -> str:
    """Do so in this process, as far as one task goes: what came of it, `audited` at its end."""
    return work_on_store(store, AUDIT, lambda held, turn: _audit(held, turn, on_page))


def _audit(held: Process, turn: StoreTurn, on_page: Callable[[int], None]) -> Done:
    row, now = turn.store, held.now()
    if row.audit_since is None and (row.audited_at or row.connected_at) >= last_night(now):
        return Done("nothing_due")
    walk = Comparison.read(row.audit_walk) if row.audit_walk else _begin(held, row, now)
    if walk is None:
        return Done("not_read_yet")
    was, stop_at, begun_behind = row.audit_walk, monotonic() + BUDGET_SECONDS, walk.position
    for page in held.connector(row).listed_orders(begun_behind):
        # No transaction is open while the store is waited for.
        kept = _keep_page(held, row, walk, page, was=was)
        if kept is None:
            return _GOES_ON
        walk, was = kept, kept.text()
        on_page(walk.listed)
        if page.is_last or page.position >= walk.window.until:
            break
        if monotonic() > stop_at and walk.position > begun_behind:
            return _GOES_ON
    return _end(held, row, walk, was=was)


def _begin(held: Process, row: StoreRow, now: datetime) -> Comparison | None:
    store = stores.read_store(row, held.connector(row).platform)
    window = decide_window(
        wanted=row.audit_since or now - timedelta(days=DAYS),
        read_from=store.imports_from or row.activated_at - cursor.RECENT,
        read_up_to=cursor.read_up_to(row.cursor),
    )
    return None if window is None else Comparison(now, window, window.since)


def _keep_page(
    held: Process, row: StoreRow, walk: Comparison, page: ListedPage, *, was: Kept | None
) -> Comparison | None:
    """Make due what is missing on a page, or newer than with us; None where another comparison was begun meanwhile."""
    with held.pool.connection() as connection:
        is_ours = False
        with connection.transaction() as transaction:
            found = compare_page(page, auditing.known(connection, row.id, list(page.times)), walk.window)
            missing = auditing.expect(connection, row.id, found.missing)
            older = auditing.look_anew(connection, row.id, found.older)
            walk = walk.past(page, found.listed, missing, older)
            is_ours = auditing.keep_walk(connection, row, walk.text(), was=was)
            if not is_ours:
                raise Rollback(transaction)
        if is_ours and (missing or older):
            bells.ring_due_orders(connection, row.id)
    return walk if is_ours else None


def _end(held: Process, row: StoreRow, walk: Comparison, *, was: Kept | None) -> Done:
    window = {"since": _utc(walk.window.since), "until": _utc(walk.window.until)}
    outcome = {**window, **walk.counts(), "orders": [*walk.orders]}
    with held.pool.connection() as connection, connection.transaction():
        if not auditing.done(connection, row, outcome, was=was, begun_at=walk.begun_at):
            return _GOES_ON
        lanes.clear(connection, row.id, "audit")
        if walk.missing or walk.looked_again:
            journal.add(connection, Line(Action.AUDIT, Outcome.PENDING, detail=outcome), store_id=row.id)
    return Done("audited")


def _utc(moment: datetime) -> str:
    return f"{cursor.naive(moment)}Z"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
