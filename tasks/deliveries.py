"""What a store delivered of an order comes to the hub, together with its changes (SPEC chapter 6)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.errors import HubRefused
from connectors.postgres import Row, outgoing
from connectors.postgres.journal import Line
from schemas.actions import DeliverRows, HubAction, Note
from schemas.hub import Batch, HubOrder, Sending
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.rules.fulfillment_in import decide_delivery, decide_links
from tasks.rules.fulfillment_out import NOT_LET_GO
from tasks.rules.stitch import shows_all
from tasks.session import StoreSession


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of a look at a store's fulfilments: lines to journal, and what a person should know."""

    lines: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()


def delivers(session: StoreSession) -> bool:
    """Whether what this store delivered comes to the hub."""
    return session.store.is_on("fulfillment.sync")


def bring_deliveries(session: StoreSession, order: StoreOrder, row: Row) -> Delivered:
    """Deliver in the hub what the store delivered (FUL-1…8). The caller's transaction holds the hub's order."""
    hub_order = session.hub.order(row["hub_order_id"]) if delivers(session) else None
    if hub_order is None:
        return Delivered()
    sending = read_sending(row["sending"])
    delivery = decide_delivery(
        order, hub_order, store=session.store, batches=_batches(session, hub_order), sending=sending
    )
    notes = delivery.notes
    try:
        with session.connection.transaction():
            session.hub.apply(delivery.actions)
    except HubRefused as error:
        # The hub's own guards: its order stays as it is, and what else the store changed is kept.
        return Delivered(notes=(*notes, Note(Reason.REFUSED_BY_HUB, {"problem": str(error)})))
    if delivery.heard:  # the parcel that a worker was telling the store of when it died (FUL-14)
        outgoing.intend(session.connection, session.store.id, order.external_id, None)
    settle_hub_side(session, order, row["hub_order_id"])
    return Delivered(_lines(delivery.actions, hub_order), notes)


def link_deliveries(session: StoreSession, order: StoreOrder, hub_order_id: str) -> None:
    """What the store had delivered before the order came is known by its ids from now on (MAP-8, FUL-7)."""
    hub_order = session.hub.order(hub_order_id) if order.fulfillments else None
    if hub_order is not None:
        session.hub.apply(decide_links(order, hub_order, store=session.store))


def read_sending(value: dict[str, Any] | None) -> Sending | None:
    """What the store was being told when nobody wrote its answer down."""
    if value is None:
        return None
    lines = tuple((line, Decimal(quantity)) for line, quantity in value["lines"])
    asked_at = datetime.fromisoformat(value["asked_at"]) if value["asked_at"] else None
    return Sending(lines, asked_at, tuple(value.get("there", ())))


def _batches(session: StoreSession, hub_order: HubOrder) -> tuple[Batch, ...]:
    """Batches of all rows that have them, at each row's own location."""
    tracked = [row for row in hub_order.rows if row.batch_tracked and row.variant_id]
    found: list[Batch] = []
    for location in sorted({row.location for row in tracked}):
        wanted = sorted({str(row.variant_id) for row in tracked if row.location == location})
        found += session.hub.batches(wanted, location)
    return tuple(found)


def settle_hub_side(session: StoreSession, order: StoreOrder, hub_order_id: str) -> None:
    """The usual end: the store shows all that the hub shipped, as it was the store that said so.

    Else what it did not let go before is tried again: a hold may be over. Trying changes nothing in the store, so that
    it ends.
    """
    hub_order = session.hub.order(hub_order_id)
    if hub_order is None:
        return
    if shows_all(order, hub_order, store=session.store):
        outgoing.covered(session.connection, session.store.id, order.external_id)
    else:
        outgoing.tell_again(session.connection, session.store.id, order.external_id, NOT_LET_GO)


def _lines(actions: tuple[HubAction, ...], hub_order: HubOrder) -> tuple[Line, ...]:
    names = {row.id: row.sku or row.name for row in hub_order.rows}
    return tuple(
        Line(
            "deliver",
            "delivered",
            None,
            {
                "fulfillment": action.external_id,
                "rows": [{"sku": names[row_id], "quantity": str(quantity)} for row_id, quantity in action.rows],
            },
        )
        for action in actions
        if isinstance(action, DeliverRows)
    )
