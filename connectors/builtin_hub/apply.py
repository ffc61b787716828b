"""Actions carried out in the built-in hub: sales orders and what is done with their rows. It decides nothing."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Json

from connectors.builtin_hub import changes, counts, fulfillments, locations, supply
from connectors.builtin_hub.rows import draft_values, rows_values
from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, queries
from schemas import actions
from schemas.groups import Made
from schemas.hub import DraftOrder, MoStatus
from schemas.hub_search import Links
from schemas.orders import ZERO, Kind

_SQL: Final = queries("apply", __package__)
_CREATE_ORDERS: Final = queries("hub", __package__)["create_orders"]


def carry_out(connection: Connection, action: actions.HubAction) -> Made:
    """Carry one action out; what it made or touched. Raises HubRefused and psycopg's errors."""
    match action:
        case actions.CreateOrder():
            return create_orders(connection, [action.order])[0]
        case actions.AddRow():
            return changes.add_row(connection, action)
        case actions.AddCustomers():
            return supply.add_customers(connection, action)
        case _:
            return Made(_carry_out(connection, action))


def _carry_out(connection: Connection, action: actions.PlainAction) -> str:  # noqa: C901, PLR0912 - one branch each
    match action:
        case actions.AddLocation():
            return supply.add_location(connection, action)
        case actions.ChangeLocation() | actions.RemoveLocation():
            return locations.carry_out(connection, action)
        case actions.AddProduct():
            return supply.add_product(connection, action)
        case actions.AddItems():
            return supply.add_items(connection, action)
        case actions.AdjustStock():
            return supply.adjust_stock(connection, action)
        case actions.CountStock() | actions.TakeBackCount():
            return counts.carry_out(connection, action)
        case actions.ReceivePurchase():
            return supply.receive_purchase(connection, action)
        case actions.CreateMo():
            return create_mo(connection, action)
        case actions.SetMoStatus():
            return set_mo_status(connection, action)
        case actions.PackRows():
            return pack_rows(connection, action)
        case actions.DeliverRows():
            return deliver_rows(connection, action)
        case actions.LinkFulfillment() | actions.RemakeFulfillment() | actions.SetFlags():
            return fulfillments.carry_out(connection, action)
        case actions.InvoiceRows():
            return invoice_rows(connection, action)
        case actions.DeleteOrder():
            return delete_order(connection, action)
        case actions.LockInventory():
            return supply.lock_inventory(connection, action)
        case _:
            return changes.carry_out(connection, action)


# -- new orders ----------------------------------------------------------------------------------------------------


def create_orders(connection: Connection, orders: Sequence[DraftOrder]) -> list[Made]:
    """Write orders with whatever is new about them in one statement, all or none (ORD-6); what each made."""
    if empty := next((order for order in orders if not order.rows), None):
        raise HubRefused(f"order {empty.order_no} has no rows")
    values = {
        "drafts": Json([draft_values(order, place) for place, order in enumerate(orders)]),
        "rows": Json([values for place, order in enumerate(orders) for values in rows_values(order, place)]),
    }
    made = connection.execute(_CREATE_ORDERS, values).fetchall()
    return [_made(row, order) for row, order in zip(made, orders, strict=True)]


def _made(row: Row, order: DraftOrder) -> Made:
    customers = {order.customer_key: str(row["customer_id"])} if order.customer_key else {}
    return Made(row["id"], Links(row["items"] or {}, customers))


# -- what is done with an order's rows -----------------------------------------------------------------------------


def pack_rows(connection: Connection, action: actions.PackRows) -> str:
    """Pack pieces that are neither packed nor delivered; the order's id (STK-2)."""
    rows = _lock_rows(connection, action.order_id)
    asked = _quantities(action.rows, rows)
    for row_id, quantity in asked.items():
        row = rows[row_id]
        left = row["quantity"] - row["packed_quantity"] - row["delivered_quantity"]
        if quantity > left:
            raise HubRefused(f"{row['label']}: {quantity} cannot be packed, {left:f} are left")
    connection.execute(_SQL["pack"], _columns(asked))
    return action.order_id


def deliver_rows(connection: Connection, action: actions.DeliverRows) -> str:
    """Deliver pieces as one fulfilment; its id (FUL-4, FUL-7, FUL-8)."""
    rows = _lock_rows(connection, action.order_id)
    asked = _quantities(action.rows, rows)
    for row_id, quantity in asked.items():
        row = rows[row_id]
        left = row["quantity"] - row["delivered_quantity"]
        if quantity > left:
            raise HubRefused(f"{row['label']}: {quantity} cannot be delivered, {left:f} are left")
    if action.batches:
        _take_from_batches(connection, action, {row_id: rows[row_id] for row_id in asked}, asked)
    values = {
        "order_id": action.order_id,
        "external_id": action.external_id,
        "source": action.source,
        "tracking_number": action.tracking_number,
        "carrier": action.carrier,
        "tracking_url": action.tracking_url,
    }
    return _id(connection.execute(_SQL["deliver"], values | _columns(asked)).fetchone())


def _take_from_batches(
    connection: Connection, action: actions.DeliverRows, rows: dict[str, Row], asked: dict[str, Decimal]
) -> None:
    """Take the named batches; packed pieces have theirs already, so at most what leaves the shelf only now."""
    leaving = {row_id: max(asked[row_id] - row["packed_quantity"], ZERO) for row_id, row in rows.items()}
    taken: list[tuple[str, str, Decimal]] = []
    for row_id, batch_id, quantity in action.batches:
        if row_id not in leaving:
            raise HubRefused(f"batch {batch_id} is named for a row that is not delivered")
        pieces = min(quantity, leaving[row_id])
        if pieces > 0:
            leaving[row_id] -= pieces
            taken.append((row_id, batch_id, pieces))
    if not taken:
        return
    row_ids, batch_ids, quantities = (list(column) for column in zip(*taken, strict=True))
    values = {"row_ids": row_ids, "batch_ids": batch_ids, "quantities": quantities}
    foreign = connection.execute(_SQL["foreign_batches"], values).fetchone()
    if foreign is not None:
        raise HubRefused(f"a row is to be delivered from a batch of another item, or one that is gone: {foreign['id']}")
    connection.execute(_SQL["take_from_batches"], values)


def invoice_rows(connection: Connection, action: actions.InvoiceRows) -> str:
    """Invoice what is not yet invoiced of the rows; the invoice's id (CHG-4)."""
    rows = _lock_rows(connection, action.order_id)
    chosen = [_known(row_id, rows) for row_id in action.row_ids]
    if not any(row["quantity"] > row["invoiced_quantity"] for row in chosen):
        raise HubRefused("there is nothing left to invoice on these rows")
    values = {"order_id": action.order_id, "row_ids": [row["id"] for row in chosen]}
    return _id(connection.execute(_SQL["invoice"], values).fetchone())


def delete_order(connection: Connection, action: actions.DeleteOrder) -> str:
    """Delete a sales order; the tombstone says who did (ORD-7), or the journal why its store took it back (CHG-5)."""
    said = {"deleted_by": action.deleted_by, "reason": action.reason or ""}
    connection.execute(_SQL["say_who_deletes"], said)
    deleted = connection.execute(_SQL["delete_order"], {"order_id": action.order_id}).fetchone()
    if deleted is None:
        raise HubRefused(f"sales order {action.order_id} is gone")
    return _id(deleted)


def create_mo(connection: Connection, action: actions.CreateMo) -> str:
    """Order the not yet shipped part of a row to be made; the manufacturing order's id."""
    row = _known(action.row_id, _lock_rows(connection, action.order_id))
    if row["kind"] != Kind.PRODUCT or row["is_bundle"]:
        raise HubRefused(f"{row['label']} is not made: only plain products are")
    quantity = row["quantity"] - row["packed_quantity"] - row["delivered_quantity"]
    if quantity <= 0:
        raise HubRefused(f"{row['label']} is shipped: there is nothing left to make")
    values = {"row_id": row["id"], "variant_id": row["variant_id"], "location_id": row["location_id"]}
    return _id(connection.execute(_SQL["create_mo"], values | {"quantity": quantity}).fetchone())


def set_mo_status(connection: Connection, action: actions.SetMoStatus) -> str:
    """Move a manufacturing order on; its id. A done one stays done: its pieces are in stock."""
    found = connection.execute(_SQL["mo_status"], {"id": action.mo_id}).fetchone()
    if found is None:
        raise HubRefused(f"there is no manufacturing order {action.mo_id}")
    if found["status"] == MoStatus.DONE and action.status != MoStatus.DONE:
        raise HubRefused(f"manufacturing order {action.mo_id} is done")
    values = {"id": action.mo_id, "status": action.status}
    return _id(connection.execute(_SQL["set_mo_status"], values).fetchone())


# -- shared by the above -------------------------------------------------------------------------------------------


def _lock_rows(connection: Connection, order_id: str) -> dict[str, Row]:
    rows = connection.execute(_SQL["lock_rows"], {"order_id": order_id}).fetchall()
    if not rows:
        raise HubRefused(f"sales order {order_id} is gone, or has no rows")
    return {row["id"]: row for row in rows}


def _known(row_id: str, rows: dict[str, Row]) -> Row:
    if row_id not in rows:
        raise HubRefused(f"the sales order has no row {row_id}")
    return rows[row_id]


def _quantities(asked: Iterable[tuple[str, Decimal]], rows: dict[str, Row]) -> dict[str, Decimal]:
    """Quantities by row; the same row twice counts together."""
    quantities: dict[str, Decimal] = {}
    for row_id, quantity in asked:
        label = _known(row_id, rows)["label"]
        if quantity <= 0:
            raise HubRefused(f"{label}: a quantity must be above 0, not {quantity}")
        quantities[row_id] = quantities.get(row_id, ZERO) + quantity
    if not quantities:
        raise HubRefused("no rows are named")
    return quantities


def _columns(quantities: dict[str, Decimal]) -> dict[str, list[Any]]:
    return {"row_ids": list(quantities), "quantities": list(quantities.values())}


def _id(row: Row | None) -> str:
    """The id a statement returned; it returns one whenever it did not raise."""
    return str(row["id"]) if row else ""
