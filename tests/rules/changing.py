"""A hub's order as dataclasses: imported, changed, and what actions make of it. It knows no database."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import tasks.rules.after
from schemas.hub import DeliveryStatus, HubMatches, HubOrder, HubRow
from schemas.orders import StoreFulfillment, StoreLine, StoreOrder
from schemas.reasons import Reason
from schemas.stores import Store
from tasks.rules.changes import Changes, decide_changes
from tests.makers import PERCENT, matches, plain_line, store, store_order
from tests.rules.building import draft

D = Decimal
_PLATFORM: Final = replace(
    PERCENT, cancelled_statuses=frozenset({"cancelled"}), fulfilled_statuses=frozenset({"success"})
)
FOLLOWING: Final = store(_PLATFORM)
RETURNING: Final = store(_PLATFORM, {"orders.returns": True})
TWO_CHAIRS: Final = plain_line("1", 2, 60, sku="CHAIR")
ONE_TABLE: Final = plain_line("2", 1, 40, sku="TABLE")


def imported(order: StoreOrder, *, at: Store = FOLLOWING) -> HubOrder:
    """The order as the hub has it right after its import."""
    return replace(tasks.rules.after.as_created(draft(order, at=at)), id="h1")


def change(
    order: StoreOrder, hub_order: HubOrder, *, at: Store = FOLLOWING, known: HubMatches | None = None
) -> Changes:
    """What the store's order as it is now does to the hub's."""
    return decide_changes(order, hub_order, store=at, matches=known or matches())


def apply(hub_order: HubOrder, changes: Changes) -> HubOrder | None:
    """The order after the changes; None when it is gone."""
    return None if changes.deletes else tasks.rules.after.after(hub_order, changes.on_order)


def row_of(hub_order: HubOrder | None, sku: str) -> HubRow:
    """The row of a SKU; there is one."""
    assert hub_order is not None
    (row,) = (row for row in hub_order.rows if row.sku == sku)
    return row


def order(*lines: StoreLine, **changes: Any) -> StoreOrder:
    """Two chairs at 30 and a table at 40, or the lines given; no charges."""
    return store_order(lines=lines or (TWO_CHAIRS, ONE_TABLE), **{"charges": (), **changes})


def chairs(quantity: int, **changes: Any) -> StoreLine:
    """The chairs' line with another quantity."""
    return plain_line("1", quantity, 30 * quantity, sku="CHAIR", **changes)


def with_row(hub_order: HubOrder, sku: str, **changes: Any) -> HubOrder:
    """The hub's order with the row of a SKU changed, as people in the hub do."""
    rows = tuple(replace(row, **changes) if row.sku == sku else row for row in hub_order.rows)
    return replace(hub_order, rows=rows)


def kinds(changes: Changes) -> list[type]:
    """What kinds of actions there are, in their order."""
    return [type(action) for action in changes.actions]


def quantities(hub_order: HubOrder | None) -> dict[str | None, Decimal]:
    """The rows' quantities by SKU."""
    assert hub_order is not None
    return {row.sku: row.quantity for row in hub_order.rows}


def after(before: HubOrder, now: StoreOrder, **gathered: Any) -> HubOrder:
    """The hub's order after a look at the store's as it is now."""
    hub_order = apply(before, change(now, before, **gathered))
    assert hub_order is not None
    return hub_order


def held(changes: Changes) -> list[Any]:
    """What the one note about held back rows says."""
    (note,) = (note for note in changes.notes if note.reason is Reason.HELD_BACK)
    rows = note.detail["rows"]
    assert isinstance(rows, list)
    return rows


def fulfillment(external_id: str = "77", status: str = "success", **lines: int) -> StoreFulfillment:
    """A fulfilment of the store with pieces of the chairs' and the table's line."""
    ids = {"chairs": "1", "tables": "2"}
    return StoreFulfillment(external_id, status, tuple((ids[name], D(pieces)) for name, pieces in lines.items()))


def delivered(hub_order: HubOrder, **pieces: int) -> HubOrder:
    """The hub's order with pieces delivered by SKU; it is delivered as a whole when nothing is left."""
    for sku, quantity in pieces.items():
        hub_order = with_row(hub_order, sku, delivered_quantity=D(quantity))
    is_whole = all(row.delivered_quantity == row.quantity for row in hub_order.rows if row.ships)
    return replace(hub_order, status=DeliveryStatus.DELIVERED if is_whole else DeliveryStatus.PARTIALLY_DELIVERED)
