"""A due order of a store: read as its store tells it now, and settled once it is known what comes of it."""

from connectors.postgres import orders, stock
from schemas.orders import StoreOrder
from schemas.outcomes import OrderOutcome
from tasks.rules.privacy import without_buyer
from tasks.rules.stitch import lacks_fulfillments
from tasks.work import Done, DueOrder, StoreSession


def read_order(session: StoreSession, seen: DueOrder) -> StoreOrder:
    """The order as it was fetched; asked for where only a part of it was. No transaction may be open."""
    if seen.payload is not None:
        order = session.connector.read(seen.payload)
        if not lacks_fulfillments(order, session.store, is_in_hub=seen.remembered.has_hub_order):
            return order
    # The list had only a part of it, or nobody has fetched it yet.
    snapshot = session.connector.snapshot(seen.external_id)
    skus = orders.keep_whole(session.connection, session.store.id, seen.external_id, snapshot)
    stock.forget_sold(session.connection, session.store.id, skus)
    if seen.remembered.has_hub_order:
        tell_again(session, seen)
    order = session.connector.read(snapshot.payload or "")
    return without_buyer(order) if seen.remembered.is_erased else order


def tell_again(session: StoreSession, seen: DueOrder) -> None:
    """An order that the hub has moved the shop's own stock, and the hub's may stay: the shop is told again (STK-5).

    Orders that the hub does not have are left alone: the shop may hold pieces for them. The SKUs are told once the
    order is settled (STK-9).
    """
    if session.store.is_on("stock.sync"):
        stock.due_sold(session.connection, session.store.id, seen.external_id)


def settle(session: StoreSession, seen: DueOrder, outcome: OrderOutcome) -> Done:
    """Set the order's mark up to what was seen, with what came of it."""
    is_due = orders.settle(
        session.connection, session.store.id, seen.external_id, changed=seen.changed, outcome=outcome
    )
    return Done(outcome.state, is_due)
