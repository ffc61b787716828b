"""A row to create as the values that the built-in hub's statements ask for. It writes nothing."""

from typing import Any

from schemas.hub import DraftRow, NewItem


def row_values(row: DraftRow, position: int, store_id: int | None) -> dict[str, Any]:
    """The row as JSON; numbers as text, so that none becomes a float on its way (MAP-5)."""
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
    link = None if sku else item.key
    return {
        "made_for": key,  # what the database will compute: the next row with the same SKU finds the same item
        "import_key": key,
        "item_name": item.name,
        "item_kind": item.kind,
        "item_sku": sku,
        "item_link": link,
    }
