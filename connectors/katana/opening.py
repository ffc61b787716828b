"""Katana as the account has it: opened with its key and the limit that all processes share, proved, looked at."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.katana.budget import Budget, Priority, SharedBudget, Unshared, seconds_to_finish
from connectors.katana.client import URL, KatanaClient
from connectors.katana.guards import katana_guards
from connectors.katana.hub import FACTS, KatanaHub
from connectors.katana.proving import prove
from connectors.postgres import Connection
from connectors.postgres.hub_account import DueAtHub
from schemas.katana.records import AccountRecord

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["FACTS", "URL", "KatanaAccess", "limit_now", "open_hub", "prove_account", "requests_of"]

_OPEN: Final = threading.local()  # a client, with its connection to Katana, belongs to one thread


@dataclass(frozen=True, slots=True)
class KatanaAccess:
    """Where Katana is, and as whom: the account's settings and its key."""

    credentials: Mapping[str, str]
    url: str = URL
    allow_insecure: bool = False

    def client(self, budget: Budget) -> KatanaClient:
        """Calls as this account. Raises CredentialsRefused for a key that can be none."""
        return KatanaClient(self.credentials, budget=budget, url=self.url, allow_insecure=self.allow_insecure)


def open_hub(connection: Connection, access: KatanaAccess, redis: Redis) -> KatanaHub:
    """The hub; its client is kept as long as key and address are the same. Raises HubBusy for a key that is none."""
    mark = (os.getpid(), access.url, access.allow_insecure, tuple(sorted(access.credentials.items())), id(redis))
    kept: Any = getattr(_OPEN, "kept", None)
    if kept is None or kept[0] != mark:
        with katana_guards():
            kept = _OPEN.kept = (mark, access.client(SharedBudget(redis)))
    return KatanaHub(connection, kept[1], webhook_token=access.credentials.get("webhook_token", ""))


def prove_account(access: KatanaAccess) -> AccountRecord:
    """What holds for the account, once it was seen that it can be worked with (KAT-3). Raises a ConnectorError."""
    return prove(access.client(Unshared()))


def limit_now(redis: Redis, due: DueAtHub) -> tuple[int, float, timedelta]:
    """Requests of the last minute, seconds that nobody may ask, and how long what is due takes (KAT-2)."""
    asked, closed_seconds = SharedBudget(redis).spent()
    seconds = seconds_to_finish(requests_of(due), Priority.BACKFILL, closed_seconds=closed_seconds)
    return asked, closed_seconds, timedelta(seconds=seconds)


def requests_of(due: DueAtHub) -> dict[Priority, int]:
    """How many requests what is due takes, about: an order that is new two, one that changed three with its answer."""
    return {
        Priority.ORDERS: due.new_orders * _NEW_ORDER,
        Priority.CHANGES: due.changed_orders * _CHANGED_ORDER,
        Priority.STOCK: -(-due.skus // _SKUS_IN_ONE),
    }


_NEW_ORDER: Final = 2
_CHANGED_ORDER: Final = 3
_SKUS_IN_ONE: Final = 100
