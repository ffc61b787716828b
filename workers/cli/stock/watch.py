"""Progress of a stock push, and of reading a catalogue before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from connectors.later import Later
from connectors.postgres import stock_view
from connectors.postgres.stock import UNREAD_SECONDS
from schemas.reasons import describe
from tasks.held import Process
from workers.cli.output import utc

if TYPE_CHECKING:
    from tasks.stock.asking import AskedPush
    from workers.cli import progress
else:
    progress = Later("workers.cli.progress")

# Unread orders may hold a SKU back for a minute: only after that has nobody worked.
PATIENCE_SECONDS: Final = UNREAD_SECONDS + 30
_NAMED: Final = 1000  # of more SKUs it is not asked one by one: all that the store still waits for is counted


@contextmanager
def counting(title: str) -> Iterator[Callable[[int], None]]:
    """A count that goes on by itself: of what nobody knows the end."""
    with progress.progress_bars() as bars:
        counted = bars.add_task(title, total=None)
        yield lambda more: bars.advance(counted, more)


def watch_push(held: Process, asked: Sequence[AskedPush]) -> list[str]:
    """Show how stores are told, until all are; says why where one was not told everything."""
    with progress.progress_bars() as bars:
        watched = [bars.add_task(one.name, total=len(one.skus)) for one in asked]
        moved_at, last = time.monotonic(), [len(one.skus) for one in asked]
        while True:
            now = [_look(held, one) for one in asked]
            for bar, one, found in zip(watched, asked, now, strict=True):
                bars.update(bar, completed=max(0, len(one.skus) - found.waiting))
            waiting = [found.waiting for found in now]
            if all(found.stopped or not found.waiting for found in now):
                return [_why(one, at) for one, at in zip(asked, now, strict=True) if at.waiting]
            if waiting != last:
                moved_at, last = time.monotonic(), waiting
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                return [f"nobody works on it: start a worker with {held.config.start_command}, or see storesync doctor"]
            time.sleep(progress.LOOK_SECONDS)


def _look(held: Process, asked: AskedPush) -> stock_view.Progress:
    skus = asked.skus if len(asked.skus) <= _NAMED else None
    with held.pool.connection() as connection:
        return stock_view.push_progress(connection, asked.store_id, skus, asked_at=asked.asked_at)


def _why(asked: AskedPush, at: stock_view.Progress) -> str:
    sentence, _ = describe(at.stopped)
    again = f" It is tried again at {utc(at.until)}." if at.until else f" See storesync store show {asked.name}"
    return f"{asked.name}: {at.waiting} SKU(s) are not told yet ({at.stopped}). {sentence}{again}"
