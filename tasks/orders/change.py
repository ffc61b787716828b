"""What a store did to an order that is in the hub comes to the hub (SPEC chapters 5, 6 and 9). It imports nothing."""

from connectors.postgres.last_look import last_look
from schemas.outcomes import OrderOutcome
from tasks.orders.due import read_order, settle
from tasks.orders.gather import gather_known
from tasks.orders.settle import carry_out
from tasks.rules.look import decide_look, follows
from tasks.rules.news import Memory
from tasks.work import Done, DueOrder, StoreSession


def follow_changes(session: StoreSession, seen: DueOrder) -> Done:
    """Gather, decide, apply: bring the hub's order to where its store's is (CHG-1…9, FUL-1…8)."""
    if not follows(session.store):
        return settle(session, seen, OrderOutcome("imported"))
    order = read_order(session, seen)
    with session.hub.unit():
        last = last_look(session.connection, session.store.id, seen.external_id)
        hub_order = session.hub.order(last.hub_order_id) if last and last.hub_order_id else None
        if last is None or hub_order is None:
            return Done("deleted", is_due=True)  # by a person, this moment: it is looked at again as what it is now
        look = decide_look(gather_known(session, order, hub_order, last))
        return carry_out(session, seen, look, Memory(last.reason, last.detail, last.at_import))
