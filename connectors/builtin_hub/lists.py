"""Lists of the built-in hub for people, and the numbers of orders made by hand. It decides and changes nothing."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.postgres import Connection, chosen, queries, read_all

_SQL: Final = queries("lists", __package__)
_NUMBER_LOCK: Final = 7203_0003  # advisory lock: two orders made at once do not get one number


@dataclass(frozen=True, slots=True)
class ListedSalesOrder:
    """A sales order as it is listed; `store` is None for one that was made here."""

    id: str
    order_no: str
    store: str | None
    external_id: str | None
    status: str
    customer: str
    currency: str
    total_with_tax: Decimal
    created_at: datetime
    delivery_date: date


def orders(connection: Connection, *, limit: int) -> list[ListedSalesOrder]:
    """The latest sales orders."""
    return read_all(connection, ListedSalesOrder, chosen(_SQL["orders"], (), limit=limit))


@dataclass(frozen=True, slots=True)
class ListedMo:
    """A manufacturing order as it is listed, with the sales order that it is linked to."""

    id: str
    status: str
    sku: str | None
    name: str
    quantity: Decimal
    location: str
    order_no: str | None
    store: str | None
    external_id: str | None
    created_at: datetime


def manufacturing_orders(connection: Connection, *, limit: int) -> list[ListedMo]:
    """The latest manufacturing orders."""
    return read_all(connection, ListedMo, chosen(_SQL["manufacturing_orders"], (), limit=limit))


def bundles(connection: Connection) -> dict[str, list[tuple[str, Decimal]]]:
    """The components of every bundle as (SKU, quantity), by the bundle's variant id."""
    parts: dict[str, list[tuple[str, Decimal]]] = {}
    for row in connection.execute(_SQL["bundles"]):
        parts.setdefault(row["bundle_id"], []).append((row["sku"], row["quantity"]))
    return parts


def stocked(connection: Connection, *, after: str, limit: int) -> dict[str, str]:
    """The next SKUs that carry stock, with the names of their newest items, in the order of code points."""
    found = connection.execute(_SQL["stocked"], {"after": after, "limit": limit})
    return {row["sku"]: row["name"] for row in found}


def items_with_sku(connection: Connection, sku: str) -> int:
    """How many items share a SKU: the one created latest is meant (MAP-1)."""
    return int(_value(connection, "items_with_sku", {"sku": sku}))


def has_counted(connection: Connection) -> bool:
    """Whether anything was ever counted."""
    return bool(_value(connection, "has_counted", {}))


def is_order_no_used(connection: Connection, order_no: str) -> bool:
    """Whether an order has this number."""
    return bool(_value(connection, "is_order_no_used", {"order_no": order_no}))


def next_order_no(connection: Connection) -> str:
    """A number for an order that no store numbers; nobody else gets it before the transaction ends."""
    connection.execute(_SQL["number_alone"], {"lock": _NUMBER_LOCK})
    return f"SO-{_value(connection, 'next_order_number', {})}"


def _value(connection: Connection, name: str, values: dict[str, Any]) -> Any:
    row = connection.execute(_SQL[name], values).fetchone()
    assert row is not None
    return next(iter(row.values()))
