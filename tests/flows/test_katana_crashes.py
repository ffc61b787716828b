"""A worker killed between Katana's answer and our commit makes nothing a second time (KAT-1): real processes.

One order on its whole way: at each POST that makes something the worker is killed once it is made.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from connectors import locks
from sandbox import Faults, KatanaAccount, Oddities, RunningSandbox, ShopifyShop, open_sandbox, serve
from sandbox.katana.api import ROOT
from sandbox.katana.app import create_app
from sandbox.katana.person import KatanaPerson
from sandbox.katana.state import KEY
from schemas.settings import read_account_settings
from tasks.account import reconfigure_account
from tasks.fetch import fetch_orders
from tasks.held import process
from tasks.hub_choice import prove_choice
from tasks.upkeep import ring_due
from tests.broker import use_broker
from tests.flows.house import CELERY, House
from tests.flows.tollgate import Tollgate
from tests.tasks.orders.looking import do, let_waits_pass, order_of
from tests.waiting import wait_until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300), pytest.mark.xdist_group("patient flows")]

_OPEN: Final = "SELECT FROM katana_intents WHERE found_id IS NULL"


@dataclass
class Gate:
    """The account behind a gate, which holds a worker up once something was made at an end point."""

    account: KatanaAccount
    path: str = ""
    toll: Tollgate = field(init=False)

    def __post_init__(self) -> None:
        self.toll = Tollgate(create_app(self.account), self.made)

    def made(self) -> int:
        """How often something was made there."""
        return self.account.calls[f"POST /{self.path}"]


@pytest.fixture
def gate(house: House) -> Iterator[Gate]:
    """An account without items, orders and customers, which is the hub."""
    use_broker(house.config.redis_url)
    gate = Gate(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000)))
    key, person = {"api_key": KEY}, KatanaPerson(gate.account)
    with RunningSandbox(serve(gate.toll), gate.account, Faults(), key, person, ROOT) as katana:
        given = {"hub": "katana", "katana.url": katana.url, "katana.allow_insecure": "on", "katana.api_key": KEY}
        values = read_account_settings(given)
        values |= prove_choice(process(), values)
        with process().pool.connection() as connection:
            reconfigure_account(process(), connection, values)
        yield gate
        gate.toll.released.set()


def test_KAT_1_a_worker_killed_after_katana_made_something_makes_it_once(house: House, gate: Gate) -> None:
    with open_sandbox("shopify", orders=0) as sandbox:
        shop: ShopifyShop = sandbox.shop
        store = house.connect(sandbox, "acme", "shopify", **{"orders.returns": "on"})
        sold = shop.place_order({"lines": [{"sku": "CHAIR", "name": "Chair", "price": "30.00", "quantity": 3}]})
        (line,) = sold.lines
        for path in ("customers", "products", "sales_orders"):
            kill_after(house, gate, store, str(sold.id), path)
        finish(house, store, str(sold.id))
        shop.fulfill(sold.id)
        kill_after(house, gate, store, str(sold.id), "sales_order_fulfillments")
        finish(house, store, str(sold.id))
        shop.take_back(sold.id, {line.id: 2})
        for path in ("sales_returns", "sales_return_rows"):
            kill_after(house, gate, store, str(sold.id), path)
        finish(house, store, str(sold.id))

    account = gate.account
    made: list[Any] = [account.customers, account.products, account.orders, account.fulfillments, account.returns]
    assert [len(list(room.table.view())) for room in made] == [1, 1, 1, 1, 1]
    (row,) = account.return_rows.table.view()
    assert row["quantity"] == 2
    assert order_of(process(), store, sold.id).state == "imported"


def kill_after(house: House, gate: Gate, store: int, external_id: str, path: str) -> None:
    """A worker is killed once something was made there, and before it hears of it."""
    gate.path = path
    gate.toll.close(gate.toll.hold)
    look(house, store, external_id)
    wait_until(gate.toll.reached.is_set, seconds=30, what=f"a POST of {path}\n{house.logs()}")

    house.kill("worker")

    gate.toll.released.set()


def finish(house: House, store: int, external_id: str) -> None:
    """A worker that nobody kills comes to the end of what is due."""
    look(house, store, external_id)
    wait_until(lambda: not is_due(store), seconds=30, what=f"nothing to be due\n{house.logs()}")
    house.kill("worker")


def is_due(store: int) -> bool:
    with process().pool.connection() as connection:
        due = "SELECT FROM store_orders WHERE store_id = %s AND changed > order_settled"
        return bool(connection.execute(due, (store,)).fetchone() or connection.execute(_OPEN).fetchone())


def look(house: House, store: int, external_id: str) -> None:
    """What changed is fetched, what a dead worker held runs out, and another one is at work."""
    fetch_orders(store)
    process().redis.delete(locks.order_key(store, external_id), "storesync:katana:asked")
    do(process(), "UPDATE katana_intents SET leased_until = NULL, leased_by = NULL")
    let_waits_pass(process(), store)
    do(process(), "UPDATE store_orders SET rung_at = NULL")
    house.start("worker", *CELERY, "worker", "-Q", "orders,orders.few", "-c", "1", "-n", "w@test", "--loglevel", "INFO")
    ring_due()
