"""The profile stitch, both ways: statuses of a store as flags of the hub's order, and flags as statuses (STI-1).

It asks for no profile by name: whatever platform record has StatusFlags works like this. Both sides are compared as
they are now. In the hub flags are only ever raised, in the store an order is only ever moved on.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from schemas.actions import (
    CreateOrder,
    LinkFulfillment,
    Note,
    OrderAction,
    PackRows,
    SendFulfillment,
    SetFlags,
    SetStoreStatus,
)
from schemas.flags import Flags
from schemas.hub import DeliveryStatus, DraftRow, HubOrder, HubRow, Sending
from schemas.money import plain
from schemas.orders import ZERO, StoreOrder
from schemas.platform import StatusFlags
from schemas.reasons import Reason
from schemas.settings import FULFILLMENT_SYNC
from schemas.stores import Store
from tasks.rules import fulfillment_out
from tasks.rules.fulfillment import sent, sent_pieces
from tasks.rules.fulfillment_out import Sendings
from tasks.rules.manufacturing import part_from_mo

_FLAGS: Final = tuple(field.name for field in fields(Flags))


@dataclass(frozen=True, slots=True)
class Flagging:
    """What to do in the hub, in this order, and what a person should know."""

    actions: tuple[OrderAction, ...] = ()
    notes: tuple[Note, ...] = ()


# -- store to hub: at the import ---------------------------------------------------------------------------------


def as_imported(creation: CreateOrder, order: StoreOrder, store: Store) -> CreateOrder:
    """The order to create, paid and packed as its status says.

    What left before the store was connected is off the shelf already: it comes packed or delivered, and takes nothing
    off in stock. What was sold since comes open, and is packed and delivered here (STK-2).
    """
    record = store.platform.status_flags
    if record is None:
        return creation
    draft, said = creation.order, _said(order, store, record, is_new=True)
    if not _was_sold_before(order, store):
        rows = tuple(
            replace(row, delivered_quantity=ZERO) if delivers_fulfillments(order, store) else row for row in draft.rows
        )
    elif order.status in record.said_first:
        rows = tuple(replace(row, packed_quantity=_left(row)) if row.ships else row for row in draft.rows)
    else:
        rows = draft.rows
    return CreateOrder(replace(draft, rows=rows, is_paid=said.paid))


def delivers_fulfillments(order: StoreOrder, store: Store) -> bool:
    """Whether the fulfilments that a new order comes with are delivered here, and not only known."""
    return (
        store.platform.status_flags is not None and store.is_on(FULFILLMENT_SYNC) and not _was_sold_before(order, store)
    )


def lacks_fulfillments(order: StoreOrder, store: Store, *, is_in_hub: bool) -> bool:
    """Whether pieces are with the buyer that no fulfilment tells of: the order must be asked for with them."""
    is_wanted = is_in_hub or (order.status in store.platform.imports and not _was_sold_before(order, store))
    if store.platform.status_flags is None or not is_wanted:
        return False
    said = sent_pieces(sent(order, store))
    return any(line.delivered_quantity > said.get(line.external_id, ZERO) for line in order.lines)


def _was_sold_before(order: StoreOrder, store: Store) -> bool:
    # A store's times are whole seconds.
    return store.connected_at is not None and order.created_at < store.connected_at.replace(microsecond=0)


# -- store to hub ------------------------------------------------------------------------------------------------


def decide_flags(order: StoreOrder, hub_order: HubOrder, *, store: Store, is_new: bool = False) -> Flagging:
    """What the store's status says of the hub's order; `is_new` where it was created this moment."""
    record = store.platform.status_flags
    if record is None:
        return Flagging()
    if order.status in store.platform.cancelled_statuses:
        return _void(hub_order)
    if hub_order.flags.voided:
        # Who voided it, its store or a person, nobody knows any more: only a person brings it back.
        is_open = order.status in record.ranks
        return Flagging(notes=(Note(Reason.VOIDED_IN_HUB, {"status": order.status}),) if is_open else ())
    said = _said(order, store, record, is_new=is_new)
    packing = pack_all(hub_order) if said.packed and not hub_order.flags.closed else ()
    return Flagging((*packing, *set_flags(hub_order, _raised(hub_order.flags, said))))


def pack_all(hub_order: HubOrder) -> tuple[PackRows, ...]:
    """What packs all that is left of the rows that ship; fees go with the rest."""
    pieces = tuple((row.id, _left(row)) for row in hub_order.rows if row.ships and _left(row) > 0)
    return (PackRows(hub_order.id, pieces),) if pieces else ()


def set_flags(hub_order: HubOrder, flags: Flags) -> tuple[SetFlags, ...]:
    """What gives an order these flags, where it has others."""
    return (SetFlags(hub_order.id, flags),) if flags != hub_order.flags else ()


def _said(order: StoreOrder, store: Store, record: StatusFlags, *, is_new: bool) -> Flags:
    said = record.said.get(order.status, Flags())
    if not is_new:
        return said
    said = _raised(said, record.said_first.get(order.status, Flags()))
    closed_with = record.closed_first.get(order.status)
    return replace(said, closed=closed_with is not None and store.is_on(closed_with))


def _raised(now: Flags, said: Flags) -> Flags:
    """Flags only ever go up."""
    return Flags(**{name: getattr(now, name) or getattr(said, name) for name in _FLAGS})


def _left(row: HubRow | DraftRow) -> Decimal:
    return row.quantity - row.packed_quantity - row.delivered_quantity


def _void(hub_order: HubOrder) -> Flagging:
    """Nothing more of the order is to be delivered or made. What is delivered as a whole is final (FUL-5)."""
    if hub_order.status is DeliveryStatus.DELIVERED:
        return Flagging()
    packed = [
        {"row": row.label, "what": "quantity", "store": "0", "hub": plain(row.packed_quantity)}
        for row in hub_order.rows
        if row.packed_quantity
    ]
    # Only a person sees whether what was packed is back on the shelf (CHG-4).
    notes = (Note(Reason.HELD_BACK, {"rows": packed}),) if packed else ()
    if hub_order.flags.voided:
        return Flagging(notes=notes)
    mos = tuple(action for row in hub_order.rows for action in part_from_mo(row))
    return Flagging((*mos, SetFlags(hub_order.id, replace(hub_order.flags, voided=True))), notes)


# -- hub to store ------------------------------------------------------------------------------------------------


def decide_statuses(
    order: StoreOrder, hub_order: HubOrder, record: StatusFlags, *, store: Store, sending: Sending | None = None
) -> Sendings:
    """What moves the store's order to where the flags of the hub's are, and the fulfilments that it lacks."""
    if not store.is_on(record.told_with):
        return Sendings()
    is_closed = order.status == record.closed
    sendings = fulfillment_out.decide_fulfillment(order, _as_delivered(hub_order), store=store, sending=sending)
    links = tuple(action for action in sendings.actions if isinstance(action, LinkFulfillment))
    if is_closed or order.status in store.platform.cancelled_statuses:
        # The store is done with the order, gave it up, or the money back: a fulfilment would say that it did not.
        reason = Reason.COMPLETED_IN_STORE if is_closed else Reason.NOT_FULFILLABLE
        is_missing = len(sendings.actions) > len(links) and not hub_order.flags.voided
        return Sendings(links, (Note(reason, {"status": order.status}),) if is_missing else (), sendings.heard)
    if hub_order.flags.voided:
        return Sendings((*links, SetStoreStatus(order.external_id, record.voided)), heard=sendings.heard)
    status = _further(order.status, hub_order.flags, record)
    if status != record.closed and any(isinstance(action, SendFulfillment) for action in sendings.actions):
        status = None  # the store itself counts what was shipped, and is further with it
    moves = (SetStoreStatus(order.external_id, status),) if status else ()
    return replace(sendings, actions=(*sendings.actions, *moves))


def _as_delivered(hub_order: HubOrder) -> HubOrder:
    """The order with what is packed still open: of a fulfilment the store hears when it has left."""
    return replace(hub_order, rows=tuple(replace(row, packed_quantity=ZERO) for row in hub_order.rows))


def _further(status: str, flags: Flags, record: StatusFlags) -> str | None:
    """The status that the flags ask for, where the store's own is not as far.

    What is packed before it is paid for is told once it is paid: the store's word for packed means both.
    """
    told = (
        (flags.closed, record.closed),
        (flags.paid and flags.packed, record.packed),
        (flags.paid, record.paid),
    )
    asked = next((word for is_set, word in told if is_set), status)
    is_further = status in record.ranks and record.ranks[asked] > record.ranks[status]
    return asked if is_further else None
