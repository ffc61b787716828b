"""Where tokens that end are kept for all workers: encrypted, and renewed by one of them at a time (DOR-3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from psycopg_pool import ConnectionPool

from connectors.config import ConfigError
from connectors.errors import Unavailable
from connectors.postgres import Connection, queries, read_all
from connectors.postgres.stores import Locked
from connectors.tokens import Grant, Token, refuse_again

if TYPE_CHECKING:
    from connectors.secrets import Secrets

_SQL: Final = queries("tokens")
_LOCK: Final = 7203  # the advisory locks of tokens, one for each store


@dataclass(frozen=True, slots=True)
class StoreTokens:
    """The token of one store. The database's clock alone measures how long it lives."""

    pool: ConnectionPool[Connection]
    secrets: Secrets
    store_id: int

    def get(self, grant: Grant, *, refused: str = "") -> Token:
        """The token of now, another one than was refused. Raises what the grant raises, and Unavailable.

        Who finds it ending renews it; whoever else asks meanwhile uses it to its end, and then waits for the new one.
        """
        with self.pool.connection() as connection:
            kept = self._read(connection, grant)
            if kept and kept.is_fresh and kept.lives_beside(refused):
                return kept
            with self._turn(connection) as is_ours:
                if is_ours:
                    return self._renew(connection, grant, refused)
            return kept if kept and kept.lives_beside(refused) else self._wait(connection, grant, refused)

    def _renew(self, connection: Connection, grant: Grant, refused: str) -> Token:
        kept = self._read(connection, grant)
        if kept and kept.is_fresh and kept.lives_beside(refused):
            return kept  # somebody else was faster
        refuse_again(kept, refused)
        try:
            token = grant.ask()  # no transaction is open
        except Unavailable:
            if kept and kept.lives_beside(refused):
                return kept  # there is time to try again
            raise
        locked = self.secrets.lock({"key": token.key, "credentials": grant.credentials})
        connection.execute(_SQL["keep_token"], self._values(token=locked, left=token.left))
        return token

    def _wait(self, connection: Connection, grant: Grant, refused: str) -> Token:
        connection.execute(_SQL["wait_for_lock"], self._values())
        connection.execute(_SQL["unlock_shared"], self._values())
        kept = self._read(connection, grant)
        if kept and kept.lives_beside(refused):
            return kept
        raise Unavailable("the store gives no token now: another worker has just asked for one")

    def _read(self, connection: Connection, grant: Grant) -> Token | None:
        """The token that was given for these credentials; what no key of ours opens is as good as none."""
        row = connection.execute(_SQL["token"], self._values()).fetchone()
        if row is None:
            return None
        try:
            kept = self.secrets.unlock(row["token"])
        except ConfigError:
            return None
        if kept.get("credentials") != grant.credentials:
            return None
        return Token(kept["key"], row["remaining"], row["age"])

    @contextmanager
    def _turn(self, connection: Connection) -> Iterator[bool]:
        """Whether it is on us to renew the token."""
        row = connection.execute(_SQL["try_lock"], self._values()).fetchone()
        is_ours = bool(row and row["is_ours"])
        try:
            yield is_ours
        finally:
            if is_ours and not connection.broken:
                connection.execute(_SQL["unlock"], self._values())

    def _values(self, **more: Any) -> dict[str, Any]:
        return {"store_id": self.store_id, "key": _LOCK, **more}


def forget(connection: Connection, store_id: int) -> None:
    """The store is disconnected: nothing of its credentials stays."""
    connection.execute(_SQL["forget_token"], {"store_id": store_id})


def stored(connection: Connection) -> list[Locked]:
    """Every encrypted token, locked for a rotation of keys."""
    return read_all(connection, Locked, _SQL["tokens"])


def put(connection: Connection, store_id: int, token: str) -> None:
    """Keep a token under another key."""
    connection.execute(_SQL["set_token"], {"store_id": store_id, "token": token})
