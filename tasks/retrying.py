"""Another look by a person's wish, at an order or at everything that was set aside; journaled, and rung for."""

from collections.abc import Sequence

from connectors.postgres import Connection, journal, orders
from connectors.postgres.rows import StoreRow
from schemas.journal import Action, Line, Outcome
from tasks import bells
from tasks.fetch import keep_orders
from tasks.held import Process

Retried = Sequence[tuple[int, str]]  # the store and the id of each order

_LINE = Line(Action.RETRY, Outcome.PENDING)


def retry_order(connection: Connection, store_id: int, external_id: str) -> bool:
    """Make one order due; False when it is unknown or was deleted in the hub."""
    with connection.transaction():
        if not orders.retry(connection, store_id, external_id):
            return False
        journal.add(connection, _LINE, store_id=store_id, external_id=external_id)
    return True


def retry_failed(connection: Connection, store_id: int | None, reason: str | None) -> Retried:
    """Make everything due that was set aside, of one store or all; for a reason also what has it noted."""
    with connection.transaction():
        retried = orders.retry_failed(connection, store_id, reason)
        journal.add_for_orders(connection, _LINE, retried)
    return retried


def reimport_order(connection: Connection, store_id: int, external_id: str) -> bool:
    """Bring back an order that was deleted in the hub (BEY-6); False when it was not."""
    with connection.transaction():
        if not orders.reimport(connection, store_id, external_id):
            return False
        journal.add(connection, Line(Action.REIMPORT, Outcome.PENDING), store_id=store_id, external_id=external_id)
    return True


def ask_for_order(held: Process, row: StoreRow, external_id: str) -> str:
    """Ask a store for an order that it never showed, and make it due; its id. Raises NotFound, or a ConnectorError."""
    snapshot = held.connector(row).snapshot(external_id)
    with held.pool.connection() as connection:
        with connection.transaction():
            keep_orders(connection, row.id, [snapshot])
            journal.add(connection, _LINE, store_id=row.id, external_id=snapshot.external_id)
        bells.ring_orders(connection, row.id, [snapshot.external_id])
    return snapshot.external_id


def ring(connection: Connection, retried: Retried) -> None:
    """Ring for what is due, once it is committed."""
    if len(retried) == 1:
        store_id, external_id = retried[0]
        bells.ring_orders(connection, store_id, [external_id])
    else:
        # No more bells than a store's window has room for: the rest are rung as the first ones settle (MUL-1).
        for store_id in {store_id for store_id, _ in retried}:
            bells.ring_due_orders(connection, store_id)
    bells.ring_due_fulfillments(connection)
