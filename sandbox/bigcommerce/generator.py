"""Made-up but reproducible BigCommerce shops: every oddity once for demo and tests, or many plain orders at speed."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sandbox.bigcommerce.model import BigOrder
from sandbox.bigcommerce.state import BigCommerceShop

Body = dict[str, Any]

_PRODUCTS: Final = (
    ("Oak Table 120", "TBL-120", "119.00"),
    ("Hard-wax Oil 1 l", "OIL-1", "21.49"),
    ("Forged Hook", "HOOK-FRG", "3.33"),
    ("Cherry Stool", "STOOL-CHE", "149.00"),
    ("Linen Apron", "APRON-LIN", "44.90"),
    ("Beeswax Balm 100 g", "BALM-BW-100", "9.95"),
)
_NAMES: Final = (
    ("Mira", "Sommer", "mira.sommer@example.test"),
    ("Jörg", "Ñandú", "joerg@example.test"),
    ("Ada", "Okafor", "ada.okafor@example.test"),
    ("Sam", "O'Leary", "sam.oleary@example.test"),
)


def _basket(chance: random.Random) -> list[Body]:
    """One to four products, no SKU twice."""
    chosen = chance.sample(range(len(_PRODUCTS)), chance.randrange(1, 5))
    return [_product(place, chance.choice((1, 1, 2, 3, 7))) for place in chosen]


def _product(place: int, quantity: int = 1, **more: Any) -> Body:
    name, sku, price = _PRODUCTS[place]
    line = {"name": name, "sku": sku, "price": price, "quantity": quantity}
    return line | {"product_id": 200 + place, "variant_id": 400 + place} | more


def _body(chance: random.Random) -> Body:
    """An order with nothing odd about it."""
    first, last, email = chance.choice(_NAMES)
    address = {
        "first_name": first,
        "last_name": last,
        "email": email,
        "street_1": f"Main Street {chance.randrange(99)}",
    }
    customer = next(place for place, one in enumerate(_NAMES, 20) if one[2] == email)
    return {
        "billing_address": address,
        "shipping_addresses": [address],
        "customer_id": customer,
        "products": _basket(chance),
        "shipping_cost": "4.90",
    }


def _with(**more: Any) -> Callable[[random.Random], Body]:
    return lambda chance: _body(chance) | more


def _certificate() -> Body:
    return {"name": "$25 Gift Certificate", "type": "giftcertificate", "price": "25.00", "tax_rate": "0"}


ODDITIES: Final[tuple[Callable[[random.Random], Body], ...]] = (
    _body,
    _with(is_tax_inclusive_pricing=True),
    _with(discount_amount="10.00", products=[_product(0), _product(1, 3)]),
    _with(coupons=[{"code": "S2549JM0Y", "discount": "5.00"}], products=[_product(3), _product(2, 7)]),
    _with(  # both discounts, with the tax in the price
        coupons=[{"code": "SPRING", "discount": "5.00"}],
        discount_amount="7.77",
        is_tax_inclusive_pricing=True,
        products=[_product(0), _product(4, 2), _product(5, 3)],
    ),
    _with(products=[_product(1, 3, promotion="21.49")]),  # buy two, get one
    _with(discount_amount="3.00", is_discount_reported=False, products=[_product(0), _product(3)]),
    _with(fees=[{"display_name_customer": "Package Protection", "cost": "8.50"}], handling_cost="2.50"),
    _with(products=[_product(4, 1, wrapping="3.00"), _product(2, 2)], is_tax_inclusive_pricing=True),
    _with(products=[_product(0), {"name": "Engraving", "price": "15.00"}]),  # a custom item
    _with(products=[{"name": "Engraving", "sku": "ENGRAVE", "price": "15.00", "quantity": 2}]),  # nothing else
    _with(shipping_addresses=[{"first_name": "Noé", "city": "Hamburg"}, {"first_name": "Ruth", "city": "Köln"}]),
    _with(currency="USD", exchange_rate="1.0825"),
    _with(customer_id=0),  # a guest
    _with(status_id=7, payment_status="pending"),
    _with(status_id=10),
    _with(status_id=5, payment_status="void"),
    _with(store_credit_amount="10.00", gift_certificate_amount="5.00"),
    _with(products=[_product(0), _certificate()]),
    _with(products=[_product(2, 700), _product(5, 13)], tax_rate="8.25"),
    _with(products=[_product(place, 3) for place in range(6)], discount_amount="0.10", tax_rate="7.7"),
    _with(tax_rate="0"),
    _with(products=[_product(0, 2), _product(1, 3)]),  # a piece of it is refunded
    _with(staff_notes="Fragile", customer_message="Bitte klingeln 🛎, 谢谢!"),
    _with(products=[_product(0), _product(1)], discount_amount="140.49"),  # everything but the parcel is free
    _with(products=[{"name": "Plans (PDF)", "sku": "PDF", "product_id": 290, "type": "digital", "price": "12.00"}]),
)
REFUNDED: Final = 22


def random_order(shop: BigCommerceShop, given: Mapping[str, Any] | None = None) -> BigOrder:
    """One more order of the shop's usual kind, with whatever is given in place of chance."""
    return shop.place_order(_body(random.Random(len(shop.orders))) | dict(given or {}))


def seed_bigcommerce(shop: BigCommerceShop, *, orders: int, seed: int) -> None:
    """Fill a shop with varied orders of the last two weeks; every oddity appears within the first thirty."""
    chance = random.Random(seed)
    for place, (name, sku, _) in enumerate(_PRODUCTS[: len(_PRODUCTS) if orders else 0]):
        shop.add_product({"id": 200 + place, "variant": 400 + place, "name": name, "sku": sku, "stock": 10_000})
    start, step = shop.now() - timedelta(days=14), timedelta(days=14) / max(orders, 1)
    for index in range(orders):
        with shop.at(start + step * index):
            order = shop.place_order(ODDITIES[index % len(ODDITIES)](chance))
            if index % len(ODDITIES) == REFUNDED:
                shop.refund_order(order.id, {order.products[1]["id"]: 1})
                shop.edit_order(order.id, {"status_id": 11})  # the merchant goes on with the rest


def seed_plain_bigcommerce(
    shop: BigCommerceShop, *, orders: int, lines: int = 3, seed: int = 1, first_buyer: int = 0
) -> None:
    """Fill a shop with plain orders, fast, three in a second; every second buyer is a new one."""
    chance = random.Random(seed)
    start = shop.now() - timedelta(seconds=orders // 3 + 1)
    for index in range(orders):
        basket = [
            {
                "sku": f"PLAIN-{place:03}",
                "name": f"Plain {place}",
                "product_id": place,
                "price": f"{place}.{place % 90 + 10}",
            }
            for place in chance.sample(range(1, 101), lines)
        ]
        buyer = {
            "first_name": f"Buyer {first_buyer + index // 2}",
            "last_name": "Example",
            "email": f"buyer{first_buyer + index // 2}@example.test",
        }
        with shop.at(start + timedelta(seconds=index // 3)):
            given = {
                "billing_address": buyer,
                "products": basket,
                "shipping_cost": "4.90",
                "customer_id": index // 2 + 1,
            }
            shop.body(shop.place_order(given), with_parts=True)
