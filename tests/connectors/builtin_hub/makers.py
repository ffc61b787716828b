"""What the hub's tests put into it, with defaults: a test names only what it is about."""

import dataclasses
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, Row
from schemas.actions import AddProduct, AdjustStock, CreateOrder, DeliverRows, PackRows
from schemas.hub import DraftOrder, DraftRow, HubOrder, HubRow, NewCustomer, NewItem, StockLevel
from schemas.orders import ZERO, Address, Kind
from tests.makers import CREATED_AT


def chair(**changes: Any) -> DraftRow:
    """Two chairs at 30.00, made with their first row."""
    row = DraftRow(
        external_id="11",
        item=NewItem("Chair", Kind.PRODUCT, sku="CHAIR"),
        kind=Kind.PRODUCT,
        sku="CHAIR",
        name="Chair",
        quantity=Decimal(2),
        price_per_unit=Decimal(30),
        tax_rate=Decimal(20),
        total=Decimal(60),
        tax=Decimal(12),
        location="main",
    )
    return dataclasses.replace(row, **changes)


def product(sku: str, quantity: Decimal | str | int = 1, **changes: Any) -> DraftRow:
    """Some pieces of a SKU, made with their first row."""
    values = {"external_id": f"line-{sku}", "sku": sku, "name": sku, "item": NewItem(sku, Kind.PRODUCT, sku=sku)}
    return chair(**{**values, "quantity": Decimal(quantity), **changes})


def shipping(**changes: Any) -> DraftRow:
    """The parcel's fee."""
    values = {"external_id": "21", "item": None, "kind": Kind.SHIPPING, "sku": None, "name": "DHL", "ships": False}
    return chair(**{**values, "quantity": Decimal(1), **changes})


def draft(*rows: DraftRow, **changes: Any) -> DraftOrder:
    """Order 5001 of Ada; without a store it is one that a person made."""
    order = DraftOrder(
        order_no="5001",
        store_id=None,
        external_id=None,
        customer=NewCustomer("Ada Lovelace", "ada@example.com"),
        customer_key=None,
        created_at=CREATED_AT,
        delivery_date=date(2026, 1, 19),
        bill_to=Address(first_name="Ada", country="GB"),
        ship_to=Address(first_name="Ada", city="London", country="GB"),
        currency="EUR",
        exchange_rate=Decimal(1),
        exchange_rate_date=date(2026, 1, 5),
        total=Decimal(60),
        total_with_tax=Decimal(72),
        total_base=Decimal(60),
        base_currency="EUR",
        store_total=None,
        store_total_with_tax=None,
        total_mismatch=False,
        location="main",
        rows=rows or (chair(),),
    )
    return dataclasses.replace(order, **changes)


def imported(store_id: int, *rows: DraftRow, **changes: Any) -> DraftOrder:
    """The same as a store's."""
    return draft(*rows, **{"store_id": store_id, "external_id": "5001", **changes})


def create(hub: BuiltinHub, order: DraftOrder) -> HubOrder:
    """The order, created and read again."""
    (order_id,) = hub.carry_out([CreateOrder(order)])
    return read(hub, order_id)


def read(hub: BuiltinHub, order_id: str) -> HubOrder:
    """The order, which is there."""
    order = hub.order(order_id)
    assert order is not None
    return order


def row_of(hub: BuiltinHub, order: HubOrder, sku: str = "CHAIR") -> HubRow:
    """The row of a SKU as it stands now."""
    (row,) = (row for row in read(hub, order.id).rows if row.sku == sku)
    return row


def stock_up(hub: BuiltinHub, sku: str = "CHAIR", quantity: str | int = 10, **changes: Any) -> None:
    """A new item with pieces on the shelf."""
    batch = changes.pop("batch", None)
    hub.carry_out([AddProduct(sku, sku, **changes), AdjustStock(sku, Decimal(quantity), batch=batch)])


def pack(hub: BuiltinHub, order: HubOrder, quantity: str | int, sku: str = "CHAIR") -> None:
    """Pack pieces of a SKU."""
    hub.carry_out([PackRows(order.id, ((row_of(hub, order, sku).id, Decimal(quantity)),))])


def deliver(hub: BuiltinHub, order: HubOrder, quantity: str | int, sku: str = "CHAIR", **changes: Any) -> str:
    """Deliver pieces of a SKU as one fulfilment; its id."""
    rows = ((row_of(hub, order, sku).id, Decimal(quantity)),)
    return hub.carry_out([DeliverRows(order.id, rows, source="hub", **changes)])[0]


def level(hub: BuiltinHub, sku: str = "CHAIR", location: str = "main") -> StockLevel:
    """The stock of a SKU at a location, all 0 where nothing is known."""
    found = (level for level in hub.levels([sku]) if level.location == location)
    return next(found, StockLevel(sku, location, ZERO, ZERO, ZERO, ZERO, ZERO, is_counted=False))


def one(connection: Connection, statement: str, *values: Any) -> Row:
    """The one row that a statement returns."""
    rows = connection.execute(statement.encode(), values).fetchall()
    assert len(rows) == 1, rows
    return rows[0]


def run(connection: Connection, statement: str, *values: Any) -> None:
    """A statement as a person would type it."""
    connection.execute(statement.encode(), values)


def chairs(in_stock: int, committed: int, direct: int | None = None, **changes: Any) -> StockLevel:
    """What the chair's stock should be at the main location, where it was counted once."""
    values = {"committed_store": ZERO, "expected": ZERO, "is_counted": True, **changes}
    direct = committed if direct is None else direct
    return StockLevel("CHAIR", "main", Decimal(in_stock), Decimal(committed), Decimal(direct), **values)
