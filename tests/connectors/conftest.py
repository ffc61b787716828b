"""An empty shop of the platform that a module's name says, the connector that speaks to it, and the built-in hub."""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.platforms import open_store
from connectors.postgres import Connection
from connectors.store import StoreConnector
from sandbox import (
    BigCommerceShop,
    RunningSandbox,
    ShopifyShop,
    WooCommerceShop,
    run_bigcommerce,
    run_shopify,
    run_woocommerce,
)
from tests.connectors.postgres.makers import add_store

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
    return open_store(platform, sandbox.url, sandbox.credentials, allow_insecure=True)


@pytest.fixture
def hub(connection: Connection) -> BuiltinHub:
    """The built-in hub on the test's own transaction, empty but for its location `main`."""
    return BuiltinHub(connection)


@pytest.fixture
def acme(connection: Connection) -> int:
    """A store that gets stock: its id."""
    return add_store(connection, "acme")
