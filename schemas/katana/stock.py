"""What Katana tells of stock: what there is of each item at each place, its batches, and what moved."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from schemas.fields import LONG_AGO, Id, Number, UtcTime, VendorSchema, Words, load
from schemas.orders import ZERO

# What leaves the shelf by itself, or comes back to it, says nothing of whether anybody ever looked what lies there.
_NOT_COUNTED: Final = frozenset({"salesorderrow", "salesreturnrow", "productioningredient", "purchaseorderreciperow"})


@dataclass(frozen=True, slots=True)
class InventoryRecord:
    """What there is of an item at a place. `promised` counts what manufacturing wants, too."""

    variant_id: str
    location_id: str
    in_stock: Decimal
    promised: Decimal
    expected: Decimal


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """A batch at a place; `made_at` is by what the oldest is known."""

    id: str
    number: str
    variant_id: str
    location_id: str
    in_stock: Decimal
    made_at: datetime


@dataclass(frozen=True, slots=True)
class MovementRecord:
    """Pieces that came or went; `order_no` is the order's that they did it for. Its date may lie back."""

    id: str
    variant_id: str
    location_id: str
    order_no: str | None
    change: Decimal
    is_count: bool  # somebody counted, received, made or moved them: then what lies there was looked at


class _Inventory(VendorSchema):
    variant_id = Id(required=True)
    location_id = Id(required=True)
    in_stock = Number(data_key="quantity_in_stock", allow_none=True, load_default=ZERO)
    promised = Number(data_key="quantity_committed", allow_none=True, load_default=ZERO)
    expected = Number(data_key="quantity_expected", allow_none=True, load_default=ZERO)


class _Batch(VendorSchema):
    id = Id(required=True, data_key="batch_id")
    number = Words(data_key="batch_number")
    variant_id = Id(required=True)
    location_id = Id(required=True)
    in_stock = Number(data_key="quantity_in_stock", allow_none=True, load_default=ZERO)
    made_at = UtcTime(data_key="batch_created_date", allow_none=True, load_default=None)


class _Movement(VendorSchema):
    id = Id(required=True)
    variant_id = Id(required=True)
    location_id = Id(required=True)
    resource_type = Words()
    order_no = Words(data_key="caused_by_order_no")
    change = Number(data_key="quantity_change", allow_none=True, load_default=ZERO)


_INVENTORY: Final = _Inventory()
_BATCH: Final = _Batch()
_MOVEMENT: Final = _Movement()


def read_inventory(said: Any) -> InventoryRecord:
    """One of GET /inventory. Raises Unreadable."""
    read = load(_INVENTORY, said)
    return InventoryRecord(
        read["variant_id"],
        read["location_id"],
        read["in_stock"] or ZERO,
        read["promised"] or ZERO,
        read["expected"] or ZERO,
    )


def read_batch(said: Any) -> BatchRecord:
    """One of GET /batch_stocks that has an id: what is of no batch is none. Raises Unreadable."""
    read = load(_BATCH, said)
    return BatchRecord(**read | {"in_stock": read["in_stock"] or ZERO, "made_at": read["made_at"] or LONG_AGO})


def read_movement(said: Any) -> MovementRecord:
    """One of GET /inventory_movements. Raises Unreadable."""
    read = load(_MOVEMENT, said)
    is_count = read.pop("resource_type").replace("_", "").lower() not in _NOT_COUNTED
    known = {"order_no": read["order_no"] or None, "change": read["change"] or ZERO}
    return MovementRecord(**read | known, is_count=is_count)
