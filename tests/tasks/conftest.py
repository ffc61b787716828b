"""A shop in the sandbox, connected as the store `acme`, and a process that works on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.fernet import Fernet
from redis import Redis

from connectors.config import Config
from connectors.postgres import order_view, stores
from sandbox import RunningSandbox, open_sandbox
from tasks.fetch import fetch_orders
from tasks.held import Process, close_process, configure, process
from tasks.orders.import_order import import_order
from tasks.stores import NewStore, connect_store
from tests.broker import use_broker
from workers.cli.orders import document_of, seen_order

KEY: Final = Fernet.generate_key().decode()


@pytest.fixture
def held(
    fresh_database_url: str, redis_url: str, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Process]:
    """A process at work on a database of its own."""
    environment = {"DATABASE_URL": fresh_database_url, "REDIS_URL": redis_url, "STORESYNC_SECRET_KEY": KEY}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert redis.ping()
    use_broker(redis_url)
    configure(Config(fresh_database_url, redis_url, tmp_path, KEY, "text"))
    yield process()
    close_process()


@pytest.fixture
def shop() -> Iterator[RunningSandbox[Any]]:
    """A WooCommerce shop with products and no orders."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: RunningSandbox[Any]) -> int:
    """The shop, connected as `acme`: its id."""
    return connect(held, shop, "acme")


def connect(held: Process, shop: RunningSandbox[Any], name: str, **settings: Any) -> int:
    """Connect a sandbox as a store."""
    connect_store(held, NewStore("woocommerce", name, shop.url, shop.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return int(row.id)


def import_all(held: Process, store_id: int) -> list[str]:
    """Fetch, and look at every order that is due, as workers would."""
    assert fetch_orders(store_id) == "fetched"
    return import_due(held, store_id)


def import_due(held: Process, store_id: int) -> list[str]:
    """Look at every order that is due, as workers would; what came of each."""
    with held.pool.connection() as connection:
        due = [row.external_id for row in order_view.orders(connection, order_view.OrderFilter(store_id)) if row.is_due]
    return [import_order(store_id, external_id) for external_id in due]


def show(held: Process, external_id: str, name: str = "acme") -> dict[str, Any]:
    """What `storesync order show --json` says."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
        assert row is not None
        return document_of(seen_order(connection, row, external_id))
