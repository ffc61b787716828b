"""What a store changed on an order that stands in the hub comes to the hub (SPEC chapter 5). It imports nothing."""

from dataclasses import replace

from connectors import postgres
from connectors.postgres import orders as due
from connectors.postgres.journal import Line
from connectors.postgres.orders import Outcome
from schemas.actions import Detail
from schemas.hub import HubOrder
from schemas.orders import StoreOrder
from tasks.rules.changes import Changes, decide_changes, follows_changes
from tasks.seen import read_order, settle
from tasks.session import Done, Seen, StoreSession


def follow_changes(session: StoreSession, seen: Seen) -> Done:
    """Gather, decide, apply: bring the hub's order to where its store's is (CHG-1…8)."""
    if not follows_changes(session.store):
        return settle(session, seen, Outcome("imported"))
    order = read_order(session, seen)
    with session.connection.transaction():
        row = due.order(session.connection, session.store.id, seen.external_id)
        hub_order = session.hub.order_to_change(row["hub_order_id"]) if row and row["hub_order_id"] else None
        if row is None or hub_order is None:
            return Done("deleted", is_due=True)  # by a person, this moment: it is looked at again as what it is now
        changes = compare(session, order, hub_order)
        session.hub.apply(changes.actions)
        done = settle(session, seen, _outcome(changes, row))
    return replace(done, word="changed") if changes.actions and not changes.deletes else done


def compare(session: StoreSession, order: StoreOrder, hub_order: HubOrder) -> Changes:
    """What the store's order would do to the hub's, with the hub as it is now. Nothing is written."""
    matches = session.hub.matches(session.store.id, order, base_currency=session.account.base_currency)
    return decide_changes(order, hub_order, store=session.store, matches=matches)


def _outcome(changes: Changes, row: postgres.Row) -> Outcome:
    if changes.deletes:
        return Outcome("deleted", changes.deletes)  # the hub's trigger journals a deletion, whoever it is by
    done = (Line("change", "changed", None, {"rows": list(changes.done)}),) if changes.actions else ()
    reason, detail = _to_remember(changes)
    is_news = (row["reason"], row["detail"]) != (reason, detail)
    notes = tuple(Line("change", "noted", note.reason, note.detail) for note in changes.notes if is_news)
    return Outcome("imported", reason, detail, lines=done + notes)


def _to_remember(changes: Changes) -> tuple[str | None, Detail]:
    """What a look at the order shows, and the next look compares with: the same again is no news."""
    if not changes.notes:
        return None, {}
    first, *others = changes.notes
    return first.reason, first.detail | ({"also": {note.reason: note.detail for note in others}} if others else {})
