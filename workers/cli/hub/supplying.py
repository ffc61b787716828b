"""What a person does with items, stock and manufacturing of the built-in hub, by a command or a button; journaled.

Each is done at a desk whose hub is one unit, whole or not at all. Everything raises HubRefused for the hub's guards.
"""

from collections.abc import Sequence
from decimal import Decimal

from connectors.builtin_hub import lists
from connectors.postgres import journal
from schemas.actions import AddProduct, AdjustStock, CreateMo, ReceivePurchase, SetMoStatus
from schemas.hub import HubOrder, HubRow, MoStatus
from schemas.journal import Action, Line, Outcome
from schemas.money import plain
from workers.cli.hub.doing import HubDesk
from workers.cli.hub.words import rows_named


def adjust(desk: HubDesk, action: AdjustStock) -> str:
    """Count pieces in or out; what is there now, as a sentence."""
    desk.hub.carry_out([action])
    pieces = f"{'-' if action.delta < 0 else '+'}{plain(abs(action.delta))}"
    _write(desk, Outcome.COUNTED, action.sku, adjusted=pieces, location=action.location, batch=action.batch)
    there = ", ".join(f"{plain(level.in_stock)} at {level.location}" for level in desk.hub.levels([action.sku]))
    return f"{action.sku}: {pieces}. In stock now: {there}."


def receive(desk: HubDesk, purchases: Sequence[ReceivePurchase]) -> list[str]:
    """Take purchases in; each in words, with its number."""
    numbers = desk.hub.carry_out(list(purchases))
    for one, po in zip(purchases, numbers, strict=True):
        said = {"received": plain(one.quantity), "purchase": f"PO-{po}", "location": one.location, "batch": one.batch}
        _write(desk, Outcome.COUNTED, one.sku, **said)
    return [f"{plain(one.quantity)} × {one.sku} (PO-{po})" for one, po in zip(purchases, numbers, strict=True)]


def add_item(desk: HubDesk, action: AddProduct) -> int:
    """Add a product, bundle or service; how many items share its SKU then."""
    desk.hub.carry_out([action])
    _write(desk, Outcome.SAVED, action.sku, added="bundle" if action.bundle else str(action.kind))
    return lists.items_with_sku(desk.connection, action.sku)


def make(desk: HubDesk, found: HubOrder, sku: str) -> tuple[str, str]:
    """Have the not yet shipped part of an order's row made; the manufacturing order's number, and how many pieces."""
    row = _row_to_make(found, sku)
    (mo,) = desk.hub.carry_out([CreateMo(found.id, row.id)])
    quantity = plain(_open_quantity(row))
    _write(desk, Outcome.SAVED, sku, manufacturing_order=mo, pieces=quantity, order_no=found.order_no)
    return mo, quantity


def set_mo(desk: HubDesk, mo: str, status: MoStatus) -> None:
    """Move a manufacturing order on; DONE puts its pieces in stock."""
    desk.hub.carry_out([SetMoStatus(mo, status)])
    _write(desk, Outcome.SAVED, None, manufacturing_order=mo, status=str(status))


def _row_to_make(found: HubOrder, sku: str) -> HubRow:
    """Of several rows with the SKU the first that still can be made; the hub says what is wrong with the others."""
    rows = rows_named(found, sku)
    return next((row for row in rows if row.mo is None and _open_quantity(row) > 0), rows[0])


def _open_quantity(row: HubRow) -> Decimal:
    return row.quantity - row.packed_quantity - row.delivered_quantity


def _write(desk: HubDesk, outcome: Outcome, sku: str | None, **detail: str | None) -> None:
    told = {key: value for key, value in detail.items() if value is not None}
    journal.add(desk.connection, Line(Action.SUPPLY, outcome, detail=told), sku=sku)
