"""Who may call the stand-in, and how often: the token, and BigCommerce's window of calls for all of a shop's apps."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox.bigcommerce.model import BigCommerceSettings, BigRefusal

Headers = dict[str, str]

_FAMILIES: Final = {  # the first that a path has
    "/v2/orders": "store_v2_orders",
    "/v2/store": "store_v2_information",
    "/v3/catalog/": "store_v2_products",
    "/v3/inventory/locations": "store_locations",
    "/v3/inventory/": "store_inventory",
}
NO_SCOPE: Final = "You don't have a required scope to access the endpoint"
ALL_SCOPES: Final = frozenset(_FAMILIES.values())


@dataclass(slots=True)
class Window:
    """Counts calls in windows of fixed length; `clock` is in seconds."""

    settings: BigCommerceSettings
    clock: Callable[[], float] = time.monotonic
    used: int = 0
    _began: float = -math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[bool, Headers]:
        """Whether a call is within the quota, and the headers that say what is left."""
        with self._lock:
            now, length = self.clock(), self.settings.window_seconds
            if now - self._began >= length:
                self._began, self.used = now, 0
            is_within = self.used < self.settings.quota
            self.used += is_within
            return is_within, {
                "X-Rate-Limit-Time-Window-Ms": str(round(length * 1000)),
                "X-Rate-Limit-Time-Reset-Ms": str(math.ceil((self._began + length - now) * 1000)),
                "X-Rate-Limit-Requests-Quota": str(self.settings.quota),
                "X-Rate-Limit-Requests-Left": str(self.settings.quota - self.used),
            }


def refuse_token(given: str | None, token: str) -> None:
    """Raises BigRefusal for a call without the shop's token."""
    if given != token:
        raise BigRefusal(401, "Unauthorized" if given else "X-Auth-Token header is required")


def refuse_scope(method: str, path: str, scopes: frozenset[str]) -> None:
    """Raises BigRefusal for a call that the token's scopes do not allow, whatever else may be wrong with it."""
    family = next((name for part, name in _FAMILIES.items() if part in path), None)
    allowed = {family, f"{family}_read_only"} if method == "GET" else {family}
    if family and not scopes & allowed:
        raise BigRefusal(403, NO_SCOPE)


def too_many() -> BigRefusal:
    """A call beyond the quota."""
    return BigRefusal(429, "You have made too many API requests")
