"""Our own servers are looked after while `storesync up` runs: one that ended is started again, without a hot loop.

Whether a server runs its lock says (`workers/embedded/daemon.py`), so a look costs a small file. One that hangs is not
ended: only its end is certain. Each server has a thread of its own, so that none waits for another's recovery.
"""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self

from workers.embedded import daemon

_LOG: Final = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1
LEAVE_SECONDS: Final = 5  # a start that is under way goes on without us
RECENT_SECONDS: Final = 600  # for so long an end counts
AT_ONCE: Final = 3  # so many recent ends are followed by a start at once
FIRST_WAIT: Final = 5
LONGEST_WAIT: Final = 300


def wait_after(ends: int) -> int:
    """Seconds until a server that ended so often of late is started again."""
    if ends <= AT_ONCE:
        return 0
    return int(min(LONGEST_WAIT, FIRST_WAIT << min(ends - AT_ONCE - 1, 10)))


@dataclass(slots=True)
class _Watched:
    """A server, when it ended of late, and when it is started next if it is down."""

    server: daemon.Server
    ends: deque[float] = field(default_factory=deque)
    start_at: float | None = None


class Keeper:
    """Keeps servers running from the beginning of a `with` to its end. It stops none."""

    def __init__(self, servers: Sequence[daemon.Server]) -> None:
        self._is_over = Event()
        self._threads = [Thread(target=self._keep, args=(_Watched(one),), daemon=True) for one in servers]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, raised: TracebackType | None
    ) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(LEAVE_SECONDS)

    def _keep(self, watched: _Watched) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            _look_at(watched)


def _look_at(watched: _Watched) -> None:
    if daemon.running_pid(watched.server) is not None:
        watched.start_at = None
        return
    if watched.start_at is None:
        _note_end(watched)
    if watched.start_at is not None and monotonic() >= watched.start_at:
        _start(watched)


def _start(watched: _Watched) -> None:
    try:
        daemon.ensure_running(watched.server)
    except daemon.EmbeddedError as problem:
        _LOG.error("%s", problem)
        _note_end(watched)
        return
    _LOG.warning("%s runs again", watched.server.name)
    watched.start_at = None


def _note_end(watched: _Watched) -> None:
    """Decide when it is started again, and say so."""
    now, name, log = monotonic(), watched.server.name, daemon.log_path(watched.server)
    watched.ends.append(now)
    while watched.ends[0] < now - RECENT_SECONDS:
        watched.ends.popleft()
    wait = wait_after(len(watched.ends))
    watched.start_at = now + wait
    if not wait:
        _LOG.warning("%s has ended, and is started again; its log: %s", name, log)
        return
    times = len(watched.ends)
    _LOG.error("%s has ended %s times of late: started again in %s s. Its log: %s", name, times, wait, log)
