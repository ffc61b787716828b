"""Made-up but reproducible Shopify shops: every oddity once for demo and tests, or many plain orders at speed."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.shopify.model import Json, Order, gid
from sandbox.shopify.state import ShopifyShop

_PRODUCTS: Final = (
    ("Walnut Board 40", "BOARD-WAL-40", "39.90"),
    ("Beeswax Balm 100 ml", "BALM-BW-100", "12.49"),
    ("Linen Apron", "APRON-LIN", "27.77"),
    ("Forged Hook", "HOOK-FRG", "3.33"),
    ("Cherry Stool", "STOOL-CHE", "149.00"),
    ("Ash Chair - Natural", "CHAIR-ASH-NAT", "119.00"),
    ("Ash Chair - Blue", "CHAIR-ASH-BLU", "129.00"),
)
_BUYERS: Final = (
    (7001, "Mira", "Sommer", "mira.sommer@example.test", "DE", "Berlin"),
    (7002, "Jörg", "Ñandú", "joerg@example.test", "DE", "München"),
    (7003, "Noé", "Tremblay", "noe.tremblay@example.test", "CA", "Montréal"),
    (7004, "Sam", "O'Leary", "sam.oleary@example.test", "US", "Fresno"),
)
_VAT: Final = ("0.19",)
# What an order never has, and a catalogue may: a bundle, an item nobody counts, a SKU twice, one with spaces, none.
_ODD_VARIANTS: Final[tuple[Json, ...]] = (
    {"sku": "GIFT-SET", "name": "Gift set", "is_bundle": True},
    {"sku": "VOUCHER", "name": "Voucher", "is_tracked": False},
    {"sku": "HOOK-FRG", "name": "Forged Hook (outlet)"},
    {"sku": " STOOL-OAK ", "name": "Oak Stool"},
    {"sku": None, "name": "Sample"},
)


@dataclass(frozen=True, slots=True)
class Draw:
    """A source of chance."""

    random: random.Random

    def line(self, place: int | None = None, **changes: Any) -> Json:
        """A product, in one or several pieces."""
        number = self.random.randrange(len(_PRODUCTS)) if place is None else place
        name, sku, price = _PRODUCTS[number]
        one = {"name": name, "sku": sku, "price": price, "variant": 300 + number, "product": 900 + number}
        return {**one, "quantity": self.random.choice((1, 1, 2, 3, 7)), "taxes": _VAT, **changes}

    def body(self, **changes: Any) -> Json:
        """An order with nothing odd about it."""
        number, first, last, email, country, city = self.random.choice(_BUYERS)
        address = {"firstName": first, "lastName": last, "address1": "Lindenweg 7", "city": city, "zip": "10115"}
        address |= {"countryCodeV2": country, "phone": "+49 30 555010"}
        places = self.random.sample(range(len(_PRODUCTS)), self.random.randrange(1, 4))
        customer = {"id": gid("Customer", number), "displayName": f"{first} {last}"}
        body = {
            "email": email,
            "customer": customer | {"defaultEmailAddress": {"emailAddress": email}},
            "billing": address,
            "shipping_address": address,
            "lines": [self.line(place) for place in places],
            "shipping": [{"title": "DHL Paket", "price": "4.90", "taxes": _VAT}],
        }
        return body | changes


def random_order(shop: ShopifyShop, given: Mapping[str, Any] | None = None) -> Order:
    """One more order of the shop's usual kind, with whatever is given in place of chance."""
    with shop.lock:
        return shop.place_order(Draw(random.Random(len(shop.orders))).body() | dict(given or {}))


def seed_catalogue(shop: ShopifyShop) -> None:
    """The variants that made-up orders are for, stocked at both locations, and some odd ones."""
    for number, (name, sku, _) in enumerate(_PRODUCTS):
        shop.stock.add(sku, id=300 + number, product=900 + number, name=name, levels={"101": 5000, "102": 400})
    for given in _ODD_VARIANTS:
        shop.stock.add(**given)


def seed_shopify(shop: ShopifyShop, *, orders: int, seed: int) -> None:
    """Fill a shop with varied orders of the last thirteen days; every oddity appears within the first forty."""
    if orders:
        seed_catalogue(shop)
    draw = Draw(random.Random(seed))
    step = timedelta(days=13) / max(orders, 1)
    start = shop.now() - timedelta(days=13)
    for index in range(orders):
        kind = index % len(_ODDITIES)
        with shop.at(start + step * index):
            order = shop.place_order(_ODDITIES[kind](draw))
        if kind in _AFTERWARDS:
            with shop.at(min(start + step * (index + 1), shop.now())):
                _AFTERWARDS[kind](shop, order)


def seed_shopify_plain(shop: ShopifyShop, *, orders: int, lines: int = 3, seed: int = 1, first_buyer: int = 0) -> None:
    """Fill a shop with plain orders, fast, three in a second; every second buyer is a new one."""
    chance = random.Random(seed)
    products = [(f"PLAIN-{number:03}", f"{number}.{number % 90 + 10}") for number in range(1, 101)]
    start = shop.now() - timedelta(seconds=orders // 3 + 1)
    for index in range(orders):
        basket = [
            {"sku": sku, "name": sku, "price": price, "quantity": 1 + index % 3, "taxes": _VAT}
            for sku, price in chance.sample(products, lines)
        ]
        with shop.at(start + timedelta(seconds=index // 3)):
            shop.order_json(shop.place_order(_plain_body(first_buyer + index // 2) | {"lines": basket}))


def _plain_body(buyer: int) -> Json:
    address = {"firstName": f"Buyer {buyer}", "lastName": "Example", "city": "Berlin", "countryCodeV2": "DE"}
    return {
        "email": f"buyer{buyer}@example.test",
        "billing": address,
        "shipping_address": address,
        "shipping": [{"title": "Parcel", "price": "4.90", "taxes": _VAT}],
    }


# -- every oddity ------------------------------------------------------------------------------------------------


def _custom(draw: Draw, **changes: Any) -> Json:
    line = {"name": "Engraving „Für Oma“", "price": "15.00", "is_custom": True, "is_physical": False, "taxes": _VAT}
    return draw.body(lines=[draw.line(), {**line, **changes}])


def _guest(draw: Draw) -> Json:
    return draw.body(customer=None, billing=None, shipping_address=None, shipping=[])


def _yen(draw: Draw) -> Json:
    lines = [draw.line(price="1833", taxes=["0.1"], discounts=["333"])]
    return draw.body(currency="JPY", rate="0.006123", lines=lines, shipping=[{"price": "550", "taxes": ["0.1"]}])


def _dinar(draw: Draw) -> Json:
    lines = [draw.line(price="12.345", quantity=3, taxes=["0.05"])]
    return draw.body(currency="KWD", rate="2.9876", taxes_included=True, lines=lines, shipping=[])


def _long(draw: Draw) -> Json:
    return draw.body(lines=[draw.line(number % len(_PRODUCTS), quantity=1) for number in range(45)])


def _two_places(draw: Draw) -> Json:
    return draw.body(lines=[draw.line(0), draw.line(1, location="102")])


_GROSS: Final = {"taxes_included": True}
_ODDITIES: Final[tuple[Callable[[Draw], Json], ...]] = (
    lambda draw: draw.body(),
    lambda draw: draw.body(**_GROSS),
    lambda draw: draw.body(lines=[draw.line(2, quantity=3, discounts=["5.00", "3.33"]), draw.line(3)]),
    lambda draw: draw.body(lines=[draw.line(4, quantity=3, discounts=["44.70"])], **_GROSS),  # two removed
    lambda draw: draw.body(financial="PENDING"),
    lambda draw: draw.body(is_held=True),
    lambda draw: draw.body(lines=[draw.line(1, quantity=3), draw.line(0, quantity=2)]),  # a part is sent
    _custom,
    lambda draw: _custom(draw, is_physical=True, name="Offcut"),
    lambda draw: draw.body(currency="USD", rate="0.91", lines=[draw.line(taxes=["0.0725", "0.01"])]),
    _yen,
    _dinar,
    lambda draw: draw.body(lines=[draw.line(3, quantity=7, discounts=["1.11"]), draw.line(5)]),  # one removed
    _guest,
    _long,
    lambda draw: draw.body(tip="4.00", lines=[draw.line(), {"name": "Tip", "price": "4.00", "is_tip": True}]),
    lambda draw: draw.body(fees=[{"name": "Gift wrapping", "price": "2.50", "taxes": _VAT}], duties="7.35"),
    lambda draw: draw.body(
        lines=[draw.line(sku=None, taxes=["0.05", "0.09975"])], po_number="PO-77", note="Klingeln 🛎"
    ),
    lambda draw: draw.body(lines=[{"name": "Gift card", "price": "25.00", "is_gift_card": True, "is_physical": False}]),
    lambda draw: draw.body(),  # cancelled
    lambda draw: draw.body(),  # sent as a whole, then archived
    lambda draw: draw.body(),  # an amount is given back
    lambda draw: draw.body(lines=[draw.line(6, discounts=["129.00"], quantity=1)], shipping=[]),  # for nothing
    _two_places,
    lambda draw: draw.body(lines=[draw.line(0, quantity=2)]),  # sent, one piece returned
    lambda draw: draw.body(financial="AUTHORIZED"),
    lambda draw: draw.body(delivery="PICK_UP", shipping=[]),
    _two_places,  # one of them is on hold
    lambda draw: draw.body(source="pos", delivery="RETAIL", shipping=[], lines=[draw.line(quantity=2)]),  # half is sent
)


def _sent_and_archived(shop: ShopifyShop, order: Order) -> None:
    shop.fulfill(order.id, number="JD014", company="DHL", url="https://track.example/JD014")
    shop.archive(order.id)


def _sent_and_returned(shop: ShopifyShop, order: Order) -> None:
    shop.fulfill(order.id)
    shop.take_back(order.id, {order.lines[0].id: 1})


_AFTERWARDS: Final[dict[int, Callable[[ShopifyShop, Order], object]]] = {
    3: lambda shop, order: shop.refund(order.id, pieces={order.lines[0].id: 2}),
    6: lambda shop, order: shop.fulfill(order.id, {order.lines[0].id: 1}),
    12: lambda shop, order: shop.refund(order.id, pieces={order.lines[0].id: 1}),
    19: lambda shop, order: shop.cancel(order.id),
    20: _sent_and_archived,
    21: lambda shop, order: shop.refund(order.id, amount="3.50"),
    24: _sent_and_returned,
    27: lambda shop, order: shop.hold(order.id, "102"),
    28: lambda shop, order: shop.fulfill(order.id, {order.lines[0].id: 1}),
}
