"""Katana as the account has it: opened with its key and the limit that all processes share, proved, looked at."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.errors import NotFound
from connectors.katana.absent import Absent
from connectors.katana.budget import Budget, Priority, SharedBudget, seconds_to_finish
from connectors.katana.client import URL, KatanaClient
from connectors.katana.copies import read_entries
from connectors.katana.guards import katana_guards
from connectors.katana.hub import FACTS, KatanaHub
from connectors.katana.knocking import drop_subscription
from connectors.katana.links import find_link
from connectors.katana.proving import prove
from connectors.postgres import Connection, queries
from connectors.postgres.hub_account import DueAtHub
from schemas.hub_links import OtherLink
from schemas.katana.records import AccountRecord, read_location

if TYPE_CHECKING:
    from redis import Redis

__all__ = ["FACTS", "URL", "KatanaAccess"]

_SQL: Final = queries("account", __package__)
_A_PERSON_WAITS: Final = Priority.CHANGES
_OPEN: Final = threading.local()  # a client, with its connection to Katana, belongs to one thread


@dataclass(frozen=True, slots=True)
class KatanaAccess:
    """Where Katana is, and as whom: the account's settings and its key."""

    credentials: Mapping[str, str]
    url: str = URL
    allow_insecure: bool = False
    fees_apart: bool = False  # shipping becomes Katana's own fee, and no row

    def client(self, budget: Budget) -> KatanaClient:
        """Calls as this account. Raises CredentialsRefused for a key that can be none."""
        return KatanaClient(self.credentials, budget=budget, url=self.url, allow_insecure=self.allow_insecure)


def open_hub(connection: Connection, access: KatanaAccess, redis: Redis) -> KatanaHub:
    """The hub; its client is kept as long as key and address are the same. Raises HubBusy for a key that is none."""
    mark = (os.getpid(), access.url, access.allow_insecure, tuple(sorted(access.credentials.items())), id(redis))
    kept: Any = getattr(_OPEN, "kept", None)
    if kept is None or kept[0] != mark:
        with katana_guards():
            kept = _OPEN.kept = (mark, access.client(SharedBudget(redis)), Absent())
    token = access.credentials.get("webhook_token", "")
    return KatanaHub(connection, kept[1], webhook_token=token, absent=kept[2], fees_apart=access.fees_apart)


def prove_account(access: KatanaAccess, redis: Redis) -> tuple[AccountRecord, list[str]]:
    """What holds for the account, and its locations, once it was seen that it can be worked with (KAT-3).

    Raises a ConnectorError.
    """
    client = access.client(SharedBudget(redis))
    account = prove(client)
    pages = client.pages("locations", {}, priority=_A_PERSON_WAITS)
    return account, [one.id for page in pages for one in read_entries("locations", read_location, page)]


def knows_our_orders(connection: Connection, access: KatanaAccess, redis: Redis) -> bool:
    """Whether an account has the order that we made there last; where we made none every account has. One request."""
    row = connection.execute(_SQL["last_order"]).fetchone()
    if row is None:
        return True
    try:
        said = access.client(SharedBudget(redis)).get(f"sales_orders/{row['id']}", priority=_A_PERSON_WAITS)
    except NotFound:
        return False
    return isinstance(said, dict) and said.get("ecommerce_order_id") == row["external_id"]


def other_link(
    connection: Connection, access: KatanaAccess, redis: Redis, *, platform: str, shop: str
) -> OtherLink | None:
    """What an account's own link to a shop brought. Raises HubBusy and HubRefused."""
    with katana_guards():
        return find_link(connection, access.client(SharedBudget(redis)), platform, shop)


def knock_no_more(access: KatanaAccess, redis: Redis, token: str) -> None:
    """Take our subscription away. Raises a ConnectorError."""
    drop_subscription(access.client(SharedBudget(redis)), token)


def begin_anew(connection: Connection) -> None:
    """What is remembered of Katana is of another account: its copies, what was heard, what was made by its ids."""
    connection.execute(_SQL["begin_anew"])


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
