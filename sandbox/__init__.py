"""Local stand-ins of the vendors, with real state over real HTTP: for trials, the demo and tests (BEY-10)."""

from collections.abc import Callable
from typing import Any, Final

from sandbox.bigcommerce.generator import seed_bigcommerce, seed_plain_bigcommerce
from sandbox.bigcommerce.model import BigCommerceSettings
from sandbox.bigcommerce.opened import open_bigcommerce, run_bigcommerce
from sandbox.bigcommerce.state import BigCommerceShop
from sandbox.faults import Fault, FaultError, Faults, Pace
from sandbox.katana.oddities import Oddities
from sandbox.katana.opened import open_katana, run_katana
from sandbox.katana.state import KatanaAccount
from sandbox.running import Merchant, RunningSandbox, Wanted
from sandbox.server import RunningServer, serve
from sandbox.shopify.generator import seed_shopify, seed_shopify_plain
from sandbox.shopify.opened import open_shopify, run_shopify
from sandbox.shopify.state import ShopifyShop
from sandbox.woocommerce.generator import seed_plain, seed_shop
from sandbox.woocommerce.model import ShopSettings
from sandbox.woocommerce.opened import open_woocommerce, run_woocommerce
from sandbox.woocommerce.state import WooCommerceShop

__all__ = [
    "HUB_SANDBOXES",
    "SANDBOXES",
    "BigCommerceSettings",
    "BigCommerceShop",
    "Fault",
    "FaultError",
    "Faults",
    "KatanaAccount",
    "Merchant",
    "Oddities",
    "Pace",
    "RunningSandbox",
    "RunningServer",
    "ShopSettings",
    "ShopifyShop",
    "Wanted",
    "WooCommerceShop",
    "open_bigcommerce",
    "open_katana",
    "open_sandbox",
    "open_shopify",
    "open_woocommerce",
    "run_bigcommerce",
    "run_katana",
    "run_shopify",
    "run_woocommerce",
    "seed_bigcommerce",
    "seed_plain",
    "seed_plain_bigcommerce",
    "seed_shop",
    "seed_shopify",
    "seed_shopify_plain",
    "serve",
]

# The one list of stand-ins: of shops, and of the hubs behind them.
SANDBOXES: Final[dict[str, Callable[[Wanted], RunningSandbox[Any]]]] = {
    "bigcommerce": open_bigcommerce,
    "shopify": open_shopify,
    "woocommerce": open_woocommerce,
}
HUB_SANDBOXES: Final[dict[str, Callable[[Wanted], RunningSandbox[Any]]]] = {"katana": open_katana}


def open_sandbox(platform: str, **wanted: Any) -> RunningSandbox[Any]:
    """Start a vendor's stand-in as `Wanted` says. Raises KeyError for an unknown platform, FaultError, OSError."""
    return (SANDBOXES | HUB_SANDBOXES)[platform](Wanted(**wanted))
