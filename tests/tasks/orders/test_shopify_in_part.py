"""Shopify orders whose answer is partly an error: set aside alone, or imported without their buyer (ORD-10, DOR-5)."""

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import open_sandbox
from sandbox.shopify.model import gid
from tasks.catalogue import fetch_catalogue
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.import_order import import_order
from tasks.rules.failures import STORE_TRIES
from tests.tasks.bad_input import Bench, open_bench, retry
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import Shop, all_orders, do, journal_of, order_of, store_of


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as shop:
        yield shop


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "shopify", name="acme")


@pytest.mark.parametrize("field", ["currentTotalPriceSet", "displayFinancialStatus"])
def test_ORD_10_an_order_that_cannot_be_told_is_set_aside_alone_and_comes_later(
    held: Process, shop: Shop, acme: Bench, field: str
) -> None:
    good, bad, after = (acme.place() for _ in range(3))
    shop.shop.troubles.break_off(gid("Order", int(bad)), field)

    assert sorted(import_all(held, acme.store_id)) == ["imported", "imported", "put_off"]
    for _ in range(STORE_TRIES - 1):
        import_order(acme.store_id, bad)
    row = order_of(held, acme.store_id, bad)

    assert all_orders(held, acme.store_id) == {good: "imported", bad: "failed", after: "imported"}
    assert (row.reason, row.due_at is not None) == ("answered_in_part", True)
    assert "INTERNAL_SERVER_ERROR" in row.detail["problem"]
    assert journal_of(held, acme.store_id, bad)[-1][1:] == ("failed", "answered_in_part")
    assert store_of(held, acme.store_id).reason is None

    assert fetch_orders(acme.store_id) == "fetched"
    assert order_of(held, acme.store_id, bad).changed == row.changed  # no news, each time
    shop.shop.troubles.break_off(gid("Order", int(bad)))
    assert retry(held, acme.store_id, bad) == "imported"


def test_ORD_10_a_failing_shop_loses_no_order(held: Process, shop: Shop, acme: Bench) -> None:
    shop.faults.set_rates({"partial": 1})
    placed = [acme.place() for _ in range(12)]

    import_all(held, acme.store_id)
    for _ in range(20):
        if all(state == "imported" for state in all_orders(held, acme.store_id).values()):
            break
        for waiting, state in all_orders(held, acme.store_id).items():
            if state != "imported":
                import_order(acme.store_id, waiting)

    assert all_orders(held, acme.store_id) == dict.fromkeys(placed, "imported")


def test_DOR_5_orders_without_their_buyers_come_in_and_say_so(held: Process, shop: Shop, acme: Bench) -> None:
    shop.faults.set_rates({"no_buyers": 1})
    orders = [acme.place() for _ in range(2)]

    assert import_all(held, acme.store_id) == ["imported", "imported"]

    for order in orders:
        assert ("import", "noted", "buyer_withheld") in journal_of(held, acme.store_id, order)
        imported: dict[str, Any] = show(held, order)["order"]
        assert imported["customer"]["name"] == "Guest"
    assert store_of(held, acme.store_id).state == "active"


def test_ORD_10_a_catalogue_that_is_told_in_part_forgets_nothing(held: Process, shop: Shop, acme: Bench) -> None:
    kept, bad = (shop.shop.stock.add(sku=sku) for sku in ("KEPT", "BAD"))
    assert fetch_catalogue(acme.store_id) == "walked"
    before = do(held, "SELECT 1 FROM store_items")

    shop.shop.troubles.break_off(gid("ProductVariant", bad.id), "displayName")
    do(held, "UPDATE stores SET catalogue_whole_at = NULL, catalogue_at = NULL")

    assert fetch_catalogue(acme.store_id) == "walked"
    assert do(held, "SELECT 1 FROM store_items") == before
    assert kept.sku == "KEPT"
