"""An order that its store took back: why, what of it has left already, and what becomes of the rest (CHG-5)."""

from dataclasses import replace
from decimal import Decimal

from schemas.actions import ChangeAction, DeleteOrder, Detail, Note
from schemas.hub import DraftRow, HubOrder, HubRow
from schemas.money import round_money
from schemas.orders import ZERO, StoreFulfillment, StoreOrder
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules import money
from tasks.rules.eligibility import is_left_out
from tasks.rules.manufacturing import part_from_mo

BY_STORE = "store"  # who deleted an order that its store took back

_ByLine = dict[str | None, Decimal]  # pieces; a row that no store has is of no line


def why_taken_back(order: StoreOrder, hub_order: HubOrder, store: Store) -> Reason | None:
    """Why nothing of the order is to be delivered any more, None where something is."""
    if order.status in store.platform.cancelled_statuses:
        return Reason.CANCELLED_IN_STORE
    known = hub_order.known_lines
    is_left = any(line.quantity > 0 and not is_left_out(line, store, known) for line in order.lines)
    return None if is_left else Reason.NOTHING_TO_DELIVER


def is_voided(store: Store) -> bool:
    """Whether the store's profile voids what its store took back, and keeps it in the hub (SPEC chapter 9)."""
    return store.platform.status_flags is not None


def take_back(hub_order: HubOrder, reason: Reason) -> tuple[ChangeAction | DeleteOrder, ...] | Note:
    """What deletes an order of which nothing has left, or why it stays."""
    detail: Detail = {"order_no": hub_order.order_no, "because": reason}
    if hub_order.has_invoice:
        return Note(Reason.KEPT_INVOICED, detail)
    if hub_order.is_locked:
        return Note(Reason.KEPT_LOCKED, detail)
    mos = [action for row in hub_order.rows for action in part_from_mo(row)]
    return (*mos, DeleteOrder(hub_order.id, BY_STORE, reason))


# -- what has left -----------------------------------------------------------------------------------------------


def has_left(order: StoreOrder, hub_order: HubOrder, platform: Platform) -> bool:
    """Whether a piece has left, on either side: the store may know of a fulfilment before the hub does."""
    sent = sent_by_store(order, hub_order, platform)
    return any(row.shipped_quantity or (row.ships and sent[row.id]) for row in hub_order.rows)


def sent_by_store(order: StoreOrder, hub_order: HubOrder, platform: Platform) -> dict[str, Decimal]:
    """The pieces of each row, by its id, that the store itself has sent out, whatever it refunded since."""
    is_completed = platform.completed_status in {order.status, order.delivery}
    if is_completed and not _fulfillments(order, platform) and not any(line.quantity for line in order.lines):
        # All of it went out and was refunded since, and no fulfilment tells of pieces.
        return {row.id: row.quantity for row in hub_order.rows}
    # Of a completed order nothing waits, a service that is in no fulfilment included.
    left: _ByLine = {
        line.external_id: line.quantity if is_completed else line.delivered_quantity for line in order.lines
    }
    sent = _in_fulfillments(order, hub_order, platform)
    return {row.id: min(row.quantity, max(left.get(row.external_id, ZERO), sent[row.id])) for row in hub_order.rows}


def given_back(order: StoreOrder, hub_order: HubOrder, platform: Platform) -> dict[str, Decimal]:
    """The pieces of each row, by its id, that went out in fulfilments and are off the store's line since: refunded."""
    left: _ByLine = {line.external_id: line.delivered_quantity for line in order.lines}
    sent = _in_fulfillments(order, hub_order, platform)
    return {row.id: max(ZERO, sent[row.id] - left.get(row.external_id, ZERO)) for row in hub_order.rows}


def _in_fulfillments(order: StoreOrder, hub_order: HubOrder, platform: Platform) -> dict[str, Decimal]:
    """The pieces of each row in the store's fulfilments: they still name a refunded one, which is on no line any more.

    Of a fulfilment that the hub knows its own count holds: what was refunded before the import is in no row.
    """
    known = {one.external_id: dict(one.rows) for one in hub_order.fulfillments}
    pieces = {row.id: ZERO for row in hub_order.rows}
    for fulfillment in _fulfillments(order, platform):
        told: _ByLine = dict(fulfillment.lines)
        for row in hub_order.rows:
            counted = known.get(fulfillment.external_id)
            pieces[row.id] += told.get(row.external_id, ZERO) if counted is None else counted.get(row.id, ZERO)
    return pieces


def _fulfillments(order: StoreOrder, platform: Platform) -> list[StoreFulfillment]:
    return [fulfillment for fulfillment in order.fulfillments if fulfillment.status in platform.fulfilled_statuses]


def what_left(order: StoreOrder, hub_order: HubOrder, platform: Platform) -> dict[str | None, DraftRow]:
    """The rows with the pieces that are gone, by the store's lines. Fees stay as they were charged."""
    sent = sent_by_store(order, hub_order, platform)
    rows = {}
    for row in hub_order.rows:
        gone = min(row.quantity, max(row.protected_quantity, sent[row.id])) if row.ships else row.quantity
        if gone:
            rows[row.external_id] = _draft(with_quantity(row, gone, currency=order.currency))
    return rows


def _draft(after: HubRow) -> DraftRow:
    return DraftRow(
        external_id=after.external_id,
        item=after.variant_id,
        kind=after.kind,
        sku=after.sku,
        name=after.name,
        quantity=after.quantity,
        price_per_unit=after.price_per_unit,
        tax_rate=after.tax_rate,
        total=after.total,
        tax=after.tax,
        location=after.location,
        discount_percent=after.discount_percent,
        ships=after.ships,
        batch_tracked=after.batch_tracked,
    )


def with_quantity(row: HubRow, quantity: Decimal, *, currency: str) -> HubRow:
    """The row with other pieces at its own price, its tax by its own rate."""
    if quantity == row.quantity:
        return row
    total = round_money(row.price_per_unit * quantity * (1 - row.discount_percent / money.HUNDRED), currency)
    return replace(row, quantity=quantity, total=total, tax=round_money(total * row.tax_rate / money.HUNDRED, currency))
