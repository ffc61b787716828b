"""Shopify's stand-in, started: a shop as it is, or one with orders in it."""

from sandbox.faults import Faults
from sandbox.running import RunningSandbox, Wanted
from sandbox.server import serve
from sandbox.shopify.app import create_shopify_app
from sandbox.shopify.generator import seed_shopify
from sandbox.shopify.merchant import ShopifyMerchant
from sandbox.shopify.state import ShopifyShop


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
    server.before_stop(shop.hooks.courier.stop)
    app = {"client_id": shop.app.client_id, "client_secret": shop.app.client_secret}
    credentials = app if with_app else {"access_token": shop.token, "api_secret": shop.app.client_secret}
    return RunningSandbox(server, shop, faults, credentials, ShopifyMerchant(shop))


def open_shopify(wanted: Wanted) -> RunningSandbox[ShopifyShop]:
    """A Shopify shop with orders in it, which then tells what moves; where its tokens end, with an app of its own."""
    shop, faults = ShopifyShop(), Faults(wanted.faults, seed=wanted.seed)
    seed_shopify(shop, orders=wanted.orders, seed=wanted.seed)
    shop.app.token_life = wanted.token_life or shop.app.token_life
    with_app = wanted.token_life is not None
    running = run_shopify(shop, faults, port=wanted.port, host=wanted.host, with_app=with_app)
    for topic in ("ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_DELETE") if wanted.webhooks_to else ():
        shop.hooks.subscribe(topic, {"uri": wanted.webhooks_to})
    return running
