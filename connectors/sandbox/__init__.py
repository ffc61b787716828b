"""Local stand-ins of the vendors, with real state over real HTTP: for trials, the demo and tests (BEY-10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from connectors.sandbox import bigcommerce
from connectors.sandbox.bigcommerce_generator import seed_bigcommerce, seed_plain_bigcommerce
from connectors.sandbox.bigcommerce_model import BigCommerceSettings
from connectors.sandbox.bigcommerce_state import HASH, TOKEN, BigCommerceShop
from connectors.sandbox.faults import Fault, FaultError, Faults, Pace
from connectors.sandbox.generator import seed_plain, seed_shop
from connectors.sandbox.server import RunningServer, serve
from connectors.sandbox.shopify import create_shopify_app
from connectors.sandbox.shopify_generator import seed_shopify, seed_shopify_plain
from connectors.sandbox.shopify_state import ShopifyShop
from connectors.sandbox.woocommerce import create_app
from connectors.sandbox.woocommerce_model import ShopSettings
from connectors.sandbox.woocommerce_state import KEY, WEBHOOK_SECRET, WooCommerceShop

__all__ = [
    "SANDBOXES",
    "BigCommerceSettings",
    "BigCommerceShop",
    "Fault",
    "FaultError",
    "Faults",
    "Pace",
    "RunningSandbox",
    "RunningServer",
    "ShopSettings",
    "ShopifyShop",
    "Wanted",
    "WooCommerceShop",
    "open_bigcommerce",
    "open_sandbox",
    "open_shopify",
    "open_woocommerce",
    "run_bigcommerce",
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

Shop = TypeVar("Shop")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sandbox is to be: how many orders, made from which seed, where, with which faults, telling whom."""

    orders: int = 40
    seed: int = 7
    port: int = 0
    host: str = "127.0.0.1"
    faults: Mapping[str, float] = field(default_factory=dict)
    webhooks_to: str | None = None
    token_life: int | None = None  # seconds; None where the credentials do not end


@dataclass(frozen=True, slots=True)
class RunningSandbox(Generic[Shop]):
    """A vendor's stand-in that answers at `url`, with the credentials a store is connected with."""

    server: RunningServer
    shop: Shop
    faults: Faults
    credentials: Mapping[str, str]
    path: str = ""

    @property
    def url(self) -> str:
        """Where the shop is."""
        return f"{self.server.url}{self.path}"

    def stop(self) -> None:
        """End it; the port is free again."""
        self.server.stop()

    def wait(self) -> None:
        """Block until it is stopped."""
        self.server.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def run_woocommerce(
    shop: WooCommerceShop, faults: Faults | None = None, *, port: int = 0, host: str = "127.0.0.1"
) -> RunningSandbox[WooCommerceShop]:
    """Serve a WooCommerce shop as it is. Raises OSError when the port is taken."""
    faults = faults or Faults()
    server = serve(create_app(shop, faults), host=host, port=port)
    shop.url = server.url
    server.before_stop(faults.release)
    server.before_stop(shop.webhooks.stop)
    credentials = {"consumer_key": KEY.consumer_key, "consumer_secret": KEY.consumer_secret}
    return RunningSandbox(server, shop, faults, credentials)


def open_woocommerce(wanted: Wanted) -> RunningSandbox[WooCommerceShop]:
    """A WooCommerce shop with orders in it; its webhooks are set up once it is filled."""
    shop, faults = WooCommerceShop(), Faults(wanted.faults, seed=wanted.seed)
    seed_shop(shop, orders=wanted.orders, seed=wanted.seed)
    running = run_woocommerce(shop, faults, port=wanted.port, host=wanted.host)
    if wanted.webhooks_to is None:
        return running
    for topic in ("order.created", "order.updated", "order.deleted"):
        shop.webhooks.subscribe({"topic": topic, "delivery_url": wanted.webhooks_to, "secret": WEBHOOK_SECRET})
    credentials = {**running.credentials, "webhook_secret": WEBHOOK_SECRET}
    return RunningSandbox(running.server, shop, faults, credentials)


def run_bigcommerce(
    shop: BigCommerceShop, faults: Faults | None = None, *, port: int = 0, host: str = "127.0.0.1"
) -> RunningSandbox[BigCommerceShop]:
    """Serve a BigCommerce shop as it is. Raises OSError when the port is taken."""
    faults = faults or Faults()
    server = serve(bigcommerce.create_app(shop, faults), host=host, port=port)
    server.before_stop(faults.release)
    running = RunningSandbox(server, shop, faults, {"access_token": TOKEN}, bigcommerce.ROOT)
    shop.url, shop.hash = running.url, f"{HASH}{server.port}"
    return running


def open_bigcommerce(wanted: Wanted) -> RunningSandbox[BigCommerceShop]:
    """A BigCommerce shop with orders in it."""
    shop = BigCommerceShop()
    seed_bigcommerce(shop, orders=wanted.orders, seed=wanted.seed)
    return run_bigcommerce(shop, Faults(wanted.faults, seed=wanted.seed), port=wanted.port, host=wanted.host)


def run_shopify(
    shop: ShopifyShop,
    faults: Faults | None = None,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    with_app: bool = False,
) -> RunningSandbox[ShopifyShop]:
    """Serve a Shopify shop as it is, to be connected by an app or a token. Raises OSError when the port is taken."""
    faults = faults or Faults()
    server = serve(create_shopify_app(shop, faults), host=host, port=port)
    shop.domain = f"sandbox-{server.port}.myshopify.com"
    server.before_stop(faults.release)
    app = {"client_id": shop.app.client_id, "client_secret": shop.app.client_secret}
    return RunningSandbox(server, shop, faults, app if with_app else {"access_token": shop.token})


def open_shopify(wanted: Wanted) -> RunningSandbox[ShopifyShop]:
    """A Shopify shop with orders in it; where its tokens end, with an app of the Dev Dashboard."""
    shop, faults = ShopifyShop(), Faults(wanted.faults, seed=wanted.seed)
    seed_shopify(shop, orders=wanted.orders, seed=wanted.seed)
    shop.app.token_life = wanted.token_life or shop.app.token_life
    with_app = wanted.token_life is not None
    return run_shopify(shop, faults, port=wanted.port, host=wanted.host, with_app=with_app)


SANDBOXES: Final[dict[str, Callable[[Wanted], RunningSandbox[Any]]]] = {
    "bigcommerce": open_bigcommerce,
    "shopify": open_shopify,
    "woocommerce": open_woocommerce,
}


def open_sandbox(platform: str, **wanted: Any) -> RunningSandbox[Any]:
    """Start a vendor's stand-in as `Wanted` says. Raises KeyError for an unknown platform, FaultError, OSError."""
    return SANDBOXES[platform](Wanted(**wanted))
