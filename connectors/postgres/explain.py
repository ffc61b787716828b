"""What only an explanation asks of the database (BEY-2)."""

from typing import Final

from connectors.postgres import Connection, Row, queries

_SQL: Final = queries("explain")


def matched_rows(connection: Connection, hub_order_id: str) -> list[Row]:
    """The rows of a sales order, with how their items came to be."""
    return connection.execute(_SQL["matched_rows"], {"id": hub_order_id}).fetchall()
