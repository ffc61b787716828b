"""Actions carried out in the built-in hub: sales orders and what is done with their rows. It decides nothing."""

from collections.abc import Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from psycopg.types.json import Json, Jsonb

from connectors.errors import HubRefused
from connectors.postgres import Connection, Row, hub_changes, hub_counts, hub_locations, hub_parcels, hub_stock, queries
from connectors.postgres.hub_rows import row_values
from schemas import actions
from schemas.hub import DraftOrder, MoStatus, NewCustomer
from schemas.orders import ZERO, Address, Kind

_SQL: Final = queries("hub_apply")
_CREATE_ORDER: Final = queries("hub")["create_order"]
_ADDRESS: Final = tuple(field.name for field in fields(Address))
_ORDER: Final = tuple(field.name for field in fields(DraftOrder))


def carry_out(connection: Connection, action: actions.HubAction) -> str:  # noqa: C901, PLR0912 - one branch each
    """Carry one action out; the id of what it made or touched. Raises HubRefused and psycopg's errors."""
    match action:
        case actions.CreateOrder():
            return create_order(connection, action.order)
        case actions.AddLocation():
            return hub_stock.add_location(connection, action)
        case actions.ChangeLocation() | actions.RemoveLocation():
            return hub_locations.carry_out(connection, action)
        case actions.AddProduct():
            return hub_stock.add_product(connection, action)
        case actions.AddItems():
            return hub_stock.add_items(connection, action)
        case actions.AdjustStock():
            return hub_stock.adjust_stock(connection, action)
        case actions.CountStock() | actions.TakeBackCount():
            return hub_counts.carry_out(connection, action)
        case actions.ReceivePurchase():
            return hub_stock.receive_purchase(connection, action)
        case actions.CreateMo():
            return create_mo(connection, action)
        case actions.SetMoStatus():
            return set_mo_status(connection, action)
        case actions.PackRows():
            return pack_rows(connection, action)
        case actions.DeliverRows():
            return deliver_rows(connection, action)
        case actions.LinkFulfillment() | actions.RemakeFulfillment() | actions.SetFlags():
            return hub_parcels.carry_out(connection, action)
        case actions.InvoiceRows():
            return invoice_rows(connection, action)
        case actions.DeleteOrder():
            return delete_order(connection, action)
        case actions.LockInventory():
            return hub_stock.lock_inventory(connection, action)
        case _:
            return hub_changes.carry_out(connection, action)


# -- a new order ---------------------------------------------------------------------------------------------------


def create_order(connection: Connection, order: DraftOrder) -> str:
    """Write the order with whatever is new about it, in one statement; its id (ORD-6)."""
    if not order.rows:
        raise HubRefused(f"order {order.order_no} has no rows")
    values = {name: getattr(order, name) for name in _ORDER}
    values |= _customer(order.customer)
    values |= {"bill_to": Jsonb(_address(order.bill_to)), "ship_to": Jsonb(_address(order.ship_to))}
    values["rows"] = Json(
        [row_values(row, position, order.store_id) for position, row in enumerate(order.rows, start=1)]
    )
    return _id(connection.execute(_CREATE_ORDER, values).fetchone())


def _address(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in _ADDRESS}  # dataclasses.asdict copies deeply, and slowly


def _customer(customer: str | NewCustomer) -> dict[str, str | None]:
    if isinstance(customer, NewCustomer):
        return {"customer_id": None, "customer_name": customer.name, "customer_email": customer.email}
    return {"customer_id": customer, "customer_name": None, "customer_email": None}


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
