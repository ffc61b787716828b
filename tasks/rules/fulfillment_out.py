"""What the hub packed or delivered, told to the order's store (FUL-10…15). It sends nothing.

The store's order must be fresh: what the store already has is looked at before anything is sent (FUL-14), and what it
already has is not sent, wherever it came from (FUL-13).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from schemas.actions import LinkFulfillment, Note, SendFulfillment, SetStoreStatus
from schemas.hub import DeliveryStatus, HubFulfillment, HubOrder, HubRow, Sending
from schemas.money import plain
from schemas.orders import ZERO, StoreOrder, ToSend
from schemas.reasons import Reason
from schemas.settings import FULFILLMENT_SYNC
from schemas.stores import Store
from tasks.rules.after import after
from tasks.rules.fulfillment import (
    HUB,
    STORE,
    Pieces,
    count,
    heard,
    is_completed,
    names_line,
    refunded_before,
    sent,
    sent_pieces,
    untold,
)
from tasks.rules.places import hub_location

# The store did not let the goods go, and may later: trying again changes nothing in the store.
NOT_LET_GO: Final = (Reason.NOT_FULFILLABLE, Reason.PICKUP_NOT_SENT, Reason.COMPLETED_IN_STORE)


@dataclass(frozen=True, slots=True)
class Sendings:
    """What to tell the store and to remember in the hub, in this order, and what a person should know.

    `heard` is the store's id of what it was being told when the work broke off, None where it never heard.
    """

    actions: tuple[SendFulfillment | SetStoreStatus | LinkFulfillment, ...] = ()
    notes: tuple[Note, ...] = ()
    heard: str | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """Pieces of a row on their way into what the store waits to send; `own_line` is its own id of the line."""

    row_id: str
    line: str
    to_send: ToSend
    own_line: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What the store waits to send from one place, and what of its own lines is still to be put into a call."""

    to_send: ToSend
    location: str | None  # in the hub's words
    left: Pieces


@dataclass(frozen=True, slots=True)
class _Share:
    """What of one of the hub's fulfilments is still to be told; of none where it is packed so far."""

    pieces: Pieces  # by row id
    fulfillment: HubFulfillment | None = None


def decide_fulfillment(
    order: StoreOrder, hub_order: HubOrder, *, store: Store, sending: Sending | None = None
) -> Sendings:
    """What the store is to be told of the hub's order; `sending` is what nobody knows the end of."""
    if not store.is_on(FULFILLMENT_SYNC):
        return Sendings()
    if not store.platform.partial_fulfillment:
        return _decide_status(order, hub_order, store)
    ours = heard(order, hub_order, store, sending)
    if ours is None:
        return _decide_fulfillments(order, hub_order, store)
    sendings = _decide_fulfillments(order, after(hub_order, [ours]), store)
    return Sendings((ours, *sendings.actions), sendings.notes, ours.external_id)


def covers(order: StoreOrder, hub_order: HubOrder, *, store: Store) -> bool:
    """Whether the store shows all that the hub has shipped, so that there is nothing to tell (FUL-13)."""
    if store.platform.partial_fulfillment:
        return not _unsent(order, hub_order, store)
    return is_completed(order, store) or hub_order.status is DeliveryStatus.NOT_SHIPPED


# -- platforms that know whole orders only -----------------------------------------------------------------------


def _decide_status(order: StoreOrder, hub_order: HubOrder, store: Store) -> Sendings:
    if covers(order, hub_order, store=store):
        return Sendings()
    if hub_order.status is not DeliveryStatus.DELIVERED:
        return Sendings(notes=(Note(Reason.PARTIAL_NOT_SENT, {"status": hub_order.status}),))
    if order.status in store.platform.cancelled_statuses:
        # The store gave the order up, or the money back: completed would say that it did not.
        return Sendings(notes=(Note(Reason.NOT_FULFILLABLE, {"status": order.status}),))
    return Sendings((SetStoreStatus(order.external_id, store.platform.completed_status),))


# -- platforms that know fulfilments -----------------------------------------------------------------------------


def _decide_fulfillments(order: StoreOrder, hub_order: HubOrder, store: Store) -> Sendings:
    unsent, waiting = _unsent(order, hub_order, store), _waiting(order, store)
    rows = {row.id: row for row in hub_order.rows}
    sends: list[SendFulfillment] = []
    for share in _shares(unsent, hub_order):
        placed = [
            piece for row_id, quantity in share.pieces.items() for piece in _place(rows[row_id], quantity, waiting)
        ]
        sends += [_send(order, share, pieces) for pieces in _by_place(placed)]
    told = count(part for send in sends for part in send.rows)
    missing = count((row_id, quantity - told.get(row_id, ZERO)) for row_id, quantity in unsent.items())
    return Sendings(tuple(sends), _notes(order, [(rows[row_id], left) for row_id, left in missing.items()]))


def _unsent(order: StoreOrder, hub_order: HubOrder, store: Store) -> Pieces:
    """Whole pieces by row id that are packed or delivered in the hub and that the store has not heard of."""
    there = sent(order, store)
    said, linked = sent_pieces(there), _linked(hub_order, {one.external_id for one in there})
    unsent = {}
    for row in hub_order.rows:
        if row.external_id is not None and row.ships and not _is_never_sent(row, order, store):
            shown = said.get(row.external_id, ZERO) - refunded_before(row, order, store)
            known = max(shown, linked.get(row.id, ZERO))
            unsent[row.id] = (row.shipped_quantity - known) // 1
    return count(unsent.items())


def _linked(hub_order: HubOrder, there: set[str]) -> Pieces:
    """The pieces by row id that went with a fulfilment of which both sides know.

    One that was called off in the store since counts: it is not sent again (FUL-5). But what the hub told, and the
    store called off and sent anew by itself, is the same pieces twice.
    """
    known = [one for one in hub_order.fulfillments if one.external_id is not None]
    from_store = count(part for one in known if one.source == STORE for part in one.rows)
    told = count(part for one in known if one.source == HUB and one.external_id in there for part in one.rows)
    called_off = count(part for one in known if one.source == HUB and one.external_id not in there for part in one.rows)
    besides = [(row_id, quantity - from_store.get(row_id, ZERO)) for row_id, quantity in called_off.items()]
    return count([*from_store.items(), *told.items(), *besides])


def _is_never_sent(row: HubRow, order: StoreOrder, store: Store) -> bool:
    """Whether the store calls the order fulfilled, or plans to send nothing of the row: a service."""
    if is_completed(order, store):
        # What waits at the counter counts as fulfilled in the shop, and its buyer has not come yet (FUL-11).
        return not (order.is_pickup and names_line(order, row.external_id))
    is_service = any(line.external_id == row.external_id and not line.is_physical for line in order.lines)
    return is_service and not names_line(order, row.external_id)


# -- which of the hub's fulfilments ------------------------------------------------------------------------------


def _shares(unsent: Pieces, hub_order: HubOrder) -> list[_Share]:
    """What is unsent by the hub's fulfilments, oldest first, and last what is packed.

    What was packed or delivered last is what the store has not heard of: it is shared out from the newest end.
    """
    left = dict(unsent)
    packed = {row.id: _take(left, row.id, row.packed_quantity) for row in hub_order.rows}
    shares = []
    for own in reversed(untold(hub_order)):
        pieces = count((row_id, _take(left, row_id, quantity)) for row_id, quantity in own.rows)
        shares.append(_Share(pieces, own))
    # What is left was delivered without a fulfilment, by plain SQL.
    rest = count([*packed.items(), *left.items()])
    return [share for share in (*reversed(shares), _Share(rest)) if share.pieces]


def _take(left: Pieces, key: str, quantity: Decimal) -> Decimal:
    """Whole pieces only: stores know no others."""
    taken = min(left.get(key, ZERO) // 1, quantity // 1)
    if taken:
        left[key] -= taken
    return taken


# -- which of what the store waits to send -----------------------------------------------------------------------


def _waiting(order: StoreOrder, store: Store) -> list[_Waiting]:
    return [
        _Waiting(one, hub_location(one.place, store), {line_id: left for line_id, _, left in one.lines})
        for one in order.to_send
        if one.can_be_sent and not one.is_pickup
    ]


def _place(row: HubRow, quantity: Decimal, waiting: Sequence[_Waiting]) -> list[_Piece]:
    """The pieces of a row into what the store waits to send of its line, from the row's own location first."""
    pieces = []
    for each in sorted(waiting, key=lambda each: each.location != row.location):
        for line_id, line, _ in each.to_send.lines:
            taken = _take(each.left, line_id, quantity) if line == row.external_id else ZERO
            if taken:
                quantity -= taken
                pieces.append(_Piece(row.id, line, each.to_send, line_id, taken))
    return pieces


def _by_place(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """One call is about one place."""
    places = dict.fromkeys(piece.to_send.place for piece in pieces)
    return [[piece for piece in pieces if piece.to_send.place == place] for place in places]


def _send(order: StoreOrder, share: _Share, pieces: Sequence[_Piece]) -> SendFulfillment:
    rows = count((piece.row_id, piece.quantity) for piece in pieces)
    taken: dict[str, list[tuple[str, Decimal]]] = {}
    for piece in pieces:
        taken.setdefault(piece.to_send.external_id, []).append((piece.own_line, piece.quantity))
    own = share.fulfillment
    is_whole = own is not None and count(own.rows) == rows
    return SendFulfillment(
        external_id=order.external_id,
        taken=tuple((external_id, tuple(lines)) for external_id, lines in taken.items()),
        lines=tuple(count((piece.line, piece.quantity) for piece in pieces).items()),
        tracking_number=own.tracking_number if own else None,
        carrier=own.carrier if own else None,
        tracking_url=own.tracking_url if own else None,
        fulfillment_id=own.id if own and is_whole else None,
        rows=tuple(rows.items()),
    )


# -- what a person should know -----------------------------------------------------------------------------------


def _notes(order: StoreOrder, missing: Sequence[tuple[HubRow, Decimal]]) -> tuple[Note, ...]:
    """What the store does not wait to send: the buyer fetches it (FUL-11), or it does not let it go."""
    waiting = count((line, left) for one in order.to_send if one.is_pickup for _, line, left in one.lines)
    fetched, stuck = [], []
    for row, quantity in missing:
        at_counter = quantity if order.is_pickup else min(quantity, waiting.get(row.external_id or "", ZERO))
        fetched.append((row, at_counter))
        stuck.append((row, quantity - at_counter))
    found = (Reason.PICKUP_NOT_SENT, _words(fetched)), (Reason.NOT_FULFILLABLE, _words(stuck))
    return tuple(Note(reason, {"lines": words}) for reason, words in found if words)


def _words(parts: Iterable[tuple[HubRow, Decimal]]) -> list[dict[str, str | None]]:
    return [
        {"line": row.external_id, "row": row.label, "quantity": plain(quantity)}
        for row, quantity in parts
        if quantity > 0
    ]
