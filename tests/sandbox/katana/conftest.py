"""A Katana account per test, with a clock that the test moves and a client that has the key."""

from collections.abc import Iterator

import pytest

from sandbox import Faults, KatanaAccount, Oddities
from tests.sandbox.client import Clock
from tests.sandbox.katana.client import Katana


@pytest.fixture
def clock() -> Clock:
    """The account's clock; it stands still until a test moves it."""
    return Clock()


@pytest.fixture
def account(clock: Clock) -> Iterator[KatanaAccount]:
    """An account with a table, an oil in two batches, a service, and a customer."""
    account = KatanaAccount(Oddities(webhooks_by_hand=True), now=clock)
    account.add_product("TABLE", name="Oak Table 120", price=100, stock=10, is_producible=True)
    oil = account.add_product("OIL", name="Hard-wax oil 1 l", price=25, batch_tracked=True)
    account.add_batch(oil["id"], "NEW", 5, batch_created_date="2026-10-01T00:00:00.000Z")
    account.add_batch(oil["id"], "OLD", 4, batch_created_date="2026-09-01T00:00:00.000Z")
    account.services.create({"name": "Engraving", "variants": [{"sku": "ENGRAVE"}]})
    account.customers.create({"name": "Lena Vogel", "email": "lena@example.test", "reference_id": "acme:7"})
    yield account
    account.deliveries.courier.stop()


@pytest.fixture
def faults() -> Faults:
    """What goes wrong."""
    return Faults()


@pytest.fixture
def katana(account: KatanaAccount, faults: Faults) -> Katana:
    """A client in this process."""
    return Katana(account, faults)
