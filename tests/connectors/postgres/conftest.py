"""The built-in hub on the test's own transaction, and stores for it to mark."""

import pytest

from connectors.postgres import Connection
from connectors.postgres.hub import PostgresHub
from tests.connectors.postgres.hub_makers import one


@pytest.fixture
def hub(connection: Connection) -> PostgresHub:
    """The hub, empty but for its location `main`."""
    return PostgresHub(connection)


@pytest.fixture
def acme(connection: Connection) -> int:
    """A store that gets stock: its id."""
    return add_store(connection, "acme")


def add_store(
    connection: Connection, name: str, *, host: str = "", state: str = "active", syncs_stock: bool = True
) -> int:
    """A connected store; its id."""
    statement = """INSERT INTO stores (name, platform, url, state, settings)
        VALUES (%s, 'woocommerce', 'https://' || %s, %s, jsonb_build_object('stock.sync', %s::boolean)) RETURNING id"""
    return int(one(connection, statement, name, host or name, state, syncs_stock)["id"])
