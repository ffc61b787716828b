"""Everything outside the process: vendors over HTTP, PostgreSQL, Redis, secrets. No business rule lives here."""

from collections.abc import Mapping
from typing import Final

from connectors.addresses import shop_url
from connectors.bigcommerce import BigCommerce
from connectors.http import Shared
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
    shared: Shared | None = None,
    allow_insecure: bool = False,
) -> StoreConnector:
    """The connector of a shop; for one that is not connected yet nothing is shared.

    Raises Unsafe for an address and Refused for credentials that cannot work, without asking the shop.
    """
    address = shop_url(url, allow_insecure=allow_insecure)
    return STORES[platform](address, credentials, shared=shared, allow_insecure=allow_insecure)
