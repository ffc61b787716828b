"""A due order of a store: read as its store tells it now, and settled once it is known what comes of it."""

from connectors.postgres import orders as due
from connectors.postgres import stock
from connectors.postgres.orders import Outcome
from schemas.orders import StoreOrder
from tasks.rules.stitch import lacks_parcels
from tasks.session import Done, Seen, StoreSession


def read_order(session: StoreSession, seen: Seen) -> StoreOrder:
    """The order as it was fetched; asked for where only a part of it was. No transaction may be open."""
    if seen.payload is not None:
        order = session.connector.read(seen.payload)
        if not lacks_parcels(order, session.store, is_in_hub=seen.remembered.has_hub_order):
            return order
    # The list had only a part of it, or nobody has fetched it yet.
    snapshot = session.connector.snapshot(seen.external_id)
    skus = due.keep_whole(session.connection, session.store.id, seen.external_id, snapshot)
    stock.forget_sold(session.connection, session.store.id, skus)
    if seen.remembered.has_hub_order:
        tell_again(session, seen)
    return session.connector.read(snapshot.payload or "")


def tell_again(session: StoreSession, seen: Seen) -> None:
    """An order that the hub has moved the shop's own stock, and the hub's may stay: the shop is told again (STK-5).

    Orders that the hub does not have are left alone: the shop may hold pieces for them. The SKUs are told once the
    order is settled (STK-9).
    """
    if session.store.is_on("stock.sync"):
        stock.due_sold(session.connection, session.store.id, seen.external_id)


def settle(session: StoreSession, seen: Seen, outcome: Outcome) -> Done:
    """Set the order's mark up to what was seen, with what came of it."""
    is_due = due.settle(session.connection, session.store.id, seen.external_id, changed=seen.changed, outcome=outcome)
    return Done(outcome.state, is_due)
