"""What a store and the hub each know of an order's fulfilments, line by line. It decides nothing.

A fulfilment that both know carries the store's id in the hub. Whose news it was first does not matter here: states are
compared, and of each line the agreed state is the higher of the two.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from schemas.actions import LinkFulfillment, RemakeFulfillment
from schemas.hub import HubFulfillment, HubOrder, HubRow, Sending
from schemas.orders import ZERO, StoreFulfillment, StoreOrder
from schemas.stores import Store

HUB: Final = "hub"
STORE: Final = "store"

LATE: Final = timedelta(seconds=60)  # a store may still make a fulfilment this long after it was told

Pieces = dict[str, Decimal]


def count(parts: Iterable[tuple[str, Decimal]]) -> Pieces:
    """Pieces by line or row, each once; nothing stands for no piece."""
    pieces: Pieces = {}
    for key, quantity in parts:
        if quantity > 0:
            pieces[key] = pieces.get(key, ZERO) + quantity
    return pieces


# -- the store's side --------------------------------------------------------------------------------------------


def is_completed(order: StoreOrder, store: Store) -> bool:
    """Whether the store says of the order as a whole that it is fulfilled."""
    return store.platform.completed_status in {order.status, order.delivery}


def sent(order: StoreOrder, store: Store) -> list[StoreFulfillment]:
    """The store's fulfilments whose pieces are with the buyer, oldest first: the ids of a store grow."""
    done = [one for one in order.fulfillments if one.status in store.platform.fulfilled_statuses]
    return sorted(done, key=lambda one: (len(one.external_id), one.external_id))


def sent_pieces(fulfillments: Iterable[StoreFulfillment]) -> Pieces:
    """The pieces of fulfilments by the external ids of the lines."""
    return count(part for one in fulfillments for part in one.lines)


def names_line(order: StoreOrder, line_id: str | None) -> bool:
    """Whether any fulfilment of the store is about a line: there is none for a service that is never sent."""
    fulfilled = any(line == line_id for one in order.fulfillments for line, _ in one.lines)
    return fulfilled or any(line == line_id for one in order.to_send for _, line, _ in one.lines)


def refunded_before(row: HubRow, order: StoreOrder, store: Store) -> Decimal:
    """Pieces that the store sent, and refunded before the hub knew them: they are in no row (MAP-8).

    Of 3 that were ordered 2 were sent and 1 of these refunded; the row has 2. The fulfilment still says 2, the line 1.
    What is refunded later stays in the row, and so the row is above the line.
    """
    line = next((line for line in order.lines if line.external_id == row.external_id), None)
    left, delivered = (line.quantity, line.delivered_quantity) if line else (ZERO, ZERO)
    refunded = sent_pieces(sent(order, store)).get(row.external_id or "", ZERO) - delivered
    return max(ZERO, refunded - max(ZERO, row.quantity - left))


# -- the hub's side ----------------------------------------------------------------------------------------------


def known_ids(hub_order: HubOrder) -> set[str]:
    """The store's ids of the fulfilments that the hub knows."""
    return {one.external_id for one in hub_order.fulfillments if one.external_id is not None}


def rows_by_line(hub_order: HubOrder) -> dict[str, HubRow]:
    """The rows that a line of the store stands behind, by its external id."""
    return {row.external_id: row for row in hub_order.rows if row.external_id is not None}


def untold(hub_order: HubOrder) -> list[HubFulfillment]:
    """The hub's own fulfilments that the store has no id for, oldest first."""
    return [one for one in hub_order.fulfillments if one.source == HUB and one.external_id is None]


# -- links between the two ---------------------------------------------------------------------------------------


def link(one: StoreFulfillment, hub_order: HubOrder, *, source: str) -> LinkFulfillment:
    """Know a fulfilment that delivers nothing new: by the hub's own one with the same pieces, if there is any."""
    rows = rows_by_line(hub_order)
    pieces = {rows[line].id: quantity for line, quantity in count(one.lines).items() if line in rows}
    own = next((each for each in untold(hub_order) if pieces and count(each.rows) == pieces), None)
    if own is not None:
        return LinkFulfillment(hub_order.id, one.external_id, own.id)
    told = tuple(pieces.items()) if source == HUB else ()
    return LinkFulfillment(hub_order.id, one.external_id, rows=told, source=source)


def remade(one: StoreFulfillment, order: StoreOrder, hub_order: HubOrder, store: Store) -> RemakeFulfillment | None:
    """What lets a fulfilment hold pieces of those that the store called off since: they are sent again by it (FUL-7).

    The hub delivered them once; the number that counts is that of the fulfilment which really goes.
    """
    called_off = {each.external_id for each in order.fulfillments} - {each.external_id for each in sent(order, store)}
    rows = rows_by_line(hub_order)
    missing = {rows[line].id: quantity for line, quantity in count(one.lines).items() if line in rows}
    taken = []
    revoked = [each for each in hub_order.fulfillments if each.source == STORE and each.external_id in called_off]
    for each in revoked:
        for row_id, quantity in each.rows:
            pieces = min(quantity, missing.get(row_id, ZERO))
            if pieces > 0:
                taken.append((each.id, row_id, pieces))
                missing[row_id] -= pieces
    tracking = (one.tracking_number, one.carrier, one.tracking_url)
    return RemakeFulfillment(hub_order.id, one.external_id, tuple(taken), *tracking) if taken else None


def heard(order: StoreOrder, hub_order: HubOrder, store: Store, sending: Sending | None) -> LinkFulfillment | None:
    """The link to what the store made of a fulfilment that it was being told of; None where it never heard (FUL-14).

    What the store had before is not it. What was called off in the store since is: it is not sent again (FUL-5).
    """
    if sending is None:
        return None
    known, told = known_ids(hub_order) | set(sending.there), count(sending.lines)
    unknown = (one for one in [*sent(order, store), *order.fulfillments] if one.external_id not in known)
    ours = next((one for one in unknown if count(one.lines) == told), None)
    return link(ours, hub_order, source=HUB) if ours else None


def expected_until(sending: Sending | None) -> datetime | None:
    """Until when a call that nobody heard the end of may still do its work; nothing is to be sent before (FUL-14)."""
    return sending.asked_at + LATE if sending is not None and sending.asked_at is not None else None
