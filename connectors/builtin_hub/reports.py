"""Sums for people: what of a store is in the hub, and whether the money adds up."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.postgres import Connection, queries, read_all

_SQL = queries("reports", __package__)


@dataclass(frozen=True, slots=True)
class MoneySum:
    """What a store's orders in one currency come to, in the hub and in the store; so many of them do not agree."""

    currency: str
    orders: int
    total_with_tax: Decimal
    store_total_with_tax: Decimal
    mismatches: int


def money(connection: Connection, store_id: int) -> list[MoneySum]:
    """Totals of a store's orders in the hub and in the store, by currency (MAP-6)."""
    return read_all(connection, MoneySum, _SQL["money"], {"store_id": store_id})


def rows(connection: Connection, store_id: int) -> dict[str, int]:
    """How many rows of each kind a store's orders have."""
    return {row["kind"]: row["rows"] for row in connection.execute(_SQL["rows"], {"store_id": store_id})}
