"""Everything outside the process: vendors over HTTP, PostgreSQL, Redis, secrets. No business rule lives here."""

from collections.abc import Mapping
from typing import Final

from redis import Redis

from connectors.addresses import shop_url
from connectors.bigcommerce import BigCommerce
from connectors.http import NoWaits
from connectors.locks import StoreWaits
from connectors.shopify import Shopify
from connectors.store import StoreConnector
from connectors.woocommerce import WooCommerce

# The one list of platforms.
STORES: Final[dict[str, type[BigCommerce | Shopify | WooCommerce]]] = {
    "bigcommerce": BigCommerce,
    "shopify": Shopify,
    "woocommerce": WooCommerce,
}


def open_store(
    platform: str,
    url: str,
    credentials: Mapping[str, str],
    *,
    redis: Redis | None = None,
    store_id: int | None = None,
    allow_insecure: bool = False,
) -> StoreConnector:
    """The connector of a shop; without an id, for one that is not connected yet, waits are not shared.

    Raises Unsafe for an address and Refused for credentials that cannot work, without asking the shop.
    """
    waits = NoWaits() if redis is None or store_id is None else StoreWaits(redis, store_id)
    address = shop_url(url, allow_insecure=allow_insecure)
    return STORES[platform](address, credentials, waits=waits, allow_insecure=allow_insecure)
