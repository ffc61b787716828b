"""Progress on what takes longer than two seconds."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

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
from connectors.postgres import orders, stores
from tasks.process import Process

LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 30  # so long without any movement, with nothing fetched: nobody is working


@dataclass(frozen=True, slots=True)
class Count:
    """Where a store's orders stand."""

    states: dict[str, int]
    waiting: int

    @property
    def total(self) -> int:
        """All orders the store has shown."""
        return sum(self.states.values())

    def __str__(self) -> str:
        return ", ".join(f"{number} {state}" for state, number in sorted(self.states.items()) if state != "pending")


def count(connection: postgres.Connection, store_id: int) -> Count:
    """Where a store's orders stand now."""
    states: dict[str, int] = {}
    waiting = 0
    for row in orders.counts(connection, store_id):
        states[row["state"]] = states.get(row["state"], 0) + row["orders"]
        waiting += row["due_now"]
    return Count(states, waiting)


def watch_store(held: Process, store_id: int, name: str, *, since: datetime) -> bool:
    """Show how a store's fetch and all that came of it goes on; True when everything is done."""
    return watch_stores(held, {name: store_id}, since=since)


def watch_stores(held: Process, stores_by_name: Mapping[str, int], *, since: datetime) -> bool:
    """Show how several stores' fetches go on at once; True when everything of all is done.

    False when a store was stopped, put off, or nobody works on it.
    """
    with progress_bars(TextColumn("{task.fields[note]}")) as bars:
        watched = {name: bars.add_task(name, total=None, note="fetching") for name in stores_by_name}
        moved_at, last = time.monotonic(), dict.fromkeys(watched, Count({}, 0))
        results: dict[str, bool] = {}
        while len(results) < len(watched):
            now = dict(last)
            for name, store_id in stores_by_name.items():
                if name not in results:
                    now[name], result = _look(held, store_id, since)
                    bars.update(
                        watched[name],
                        total=now[name].total or None,
                        completed=now[name].total - now[name].waiting,
                        note=str(now[name]),
                    )
                    results |= {} if result is None else {name: result}
            if now != last:
                moved_at, last = time.monotonic(), now
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                return False
            time.sleep(LOOK_SECONDS)
        return all(results.values())


def _look(held: Process, store_id: int, since: datetime) -> tuple[Count, bool | None]:
    """Where a store stands, and whether that is the end: done, stuck, or not yet (None)."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
        now = count(connection, store_id)
    if row and row["fetched_at"] and row["fetched_at"] >= since and not now.waiting:
        return now, True
    if row is None or row["state"] != "active" or (row["fetch_due_at"] and not now.waiting):
        return now, False
    return now, None


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
