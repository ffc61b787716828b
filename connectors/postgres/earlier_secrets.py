"""What proved a shop's messages before its store got other credentials or was disconnected: encrypted, for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.config import ConfigError
from connectors.postgres import Connection, chosen, queries

if TYPE_CHECKING:
    from connectors.secrets import Credentials, Secrets

_SQL: Final = queries("earlier_secrets")
_MOST: Final = 5  # that are tried: whoever changes credentials more often in a week is trying out


def keep(connection: Connection, store_id: int, locked: str, lives: timedelta) -> None:
    """Let what proved a store's messages until now do so a while longer."""
    connection.execute(_SQL["keep_earlier_secret"], {"store_id": store_id, "locked": locked, "lives": lives})


def kept(connection: Connection, secrets: Secrets, store_id: int) -> list[Credentials]:
    """What proves a store's messages still, the latest first. Raises ConfigError where no key opens it."""
    rows = connection.execute(chosen(_SQL["earlier_secrets"], (), most=_MOST), {"store_id": store_id})
    return [secrets.unlock(row["locked"]) for row in rows]


def forget(connection: Connection, store_id: int) -> None:
    """Let nothing of before prove a store's messages any more."""
    connection.execute(_SQL["forget_earlier_secrets"], {"store_id": store_id})


def cut(connection: Connection) -> None:
    """Cut what proves nothing any more."""
    connection.execute(_SQL["cut_earlier_secrets"])


def rotate(connection: Connection, secrets: Secrets) -> None:
    """Lock all of them with the newest key; what no key opens proves nothing, and goes."""
    for row in connection.execute(_SQL["all_earlier_secrets"]).fetchall():
        try:
            connection.execute(_SQL["put_earlier_secret"], {"id": row["id"], "locked": secrets.rotate(row["locked"])})
        except ConfigError:
            connection.execute(_SQL["drop_earlier_secret"], {"id": row["id"]})
