"""Whose order an order of a store is, in the words that Katana's own links to shops use. It asks nobody."""

from typing import Final

from connectors.addresses import shop_key
from connectors.errors import HubRefused
from connectors.platforms import PLATFORMS, record
from connectors.postgres import Connection, queries
from schemas.hub import DraftOrder
from schemas.katana.order_json import Origin

_SQL: Final = queries("orders", __package__)


def origin_of(connection: Connection, draft: DraftOrder) -> Origin:
    """What an order is found by. Raises HubRefused for one of no store."""
    if draft.store_id is None or draft.external_id is None:
        raise HubRefused("an order of no store is made in Katana itself")
    return origin_in(connection, draft.store_id, draft.external_id)


def origin_in(connection: Connection, store_id: int, external_id: str) -> Origin:
    """What a store's order is found by: platform, the name that the shop has for itself, and the order's own id.

    Raises HubRefused where there is no such store.
    """
    store = connection.execute(_SQL["shop_of"], {"store_id": store_id}).fetchone()
    if store is None:
        raise HubRefused(f"there is no store {store_id}")
    return Origin(store_word(store["platform"]), store["shop"] or shop_key(store["url"]), external_id)


def store_word(platform: str) -> str:
    """What Katana calls a platform."""
    return (record(platform).known_as if platform in PLATFORMS else "") or platform
