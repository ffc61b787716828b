"""A due order of a store becomes a sales order of the hub, once and only once."""

from celery import shared_task

from connectors import locks
from connectors.postgres.journal import Line
from connectors.postgres.orders import Outcome
from schemas.actions import CreateOrder, Note, Skip
from schemas.orders import StoreOrder
from schemas.stores import Remembered
from tasks.changes import bring_returns, follow_changes
from tasks.flags import bring_first
from tasks.rules.changes import location_notes
from tasks.rules.eligibility import decide_import, is_news
from tasks.rules.mapping import build_order
from tasks.rules.stitch import as_imported
from tasks.seen import read_order, settle, tell_again
from tasks.session import Done, Seen, StoreSession, work_on_orders


@shared_task(
    name="import_order",
    soft_time_limit=locks.ORDER_SOFT_LIMIT_SECONDS,
    time_limit=locks.ORDER_HARD_LIMIT_SECONDS,
)
def import_order(store: int | str, external_id: str, *more: str) -> str:
    """Bring an order of a store, or several, into the hub, if due and eligible (ORD-1…8). Each by itself."""
    return work_on_orders(store, [str(each) for each in (external_id, *more)], take_in)


def take_in(session: StoreSession, seen: Seen) -> Done:
    """Gather, decide, apply: create the sales order, or say why not."""
    if seen.remembered.has_hub_order:
        tell_again(session, seen)
        return follow_changes(session, seen)
    order = read_order(session, seen)
    decision = decide(session, order, seen.remembered)
    if isinstance(decision, Skip):
        skip = decision
        state = "deleted" if seen.remembered.is_tombstoned else "skipped"
        line = Line("import", "skipped", skip.reason, skip.detail)
        outcome = Outcome(state, skip.reason, skip.detail, lines=(line,) if is_news(skip, seen.remembered) else ())
        return settle(session, seen, outcome)
    creation, notes = decision
    with session.connection.transaction():
        (hub_order_id,) = session.hub.apply([creation])
        lines = (Line("import", "imported"), *(_note_line(note) for note in notes))
        lines += bring_first(session, order, hub_order_id)
        lines += bring_returns(session, order, hub_order_id)
        return settle(session, seen, Outcome("imported", hub_order_id=hub_order_id, lines=lines))


def decide(session: StoreSession, order: StoreOrder, remembered: Remembered) -> Skip | tuple[CreateOrder, list[Note]]:
    """What an order would become, with the hub as it is now. Nothing is written."""
    matches = session.hub.matches(session.store.id, order, base_currency=session.account.base_currency)
    skip = decide_import(order, store=session.store, account=session.account, remembered=remembered, rate=matches.rate)
    if skip is not None:
        return skip
    creation, notes = build_order(
        order, store=session.store, account=session.account, matches=matches, location=session.location
    )
    return as_imported(creation, order, session.store), notes + location_notes(order, session.store)


def _note_line(note: Note) -> Line:
    return Line("import", "noted", note.reason, note.detail)
