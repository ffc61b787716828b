"""A shop in the sandbox, connected by a command and read by tasks, as workers would."""

import json
from typing import Any

from connectors.postgres import order_view, stores
from sandbox import RunningSandbox
from sandbox.woocommerce.generator import random_order
from tasks.fetch import fetch_orders
from tasks.held import process
from tests.tasks.conftest import import_all, import_due
from tests.workers.cli.command import Cli, Result

Shop = RunningSandbox[Any]


def connect(cli: Cli, shop: Shop, *more: str, name: str = "acme", **credentials: str) -> Result:
    """`store connect` with the shop's credentials, or with others."""
    given = {**shop.credentials, **credentials}
    pairs = [word for key, value in given.items() for word in ("--credential", f"{key}={value}")]
    return cli("store", "connect", "woocommerce", name, "--url", shop.url, *pairs, *more)


def take_in(name: str = "acme") -> list[str]:
    """Fetch, and look at every order that is due; what came of each."""
    return import_all(process(), _id(name))


def fetch(name: str = "acme") -> None:
    """Fetch, and leave what is due as it is."""
    assert try_to_fetch(name) == "fetched"


def try_to_fetch(name: str = "acme") -> str:
    """Fetch; what came of it."""
    return fetch_orders(_id(name))


def read_again(name: str = "acme") -> list[str]:
    """Look at every order that is due; what came of each."""
    return import_due(process(), _id(name))


def _id(name: str) -> int:
    with process().pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return int(row.id)


def place(shop: Shop, **given: Any) -> str:
    """One more order that may be imported, with whatever is given in place of chance: its id."""
    return str(random_order(shop.shop, {"status": "processing", **given}).id)


def place_raw(shop: Shop, **changes: Any) -> str:
    """An order of the usual shape with something in it that no honest shop would say: its id."""
    order = random_order(shop.shop, {"status": "processing"})
    written = json.loads(shop.shop.order_body(order)) | changes
    shop.shop.delete_order(order.id)
    shop.shop.put_raw_order({**written, "id": 900_000 + order.id})
    return str(900_000 + order.id)


def states(name: str = "acme") -> dict[str, str]:
    """Every order's state."""
    with process().pool.connection() as connection:
        return {row.external_id: row.state for row in order_view.orders(connection) if row.store == name}


def document(result: Result) -> Any:
    """What --json printed: one document and nothing else."""
    assert (result.code, result.err) == (0, ""), result
    return json.loads(result.out)
