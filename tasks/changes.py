"""What a store changed on an order that stands in the hub comes to the hub (SPEC chapter 5). It imports nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connectors import postgres
from connectors.postgres import journal
from connectors.postgres import orders as due
from connectors.postgres.journal import Line
from connectors.postgres.orders import Outcome
from schemas.actions import Detail, Note, SetFlags
from schemas.hub import HubOrder
from schemas.orders import StoreOrder
from tasks.deliveries import Delivered, bring_deliveries, delivers, settle_hub_side
from tasks.flags import bring_flags, has_flags
from tasks.rules.changes import Changes, decide_changes, follows_changes
from tasks.rules.fulfillment_in import NOT_BROUGHT
from tasks.rules.returns import decide_returns, follows_returns
from tasks.seen import read_order, settle
from tasks.session import Done, Seen, StoreSession

Said = list[tuple[str | None, Any]]  # what was noted of an order: reasons with their details


def follow_changes(session: StoreSession, seen: Seen) -> Done:
    """Gather, decide, apply: bring the hub's order to where its store's is (CHG-1…9, FUL-1…8)."""
    if not (follows_changes(session.store) or delivers(session) or has_flags(session)):
        return settle(session, seen, Outcome("imported"))
    order = read_order(session, seen)
    with session.connection.transaction():
        row = due.order(session.connection, session.store.id, seen.external_id)
        hub_order = session.hub.order_to_change(row["hub_order_id"]) if row and row["hub_order_id"] else None
        if row is None or hub_order is None:
            return Done("deleted", is_due=True)  # by a person, this moment: it is looked at again as what it is now
        changes = compare(session, order, hub_order)
        session.hub.apply(changes.actions)
        if any(isinstance(action, SetFlags) for action in changes.actions):
            settle_hub_side(session, order, hub_order.id)  # the store said so itself (FUL-13)
        flagged = bring_flags(session, order, hub_order)
        delivered = Delivered() if changes.deletes else bring_deliveries(session, order, row)
        said = replace(changes, notes=(*changes.notes, *flagged.notes))
        brought = replace(delivered, lines=(*flagged.lines, *delivered.lines))
        done = settle(session, seen, _outcome(session, said, brought, row))
    if delivered.lines:
        return replace(done, word="delivered")
    return replace(done, word="changed") if (changes.actions or flagged.lines) and not changes.deletes else done


def compare(session: StoreSession, order: StoreOrder, hub_order: HubOrder) -> Changes:
    """What the store's order would do to the hub's, with the hub as it is now. Nothing is written."""
    if not follows_changes(session.store):
        return Changes()
    matches = session.hub.matches(session.store.id, order, base_currency=session.account.base_currency)
    return decide_changes(order, hub_order, store=session.store, matches=matches)


def bring_returns(session: StoreSession, order: StoreOrder, hub_order_id: str) -> tuple[Line, ...]:
    """The returns of an order that has just been imported; the lines to journal (CHG-9)."""
    hub_order = session.hub.order(hub_order_id) if order.returns and follows_returns(session.store) else None
    if hub_order is None:
        return ()
    found = decide_returns(order, hub_order)
    session.hub.apply(found.actions)
    done = (Line("change", "changed", None, {"rows": list(found.done)}),) if found.actions else ()
    return done + tuple(Line("import", "noted", note.reason, note.detail) for note in found.notes)


# -- what is written down ----------------------------------------------------------------------------------------


def _outcome(session: StoreSession, changes: Changes, delivered: Delivered, row: postgres.Row) -> Outcome:
    if changes.deletes:
        return Outcome("deleted", changes.deletes)  # the hub's trigger journals a deletion, whoever it is by
    done = (Line("change", "changed", None, {"rows": list(changes.done)}),) if changes.actions else ()
    found = (*changes.notes, *delivered.notes)
    lines = tuple(
        Line("change" if note in changes.notes else "deliver", "noted", note.reason, note.detail)
        for note in _news(session, found, row)
    )
    reason, detail = _to_remember(found)
    is_failing = any(note.reason in NOT_BROUGHT for note in found)
    return Outcome("imported", reason, detail, lines=(*done, *delivered.lines, *lines), is_failing=is_failing)


def _to_remember(notes: Sequence[Note]) -> tuple[str | None, Detail]:
    """What a look at the order shows, and the next look compares with: the same again is no news."""
    if not notes:
        return None, {}
    first, *others = notes
    also = [{"reason": note.reason, "detail": note.detail} for note in others]
    return first.reason, first.detail | ({"also": also} if also else {})


def _news(session: StoreSession, notes: Sequence[Note], row: postgres.Row) -> list[Note]:
    """The notes that neither the last look nor the import has shown."""
    last = _remembered(row)
    news = [note for note in notes if (note.reason, note.detail) not in last]
    said = _said_at_import(session, row["external_id"]) if news else []
    return [note for note in news if (note.reason, note.detail) not in said]


def _remembered(row: postgres.Row) -> Said:
    detail = dict(row["detail"])
    also = detail.pop("also", [])
    return [(row["reason"], detail), *((one["reason"], one["detail"]) for one in also)]


def _said_at_import(session: StoreSession, external_id: str) -> Said:
    said: Said = []
    which = journal.Which(session.store.id, external_id)
    for line in journal.lines(session.connection, which):
        if (line["action"], line["outcome"]) == ("import", "imported"):
            said = []  # it was deleted since, and imported again
        elif (line["action"], line["outcome"]) == ("import", "noted"):
            said.append((line["reason"], line["detail"]))
    return said
