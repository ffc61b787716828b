"""Another look by a person's wish, at an order or at everything that was set aside; journaled, and rung for."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.errors import AnsweredInPart, ConnectorError, NotFound, Rejected
from connectors.postgres import Connection, journal, order_view, orders, stores
from connectors.postgres.order_view import OrderFilter
from connectors.postgres.rows import StoreRow
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from tasks import bells
from tasks.fetch import keep_orders
from tasks.held import Process
from tasks.orders.preview import preview_retry
from tasks.rules.failures import BUG_TRIES, decide_failure
from tasks.trouble import problem_of

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


def foretell_retry(
    held: Process, reason: str, store_id: int | None, *, most: int, see: Callable[[int], None]
) -> list[dict[str, Any]]:
    """What a retry of all with a reason would do to the first of them, asked of their stores anew. Nothing is written.

    A store that cannot be asked is asked no more: its orders would fail for that.
    """
    with held.pool.connection() as connection:
        listed = order_view.orders(connection, OrderFilter(store_id, state="failed", reason=reason), limit=most)
        rows = {row.id: row for row in stores.stores(connection)}
    away: dict[int, str] = {}
    found = []
    for number, order in enumerate(listed, start=1):
        row, why = rows.get(order.store_id), away.get(order.store_id)
        came: tuple[str, str | None] = ("fail", why or Reason.STORE_UNAVAILABLE)
        if row and not why:
            came = _foretold(held, row, order.external_id, away)
        found.append({"store": order.store, "external_id": order.external_id, "outcome": came[0], "reason": came[1]})
        see(number)
    return found


def _foretold(held: Process, row: StoreRow, external_id: str, away: dict[int, str]) -> tuple[str, str | None]:
    try:
        preview = preview_retry(held, row, external_id)
    except ConnectorError as error:
        why = str(decide_failure(problem_of(error), attempts=BUG_TRIES, now=held.now(), jitter=0.0).reason)
        if not isinstance(error, NotFound | Rejected | AnsweredInPart):
            away[row.id] = why
        return "fail", why
    return preview.outcome, preview.reason


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
