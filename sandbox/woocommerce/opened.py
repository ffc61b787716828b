"""WooCommerce's stand-in, started: a shop as it is, or one with orders in it."""

from dataclasses import replace

from sandbox.faults import Faults
from sandbox.running import RunningSandbox, Wanted
from sandbox.server import serve
from sandbox.woocommerce.app import create_app
from sandbox.woocommerce.generator import seed_shop
from sandbox.woocommerce.merchant import WooCommerceMerchant
from sandbox.woocommerce.state import KEY, WEBHOOK_SECRET, WooCommerceShop


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
    return RunningSandbox(server, shop, faults, credentials, WooCommerceMerchant(shop))


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
    return replace(running, credentials=credentials)
