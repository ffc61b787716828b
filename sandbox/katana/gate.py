"""Who may call the stand-in, and how often: the key, and Katana's window of requests."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.katana.errors import unauthorized
from sandbox.katana.state import KatanaAccount

Headers = dict[str, str]


@dataclass(slots=True)
class _Window:
    """Requests of one limit: how many there were, and when it is given anew."""

    ends: datetime
    used: int = 0


class Gate:
    """Counts requests in windows of fixed length, by the account's own clock: of all keys together, or of each."""

    def __init__(self, account: KatanaAccount) -> None:
        self._account = account
        self._windows: dict[str, _Window] = {}

    def admit(self, authorization: str | None) -> str:
        """The key of a call. Raises KatanaRefusal for one that does not count."""
        kind, _, key = (authorization or "").partition(" ")
        if kind != "Bearer" or key not in self._account.keys:
            raise unauthorized()
        return key

    def take(self, key: str) -> tuple[bool, Headers]:
        """Whether a request is within the limit, and the headers that say what is left."""
        oddities, window = self._account.oddities, self._window(key)
        is_within = window.used < oddities.limit
        window.used += is_within
        reset = window.ends.timestamp() if oddities.reset_in_seconds else window.ends.timestamp() * 1000
        headers = {
            "X-Ratelimit-Limit": str(oddities.limit),
            "X-Ratelimit-Remaining": str(max(oddities.limit - window.used, 0)),
            "X-Ratelimit-Reset": str(math.ceil(reset)),
        }
        shown = headers if oddities.says_limit else {}
        if is_within:
            return True, shown
        wait = (window.ends - self._account.moment()).total_seconds()
        return False, shown | {"Retry-After": str(max(1, math.ceil(wait)))}

    def use_up(self, requests: int) -> None:
        """Another application makes requests."""
        self._window("another").used += requests

    def _window(self, key: str) -> _Window:
        shared = "" if self._account.oddities.budget_is_shared else key
        now, window = self._account.moment(), self._windows.get(shared)
        if window is None or now >= window.ends:
            window = _Window(now + timedelta(seconds=self._account.oddities.window_seconds))
            self._windows[shared] = window
        return window
