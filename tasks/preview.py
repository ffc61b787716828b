"""What a fetch would bring, without writing anything (BEY-1)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors import postgres
from connectors.postgres import orders
from schemas.actions import Skip
from schemas.errors import Unreadable
from schemas.orders import Snapshot, StoreOrder
from tasks.orders import decide
from tasks.process import Process
from tasks.session import StoreSession, open_session, read_remembered


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of an order: create, skip, fail, or nothing because it stands in the hub."""

    external_id: str
    outcome: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def preview_orders(held: Process, row: postgres.Row, cursor: str | None) -> Iterator[Preview]:
    """Each changed order of a store since the cursor, and what an import would do with it now."""
    for page in held.connector(row).changed_orders(cursor):
        for snapshot in page.snapshots:
            with held.pool.connection() as connection:
                yield _preview(held, connection, row["id"], snapshot)


def _preview(held: Process, connection: postgres.Connection, store_id: int, snapshot: Snapshot) -> Preview:
    row = orders.look(connection, store_id, snapshot.external_id)
    assert row is not None
    remembered = read_remembered(row)
    if snapshot.problem is not None:
        path, problem = snapshot.problem
        return Preview(snapshot.external_id, "fail", "invalid_payload", {"path": path, "problem": problem})
    if remembered.has_hub_order:
        return Preview(snapshot.external_id, "nothing")
    session = open_session(held, connection, row)
    try:
        decision = decide(session, _whole(session, snapshot), remembered)
    except Unreadable as error:
        detail = {"path": error.path, "problem": error.problem}
        return Preview(snapshot.external_id, "fail", "invalid_payload", detail)
    if isinstance(decision, Skip):
        return Preview(snapshot.external_id, "skip", decision.reason, decision.detail)
    order = decision[0].order
    total = {"order_no": order.order_no, "total_with_tax": str(order.total_with_tax), "currency": order.currency}
    return Preview(snapshot.external_id, "create", None, total | {"rows": len(order.rows)})


def _whole(session: StoreSession, snapshot: Snapshot) -> StoreOrder:
    payload = snapshot.payload or session.connector.snapshot(snapshot.external_id).payload
    return session.connector.read(payload or "")
