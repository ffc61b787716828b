"""What shops of every platform do to their orders comes to Katana, and what is done there goes back (SPEC 4 to 7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from connectors.platforms import record
from sandbox import KatanaAccount, RunningSandbox, open_sandbox
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.hub_news import fetch_hub
from tasks.orders.fulfill import fulfill_order
from tasks.orders.import_order import import_order
from tests.tasks.bad_input import PLATFORMS, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import order_of
from tests.tasks.test_katana_orders import account, faults

__all__ = ["account", "faults"]

SKU = "STOOL"
FOLLOWED = pytest.mark.parametrize(
    "selling", [name for name in PLATFORMS if record(name).changes_travel], indirect=True
)
SENT = {"bigcommerce": "Completed", "shopify": "fulfilled, tracking T7", "woocommerce": "completed"}


@dataclass
class Selling:
    """A shop with Katana behind it, and the ids of its orders, three stools each."""

    held: Process
    platform: str
    sandbox: RunningSandbox[Any]
    account: KatanaAccount
    store: int
    orders: list[str]

    def look(self) -> list[str]:
        """A worker fetches and looks, in another minute."""
        self.held.redis.delete("storesync:katana:asked")
        return import_all(self.held, self.store)

    def there(self, place: int = 0) -> Any:
        """An order as Katana has it; None where it has none."""
        found = [row for row in self.account.orders.table.view() if row["ecommerce_order_id"] == self.orders[place]]
        return found[0] if found else None

    def pieces(self, place: int = 0) -> int:
        """How many stools Katana knows of."""
        rows = self.account.rows.table.of(self.there(place)["id"])
        sku = self.account.variant_of(SKU)["id"]
        return sum(int(row["quantity"]) for row in rows if row["variant_id"] == sku)

    def is_exact(self) -> bool:
        """Whether the first order comes to what its shop says, to the cent."""
        shown = show(self.held, self.orders[0], self.platform)["order"]
        return not shown["total_mismatch"] and bool(shown["total_with_tax"] == shown["store_total_with_tax"])


@pytest.fixture(params=PLATFORMS)
def selling(held: Process, account: KatanaAccount, request: pytest.FixtureRequest) -> Iterator[Selling]:
    """Two orders of one shop, in Katana."""
    platform = request.param
    account.add_product(SKU, stock=20)
    with open_sandbox(platform, orders=0) as sandbox:
        bench = open_bench(held, sandbox, platform, name=platform, **{"fulfillment.sync": True})
        fetch_hub()
        orders = [sandbox.merchant.sell(SKU, 3), sandbox.merchant.sell_again(SKU, 3)]
        selling = Selling(held, platform, sandbox, account, bench.store_id, orders)
        assert selling.look() == ["imported"] * 2
        yield selling


@FOLLOWED
def test_CHG_1_a_piece_that_is_taken_off_is_taken_off_there(selling: Selling) -> None:
    selling.sandbox.merchant.take_one_off(selling.orders[0])

    assert selling.look() == ["changed"]

    assert (selling.pieces(0), selling.pieces(1)) == (2, 3)
    assert selling.is_exact()


@FOLLOWED
def test_CHG_5_an_order_that_is_cancelled_is_deleted_there(selling: Selling) -> None:
    shop, order = selling.sandbox.shop, int(selling.orders[0])
    (shop.cancel if selling.platform == "shopify" else shop.cancel_order)(order)

    assert selling.look() == ["deleted"]

    assert (selling.there(0), selling.pieces(1)) == (None, 3)
    assert order_of(selling.held, selling.store, selling.orders[0]).reason == "cancelled_in_store"


def test_MAP_6_FUL_1_FUL_13_what_a_shop_sends_is_delivered_there_and_not_told_back(selling: Selling) -> None:
    sent = selling.sandbox.merchant.complete_another(selling.orders[1])
    assert sent == selling.orders[0]

    selling.look()
    fetch_hub()
    told = fulfill_order(selling.store, sent)

    assert told != "sent"
    assert [selling.there(place)["status"] for place in range(2)] == ["DELIVERED", "NOT_SHIPPED"]
    assert selling.account.summary()["stock"][SKU] == "17.00000"
    assert selling.is_exact()


def test_FUL_10_what_a_person_delivers_there_is_told_once(selling: Selling) -> None:
    selling.account.fulfillments.take_rest(selling.there(0)["id"], "DELIVERED", tracking_number="T7")
    fetch_hub()

    assert fulfill_order(selling.store, selling.orders[0]) == "sent"
    selling.look()
    fetch_hub()

    assert fulfill_order(selling.store, selling.orders[0]) != "sent"
    assert selling.sandbox.merchant.says(selling.orders[0]) == SENT[selling.platform]
    assert len(selling.account.fulfillments.table.of(selling.there(0)["id"])) == 1
    assert selling.account.summary()["stock"][SKU] == "17.00000"


def test_KAT_2_new_buyers_of_orders_that_come_together_are_looked_for_once(
    held: Process, account: KatanaAccount
) -> None:
    account.add_product(SKU, stock=20)
    with open_sandbox("woocommerce", orders=0) as sandbox:
        bench = open_bench(held, sandbox, "woocommerce", name="woocommerce")
        sandbox.merchant.sell(SKU, 1)
        for number in range(3):
            billing = {"first_name": "Bo", "last_name": "Li", "email": f"bo{number}@example.com", "country": "DE"}
            sandbox.shop.place_order({"status": "processing", "billing": billing, "line_items": [{"sku": SKU}]})
        fetch_orders(bench.store_id)
        ids = [str(one) for one in sandbox.shop.book.orders]
        before = len(account.asked_for())

        assert import_order(bench.store_id, *ids) == f"{len(ids)} imported"

    asked = [one for one in account.asked_for()[before:] if (one.method, one.path) == ("GET", "/customers")]
    assert [one.query.get("email") for one in asked] == [None]
    assert len(list(account.customers.table.view())) == len(ids)
