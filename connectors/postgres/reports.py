"""Sums for people: what of a store is in the hub, and whether the money adds up."""

from connectors.postgres import Connection, Row, queries

_SQL = queries("reports")


def money(connection: Connection, store_id: int) -> list[Row]:
    """Totals of a store's orders in the hub and in the store, by currency (MAP-6)."""
    return connection.execute(_SQL["money"], {"store_id": store_id}).fetchall()


def rows(connection: Connection, store_id: int) -> list[Row]:
    """How many rows of each kind a store's orders have."""
    return connection.execute(_SQL["rows"], {"store_id": store_id}).fetchall()
