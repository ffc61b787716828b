"""Orders of a store in the hub, and what the commands show of them."""

import json
from typing import Any

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, stores
from schemas.orders import StoreOrder
from tasks.orders.matches import find_matches
from tasks.rules.mapping import build_order
from tests import makers
from tests.workers.cli.command import Cli


def bring_in(connection: Connection, order: StoreOrder, *, name: str = "acme") -> None:
    """Import an order of a store, as a worker would."""
    store = makers.store(id=_connect(connection, name), name=name)
    hub, account = BuiltinHub(connection), stores.account(connection)
    (matches,) = find_matches(hub, connection, store_id=store.id, orders=[order], base=account.base_currency)
    action, _ = build_order(order, store=store, account=account, matches=matches, location="main")
    with connection.transaction():
        hub.carry_out([action])


def _connect(connection: Connection, name: str) -> int:
    values = stores.StoreValues(name, "woocommerce", f"https://{name}.example", credentials="", settings={})
    store_id = stores.connect_store(connection, values)
    assert store_id is not None
    return store_id


def show(cli: Cli, reference: str) -> dict[str, Any]:
    """An order as `hub order show --json` shows it."""
    result = cli("hub", "order", "show", reference, "--json")
    assert result.code == 0, result.err
    document: dict[str, Any] = json.loads(result.out)
    return document


def quantities(cli: Cli, reference: str, column: str) -> list[Any]:
    """One column of the rows."""
    return [row[column] for row in show(cli, reference)["rows"]]


def in_stock(cli: Cli, sku: str) -> dict[str, str]:
    """In stock by location."""
    document = json.loads(cli("stock", "show", sku, "--json").out)
    return {place["location"]: place["in_stock"] for place in document["locations"]}
