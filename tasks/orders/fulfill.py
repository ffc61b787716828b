"""What the hub shipped of an order goes to its store, once (SPEC chapter 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from celery import shared_task

from connectors import counters, locks
from connectors.counters import Counted
from connectors.errors import CredentialsRefused, NotFound, RateLimited, Rejected
from connectors.postgres import journal, outgoing, together
from connectors.postgres.last_look import LastLook, intend, last_look
from schemas.actions import LinkFulfillment, Note, SendFulfillment, SetStoreStatus
from schemas.failures import PutOff
from schemas.groups import Group
from schemas.hub import HubOrder, Sending
from schemas.journal import Action, Line, Outcome
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.held import process
from tasks.lanes import HUB_SIDE
from tasks.rules.news import Memory, decide_told
from tasks.rules.telling import Wait, decide_sending, said_unasked
from tasks.trouble import write_again
from tasks.work import Done, DueOrder, StoreSession, resolve_store, work_on_order

# Whatever else it is: who knows what the store made of it?
_SAID_NO: Final = (Rejected, RateLimited, CredentialsRefused, NotFound)
# Somebody else has told the store since our look: our lock ended while we were frozen, or Redis lost it.
_OVERTAKEN: Final = Done("overtaken", is_due=True)


@shared_task(
    name="fulfill_order",
    soft_time_limit=locks.ORDER_SOFT_LIMIT_SECONDS,
    time_limit=locks.ORDER_HARD_LIMIT_SECONDS,
)
def fulfill_order(store: int | str, external_id: str) -> str:
    """Tell a store what the hub shipped of one of its orders (FUL-10…15)."""
    held = process()
    return work_on_order(held, resolve_store(held, store), str(external_id), send_out, side=HUB_SIDE)


def send_out(session: StoreSession, seen: DueOrder) -> Done:
    """Gather, decide, tell, settle. Looks at what the store has before anything is sent (FUL-14)."""
    try:
        return _try(session, seen)
    except Rejected:
        # It may have been edited between our look and our call: once more, with what it is now.
        return _try(session, seen)


def _try(session: StoreSession, seen: DueOrder) -> Done:
    last = _last(session, seen)
    hub_order = session.hub.order(last.hub_order_id) if last.hub_order_id else None
    known = session.connector.read(seen.payload) if seen.payload else None
    said = said_unasked(known, hub_order, store=session.store, sending=last.sending)
    if hub_order is None or said is not None:
        return _settle(session, seen, last, said or ())
    telling = _Telling(session, seen.external_id, last.sendings)  # what is read from here on may soon be of before
    order = session.connector.read(session.connector.snapshot(seen.external_id).payload or "")
    last = _last(session, seen)
    if last.sendings != telling.sendings:
        return _OVERTAKEN
    decided = decide_sending(order, hub_order, store=session.store, sending=last.sending, now=session.now)
    if isinstance(decided, Wait):
        return _wait(session, seen, decided.until)
    if last.sending is not None and decided.heard is None and not telling.intend(None):  # it never arrived
        return _OVERTAKEN
    for action in decided.actions:
        if not _carry_out(telling, action, order=order, hub_order=hub_order):
            return _OVERTAKEN
    done = _settle(session, seen, last, decided.notes)
    has_sent = any(not isinstance(action, LinkFulfillment) for action in decided.actions)
    if not has_sent:
        return done
    counters.count(process().redis, Counted.FULFILLMENTS_SENT, session.store.id)
    return replace(done, word="sent")


def _last(session: StoreSession, seen: DueOrder) -> LastLook:
    last = last_look(session.connection, session.store.id, seen.external_id)
    assert last is not None, "an order that is due is remembered"
    return last


# -- what is told --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Telling:
    """What a store is told of one order, and how often somebody had begun to when we looked, or did ourselves."""

    session: StoreSession
    external_id: str
    sendings: int

    def intend(self, sending: Sending | None) -> bool:
        """Write down what is told next, or that it was; False, and nothing, where somebody else did meanwhile."""
        key = (self.session.connection, self.session.store.id, self.external_id)
        sendings = intend(*key, sending, seen=self.sendings)
        self.sendings = self.sendings if sendings is None else sendings
        return sendings is not None


def _carry_out(
    telling: _Telling,
    action: SendFulfillment | SetStoreStatus | LinkFulfillment,
    *,
    order: StoreOrder,
    hub_order: HubOrder,
) -> bool:
    """Each is journaled once it is done: what comes after it may fail. False where somebody else is at it."""
    session = telling.session
    match action:
        case LinkFulfillment():
            found = Line(Action.FULFILL, Outcome.FOUND, None, {"fulfillment": action.external_id})
            _link(telling, action, found)
        case SetStoreStatus():
            session.connector.set_status(action.external_id, action.status)
            write_again(session.connection, session.store.id)
            _journal(session, order.external_id, Line(Action.FULFILL, Outcome.SENT, None, {"status": action.status}))
        case SendFulfillment():
            return _send(telling, action, order=order, hub_order=hub_order)
    return True


def _send(telling: _Telling, action: SendFulfillment, *, order: StoreOrder, hub_order: HubOrder) -> bool:
    """From before the call until its id is written down, a worker that dies leaves word of a fulfilment (FUL-14)."""
    session = telling.session
    sending = Sending(action.lines, session.clock(), tuple(one.external_id for one in order.fulfillments))
    if not telling.intend(sending):
        return False
    try:
        external_id = session.connector.send_fulfillment(action)
    except _SAID_NO:
        # Of this call nothing comes any more. An earlier one may have: it is looked for once more.
        telling.intend(replace(sending, asked_at=None))
        raise
    write_again(session.connection, session.store.id)
    link = LinkFulfillment(hub_order.id, external_id, action.fulfillment_id, action.rows, source="hub")
    lines = [[line, str(quantity)] for line, quantity in action.lines]
    detail = {"fulfillment": external_id, "lines": lines, "tracking_number": action.tracking_number}
    _link(telling, link, Line(Action.FULFILL, Outcome.SENT, None, detail))
    return True


def _link(telling: _Telling, action: LinkFulfillment, line: Line) -> None:
    session = telling.session
    with session.hub.unit():
        session.hub.apply([Group("link", (action,))])
        with together(session.connection):
            telling.intend(None)  # unless somebody else is telling it something by now: that stays
            _journal(session, telling.external_id, line)


def _journal(session: StoreSession, external_id: str, line: Line) -> None:
    journal.add(session.connection, line, store_id=session.store.id, external_id=external_id)


# -- what came of it -----------------------------------------------------------------------------------------------


def _wait(session: StoreSession, seen: DueOrder, until: datetime) -> Done:
    words = {"problem": "the store did not say whether it has the last fulfilment: it may still make it"}
    why = PutOff(Reason.STORE_UNAVAILABLE, words, until, is_attempt=False)
    outgoing.put_off(session.connection, session.store.id, seen.external_id, why)
    return Done("put_off")


def _settle(session: StoreSession, seen: DueOrder, last: LastLook, notes: Sequence[Note]) -> Done:
    told = decide_told(notes, Memory(last.hub_reason, last.hub_detail))
    is_due = outgoing.settle(session.connection, session.store.id, seen.external_id, changed=seen.changed, told=told)
    return Done("noted" if told.reason else "nothing_to_tell", is_due)
