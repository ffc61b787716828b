"""WooCommerce's import of products, as far as it sets stock."""

from typing import Final

from schemas.stock import ExportLine
from schemas.stock_export import Cells, StockFile


def _cells(line: ExportLine, _: str) -> Cells:
    return line.sku, str(line.quantity), "1" if line.quantity else "0"


# https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema. Neither Type nor Name: an import would turn
# variations into products, and give the shop's products our names.
STOCK_FILE: Final = StockFile(
    columns=("SKU", "Stock", "In stock?"),
    cells=_cells,
    sku_columns=("SKU",),
    stock_columns=("Stock",),
    steps='Products, Import; tick "Update existing products".',
)
