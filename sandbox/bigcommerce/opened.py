"""BigCommerce's stand-in, started: a shop as it is, or one with orders in it."""

from sandbox.bigcommerce.app import ROOT, create_app
from sandbox.bigcommerce.generator import seed_bigcommerce
from sandbox.bigcommerce.merchant import BigCommerceMerchant
from sandbox.bigcommerce.state import HASH, TOKEN, BigCommerceShop
from sandbox.bigcommerce.webhooks import CLIENT_ID
from sandbox.faults import Faults
from sandbox.running import RunningSandbox, Wanted
from sandbox.server import serve


def run_bigcommerce(
    shop: BigCommerceShop, faults: Faults | None = None, *, port: int = 0, host: str = "127.0.0.1"
) -> RunningSandbox[BigCommerceShop]:
    """Serve a BigCommerce shop as it is. Raises OSError when the port is taken."""
    faults = faults or Faults()
    server = serve(create_app(shop, faults), host=host, port=port)
    server.before_stop(faults.release)
    server.before_stop(shop.hooks.courier.stop)
    credentials = {"access_token": TOKEN, "client_id": CLIENT_ID, "client_secret": shop.hooks.client_secret}
    running = RunningSandbox(server, shop, faults, credentials, BigCommerceMerchant(shop), ROOT)
    shop.url, shop.hash = running.url, f"{HASH}{server.port}"
    return running


def open_bigcommerce(wanted: Wanted) -> RunningSandbox[BigCommerceShop]:
    """A BigCommerce shop with orders in it; its webhooks are set up once it is filled."""
    shop = BigCommerceShop()
    seed_bigcommerce(shop, orders=wanted.orders, seed=wanted.seed)
    running = run_bigcommerce(shop, Faults(wanted.faults, seed=wanted.seed), port=wanted.port, host=wanted.host)
    for scope in ("store/order/*", "store/shipment/*") if wanted.webhooks_to else ():
        shop.hooks.make({"scope": scope, "destination": wanted.webhooks_to})
    return running
