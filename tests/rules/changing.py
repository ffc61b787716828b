"""A hub's order as dataclasses: imported, changed, and what actions make of it. It knows no database."""

from dataclasses import fields, replace
from decimal import Decimal
from itertools import count
from typing import Any, Final

from schemas.actions import (
    AddRow,
    ChangeRow,
    DeleteOrder,
    DeleteReturn,
    DeleteRow,
    KeepReturn,
    MoveRow,
    ReturnAction,
    SetFlags,
    SetTotals,
)
from schemas.hub import DeliveryStatus, DraftOrder, DraftRow, Flags, HubMatches, HubOrder, HubReturn, HubRow, Totals
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
_IDS: Final = count(1)


def imported(order: StoreOrder, *, at: Store = FOLLOWING) -> HubOrder:
    """The order as the hub has it right after its import."""
    made = draft(order, at=at)
    return HubOrder(
        id="h1",
        order_no=made.order_no,
        store_id=made.store_id,
        external_id=made.external_id,
        status=DeliveryStatus.NOT_SHIPPED,
        currency=made.currency,
        location=made.location,
        rows=tuple(_row(row) for row in made.rows),
        exchange_rate=made.exchange_rate,
        base_currency=made.base_currency,
        totals=_totals(made),
        flags=Flags(paid=made.is_paid),
    )


def _totals(made: DraftOrder) -> Totals:
    return Totals(**{field.name: getattr(made, field.name) for field in fields(Totals)})


def _row(row: DraftRow) -> HubRow:
    return HubRow(
        id=f"r{next(_IDS)}",
        external_id=row.external_id,
        variant_id="v1",
        kind=row.kind,
        sku=row.sku,
        name=row.name,
        quantity=row.quantity,
        packed_quantity=Decimal(0),
        delivered_quantity=row.delivered_quantity,
        invoiced_quantity=Decimal(0),
        price_per_unit=row.price_per_unit,
        tax_rate=row.tax_rate,
        discount_percent=row.discount_percent,
        location=row.location,
        status=DeliveryStatus.NOT_SHIPPED,
        ships=row.ships,
        total=row.total,
        tax=row.tax,
    )


def change(
    order: StoreOrder, hub_order: HubOrder, *, at: Store = FOLLOWING, known: HubMatches | None = None
) -> Changes:
    """What the store's order as it is now does to the hub's."""
    return decide_changes(order, hub_order, store=at, matches=known or matches())


def apply(hub_order: HubOrder, changes: Changes) -> HubOrder | None:
    """The order after the actions; None when it is gone. Manufacturing orders are not followed."""
    for action in changes.actions:
        match action:
            case DeleteOrder():
                return None
            case AddRow(row=row):
                hub_order = replace(hub_order, rows=(*hub_order.rows, _row(row)))
            case DeleteRow(row_id=row_id):
                hub_order = replace(hub_order, rows=tuple(row for row in hub_order.rows if row.id != row_id))
            case ChangeRow():
                values: dict[str, Any] = {name: getattr(action, name) for name in _MONEY}
                hub_order = _with_row(hub_order, action.row_id, values)
            case MoveRow(location=to):
                hub_order = _with_row(hub_order, action.row_id, {"location": to})
            case SetFlags(flags=flags):
                hub_order = replace(hub_order, flags=flags)
            case SetTotals(totals=totals):
                hub_order = replace(hub_order, totals=totals)
            case KeepReturn() | DeleteReturn():
                hub_order = _with_return(hub_order, action)
    return hub_order


def _with_return(hub_order: HubOrder, action: ReturnAction) -> HubOrder:
    returns = tuple(one for one in hub_order.returns if one.external_id != action.external_id)
    if isinstance(action, KeepReturn):
        assert {line for line, _ in action.lines} <= {row.external_id for row in hub_order.rows}
        returns += (HubReturn(action.external_id, action.lines),)
    return replace(hub_order, returns=returns)


_MONEY: Final = ("quantity", "price_per_unit", "discount_percent", "tax_rate", "total", "tax")


def _with_row(hub_order: HubOrder, row_id: str, values: dict[str, Any]) -> HubOrder:
    return replace(hub_order, rows=tuple(replace(row, **values) if row.id == row_id else row for row in hub_order.rows))


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


def parcel(external_id: str = "77", status: str = "success", **lines: int) -> StoreFulfillment:
    """A parcel of the store with pieces of the chairs' and the table's line."""
    ids = {"chairs": "1", "tables": "2"}
    return StoreFulfillment(external_id, status, tuple((ids[name], D(pieces)) for name, pieces in lines.items()))


def delivered(hub_order: HubOrder, **pieces: int) -> HubOrder:
    """The hub's order with pieces delivered by SKU; it is delivered as a whole when nothing is left."""
    for sku, quantity in pieces.items():
        hub_order = with_row(hub_order, sku, delivered_quantity=D(quantity))
    is_whole = all(row.delivered_quantity == row.quantity for row in hub_order.rows if row.ships)
    return replace(hub_order, status=DeliveryStatus.DELIVERED if is_whole else DeliveryStatus.PARTIALLY_DELIVERED)
