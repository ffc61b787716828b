"""Stores of all platforms side by side on one hub (SPEC chapters 3, 4, 10)."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from sandbox import open_sandbox
from sandbox.woocommerce.generator import random_order
from schemas.actions import AddLocation
from tasks.held import Process
from tasks.stores import change_store
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.looking import all_orders, store_of

_BUYER = {"first_name": "Bo", "last_name": "Li", "email": "Bo@Example.com"}


@pytest.fixture
def benches(held: Process) -> Iterator[dict[str, Bench]]:
    """A shop of every platform without orders, connected under its platform's name."""
    with ExitStack() as open_shops:
        shops = {name: open_shops.enter_context(open_sandbox(name, orders=0)) for name in PLATFORMS}
        yield {name: open_bench(held, shop, name, name=name) for name, shop in shops.items()}


def sell(bench: Bench, platform: str, sku: str) -> str:
    """The same buyer orders one piece of a SKU: the order's id."""
    shop = bench.shop.shop
    match platform:
        case "bigcommerce":
            line = {"sku": sku, "name": sku, "price": "30.00", "product_id": 1, "variant_id": 2}
            return str(shop.place_order({"products": [line], "billing_address": _BUYER}).id)
        case "shopify":
            return str(shop.place_order({"lines": [{"sku": sku, "price": "30.00"}], "email": "bo@example.com"}).id)
        case _:
            shop.add_product({"name": sku, "sku": sku, "regular_price": "30.00", "stock_quantity": 50})
            given = {"status": "processing", "billing": _BUYER, "line_items": [{"sku": sku, "quantity": 1}]}
            return str(random_order(shop, given).id)


def one(held: Process, statement: str) -> int:
    """A count."""
    with held.pool.connection() as connection:
        (row,) = connection.execute(statement.encode()).fetchall()
    return int(row["n"])


def test_MUL_2_a_SKU_of_three_platforms_is_one_product_and_their_buyer_one_customer(
    held: Process, benches: dict[str, Bench]
) -> None:
    for platform, bench in benches.items():
        sell(bench, platform, "CHAIR-1")
        assert import_all(held, bench.store_id) == ["imported"]

    assert one(held, "SELECT count(*) AS n FROM hub.variants WHERE sku = 'CHAIR-1'") == 1
    assert one(held, "SELECT count(*) AS n FROM hub.customers") == 1
    assert one(held, "SELECT count(*) AS n FROM hub.sales_orders") == 3


def test_MUL_2_every_store_has_its_own_location_or_the_same(held: Process, benches: dict[str, Bench]) -> None:
    with held.pool.connection() as connection:
        BuiltinHub(connection).carry_out([AddLocation("bonn", "Bonn")])
    for platform in ("bigcommerce", "woocommerce"):
        change_store(held, store_of(held, benches[platform].store_id), {"location": "bonn"}, {})

    found = {}
    for platform, bench in benches.items():
        order = sell(bench, platform, "CHAIR-1")
        import_all(held, bench.store_id)
        found[platform] = show(held, order, platform)["order"]["location"]

    assert found == {"bigcommerce": "bonn", "shopify": "main", "woocommerce": "bonn"}


def test_MUL_1_an_outage_of_one_platform_holds_up_no_other(held: Process, benches: dict[str, Bench]) -> None:
    for bench in benches.values():
        bench.place()
    benches["shopify"].shop.faults.set_rates({"http_500": 1})

    with pytest.raises(AssertionError, match="put_off"):
        import_all(held, benches["shopify"].store_id)

    others = [import_all(held, benches[name].store_id) for name in ("bigcommerce", "woocommerce")]
    assert others == [["imported"], ["imported"]]


def test_ORD_4_processing_orders_import_whatever_their_age_and_are_due_fourteen_days_later(held: Process) -> None:
    placed: dict[int, Any] = {}
    with open_sandbox("woocommerce", orders=0) as shop:
        for days in (0, 20, 900):
            with shop.shop.at(datetime.now(UTC) - timedelta(days=days)):
                placed[days] = random_order(shop.shop, {"status": "processing", "customer_note": f"{days} days"})
        bench = open_bench(held, shop, "woocommerce", name="acme")
        import_all(held, bench.store_id)

    assert set(all_orders(held, bench.store_id).values()) == {"imported"}
    for days, order in placed.items():
        made = show(held, str(order.id))["order"]
        assert made["delivery_date"] == (order.created.date() + timedelta(days=14)).isoformat()
        assert (made["notes"], made["customer_reference"]) == (f"{days} days", None)
