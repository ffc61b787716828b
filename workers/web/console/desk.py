"""The database for a page: one connection for each request, and few of them at once.

Threads and pool are the door's too. What shops tell has to be taken within seconds, so pages have half of the threads
at most and two of the connections, and what a page only shows takes two seconds at most.
"""

from contextlib import ExitStack
from threading import BoundedSemaphore
from typing import Final

from flask import g, request

from connectors.postgres import Connection, metrics
from workers.web.door import opened

SEATS: Final = 4  # pages that are made or wait to be, of the web process' eight threads
AT_ONCE: Final = 2
WAIT_SECONDS: Final = 5

_SEATS: Final = BoundedSemaphore(SEATS)
_ROOM: Final = BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """So many pages are being made that this one cannot be now."""


def sit_down() -> None:
    """Begin with a page. Raises Busy where others have every seat: nobody waits for one, a thread would."""
    g.held = held = ExitStack()
    if not _SEATS.acquire(blocking=False):
        raise Busy
    held.callback(_SEATS.release)


def connection() -> Connection:
    """This request's connection, given back at its end."""
    if "connection" not in g:
        held: ExitStack = g.held
        if not _ROOM.acquire(timeout=WAIT_SECONDS):
            raise Busy
        held.callback(_ROOM.release)
        g.connection = held.enter_context(opened().pool.connection(timeout=WAIT_SECONDS))
        if request.method in {"GET", "HEAD"}:
            held.enter_context(metrics.in_a_hurry(g.connection))
    found: Connection = g.connection
    return found


def give_back(_: BaseException | None = None) -> None:
    """The request is over."""
    held: ExitStack | None = g.pop("held", None)
    g.pop("connection", None)
    if held is not None:
        held.close()
