"""What a store is to be told of an order, whatever its platform: fulfilments, a status, or nothing (FUL-10…15).

It only asks the rules of the platform, in `fulfillment_out` and `stitch`.
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.actions import Note
from schemas.hub import HubOrder, Sending
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.settings import FULFILLMENT_SYNC
from schemas.stores import Store
from tasks.rules import fulfillment_out, stitch
from tasks.rules.fulfillment import expected_until
from tasks.rules.fulfillment_out import Sendings


@dataclass(frozen=True, slots=True)
class Wait:
    """A shop that gave no answer may still be at work on the call: the same again would be a second one (FUL-14)."""

    until: datetime


def tells(store: Store) -> bool:
    """Whether the store is told anything of its orders."""
    record = store.platform.status_flags
    return store.is_on(FULFILLMENT_SYNC if record is None else record.told_with)


def decide_telling(order: StoreOrder, hub_order: HubOrder, *, store: Store, sending: Sending | None = None) -> Sendings:
    """What the store is to be told of the hub's order; `sending` is what nobody knows the end of (FUL-14)."""
    record = store.platform.status_flags
    if record is None:
        return fulfillment_out.decide_fulfillment(order, hub_order, store=store, sending=sending)
    return stitch.decide_statuses(order, hub_order, record, store=store, sending=sending)


def shows_all(order: StoreOrder, hub_order: HubOrder, *, store: Store) -> bool:
    """Whether the store shows all that it is to be told, so that there is nothing to tell (FUL-13)."""
    if store.platform.status_flags is None:
        return fulfillment_out.covers(order, hub_order, store=store)
    return decide_telling(order, hub_order, store=store) == Sendings()


def said_unasked(
    known: StoreOrder | None, hub_order: HubOrder | None, *, store: Store, sending: Sending | None
) -> tuple[Note, ...] | None:
    """What there is to say before the store is asked for the order as it is now; None where it must be asked.

    `known` is the order as it was last fetched. No note at all: there is nothing to tell.
    """
    if hub_order is None:
        return ()
    if known is not None and sending is None and shows_all(known, hub_order, store=store):
        return ()
    if not tells(store):
        return (Note(Reason.FULFILLMENT_SYNC_OFF),) if known is not None else ()
    return None


def decide_sending(
    order: StoreOrder, hub_order: HubOrder, *, store: Store, sending: Sending | None, now: datetime
) -> Sendings | Wait:
    """What to tell the store, which has just said how its order is; nothing while an earlier call may still arrive."""
    decided = decide_telling(order, hub_order, store=store, sending=sending)
    until = expected_until(sending)
    if decided.heard is None and until is not None and now < until:
        return Wait(until)
    return decided
