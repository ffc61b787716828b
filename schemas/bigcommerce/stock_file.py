"""BigCommerce's import of products, as far as it sets stock."""

from typing import Final

from schemas.stock import ExportLine
from schemas.stock_export import Cells, StockFile


def _cells(line: ExportLine, _: str) -> Cells:
    return "Product", "", line.sku, str(line.quantity)


# https://support.bigcommerce.com/s/article/Supported-Product-Fields
STOCK_FILE: Final = StockFile(
    columns=("Item", "ID", "SKU", "Current Stock"),
    cells=_cells,
    sku_columns=("SKU", "Product Code/SKU"),
    stock_columns=("Current Stock", "Current Stock Level", "Stock Level"),
    steps="Products, Export first; give that file to --fill, then Import.",
)
