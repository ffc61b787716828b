"""Progress on what takes longer than two seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from connectors import postgres
from connectors.postgres import order_view, stores
from connectors.postgres.rows import StoreRow
from tasks.held import Process
from tasks.rules.failures import CAP

LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 30  # so long without any movement, with nothing put off: nobody is working
STUCK_SECONDS = 600  # so long without one more order done, however often they are tried

# What is put off for longer is not waited for. A shop that is away is told soon; no order backs off for longer, but a
# shop may ask for an hour.
FETCH_REACH: Final = timedelta(seconds=30)
ORDER_REACH: Final = CAP


@dataclass(frozen=True, slots=True)
class OrderCount:
    """Where a store's orders stand; those put off failed for now, and are tried again from `again_at` on."""

    states: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    put_off: int = 0
    again_at: datetime | None = None
    reasons: frozenset[str] = frozenset()  # why they are put off

    @property
    def total(self) -> int:
        """All orders the store has shown."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """Those that nothing is to be done about."""
        return self.total - self.waiting - self.put_off

    def __str__(self) -> str:
        return ", ".join(f"{number} {state}" for state, number in sorted(self.states.items()))


@dataclass(frozen=True, slots=True)
class Seen:
    """A store that is watched. `is_done` None is not yet; False is not soon, or not by itself."""

    row: StoreRow | None = None
    count: OrderCount = OrderCount()
    is_fetched: bool = False
    is_done: bool | None = None

    @property
    def waits_out(self) -> bool:
        """Whether nothing can move before the first order that was put off is due."""
        return self.is_fetched and self.count.put_off > 0 and not self.count.waiting


@dataclass(slots=True)
class _Still:
    """For how long something has stayed the same."""

    what: object = None
    since: float = 0

    def seconds(self, what: object) -> float:
        """How long it has been so."""
        if what != self.what:
            self.what, self.since = what, time.monotonic()
        return time.monotonic() - self.since


def count(connection: postgres.Connection, store_id: int) -> OrderCount:
    """Where a store's orders stand now."""
    states: dict[str, int] = {}
    rows = order_view.counts(connection, store_id)
    for row in rows:
        states[row.state] = states.get(row.state, 0) + row.orders
    put_off = [row for row in rows if row.put_off]
    return OrderCount(
        states,
        waiting=sum(row.due_now for row in rows),
        put_off=sum(row.put_off for row in put_off),
        again_at=min((row.again_at for row in put_off if row.again_at), default=None),
        # An order in the hub keeps the reason of its last look: that is not why its change was put off.
        reasons=frozenset(row.reason for row in put_off if row.state == "pending" and row.reason),
    )


def watch_store(held: Process, store_id: int, name: str, *, since: datetime) -> Seen:
    """Show how a store's fetch and all that came of it goes on; where it stands at the end."""
    return _watch(held, {name: store_id}, since)[name]


def watch_stores(
    held: Process, stores_by_name: Mapping[str, int], *, since: datetime, patience: float = PATIENCE_SECONDS
) -> bool:
    """Show how several stores' fetches go on at once; True when everything of all is done.

    False when a store was stopped or put off for long, or nobody works on it: nothing moved for `patience` seconds.
    """
    return all(seen.is_done for seen in _watch(held, stores_by_name, since, patience).values())


def _watch(
    held: Process, stores_by_name: Mapping[str, int], since: datetime, patience: float = PATIENCE_SECONDS
) -> dict[str, Seen]:
    seen = dict.fromkeys(stores_by_name, Seen())
    move, step = _Still(), _Still()
    with progress_bars(TextColumn("{task.fields[note]}")) as bars:
        watched = {name: bars.add_task(name, total=None, note="fetching") for name in seen}
        while True:
            for name, store_id in stores_by_name.items():
                if seen[name].is_done is None:
                    seen[name] = _look(held, store_id, since)
                    now = seen[name].count
                    bars.update(watched[name], total=now.total or None, completed=now.done, note=str(now))
            watching = [one for one in seen.values() if one.is_done is None]
            counts = [one.count for one in watching]
            is_still = move.seconds(counts) > patience and not any(one.waits_out for one in watching)
            is_stuck = step.seconds([(one.total, one.done) for one in counts]) > STUCK_SECONDS
            if is_still or is_stuck or not watching:
                return seen
            time.sleep(LOOK_SECONDS)


def _look(held: Process, store_id: int, since: datetime) -> Seen:
    """Where a store stands, and whether that is the end."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
        now = count(connection, store_id)
    is_fetched = bool(row and row.fetched_at and row.fetched_at >= since)
    if is_fetched and now.done == now.total:
        is_done: bool | None = True
    elif row is None or row.state != "active":
        is_done = False
    else:
        again_at, reach = (now.again_at, ORDER_REACH) if is_fetched else (row.fetch_due_at, FETCH_REACH)
        is_far = again_at is not None and again_at - datetime.now(UTC) > reach
        is_done = False if is_far and not now.waiting else None
    return Seen(row, now, is_fetched, is_done)


def progress_bars(*more: ProgressColumn) -> Progress:
    """Bars on stderr, for people who look: a script reads one line, or one document."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *more,
        console=console,
        disable=not console.is_terminal,
    )
