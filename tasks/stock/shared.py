"""Which SKUs the hub shares with a store: what a push of everything is about. It only looks."""

from typing import Final

from connectors.hubs import our_hub
from connectors.postgres import Connection, stock_view

PAGE: Final = 1000  # SKUs that are asked for at a time


def shared_skus(connection: Connection, store_id: int) -> tuple[list[str], list[str]]:
    """The hub's SKUs that a store's catalogue has, as far as it is known, and those that it has not (STK-3)."""
    hub, after = our_hub(connection), ""
    there: list[str] = []
    missing: list[str] = []
    while skus := list(hub.stocked(after=after, limit=PAGE)):
        sold = stock_view.sold_skus(connection, store_id, skus)
        there += [sku for sku in skus if sku in sold]
        missing += [sku for sku in skus if sku not in sold]
        after = skus[-1]
    return there, missing
