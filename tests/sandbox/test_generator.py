"""Made-up shops: reproducible, varied, and fast."""

import json
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from sandbox import ShopSettings, WooCommerceShop, seed_plain, seed_shop
from tests.sandbox.client import Clock

QUIET = ShopSettings(webhooks_by_hand=True)


def seeded(seed: int, orders: int = 40) -> list[dict[str, Any]]:
    shop = WooCommerceShop(QUIET, now=Clock())
    seed_shop(shop, orders=orders, seed=seed)
    return [json.loads(shop.order_body(order)) for order in shop.book.orders.values()]


def test_one_seed_makes_one_shop() -> None:
    assert seeded(5) == seeded(5)
    assert seeded(5) != seeded(6)


@pytest.mark.parametrize("seed", range(5))
def test_every_oddity_is_among_forty_orders(seed: int) -> None:
    orders = seeded(seed)
    lines = [line for order in orders for line in order["line_items"]]

    assert {"processing", "pending", "on-hold", "completed", "cancelled", "refunded"} <= {o["status"] for o in orders}
    assert Counter(order["status"] for order in orders)["processing"] > 20
    assert any(order["coupon_lines"] for order in orders)
    assert any(Decimal(fee["total"]) < 0 for order in orders for fee in order["fee_lines"])
    assert any(order["refunds"] and order["status"] == "processing" for order in orders)
    assert any(line["sku"] == "" for line in lines)
    assert any(line["sku"] is None and line["product_id"] == 0 for line in lines)
    assert any("<em>" in line["name"] for line in lines)
    assert any(tax["compound"] for order in orders for tax in order["tax_lines"])
    assert any(not order["tax_lines"] for order in orders)
    assert any("🛎" in order["customer_note"] for order in orders)
    assert len({order["currency"] for order in orders}) > 1
    assert {0} < {order["customer_id"] for order in orders}
    assert any(isinstance(line["price"], float) for line in lines)
    assert any(s["method_id"] == "local_pickup" for order in orders for s in order["shipping_lines"])
    assert any(max(Counter(x["sku"] for x in o["line_items"]).values()) > 1 for o in orders)


@pytest.mark.parametrize("seed", range(5))
def test_every_order_adds_up(seed: int) -> None:
    for order in seeded(seed, orders=80):
        items = order["line_items"] + order["shipping_lines"] + order["fee_lines"]
        total = sum((Decimal(item["total"]) for item in items), Decimal(order["total_tax"]))
        assert total == Decimal(order["total"])


def test_orders_end_now_and_no_order_is_from_the_future() -> None:
    shown = [order["date_modified_gmt"] for order in seeded(5)]

    assert max(shown) <= "2026-11-22T12:00:00"
    assert min(order["date_created_gmt"] for order in seeded(5)) == "2026-11-08T12:00:00"


@pytest.mark.long
def test_two_thousand_plain_orders_take_well_under_two_seconds() -> None:
    shop = WooCommerceShop(QUIET)
    begin = time.process_time()
    seed_plain(shop, orders=2000, lines=3)
    taken = time.process_time() - begin

    orders = list(shop.book.orders.values())
    emails = [order.billing["email"] for order in orders]
    assert taken < 2
    assert (len(orders), len(set(emails))) == (2000, 1000)
    assert all(len(order.lines) == 3 and order.rendered for order in orders)


def test_plain_orders_share_as_few_customers_as_wanted() -> None:
    shop = WooCommerceShop(QUIET)
    seed_plain(shop, orders=20, customers=3)

    assert len({order.billing["email"] for order in shop.book.orders.values()}) == 3
