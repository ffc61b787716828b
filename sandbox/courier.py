"""Carries what shops tell by themselves, and tries again as their vendor does. It knows no vendor and no signature."""

import heapq
import http.client
import itertools
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_TIMEOUT_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Telling:
    """Something that happened, for one subscription: the same words and the same name however often it is tried."""

    hook: str
    topic: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended: the receiver's status, 0 where nothing was there."""

    hook: str
    topic: str
    status: int


@dataclass(frozen=True, slots=True)
class Route:
    """A vendor's own part. `request` is None where the subscription is gone or switched off; `ended` hears of each
    try whether it was taken, and whether it was the last one."""

    request: Callable[[Telling], urllib.request.Request | None]
    ended: Callable[[Telling, bool, bool], None]
    retries: Sequence[float]  # the seconds between tries


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


# No proxies and no redirects: a receiver is called as vendors call it.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


def post(request: urllib.request.Request) -> int:
    """Send once; the receiver's status, 0 where nothing was there."""
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except (OSError, http.client.HTTPException):
        return 0


class Courier:
    """One shop's; a thread of its own sends. `pace` is how long a second of the vendor's takes here."""

    def __init__(self, route: Route) -> None:
        self.pace = 1.0
        self.sent: deque[Attempt] = deque(maxlen=10_000)
        self._route = route
        self._waiting: list[tuple[float, int, int, Telling]] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = self._busy = False

    def send(self, tellings: Iterable[Telling]) -> None:
        """Send these in their order, as soon as may be."""
        with self._wake:
            for one in tellings:
                self._put(0.0, 0, one)
            if self._waiting and self._thread is None and not self._stopping:
                self._thread = threading.Thread(target=self._run, name="sandbox-courier", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def wait_idle(self, seconds: float = 10) -> bool:
        """Whether nothing is left to be sent or tried again within the time."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def stop(self) -> None:
        """End the thread; what waits stays unsent."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _put(self, seconds: float, tried: int, telling: Telling) -> None:
        heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), tried, telling))

    def _run(self) -> None:
        while (job := self._next()) is not None:
            tried, telling = job
            request = self._route.request(telling)
            if request is not None:
                self._try(request, tried, telling)
            with self._wake:
                self._busy = False
                self._wake.notify_all()

    def _next(self) -> tuple[int, Telling] | None:
        with self._wake:
            while not self._stopping:
                left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if left is not None and left <= 0:
                    _, _, tried, telling = heapq.heappop(self._waiting)
                    self._busy = True
                    return tried, telling
                self._wake.wait(left)
            return None

    def _try(self, request: urllib.request.Request, tried: int, telling: Telling) -> None:
        status = post(request)
        self.sent.append(Attempt(telling.hook, telling.topic, status))
        is_taken = 200 <= status < 300
        is_last = tried >= len(self._route.retries)
        self._route.ended(telling, is_taken, is_last)
        if not is_taken and not is_last:
            with self._wake:
                self._put(self._route.retries[tried] * self.pace, tried + 1, telling)
