"""Shops of every platform that hold the worker up once they have been told of an order: the moment to kill it in."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sandbox import BigCommerceShop, Faults, Merchant, RunningSandbox, ShopifyShop, WooCommerceShop, serve
from sandbox.bigcommerce import app as bigcommerce
from sandbox.bigcommerce.merchant import BigCommerceMerchant
from sandbox.bigcommerce.state import TOKEN
from sandbox.shopify.app import create_shopify_app
from sandbox.shopify.merchant import ShopifyMerchant
from sandbox.woocommerce.app import create_app
from sandbox.woocommerce.merchant import WooCommerceMerchant
from sandbox.woocommerce.state import KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Shop = RunningSandbox[Any]
PLATFORMS: Final = ("bigcommerce", "shopify", "woocommerce")
_HELD_SECONDS: Final = 30  # at most: a test that fails must end


class Tollgate:
    """A shop's application that, once the shop was told of an order, does something before it answers."""

    def __init__(self, app: "WSGIApplication", told: Callable[[], int]) -> None:
        self._app, self._told = app, told
        self._before_answer: Callable[[], object] = lambda: None
        self.reached = threading.Event()
        self.released = threading.Event()

    def close(self, before_answer: Callable[[], object]) -> None:
        """The next answer to what the shop was told comes after this."""
        self._before_answer = before_answer
        self.reached.clear()
        self.released.clear()

    def hold(self) -> None:
        """Wait until it is released."""
        self.released.wait(_HELD_SECONDS)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer as the shop does."""
        before = self._told()
        body = list(self._app(environ, start_response))
        if self._told() > before:
            act, self._before_answer = self._before_answer, lambda: None
            self.reached.set()
            act()
        return body


def told(platform: str, shop: Any) -> int:
    """How much of its orders a shop has been told: fulfilments, or orders that are completed."""
    match platform:
        case "shopify":
            return sum(len(shop.fulfillments_of(number)) for number in shop.orders)
        case "bigcommerce":
            return sum(shop.status_of(str(number)) == "Completed" for number in shop.orders)
        case _:
            return sum(order.status == "completed" for order in shop.book.orders.values())


@contextmanager
def open_gate(platform: str) -> Iterator[tuple[Shop, Tollgate]]:
    """A shop without orders behind its gate."""
    shop: Any
    app: WSGIApplication
    merchant: Merchant
    match platform:
        case "shopify":
            shop, path = ShopifyShop(), ""
            merchant = ShopifyMerchant(shop)
            app, credentials = create_shopify_app(shop), {"access_token": shop.token}
        case "bigcommerce":
            shop, path = BigCommerceShop(), bigcommerce.ROOT
            merchant = BigCommerceMerchant(shop)
            app, credentials = bigcommerce.create_app(shop), {"access_token": TOKEN}
        case _:
            shop, path = WooCommerceShop(), ""
            merchant = WooCommerceMerchant(shop)
            app = create_app(shop)
            credentials = {"consumer_key": KEY.consumer_key, "consumer_secret": KEY.consumer_secret}
    gate = Tollgate(app, lambda: told(platform, shop))
    with RunningSandbox(serve(gate), shop, Faults(), credentials, merchant, path) as sandbox:
        shop.url = sandbox.url
        yield sandbox, gate
        gate.released.set()
