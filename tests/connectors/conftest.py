"""An empty shop of the platform that a module's name says, and the connector that speaks to it."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from connectors import STORES
from connectors.sandbox import (
    BigCommerceShop,
    RunningSandbox,
    ShopifyShop,
    WooCommerceShop,
    run_bigcommerce,
    run_shopify,
    run_woocommerce,
)
from connectors.store import StoreConnector

_SHOPS: Final[dict[str, Callable[[], RunningSandbox[Any]]]] = {
    "bigcommerce": lambda: run_bigcommerce(BigCommerceShop()),
    "shopify": lambda: run_shopify(ShopifyShop()),
    "woocommerce": lambda: run_woocommerce(WooCommerceShop()),
}


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> str:
    """What the module tests: test_bigcommerce_stock is about bigcommerce."""
    return next(name for name in _SHOPS if name in request.module.__name__)


@pytest.fixture
def sandbox(platform: str) -> Iterator[RunningSandbox[Any]]:
    """The shop over HTTP, without orders and items."""
    with _SHOPS[platform]() as sandbox:
        yield sandbox


@pytest.fixture
def shop(sandbox: RunningSandbox[Any]) -> Any:
    """The shop itself, as its merchant has it."""
    return sandbox.shop


@pytest.fixture
def store(platform: str, sandbox: RunningSandbox[Any]) -> StoreConnector:
    """The connector."""
    return STORES[platform](sandbox.url, sandbox.credentials, allow_insecure=True)
