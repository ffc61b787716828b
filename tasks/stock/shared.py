"""Which SKUs the hub shares with a store: what a push of everything is about. It only looks."""

from collections.abc import Iterator
from typing import Final

from connectors.hub import Hub
from connectors.hubs import our_hub
from connectors.postgres import Connection, stock_view

PAGE: Final = 1000  # SKUs that are asked for at a time


def shared_skus(connection: Connection, store_id: int) -> tuple[list[str], list[str]]:
    """The hub's SKUs that a store's catalogue has, as far as it is known, and those that it has not (STK-3)."""
    there: list[str] = []
    missing: list[str] = []
    for skus in stocked_skus(our_hub(connection)):
        sold = stock_view.sold_skus(connection, store_id, skus)
        there += [sku for sku in skus if sku in sold]
        missing += [sku for sku in skus if sku not in sold]
    return there, missing


def stocked_skus(hub: Hub) -> Iterator[list[str]]:
    """All SKUs that carry stock in the hub, page by page."""
    after = ""
    while skus := list(hub.stocked(after=after, limit=PAGE)):
        yield skus
        after = skus[-1]
