"""What is to be created as the values that the built-in hub's statements ask for. It writes nothing.

Numbers are texts, so that none becomes a float on its way (MAP-5). `place` is an order's among those created with it.
"""

from dataclasses import fields
from decimal import Decimal
from typing import Any, Final

from schemas.hub import Customer, DraftOrder, DraftRow, NewCustomer, NewItem
from schemas.orders import Address

_ADDRESS: Final = tuple(field.name for field in fields(Address))
_AS_IT_IS: Final = (
    *("store_id", "external_id", "order_no", "currency", "base_currency", "total_mismatch", "location"),
    *("customer_reference", "notes", "is_paid"),
)
_NUMBERS: Final = ("exchange_rate", "total", "total_with_tax", "total_base", "store_total", "store_total_with_tax")
_TIMES: Final = ("created_at", "delivery_date", "exchange_rate_date")


def draft_values(order: DraftOrder, place: int) -> dict[str, Any]:
    """An order without its rows."""
    return {
        "place": place,
        **{name: getattr(order, name) for name in _AS_IT_IS},
        **{name: _text(getattr(order, name)) for name in _NUMBERS},
        **{name: getattr(order, name).isoformat() for name in _TIMES},
        **_customer(order.customer),
        "bill_to": _address(order.bill_to),
        "ship_to": _address(order.ship_to),
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else str(number)


def _address(address: Address) -> dict[str, str]:
    return {name: getattr(address, name) for name in _ADDRESS}  # dataclasses.asdict copies deeply, and slowly


def _customer(customer: Customer | NewCustomer) -> dict[str, str | None]:
    if isinstance(customer, NewCustomer):
        return {"customer_name": customer.name, "customer_email": customer.email}
    return {"customer_id": customer.id}


def rows_values(order: DraftOrder, place: int) -> list[dict[str, Any]]:
    """An order's rows."""
    rows = (row_values(row, position, order.store_id) for position, row in enumerate(order.rows, start=1))
    return [{"place": place, **values} for values in rows]


def row_values(row: DraftRow, position: int, store_id: int | None) -> dict[str, Any]:
    """A row of an order."""
    return {
        "position": position,
        **_item(row.item, store_id),
        "external_id": row.external_id,
        "kind": row.kind,
        "sku": row.sku,
        "name": row.name,
        "quantity": str(row.quantity),
        "price_per_unit": str(row.price_per_unit),
        "tax_rate": str(row.tax_rate),
        "discount_percent": str(row.discount_percent),
        "total": str(row.total),
        "tax": str(row.tax),
        "location": row.location,
        "delivered_quantity": str(row.delivered_quantity),
        "packed_quantity": str(row.packed_quantity),
        "ships": row.ships,
    }


def _item(item: str | NewItem | None, store_id: int | None) -> dict[str, str | None]:
    """The variant's id, or what a new one is made for: its SKU, the store's product, or its name, in this order."""
    if not isinstance(item, NewItem):
        return {"variant_id": item}
    sku = (item.sku or "").strip() or None
    if sku:
        key = f"sku:{sku}"
    elif item.key and store_id is not None:
        key = f"store:{store_id}:{item.key}"
    else:
        key = f"{item.kind}:{item.name.lower()}"
    link = None if sku or store_id is None else item.key
    return {
        "made_for": key,  # what the database will compute: the next row with the same SKU finds the same item
        "import_key": key,
        "item_name": item.name,
        "item_kind": item.kind,
        "item_sku": sku,
        "item_link": link,
    }
