"""What the statements of the built-in hub return, as records. Numbers inside JSON are texts: none becomes a float."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from connectors.postgres import Row
from schemas.flags import Flags
from schemas.hub import (
    Customer,
    DeliveryStatus,
    HubFulfillment,
    HubMo,
    HubOrder,
    HubReturn,
    HubRow,
    MoStatus,
    OrderHead,
    Totals,
    Variant,
)
from schemas.hub_search import Found
from schemas.orders import Address, Kind

_TOTALS: Final = tuple(field.name for field in fields(Totals))
_NUMBERS: Final = (
    *("quantity", "packed_quantity", "delivered_quantity", "invoiced_quantity"),
    *("price_per_unit", "tax_rate", "discount_percent", "total", "tax", "gone_before"),
)


def read_found(found: Row) -> Found:
    """What is there of what was looked for."""
    by_sku: dict[str, tuple[Variant, ...]] = {}
    for item in found["by_sku"] or ():
        by_sku[item["sku"]] = (*by_sku.get(item["sku"], ()), read_variant(item))
    return Found(
        by_sku=by_sku,
        by_id={str(item["id"]): read_variant(item) for item in found["by_id"] or ()},
        services={name: read_variant(item) for name, item in (found["services"] or {}).items()},
        customers=_customers(found["customers"]),
        by_email=_customers(found["by_email"]),
        by_name=_customers(found["by_name"]),
    )


def _customers(found: dict[str, list[Any]] | None) -> dict[str, Customer]:
    return {asked: Customer(str(id_), name, email) for asked, (id_, name, email) in (found or {}).items()}


def read_variant(item: Row) -> Variant:
    """An item; its time is a text where it comes as JSON."""
    made = item["created_at"]
    return Variant(
        id=str(item["id"]),
        sku=item["sku"],
        name=item["name"],
        kind=Kind(item["kind"]),
        created_at=datetime.fromisoformat(made) if isinstance(made, str) else made,
        batch_tracked=item["batch_tracked"],
        delivery_days=item["delivery_days"],
        is_imported=item["is_imported"],
    )


def read_order(row: Row) -> HubOrder:
    """A sales order with all that is of it."""
    return HubOrder(
        id=row["id"],
        order_no=row["order_no"],
        store_id=row["store_id"],
        external_id=row["external_id"],
        status=DeliveryStatus(row["status"]),
        currency=row["currency"],
        location=row["location"],
        rows=tuple(_row(one) for one in row["rows"] or ()),
        has_invoice=row["has_invoice"],
        is_locked=row["is_locked"],
        fulfillments=tuple(_fulfillment(one) for one in row["fulfillments"] or ()),
        flags=Flags(**row["flags"]),
        exchange_rate=row["exchange_rate"],
        base_currency=row["base_currency"],
        totals=Totals(**{total: row[total] for total in _TOTALS}),
        returns=tuple(_return(one) for one in row["returns"] or ()),
        head=_head(row),
    )


def _head(row: Row) -> OrderHead:
    customer_id, name, email = row["customer"]
    return OrderHead(
        customer=Customer(str(customer_id), name, email),
        created_at=row["created_at"],
        delivery_date=row["delivery_date"],
        exchange_rate_date=row["exchange_rate_date"],
        bill_to=Address(**row["bill_to"]),
        ship_to=Address(**row["ship_to"]),
        customer_reference=row["customer_reference"],
        notes=row["notes"],
        has_delivery_days=row["has_delivery_days"],
    )


def _row(one: dict[str, Any]) -> HubRow:
    one |= {name: Decimal(one[name]) for name in _NUMBERS}
    mo = one["mo"]
    return HubRow(
        **one
        | {
            "kind": Kind(one["kind"]),
            "status": DeliveryStatus(one["status"]),
            "mo": HubMo(mo["id"], MoStatus(mo["status"]), Decimal(mo["quantity"])) if mo else None,
            "batches": _pieces(one["batches"] or []),
        }
    )


def _return(one: dict[str, Any]) -> HubReturn:
    return HubReturn(one["external_id"], _pieces(one["lines"]), _pieces(one["rows"]))


def _fulfillment(one: dict[str, Any]) -> HubFulfillment:
    return HubFulfillment(**one | {"rows": _pieces(one["rows"])})


def _pieces(found: list[list[str]]) -> tuple[tuple[str, Decimal], ...]:
    """Quantities by a name: of a row, a line, or a batch."""
    return tuple((name, Decimal(quantity)) for name, quantity in found)
