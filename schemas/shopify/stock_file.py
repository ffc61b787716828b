"""Shopify's import of inventory."""

from typing import Final

from schemas.stock import ExportLine
from schemas.stock_export import Cells, StockFile, harmless_cell

# https://help.shopify.com/en/manual/products/inventory/setup/inventory-csv
_COLUMNS: Final = (
    "Handle",
    "Title",
    *(f"Option{number} {part}" for number in (1, 2, 3) for part in ("Name", "Value")),
    "SKU",
    "HS Code",
    "COO",
    "Location",
    "Bin name",
    *(f"{state} (not editable)" for state in ("Incoming", "Unavailable", "Committed", "Available")),
    "On hand (current)",
    "On hand (new)",
)


def _cells(line: ExportLine, place: str) -> Cells:
    said = {"Title": line.name, "SKU": line.sku, "Location": place, "On hand (new)": str(line.quantity)}
    return tuple(
        said.get(column, "") if column == "SKU" else harmless_cell(said.get(column, "")) for column in _COLUMNS
    )


STOCK_FILE: Final = StockFile(
    columns=_COLUMNS,
    cells=_cells,
    sku_columns=("SKU",),
    stock_columns=("On hand (new)", "On hand"),
    held_columns=(("Committed (not editable)", "Committed"), ("Unavailable (not editable)", "Unavailable")),
    location_column="Location",
    steps="Products, Inventory, Export first; give that file to --fill, then Import.",
)
