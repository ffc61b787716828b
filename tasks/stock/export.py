"""The hub's whole inventory as the lines of a store's import file, by the same rule as a push (STK-7)."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from connectors import postgres
from connectors.hubs import our_hub
from schemas.hub import StockLevel
from schemas.stock import ExportLine
from schemas.stores import Store
from tasks.rules.places import hub_locations
from tasks.rules.stock import quantity_at

PAGE: Final = 1000  # SKUs that are held in memory at a time


def export_lines(connection: postgres.Connection, store: Store, location: str) -> Iterator[ExportLine]:
    """Every SKU that carries stock, in the order of the SKUs: at `location`, or at each that the store's map names."""
    codes = dict.fromkeys(hub_locations(store, location).values())
    hub, after = our_hub(connection), ""
    while names := hub.stocked(after=after, limit=PAGE):
        levels = defaultdict[str, list[StockLevel]](list)
        for level in hub.levels(list(names)):
            levels[level.sku].append(level)
        for after, name in names.items():
            for code in codes:
                is_counted = any(level.is_counted for level in levels[after] if level.location == code)
                is_meant = is_counted or store.is_on("stock.tell_uncounted")
                yield ExportLine(after, name, quantity_at(levels[after], code, store), code, is_meant)
