"""The clock of a stand-in shop, which its merchant may set for a moment. It knows nothing of shops."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


class ShopClock:
    """What the three shops have in common: one lock, and a time of their own."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self._clock = now

    def now(self) -> datetime:
        """The shop's time; dates have no fractions of a second."""
        return self.moment().replace(microsecond=0)

    def moment(self) -> datetime:
        """The same to the microsecond."""
        return self._clock().astimezone(UTC)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Do things at another time."""
        with self.lock:
            clock, self._clock = self._clock, lambda: moment
            try:
                yield
            finally:
                self._clock = clock
