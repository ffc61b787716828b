"""Which rows of the hub a store's customers and products became, as storesync remembers. The hub does not."""

from collections.abc import Collection
from typing import Final

from connectors.postgres import Connection, queries
from schemas.hub_search import Links

_SQL: Final = queries("links")


def links(connection: Connection, store_id: int, *, items: Collection[str], customers: Collection[str]) -> Links:
    """What of some products without SKU and customers of a store is linked; where none is named nothing is asked."""
    if not items and not customers:
        return Links()
    values = {"store_id": store_id, "items": list(items), "customers": list(customers)}
    (found,) = connection.execute(_SQL["find_links"], values)
    return Links(found["items"] or {}, found["customers"] or {})


def keep_links(connection: Connection, store_id: int, made: Links) -> None:
    """Remember what became of a store's products and customers."""
    connection.execute(_SQL["keep_links"], {"store_id": store_id, **columns(made)})


def columns(made: Links) -> dict[str, list[str]]:
    """Links as the values of a statement that keeps them."""
    return {
        "item_keys": list(made.items),
        "item_ids": list(made.items.values()),
        "customer_keys": list(made.customers),
        "customer_ids": list(made.customers.values()),
    }
