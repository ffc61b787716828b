"""The account's hub in PostgreSQL, where it is elsewhere: its key, how far its news were heard, what waits for it.

The key passes through here encrypted, and only so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.postgres import Connection, queries, read_one
from schemas.account import read_account

_SQL: Final = queries("hub_account")


@dataclass(frozen=True, slots=True)
class HubAccount:
    """What is known of the hub. `credentials` are locked; `reason` is why it could not be asked the last time."""

    credentials: str
    cursor: str | None
    heard_at: datetime | None
    reason: str | None
    detail: str | None
    token: str
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """Which hub it is."""
        return read_account(self.settings).hub


@dataclass(frozen=True, slots=True)
class DueAtHub:
    """What waits for the hub."""

    new_orders: int
    changed_orders: int
    skus: int


def hub_account(connection: Connection) -> HubAccount:
    """What is known of the account's hub."""
    found = read_one(connection, HubAccount, _SQL["hub_account"])
    if found is None:
        raise LookupError("the account has no row")
    return found


def set_credentials(connection: Connection, locked: str) -> None:
    """Keep the hub's key, encrypted; empty for one that needs none."""
    connection.execute(_SQL["set_hub_credentials"], {"locked": locked})


def keep_cursor(connection: Connection, cursor: str) -> None:
    """Its news are kept up to here."""
    connection.execute(_SQL["keep_hub_cursor"], {"cursor": cursor})


def forget_cursor(connection: Connection) -> None:
    """It is another hub: its news begin now."""
    connection.execute(_SQL["forget_hub_cursor"])


def failed(connection: Connection, reason: str, detail: str) -> None:
    """It could not be asked, for this reason."""
    connection.execute(_SQL["hub_failed"], {"reason": reason, "detail": detail})


def order_in_hub(connection: Connection) -> str | None:
    """One of the stores' orders that stand in the hub, as STORE/EXTERNAL_ID; None where there is none."""
    row = connection.execute(_SQL["order_in_hub"]).fetchone()
    return f"{row['store']}/{row['external_id']}" if row else None


def due(connection: Connection) -> DueAtHub:
    """What waits for the hub now."""
    return read_one(connection, DueAtHub, _SQL["due_at_hub"]) or DueAtHub(0, 0, 0)
