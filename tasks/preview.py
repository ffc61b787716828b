"""What a fetch would bring, without writing anything (BEY-1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors import postgres
from connectors.errors import HubRefused
from connectors.postgres import orders, stores
from schemas.actions import Detail, HubAction, Skip
from schemas.errors import Unreadable
from schemas.orders import Snapshot, StoreOrder
from schemas.reasons import Reason
from tasks.changes import compare
from tasks.flags import has_flags, raised
from tasks.orders import decide
from tasks.process import Process
from tasks.rules.changes import follows_changes
from tasks.rules.stitch import decide_flags
from tasks.session import StoreSession, open_session, read_remembered


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of an order: create, change, delete, skip, fail, or nothing: it stands in the hub as it is."""

    external_id: str
    outcome: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def preview_orders(held: Process, row: postgres.Row, cursor: str | None) -> Iterator[Preview]:
    """Each changed order of a store since the cursor, and what an import would do with it now."""
    connector = held.connector(row)
    imports_from = stores.read_store(row, connector.platform).imports_from
    for page in connector.changed_orders(cursor, imports_from=imports_from):
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
    session = open_session(held, connection, row)
    try:
        if remembered.has_hub_order:
            return _preview_changes(session, snapshot, row["hub_order_id"])
        decision = decide(session, _whole(session, snapshot), remembered)
    except Unreadable as error:
        detail = {"path": error.path, "problem": error.problem}
        return Preview(snapshot.external_id, "fail", "invalid_payload", detail)
    if isinstance(decision, Skip):
        return Preview(snapshot.external_id, "skip", decision.reason, decision.detail)
    if refusal := _refusal(session, decision[:1]):
        return Preview(snapshot.external_id, "fail", Reason.REFUSED_BY_HUB, refusal)
    order = decision[0].order
    total = {"order_no": order.order_no, "total_with_tax": str(order.total_with_tax), "currency": order.currency}
    return Preview(snapshot.external_id, "create", None, total | {"rows": len(order.rows)})


def _preview_changes(session: StoreSession, snapshot: Snapshot, hub_order_id: str) -> Preview:
    is_followed = follows_changes(session.store) or has_flags(session)
    hub_order = session.hub.order(hub_order_id) if is_followed else None
    if hub_order is None:
        return Preview(snapshot.external_id, "nothing")
    order = _whole(session, snapshot)
    flagged = decide_flags(order, hub_order, store=session.store)
    if flagged.actions:
        return Preview(snapshot.external_id, "change", None, raised(flagged.actions, order, hub_order))
    changes = compare(session, order, hub_order)
    reason = changes.deletes or next((note.reason for note in changes.notes), None)
    if not changes.actions:
        return Preview(snapshot.external_id, "nothing", reason)
    if refusal := _refusal(session, changes.actions):
        return Preview(snapshot.external_id, "fail", Reason.REFUSED_BY_HUB, refusal)
    return Preview(
        snapshot.external_id, "delete" if changes.deletes else "change", reason, {"rows": list(changes.done)}
    )


def _refusal(session: StoreSession, actions: Sequence[HubAction]) -> Detail | None:
    """What the hub's own guards would say: they are asked, and nothing of it is kept (MAP-12)."""
    try:
        with session.connection.transaction(force_rollback=True):
            session.hub.apply(actions)
    except HubRefused as error:
        return {"problem": str(error)}
    return None


def _whole(session: StoreSession, snapshot: Snapshot) -> StoreOrder:
    payload = snapshot.payload or session.connector.snapshot(snapshot.external_id).payload
    return session.connector.read(payload or "")
