"""What is kept of orders and of their imports, read in portions. It writes nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, LiteralString

from connectors.postgres import Connection, chosen, queries, read_all
from schemas.journal import Entry
from schemas.replay import KeptOrder

_SQL: Final = queries("replay_view")

PORTION: Final = 200  # orders that are in memory at a time


@contextmanager
def looking(connection: Connection) -> Iterator[None]:
    """Look only: the database itself refuses every write, and each transaction sees one moment."""
    connection.execute(_SQL["look_only"])
    try:
        yield
    finally:
        connection.execute(_SQL["write_again"])


def kept_orders(
    connection: Connection, store_id: int | None, since: datetime | None, *, beyond: KeptOrder | None = None
) -> list[KeptOrder]:
    """The next orders of a store, or of all, since a moment or ever, store by store; none behind the last."""
    start = (beyond.store_id, beyond.external_id) if beyond else (0, "")
    values = {"store_id": store_id, "since": since, "beyond_store": start[0], "beyond": start[1]}
    statement = chosen(_SQL["kept_orders"], _which(store_id, since), limit=PORTION)
    return read_all(connection, KeptOrder, statement, values)


def count(connection: Connection, store_id: int | None, since: datetime | None) -> int:
    """How many these are."""
    statement = chosen(_SQL["count_kept_orders"], _which(store_id, since))
    row = connection.execute(statement, {"store_id": store_id, "since": since}).fetchone()
    return int(row["orders"]) if row else 0


def _which(store_id: int | None, since: datetime | None) -> list[LiteralString]:
    asked = {"kept_of_store": store_id, "kept_since": since}
    return [_SQL[name] for name, value in asked.items() if value is not None]


def import_lines(connection: Connection, store_id: int, external_ids: Sequence[str]) -> list[Entry]:
    """What the journal says of the imports of orders, oldest first."""
    values = {"store_id": store_id, "external_ids": list(external_ids)}
    return read_all(connection, Entry, _SQL["import_lines"], values)


def settings_lines(connection: Connection, store_id: int | None) -> list[Entry]:
    """When a store was connected and what of its settings was changed, oldest first; of None the account's settings."""
    if store_id is None:
        return read_all(connection, Entry, _SQL["account_settings_lines"])
    return read_all(connection, Entry, _SQL["store_settings_lines"], {"store_id": store_id})
