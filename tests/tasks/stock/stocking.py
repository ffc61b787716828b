"""What tests of stock push do in the hub and look at in a shop."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import journal
from schemas.actions import AddProduct, AdjustStock
from tasks.held import Process
from tests.tasks.orders.looking import do


def add(held: Process, sku: str, pieces: int | str = 0, **changes: Any) -> None:
    """A product of the hub with pieces on the shelf."""
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AddProduct(sku, sku, **changes)])
    if Decimal(pieces):
        adjust(held, sku, pieces)


def add_all(held: Process, skus: Sequence[str], pieces: int) -> None:
    """Many products of the hub, each with so many pieces on the shelf."""
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AddProduct(sku, sku) for sku in skus])
        BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(pieces)) for sku in skus])


def adjust(held: Process, sku: str, delta: int | str, **changes: Any) -> None:
    """Pieces found or lost."""
    with held.pool.connection() as connection, connection.transaction():
        BuiltinHub(connection).carry_out([AdjustStock(sku, Decimal(delta), **changes)])


def stock_row(held: Process, store_id: int, sku: str) -> dict[str, Any]:
    """A SKU's due row of a store."""
    with held.pool.connection() as connection:
        found = connection.execute("SELECT * FROM store_stock WHERE store_id = %s AND sku = %s", (store_id, sku))
        row = found.fetchone()
    assert row is not None
    return row


def stock_journal(held: Process, sku: str) -> list[tuple[str, str | None]]:
    """Outcome and reason of every line about a SKU's push."""
    with held.pool.connection() as connection:
        lines = journal.lines(connection, journal.Which(sku=sku))
    return [(line.outcome, line.reason) for line in lines if line.action == "push"]


def let_stock_wait_pass(held: Process, store_id: int) -> None:
    """The moments that stock waits for have come: its pace, its back-off, its minute behind unread orders."""
    do(held, "UPDATE store_stock SET sent_at = NULL, due_at = NULL WHERE store_id = %s", store_id)
    do(held, "UPDATE stores SET stock_due_at = NULL WHERE id = %s", store_id)
    held.redis.delete(f"storesync:wait:{store_id}")
