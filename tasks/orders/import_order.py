"""A due order of a store becomes a sales order of the hub, once and only once; one that is there is changed."""

from celery import shared_task

from connectors import locks
from tasks.orders.change import follow_changes
from tasks.orders.due import read_order, tell_again
from tasks.orders.gather import gather_new
from tasks.orders.settle import carry_out
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
    """Gather, decide, apply: create the sales order, or say why not."""
    order = read_order(session, seen)
    return carry_out(session, seen, decide_look(gather_new(session, seen.remembered, order)))
