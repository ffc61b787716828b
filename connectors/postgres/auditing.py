"""Comparisons of a store's list of orders with ours in PostgreSQL: what is wanted, how far it is, how it ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from connectors.postgres import Connection, queries
from connectors.postgres.rows import StoreRow

_SQL: Final = queries("auditing")


def due_stores(connection: Connection, *, night: datetime) -> list[int]:
    """Stores whose list is to be compared: a person wants it, or it was not since the night began."""
    return [row["id"] for row in connection.execute(_SQL["stores_to_audit"], {"night": night})]


def want(connection: Connection, store_id: int, since: datetime) -> None:
    """Have a store's list compared of what changed since a moment; one that is under way begins anew."""
    connection.execute(_SQL["want_audit"], {"store_id": store_id, "since": since})


def known(connection: Connection, store_id: int, external_ids: Sequence[str]) -> dict[str, datetime | None]:
    """When those of some orders that we have were changed, as far as we know; None for one that nobody could read."""
    rows = connection.execute(_SQL["known_orders"], {"store_id": store_id, "ids": list(external_ids)})
    return {row["external_id"]: row["store_updated_at"] for row in rows}


def expect(connection: Connection, store_id: int, external_ids: Sequence[str]) -> list[str]:
    """Make orders due that we do not have; those of them that nobody else brought meanwhile."""
    return _named(connection, "expect_orders", store_id, ids=list(external_ids))


def look_anew(connection: Connection, store_id: int, times: Mapping[str, datetime]) -> list[str]:
    """Make orders due that the store changed at these times, where we know of an older change; those of them."""
    return _named(connection, "look_anew_at_orders", store_id, ids=list(times), times=list(times.values()))


def _named(connection: Connection, statement: str, store_id: int, **values: Any) -> list[str]:
    if not values["ids"]:
        return []
    rows = connection.execute(_SQL[statement], {"store_id": store_id, **values})
    return [row["external_id"] for row in rows]


def keep_walk(connection: Connection, row: StoreRow, walk: Mapping[str, Any], *, was: Mapping[str, Any] | None) -> bool:
    """Remember how far a comparison has come; False where another one was begun, or the store is left alone."""
    return connection.execute(_SQL["keep_audit_walk"], _values(row, was) | {"walk": Jsonb(walk)}).rowcount > 0


def done(
    connection: Connection,
    row: StoreRow,
    outcome: Mapping[str, Any],
    *,
    was: Mapping[str, Any] | None,
    begun_at: datetime,
) -> bool:
    """Keep what came of it; False as in keep_walk."""
    values = _values(row, was) | {"outcome": Jsonb(outcome), "begun_at": begun_at}
    return connection.execute(_SQL["audit_done"], values).rowcount > 0


def _values(row: StoreRow, was: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"store_id": row.id, "was": None if was is None else Jsonb(was), "wanted": row.audit_since}
