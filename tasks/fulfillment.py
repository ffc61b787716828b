"""What the hub shipped of an order goes to its store, once (SPEC chapter 7)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from celery import shared_task

from connectors import locks
from connectors.errors import NotFound, RateLimited, Refused, Rejected
from connectors.postgres import Row, journal, outgoing
from connectors.postgres import orders as due
from connectors.postgres.journal import Line
from connectors.postgres.outgoing import Told
from schemas.actions import LinkFulfillment, Note, SendFulfillment, SetStoreStatus
from schemas.hub import HubOrder
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.deliveries import read_sending
from tasks.process import process
from tasks.rules.parcels import expected_until
from tasks.rules.stitch import decide_telling, shows_all, tells
from tasks.session import HUB_SIDE, Done, Seen, StoreSession, resolve_store, work_on_order, write_again

_SAID_NO: Final = (Rejected, RateLimited, Refused, NotFound)  # whatever else: who knows what the store made of it


@shared_task(
    name="fulfill_order",
    soft_time_limit=locks.ORDER_SOFT_LIMIT_SECONDS,
    time_limit=locks.ORDER_HARD_LIMIT_SECONDS,
)
def fulfill_order(store: int | str, external_id: str) -> str:
    """Tell a store what the hub shipped of one of its orders (FUL-10…15)."""
    held = process()
    return work_on_order(held, resolve_store(held, store), str(external_id), send_out, side=HUB_SIDE)


def send_out(session: StoreSession, seen: Seen) -> Done:
    """Gather, decide, tell, settle. Looks at what the store has before anything is sent (FUL-14)."""
    row = due.order(session.connection, session.store.id, seen.external_id)
    hub_order = session.hub.order(row["hub_order_id"]) if row and row["hub_order_id"] else None
    if row is None or hub_order is None:
        return _settle(session, seen, Told())
    known = session.connector.read(seen.payload) if seen.payload else None
    if known is not None and row["sending"] is None and shows_all(known, hub_order, store=session.store):
        return _settle(session, seen, Told())
    if not tells(session.store):
        silent = (Note(Reason.FULFILLMENT_SYNC_OFF),) if known is not None else ()
        return _settle(session, seen, _told(row, silent))
    try:
        return _tell(session, seen, hub_order)
    except Rejected:
        # It may have been edited between our look and our call: once more, with what it is now.
        return _tell(session, seen, session.hub.order(hub_order.id) or hub_order)


def _tell(session: StoreSession, seen: Seen, hub_order: HubOrder) -> Done:
    order = session.connector.read(session.connector.snapshot(seen.external_id).payload or "")
    row = due.order(session.connection, session.store.id, seen.external_id)
    assert row is not None
    sending = read_sending(row["sending"])
    decided = decide_telling(order, hub_order, store=session.store, sending=sending)
    if sending is not None and decided.heard is None:
        until = expected_until(sending)
        if until is not None and session.now < until:
            return _wait(session, seen, until)
        outgoing.intend(session.connection, session.store.id, seen.external_id, None)  # it never arrived
    for action in decided.actions:
        _carry_out(session, action, order=order, hub_order=hub_order)
    done = _settle(session, seen, _told(row, decided.notes))
    has_sent = any(not isinstance(action, LinkFulfillment) for action in decided.actions)
    return replace(done, word="sent") if has_sent else done


def _wait(session: StoreSession, seen: Seen, until: datetime) -> Done:
    """A shop that gave no answer may still be at work on the call: the same again would be a second parcel (FUL-14)."""
    words = {"problem": "the store did not say whether it has the last parcel: it may still make it"}
    failure = due.Failure(Reason.STORE_UNAVAILABLE, words, until, is_attempt=False)
    outgoing.put_off(session.connection, session.store.id, seen.external_id, failure)
    return Done("put_off")


def _carry_out(
    session: StoreSession,
    action: SendFulfillment | SetStoreStatus | LinkFulfillment,
    *,
    order: StoreOrder,
    hub_order: HubOrder,
) -> None:
    """Each is journaled once it is done: what comes after it may fail."""
    match action:
        case LinkFulfillment():
            _link(
                session, order.external_id, action, Line("fulfill", "found", None, {"fulfillment": action.external_id})
            )
        case SetStoreStatus():
            session.connector.set_status(action.external_id, action.status)
            write_again(session.connection, session.store.id)
            _journal(session, order.external_id, Line("fulfill", "sent", None, {"status": action.status}))
        case SendFulfillment():
            _send(session, action, order=order, hub_order=hub_order)


def _send(session: StoreSession, action: SendFulfillment, *, order: StoreOrder, hub_order: HubOrder) -> None:
    """One parcel. From before the call until its id is written down, a worker that dies leaves word of it (FUL-14)."""
    lines = [[line, str(quantity)] for line, quantity in action.lines]
    there = [one.external_id for one in order.fulfillments]
    sending = {"lines": lines, "asked_at": datetime.now(UTC).isoformat(), "there": there}
    outgoing.intend(session.connection, session.store.id, action.external_id, sending)
    try:
        external_id = session.connector.send_fulfillment(action)
    except _SAID_NO:
        # Of this call nothing comes any more. An earlier one may have: it is looked for once more.
        outgoing.intend(session.connection, session.store.id, action.external_id, {**sending, "asked_at": None})
        raise
    write_again(session.connection, session.store.id)
    link = LinkFulfillment(hub_order.id, external_id, action.fulfillment_id, action.rows, source="hub")
    detail = {"fulfillment": external_id, "lines": lines, "tracking_number": action.tracking_number}
    _link(session, action.external_id, link, Line("fulfill", "sent", None, detail))


def _link(session: StoreSession, external_id: str, action: LinkFulfillment, line: Line) -> None:
    with session.connection.transaction():
        session.hub.apply([action])
        outgoing.intend(session.connection, session.store.id, external_id, None)
        _journal(session, external_id, line)


def _journal(session: StoreSession, external_id: str, line: Line) -> None:
    journal.add(session.connection, line, store_id=session.store.id, external_id=external_id)


def _told(row: Row, notes: Sequence[Note]) -> Told:
    """The first note is what a look at the order shows; the same again is no news."""
    if not notes:
        return Told()
    first, *others = notes
    detail = first.detail | ({"also": {note.reason: note.detail for note in others}} if others else {})
    is_news = (row["hub_reason"], row["hub_detail"]) != (first.reason, detail)
    lines = tuple(_note_line(note) for note in notes) if is_news else ()
    return Told(first.reason, detail, lines, is_failing=any(note.reason is Reason.NOT_FULFILLABLE for note in notes))


def _note_line(note: Note) -> Line:
    return Line("fulfill", "noted", note.reason, note.detail)


def _settle(session: StoreSession, seen: Seen, told: Told) -> Done:
    is_due = outgoing.settle(session.connection, session.store.id, seen.external_id, changed=seen.changed, told=told)
    return Done("noted" if told.reason else "nothing_to_tell", is_due)
