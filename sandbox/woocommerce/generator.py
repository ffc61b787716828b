"""Made-up but reproducible WooCommerce shops: every oddity once for demo and tests, or many plain orders at speed."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.woocommerce.generator_orders import (
    CANCELLED,
    COMPLETED,
    ODDITIES,
    REFUNDED_AMOUNT,
    REFUNDED_LINE,
    REFUNDED_WHOLLY,
    RETIRED,
    Body,
    Draw,
    stock_shelves,
)
from sandbox.woocommerce.model import Order
from sandbox.woocommerce.state import WooCommerceShop

_STATUSES = ("pending", "on-hold", "completed", "cancelled", "failed")


def random_order(shop: WooCommerceShop, given: Mapping[str, Any] | None = None) -> Order:
    """One more order of the shop's usual kind, with whatever is given in place of chance."""
    with shop.lock:
        stock_shelves(shop)
        draw = Draw(shop, random.Random(len(shop.book.orders)))
        return shop.place_order(draw.body() | dict(given or {}))


def seed_shop(shop: WooCommerceShop, *, orders: int, seed: int) -> None:
    """Fill a shop with varied orders of the last two weeks; every oddity appears within the first forty."""
    draw = Draw(shop, random.Random(seed))
    step = timedelta(days=14) / max(orders, 1)
    start = shop.now() - timedelta(days=14)
    with shop.at(start):
        stock_shelves(shop)
    for index in range(orders):
        with shop.at(start + step * index):
            order = shop.place_order(_odd_body(draw, index))
        with shop.at(min(start + step * (index + 1), shop.now())):
            _afterwards(draw, order, index)
    if shop.catalogue.by_sku(RETIRED):
        shop.delete_product(RETIRED)


def seed_plain(
    shop: WooCommerceShop,
    *,
    orders: int,
    lines: int = 3,
    seed: int = 1,
    customers: int | None = None,
    first_buyer: int = 0,
) -> None:
    """Fill a shop with plain orders, fast, three in a second; by default every second buyer is a new one."""
    chance = random.Random(seed)
    skus = [f"PLAIN-{number:03}" for number in range(1, 101)]
    for number, sku in enumerate(skus, 1):
        if not shop.catalogue.by_sku(sku):
            price = f"{number}.{number % 90 + 10}"
            shop.add_product({"name": f"Plain {number}", "sku": sku, "regular_price": price, "stock_quantity": 10_000})
    buyers = customers or max(1, orders // 2)
    start = shop.now() - timedelta(seconds=orders // 3 + 1)
    for index in range(orders):
        basket = [{"sku": sku, "quantity": 1 + index % 3} for sku in chance.sample(skus, lines)]
        with shop.at(start + timedelta(seconds=index // 3)):
            order = shop.place_order(_plain_body(first_buyer + index // 2 % buyers) | {"line_items": basket})
            shop.order_body(order, 6)


def _plain_body(buyer: int) -> Body:
    address = {
        "first_name": f"Buyer {buyer}",
        "last_name": "Example",
        "address_1": f"Plain Street {buyer % 200}",
        "city": "Berlin",
        "postcode": "10115",
        "country": "DE",
    }
    return {
        "status": "processing",
        "billing": address | {"email": f"buyer{buyer}@example.test"},
        "shipping": address,
        "shipping_lines": [{"method_id": "flat_rate", "method_title": "Parcel", "total": "4.90"}],
    }


def _odd_body(draw: Draw, index: int) -> Body:
    body = ODDITIES[index % len(ODDITIES)](draw)
    # The first round shows every oddity in an order that imports; later ones have other statuses too.
    if index >= len(ODDITIES) and draw.random.random() < 0.25:
        body["status"] = draw.random.choice(_STATUSES)
    return body


def _afterwards(draw: Draw, order: Order, index: int) -> None:
    """What happens to some orders a while later."""
    shop, after = draw.shop, index % len(ODDITIES)
    if after == REFUNDED_LINE:
        shop.refund_order(order.id, {"pieces": {order.lines[0].id: 1}, "reason": "Damaged"})
    elif after == REFUNDED_AMOUNT:
        shop.refund_order(order.id, {"amount": "3.50", "reason": "Goodwill"})
    elif after == REFUNDED_WHOLLY:
        shop.refund_order(order.id)
    elif after == CANCELLED:
        shop.edit_order(order.id, {"status": "cancelled"})
    elif after == COMPLETED:
        shop.edit_order(order.id, {"status": "completed"})
