"""What a fetch would bring, without writing anything (BEY-1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors import postgres
from connectors.errors import HubRefused
from connectors.postgres import orders, stores
from connectors.postgres.last_look import last_look
from connectors.postgres.rows import OrderTurn, StoreRow
from schemas.actions import Detail, Skip
from schemas.errors import Unreadable
from schemas.hub import DraftOrder
from schemas.journal import Line, Outcome
from schemas.orders import Snapshot, StoreOrder
from schemas.reasons import Reason
from schemas.stores import StoreState
from tasks.held import Process
from tasks.orders.gather import gather_known, gather_new
from tasks.rules.conclusion import conclude
from tasks.rules.look import Gathered, Look, decide_look, follows
from tasks.rules.news import Memory
from tasks.work import StoreSession, open_session


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of an order: create, change, delete, skip, fail, or nothing: it stands in the hub as it is."""

    external_id: str
    outcome: str
    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def preview_orders(held: Process, row: StoreRow, cursor: str | None) -> Iterator[Preview]:
    """Each changed order of a store since the cursor, and what an import would do with it now.

    Of a store that is not active: what would become of them if it were activated now (STG-3).
    """
    connector = held.connector(row)
    imports_from = stores.read_store(_as_activated(held, row), connector.platform).imports_from
    for page in connector.changed_orders(cursor, imports_from=imports_from):
        for snapshot in page.snapshots:
            with held.pool.connection() as connection:
                yield _preview(held, connection, row.id, snapshot)


def preview_retry(held: Process, row: StoreRow, external_id: str) -> Preview:
    """What another look at an order would do now, asked of its store anew. Raises a ConnectorError."""
    snapshot = held.connector(row).snapshot(external_id)
    with held.pool.connection() as connection:
        return _preview(held, connection, row.id, snapshot)


def _preview(held: Process, connection: postgres.Connection, store_id: int, snapshot: Snapshot) -> Preview:
    turn = orders.look(connection, store_id, snapshot.external_id)
    assert turn is not None
    if snapshot.problem is not None:
        path, problem = snapshot.problem
        return Preview(snapshot.external_id, "fail", "invalid_payload", {"path": path, "problem": problem})
    session = open_session(held, connection, replace(turn, store=_as_activated(held, turn.store)))
    try:
        gathered = _gather(session, turn, snapshot)
    except Unreadable as error:
        detail = {"path": error.path, "problem": error.problem}
        return Preview(snapshot.external_id, "fail", "invalid_payload", detail)
    if gathered is None:
        return Preview(snapshot.external_id, "nothing")
    return _foretell(session, decide_look(gathered), snapshot.external_id)


def _as_activated(held: Process, row: StoreRow) -> StoreRow:
    if row.state is not StoreState.INACTIVE:
        return row
    now = held.now()
    return replace(row, state=StoreState.ACTIVE, connected_at=now, activated_at=now)


def _gather(session: StoreSession, turn: OrderTurn, snapshot: Snapshot) -> Gathered | None:
    """What an import, or a change, would be decided on; None where nothing that the store says comes to the hub."""
    if turn.hub_order_id is None:
        return gather_new(session, turn.remembered, _whole(session, snapshot))
    hub_order = session.hub.order(turn.hub_order_id) if follows(session.store) else None
    last = last_look(session.connection, session.store.id, snapshot.external_id)
    if hub_order is None or last is None:
        return None
    return gather_known(session, _whole(session, snapshot), hub_order, last)


def _foretell(session: StoreSession, look: Look | Skip, external_id: str) -> Preview:
    """The hub's own guards are asked, and nothing of it is kept (MAP-12)."""
    if isinstance(look, Skip):
        return Preview(external_id, "skip", look.reason, look.detail)
    try:
        answers = session.hub.rehearse(look.groups)
    except HubRefused as error:
        return Preview(external_id, "fail", Reason.REFUSED_BY_HUB, {"problem": str(error)})
    if look.creation:
        return Preview(external_id, "create", None, _figures(look.creation.order))
    outcome = conclude(look, answers, Memory()).outcome
    if look.deletes:
        return Preview(external_id, "delete", outcome.reason, {"rows": []})
    detail = _what_changes(outcome.lines)
    return Preview(external_id, "change" if detail else "nothing", outcome.reason, detail)


def _figures(draft: DraftOrder) -> Detail:
    total = {"order_no": draft.order_no, "total_with_tax": str(draft.total_with_tax), "currency": draft.currency}
    return total | {"rows": len(draft.rows)}


def _what_changes(lines: Sequence[Line]) -> Detail:
    detail: Detail = {}
    for line in lines:
        if line.outcome is Outcome.CHANGED:
            detail |= line.detail
    delivered = [line.detail for line in lines if line.outcome is Outcome.DELIVERED]
    return detail | ({"delivered": delivered} if delivered else {})


def _whole(session: StoreSession, snapshot: Snapshot) -> StoreOrder:
    payload = snapshot.payload or session.connector.snapshot(snapshot.external_id).payload
    return session.connector.read(payload or "")
