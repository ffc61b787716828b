"""A WooCommerce sandbox per test, with a clock that the test moves and a client that signs its requests."""

from collections.abc import Iterator

import pytest

from sandbox import Faults, Pace, RunningSandbox, ShopSettings, WooCommerceShop, run_woocommerce
from tests.sandbox.client import Api, Clock, Receiver


@pytest.fixture
def clock() -> Clock:
    """The shop's clock; it stands still until a test moves it."""
    return Clock()


@pytest.fixture
def settings() -> ShopSettings:
    """A German shop; webhooks leave when the test says so."""
    return ShopSettings(webhooks_by_hand=True)


@pytest.fixture
def shop(settings: ShopSettings, clock: Clock) -> WooCommerceShop:
    """A shop with a table, an oil and a chair in three colours."""
    shop = WooCommerceShop(settings, now=clock)
    shop.add_product({"name": "Oak Table 120", "sku": "TABLE", "regular_price": "119.00", "stock_quantity": 42})
    shop.add_product({"name": "Hard-wax oil 1 l", "sku": "OIL", "regular_price": "24.99", "stock_quantity": 45})
    shop.add_product({"name": "Service", "sku": "SERVICE", "regular_price": "50.00"})
    chair = shop.add_product({"name": "Ash Chair", "sku": "CHAIR", "type": "variable", "stock_quantity": 20})
    shop.add_variation(chair, {"option": "Red", "sku": "CHAIR-RED", "regular_price": "59.50", "stock_quantity": 3})
    shop.add_variation(chair, {"option": "Blue", "sku": "CHAIR-BLUE", "regular_price": "59.50"})
    shop.add_variation(chair, {"option": "Plain", "sku": "", "regular_price": "49.50", "stock_quantity": 5})
    return shop


@pytest.fixture
def sandbox(shop: WooCommerceShop) -> Iterator[RunningSandbox[WooCommerceShop]]:
    """The shop over real HTTP."""
    pace = Pace(retry_after_seconds=3, timeout_seconds=5, slow_seconds=0.01)
    with run_woocommerce(shop, Faults(pace=pace)) as running:
        yield running


@pytest.fixture
def api(sandbox: RunningSandbox[WooCommerceShop]) -> Iterator[Api]:
    """A client of the REST API that signs with OAuth 1.0a."""
    with Api(sandbox.url, sandbox.credentials) as api:
        yield api


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who receives webhooks."""
    with Receiver() as receiver:
        yield receiver
