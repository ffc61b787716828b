"""What a store's status says of an order comes to the hub as flags, where its profile reads it so (SPEC chapter 9)."""

from dataclasses import asdict

from connectors.errors import HubRefused
from connectors.postgres.journal import Line
from schemas.actions import Detail, HubAction, Note, PackRows, SetFlags
from schemas.hub import Flags, HubOrder
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.deliveries import Delivered, bring_deliveries, link_deliveries, settle_hub_side
from tasks.rules.stitch import decide_flags, delivers_parcels
from tasks.session import StoreSession


def has_flags(session: StoreSession) -> bool:
    """Whether statuses of this store are flags in the hub."""
    return session.store.platform.status_flags is not None


def bring_flags(session: StoreSession, order: StoreOrder, hub_order: HubOrder, *, is_new: bool = False) -> Delivered:
    """Raise the flags of the hub's order, and pack it, as its store says. The caller's transaction holds the order."""
    found = decide_flags(order, hub_order, store=session.store, is_new=is_new)
    if not found.actions:
        return Delivered(notes=found.notes)
    try:
        with session.connection.transaction():
            session.hub.apply(found.actions)
    except HubRefused as error:
        # The hub's own guards: its order stays as it is, and what else the store says is kept.
        return Delivered(notes=(*found.notes, Note(Reason.REFUSED_BY_HUB, {"problem": str(error)})))
    settle_hub_side(session, order, hub_order.id)
    return Delivered((Line("change", "changed", None, raised(found.actions, order, hub_order)),), found.notes)


def bring_first(session: StoreSession, order: StoreOrder, hub_order_id: str) -> tuple[Line, ...]:
    """How far an order is that has just been created; the lines to journal. Its store's parcels are known then."""
    if not delivers_parcels(order, session.store):
        link_deliveries(session, order, hub_order_id)
    hub_order = session.hub.order(hub_order_id) if has_flags(session) else None
    if hub_order is None:
        return ()
    flagged = bring_flags(session, order, hub_order, is_new=True)
    delivered = Delivered()
    if order.fulfillments and delivers_parcels(order, session.store):
        delivered = bring_deliveries(session, order, {"hub_order_id": hub_order_id, "sending": None})
    notes = (*flagged.notes, *delivered.notes)
    return (*delivered.lines, *(Line("import", "noted", note.reason, note.detail) for note in notes))


def raised(actions: tuple[HubAction, ...], order: StoreOrder, hub_order: HubOrder) -> Detail:
    """What the actions do to the order, for people: the flags that are new, and what is packed."""
    names = {row.id: row.sku or row.name for row in hub_order.rows}
    packed = [
        {"sku": names[row_id], "quantity": str(quantity)}
        for action in actions
        if isinstance(action, PackRows)
        for row_id, quantity in action.rows
    ]
    flags = [name for action in actions if isinstance(action, SetFlags) for name in _news(action.flags, hub_order)]
    return {"status": order.status, "flags": flags, "packed": packed}


def _news(flags: Flags, hub_order: HubOrder) -> list[str]:
    before = asdict(hub_order.flags)
    return [name for name, is_set in asdict(flags).items() if is_set and not before[name]]
