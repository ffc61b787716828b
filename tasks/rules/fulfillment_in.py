"""What a store fulfilled, brought to the hub's order (FUL-1…8). It maps nothing and applies nothing.

Both sides are compared as they are now, line by line: what the store has sent in all, less what the hub has delivered,
is news. So a fulfilment that comes twice, or that a person delivered in the hub as well, delivers nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schemas.actions import (
    DeliverRows,
    Detail,
    LinkFulfillment,
    Note,
    OrderAction,
    PackRows,
    RemakeFulfillment,
    SetFlags,
)
from schemas.hub import Batch, DeliveryStatus, HubOrder, HubRow, Sending
from schemas.money import plain
from schemas.orders import ZERO, StoreFulfillment, StoreOrder
from schemas.reasons import Reason
from schemas.settings import FULFILLMENT_SYNC
from schemas.stores import Store
from tasks.rules.after import after
from tasks.rules.eligibility import is_left_out
from tasks.rules.fulfillment import (
    STORE,
    Pieces,
    count,
    heard,
    is_completed,
    known_ids,
    link,
    names_line,
    refunded_before,
    remade,
    rows_by_line,
    sent,
    sent_pieces,
)

# Something that the store did is not in the hub, and comes only when a person has mended what is in its way.
NOT_BROUGHT: Final = frozenset({Reason.LINE_NOT_MATCHED, Reason.MORE_THAN_ORDERED, Reason.REFUSED_BY_HUB})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What to do in the hub, in this order, and what a person should know.

    `heard` is the store's id of what it was being told when the work broke off: found here, it is done with.
    """

    actions: tuple[OrderAction, ...] = ()
    notes: tuple[Note, ...] = ()
    heard: str | None = None


@dataclass(frozen=True, slots=True)
class _State:
    """The hub's order as it stands after the actions so far, and what the batches hold then."""

    hub_order: HubOrder
    batches: tuple[Batch, ...]
    actions: tuple[OrderAction, ...] = ()
    notes: tuple[Note, ...] = ()
    heard: str | None = None


def decide_delivery(
    order: StoreOrder,
    hub_order: HubOrder,
    *,
    store: Store,
    batches: Sequence[Batch] = (),
    sending: Sending | None = None,
) -> Delivery:
    """What brings the hub's order to what its store has fulfilled; `sending` is what nobody knows the end of."""
    if not store.is_on(FULFILLMENT_SYNC):
        return Delivery()
    state = _State(hub_order, tuple(sorted(batches, key=lambda batch: batch.received_at)))
    if store.platform.partial_fulfillment:
        state = _follow_fulfillments(order, state, store=store, sending=sending)
    if is_completed(order, store) and not _is_final(state.hub_order):
        state = _deliver(state, _all_left(order, state.hub_order, store))
    state = _close(order, state, store)
    return Delivery(state.actions, state.notes, state.heard)


def may_deliver(order: StoreOrder, hub_order: HubOrder, store: Store) -> bool:
    """Whether a store says of an order that anything was sent which the hub may have to deliver."""
    if not store.is_on(FULFILLMENT_SYNC) or _is_final(hub_order):
        return False
    known = known_ids(hub_order)
    return is_completed(order, store) or any(one.external_id not in known for one in sent(order, store))


def decide_links(order: StoreOrder, hub_order: HubOrder, *, store: Store) -> tuple[LinkFulfillment, ...]:
    """The fulfilments that an order came with: their pieces are delivered already, and are not to be again (MAP-8)."""
    if not store.platform.partial_fulfillment:
        return ()
    rows, left = rows_by_line(hub_order), {row.id: row.delivered_quantity for row in hub_order.rows}
    links = []
    for one in sent(order, store):
        pieces = {}
        for line, quantity in count(one.lines).items():
            if line in rows:  # a line that was refunded since has no row
                row_id = rows[line].id
                pieces[row_id] = min(quantity, left[row_id])
                left[row_id] -= pieces[row_id]
        links.append(LinkFulfillment(hub_order.id, one.external_id, rows=_parts(pieces), source=STORE))
    return tuple(links)


def _is_final(hub_order: HubOrder) -> bool:
    """Delivered is final (FUL-5), and of a voided order nothing is delivered any more."""
    return hub_order.status is DeliveryStatus.DELIVERED or hub_order.flags.voided


# -- fulfilment by fulfilment ------------------------------------------------------------------------------------


def _follow_fulfillments(order: StoreOrder, state: _State, *, store: Store, sending: Sending | None) -> _State:
    fulfillments = [_without_left_out(one, order, state.hub_order, store) for one in sent(order, store)]
    ours = heard(order, state.hub_order, store, sending)
    if ours is not None:
        state = replace(_done(state, ours), heard=ours.external_id)
    for one in fulfillments:
        known = known_ids(state.hub_order)
        if one.external_id not in known:
            said = sent_pieces([one, *(each for each in fulfillments if each.external_id in known)])
            rows = rows_by_line(state.hub_order)
            for line in said.keys() & rows.keys():
                said[line] -= refunded_before(rows[line], order, store)
            state = _follow(one, state, said, remade(one, order, state.hub_order, store))
    return state


def _without_left_out(one: StoreFulfillment, order: StoreOrder, hub_order: HubOrder, store: Store) -> StoreFulfillment:
    """The fulfilment without the lines that a setting keeps out of the hub: they have no row to deliver (MAP-3)."""
    left_out = {line.external_id for line in order.lines if is_left_out(line, store)} - rows_by_line(hub_order).keys()
    return replace(one, lines=tuple(part for part in one.lines if part[0] not in left_out))


def _follow(one: StoreFulfillment, state: _State, said: Pieces, again: RemakeFulfillment | None) -> _State:
    """One fulfilment that the hub does not know, all of it or nothing of it (FUL-1, FUL-2).

    `said` is what the store has sent of the lines in all, this one included; `again` what it sends in place of others.
    """
    hub_order, asked = state.hub_order, count(one.lines)
    if _is_final(hub_order):
        return _known(state, one, again)
    rows = rows_by_line(hub_order)
    stranger = next((line for line in asked if line not in rows), None)
    if stranger is not None:
        return _noted(state, Reason.LINE_NOT_MATCHED, {"fulfillment": one.external_id, "line": stranger})
    # What the hub has delivered beyond the store's other fulfilments is this one's: two people did the same at once.
    news = {line: min(pieces, said[line] - rows[line].delivered_quantity) for line, pieces in asked.items()}
    over = next((line for line in asked if news[line] > _left(rows[line])), None)
    if over is not None:
        row = rows[over]
        detail = {"fulfillment": one.external_id, "line": over, "row": row.label, "left": plain(_left(row))}
        return _noted(state, Reason.MORE_THAN_ORDERED, {**detail, "pieces": plain(news[over])})
    pieces = {rows[line].id: quantity for line, quantity in news.items() if quantity > 0}
    if not pieces:
        return _known(state, one, again)
    state = _packed(state, _besides_packed(rows, pieces, said))
    state = _deliver(state, pieces, one)
    return _done(state, again) if again else state


def _left(row: HubRow) -> Decimal:
    return row.quantity - row.delivered_quantity


def _besides_packed(rows: dict[str, HubRow], pieces: Pieces, said: Pieces) -> Pieces:
    """What is to be packed first, so that the pieces that the store was told of when they were packed stay packed.

    Delivering takes packed pieces first. Of 3, 2 are packed and told; the store sends the third: another one leaves the
    shelf, and the 2 still wait to be delivered in the hub (FUL-13).
    """
    besides = {}
    for line, row in rows.items():
        new = pieces.get(row.id, ZERO)
        missing = min(said.get(line, ZERO), row.quantity) - row.shipped_quantity
        besides[row.id] = missing if new and row.packed_quantity + missing > new else ZERO
    return count(besides.items())


# -- the whole order ---------------------------------------------------------------------------------------------


def _all_left(order: StoreOrder, hub_order: HubOrder, store: Store) -> Pieces:
    """What is left of an order that the store calls fulfilled (FUL-3).

    Where the store names the pieces of its fulfilments, only rows that none is ever about: services are not sent.
    """
    rows = _counting(hub_order)
    if store.platform.partial_fulfillment:
        lines = {line.external_id for line in order.lines}
        rows = [row for row in rows if row.external_id in lines and not names_line(order, row.external_id)]
    return count((row.id, _left(row)) for row in rows)


def _counting(hub_order: HubOrder) -> list[HubRow]:
    """The rows that decide how far an order is; the hub delivers fees with the last of the others by itself."""
    return [row for row in hub_order.rows if row.ships] or list(hub_order.rows)


def _close(order: StoreOrder, state: _State, store: Store) -> _State:
    """An order that the buyer fetched is closed: nothing of it is on its way (FUL-6)."""
    hub_order = state.hub_order
    is_delivered = hub_order.status is DeliveryStatus.DELIVERED and not hub_order.flags.voided
    if hub_order.flags.closed or not (order.is_pickup and is_delivered and _is_fetched(order, hub_order, store)):
        return state
    flags = replace(hub_order.flags, packed=True, shipped=True, closed=True)
    return _done(state, SetFlags(hub_order.id, flags))


def _is_fetched(order: StoreOrder, hub_order: HubOrder, store: Store) -> bool:
    """Whether the store too says that the buyer has everything."""
    said = sent_pieces(sent(order, store))
    rows = [row for row in _counting(hub_order) if names_line(order, row.external_id)]
    if not rows:
        return is_completed(order, store)
    # A shop may call an order fulfilled that waits at the counter: its fulfilments say whether it was fetched.
    return all(said.get(row.external_id or "", ZERO) >= row.quantity for row in rows)


# -- what it takes -----------------------------------------------------------------------------------------------


def _noted(state: _State, reason: Reason, detail: Detail) -> _State:
    return replace(state, notes=(*state.notes, Note(reason, detail)))


def _done(state: _State, action: OrderAction) -> _State:
    return replace(state, hub_order=after(state.hub_order, [action]), actions=(*state.actions, action))


def _known(state: _State, one: StoreFulfillment, again: RemakeFulfillment | None) -> _State:
    """A fulfilment that delivers nothing new."""
    return _done(state, again or link(one, state.hub_order, source=STORE))


def _packed(state: _State, pieces: Pieces) -> _State:
    if not pieces:
        return state
    return _done(_take_batches(state, pieces)[0], PackRows(state.hub_order.id, _parts(pieces)))


def _deliver(state: _State, pieces: Pieces, fulfillment: StoreFulfillment | None = None) -> _State:
    """Deliver pieces by row id, those that leave the shelf only now from the batches received first (FUL-4)."""
    if not pieces:
        return state
    packed = {row.id: row.packed_quantity for row in state.hub_order.rows}
    leaving = count((row_id, quantity - packed[row_id]) for row_id, quantity in pieces.items())
    state, batches = _take_batches(state, leaving)
    action = DeliverRows(
        order_id=state.hub_order.id,
        rows=_parts(pieces),
        source=STORE,
        batches=batches,
        external_id=fulfillment.external_id if fulfillment else None,
        tracking_number=fulfillment.tracking_number if fulfillment else None,
        carrier=fulfillment.carrier if fulfillment else None,
        tracking_url=fulfillment.tracking_url if fulfillment else None,
    )
    return _done(state, action)


def _parts(pieces: Pieces) -> tuple[tuple[str, Decimal], ...]:
    return tuple(count(pieces.items()).items())


# -- batches (FUL-4) ---------------------------------------------------------------------------------------------


def _take_batches(state: _State, leaving: Pieces) -> tuple[_State, tuple[tuple[str, str, Decimal], ...]]:
    """Batches for the pieces that leave the shelf, as (row id, batch id, quantity), and a note where they do not do."""
    taken: list[tuple[str, str, Decimal]] = []
    held = {batch.id: batch for batch in state.batches}
    for row in state.hub_order.rows:
        missing = leaving.get(row.id, ZERO) if row.batch_tracked else ZERO
        for batch in tuple(held.values()):
            quantity = min(missing, batch.in_stock)
            if quantity > 0 and (batch.variant_id, batch.location) == (row.variant_id, row.location):
                taken.append((row.id, batch.id, quantity))
                held[batch.id] = replace(batch, in_stock=batch.in_stock - quantity)
                missing -= quantity
        if missing > 0:
            state = _noted(state, Reason.BATCH_SHORTAGE, {"sku": row.label, "missing": plain(missing)})
    return replace(state, batches=tuple(held.values())), tuple(taken)
