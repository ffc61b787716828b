"""Lists of the built-in hub for people, and the numbers of orders made by hand. It decides and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from connectors.postgres import Connection, chosen, queries, read_all
from schemas.takings import Takings

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


def takings(connection: Connection, store_id: int, *, most: int) -> list[Takings]:
    """What a store's orders come to by currency, in the hub and in the shop: of so many that changed last (MAP-6)."""
    return read_all(connection, Takings, _SQL["takings"], {"store_id": store_id, "most": most})


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


def manufacturing_orders(connection: Connection, *, limit: int, before: int | None = None) -> list[ListedMo]:
    """The latest manufacturing orders, of those before a number."""
    which = [] if before is None else [_SQL["mos_before"]]
    statement = chosen(_SQL["manufacturing_orders"], which, limit=limit)
    return read_all(connection, ListedMo, statement, {"before": before})


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


def called(connection: Connection, text: str, *, after: str, limit: int) -> list[str]:
    """The next SKUs of which an item has three signs or more somewhere in SKU or name, small letters or not."""
    found = connection.execute(_SQL["skus_by_parts"], {"text": text, "after": after, "limit": limit})
    return [row["sku"] for row in found]


def stocked_of(connection: Connection, skus: Sequence[str]) -> dict[str, str]:
    """Those of some SKUs that carry stock, with the names of their newest items."""
    return {row["sku"]: row["name"] for row in connection.execute(_SQL["newest_of_skus"], {"skus": list(skus)})}


def items_with_sku(connection: Connection, sku: str) -> int:
    """How many items share a SKU: the one created latest is meant (MAP-1)."""
    return int(_value(connection, "items_with_sku", {"sku": sku}))


@dataclass(frozen=True, slots=True)
class ListedBatch:
    """What lies at a location of a batch."""

    batch: str
    location: str
    in_stock: Decimal
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A SKU that is a part of a bundle, so many pieces of it; or the bundle, of a SKU that is the part."""

    sku: str
    quantity: Decimal
    is_part: bool


@dataclass(frozen=True, slots=True)
class ListedMove:
    """A line of the ledger. What an order took names it, as far as it still stands; `store` is None for ours.

    One that `is_carried` is the sum of older ones, from `moved_at` on.
    """

    id: int
    moved_at: datetime
    location: str
    batch: str | None
    delta: Decimal
    kind: str
    note: str | None
    count_id: str | None
    is_carried: bool
    order_id: str | None
    order_no: str | None
    external_id: str | None
    store: str | None


def batches_of(connection: Connection, sku: str, *, limit: int) -> list[ListedBatch]:
    """What is left of a SKU's batches, first received first."""
    return read_all(connection, ListedBatch, _SQL["batches_of_sku"], {"sku": sku, "limit": limit})


def parts_of(connection: Connection, sku: str, *, limit: int) -> list[ListedPart]:
    """What a bundle is made of, and the bundles that a SKU is a part of."""
    return read_all(connection, ListedPart, _SQL["parts_of_sku"], {"sku": sku, "limit": limit})


def moves_of(connection: Connection, sku: str, *, limit: int) -> list[ListedMove]:
    """The latest lines of the ledger about a SKU, newest first."""
    return read_all(connection, ListedMove, chosen(_SQL["moves_of_sku"], (), limit=limit), {"sku": sku})


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
