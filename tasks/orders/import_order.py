"""A due order of a store becomes a sales order of the hub, once and only once; one that is there is changed."""

from celery import shared_task

from connectors import locks
from connectors.postgres import orders, together
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import OrderOutcome
from tasks.orders.change import follow_changes
from tasks.orders.due import read_order, settle, tell_again
from tasks.orders.gather import gather_new
from tasks.orders.settle import carry_out, count_imported
from tasks.orders.together import take_in_together
from tasks.rules.look import decide_look
from tasks.work import Done, DueOrder, StoreSession, work_on_orders


@shared_task(
    name="import_order",
    soft_time_limit=locks.ORDER_SOFT_LIMIT_SECONDS,
    time_limit=locks.ORDER_HARD_LIMIT_SECONDS,
)
def import_order(store: int | str, external_id: str, *more: str) -> str:
    """Bring an order of a store, or several, into the hub, if due and eligible (ORD-1…8, SPD-1)."""
    ids = [str(each) for each in (external_id, *more)]
    return work_on_orders(store, ids, look_at, together=take_in_together, task="import_order")


@shared_task(
    name="change_order",
    soft_time_limit=locks.ORDER_SOFT_LIMIT_SECONDS,
    time_limit=locks.ORDER_HARD_LIMIT_SECONDS,
)
def change_order(store: int | str, external_id: str, *more: str) -> str:
    """Bring what a store did to an order that is in the hub, or to several, there (CHG-1…9, FUL-1…8)."""
    return work_on_orders(store, [str(each) for each in (external_id, *more)], look_at, task="change_order")


def look_at(session: StoreSession, seen: DueOrder) -> Done:
    """What is done with an order is for its row to say, not for the name of the bell: it may have come in since."""
    if seen.remembered.has_hub_order:
        tell_again(session, seen)
        return follow_changes(session, seen)
    return take_in(session, seen)


def take_in(session: StoreSession, seen: DueOrder) -> Done:
    """Gather, decide, apply: create the sales order, or say why not.

    With a hub that does not share our transaction it may be there and nobody knows: then it is looked at as what it is,
    whatever its store did to it meanwhile.
    """
    if not session.hub.facts.shares_transaction:
        known = session.hub.find_order(session.store.id, seen.external_id)
        if known is not None:
            return _found(session, seen, known)
    order = read_order(session, seen)
    return carry_out(session, seen, decide_look(gather_new(session, seen.remembered, order)))


def _found(session: StoreSession, seen: DueOrder, hub_order_id: str) -> Done:
    """It is in the hub already: from now on its store's changes follow, those since it was sent first of all."""
    found = OrderOutcome("imported", hub_order_id=hub_order_id, lines=(Line(Action.IMPORT, Outcome.IMPORTED),))
    with together(session.connection):
        settle(session, seen, found)
        orders.look_anew(session.connection, session.store.id, seen.external_id)
    count_imported(session, [found])
    return Done("imported", is_due=True)
