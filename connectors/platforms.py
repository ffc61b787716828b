"""The platforms there are. Nothing of one is loaded before it is named, and its record loads no client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from connectors.addresses import shop_url
from connectors.json_text import read_payload

if TYPE_CHECKING:
    from connectors.http import Shared
    from connectors.store import StoreConnector
    from schemas.orders import StoreOrder
    from schemas.platform import Platform


@dataclass(frozen=True, slots=True)
class Place:
    """Where a platform is: `schemas` has its `platform.PLATFORM` and its `order.read_order`, `connector` is a class."""

    schemas: str
    connector: str


# The one list of platforms.
PLATFORMS: Final[dict[str, Place]] = {
    "bigcommerce": Place("schemas.bigcommerce", "connectors.bigcommerce.connector:BigCommerce"),
    "shopify": Place("schemas.shopify", "connectors.shopify.connector:Shopify"),
    "woocommerce": Place("schemas.woocommerce", "connectors.woocommerce.connector:WooCommerce"),
}


def record(platform: str) -> Platform:
    """What a platform is like."""
    found: Platform = import_module(f"{PLATFORMS[platform].schemas}.platform").PLATFORM
    return found


def read_order(platform: str, payload: str) -> StoreOrder:
    """A snapshot's payload as the order that it is of. Raises Unreadable."""
    order: StoreOrder = import_module(f"{PLATFORMS[platform].schemas}.order").read_order(read_payload(payload))
    return order


def address_of(platform: str, text: str, *, allow_insecure: bool = False) -> str:
    """The address of the shop that a person means. Raises Unsafe."""
    return shop_url(_connector(platform).meant(text), allow_insecure=allow_insecure)


def open_store(
    platform: str,
    url: str,
    credentials: Mapping[str, str],
    *,
    shared: Shared | None = None,
    allow_insecure: bool = False,
) -> StoreConnector:
    """The connector of a shop; for one that is not connected yet nothing is shared.

    Raises Unsafe for an address and CredentialsRefused for credentials that cannot work, without asking the shop.
    """
    address = shop_url(url, allow_insecure=allow_insecure)
    store: StoreConnector = _connector(platform)(address, credentials, shared=shared, allow_insecure=allow_insecure)
    return store


def load_all() -> None:
    """Load all platforms: for a program whose children would each do it for themselves."""
    for name, place in PLATFORMS.items():
        import_module(f"{place.schemas}.order")
        _connector(name)


def _connector(platform: str) -> Any:
    module, _, name = PLATFORMS[platform].connector.partition(":")
    return getattr(import_module(module), name)
