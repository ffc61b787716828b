"""What the made-up WooCommerce shop sells, who buys there, and every oddity an order can have."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.woocommerce.state import WooCommerceShop

Body = dict[str, Any]

_PRODUCTS: Final[tuple[Body, ...]] = (
    {"name": "Walnut Board 40", "sku": "BOARD-WAL-40", "regular_price": "39.90", "stock_quantity": 600},
    {"name": "Beeswax Balm 100 ml", "sku": "BALM-BW-100", "regular_price": "12.49", "stock_quantity": 2000},
    {"name": "Linen Apron", "sku": "APRON-LIN", "regular_price": "34.95", "sale_price": "27.77", "stock_quantity": 450},
    {"name": "Forged Hook", "sku": "HOOK-FRG", "regular_price": "3.33", "stock_quantity": 9000},
    {"name": "Cherry Stool", "sku": "STOOL-CHE", "regular_price": "149.00", "stock_quantity": 120, "weight": "4.2"},
    {
        "name": "Knots &amp; Joints <em>A Guide</em>",
        "sku": "BOOK-KNOT",
        "regular_price": "8.95",
        "tax_class": "reduced-rate",
        "stock_quantity": 800,
    },
    {"name": "Gift Voucher", "sku": "VOUCHER-25", "regular_price": "25.00", "virtual": True},
    {"name": "Offcut of the Day", "regular_price": "5.00", "stock_quantity": 300},
    {"name": "Brass Lamp (old model)", "sku": "LAMP-OLD", "regular_price": "89.00", "stock_quantity": 90},
)
_VARIABLE: Final[Body] = {"name": "Ash Chair", "sku": "CHAIR-ASH", "type": "variable", "regular_price": "119.00"}
_VARIATIONS: Final[tuple[Body, ...]] = (
    {"option": "Natural", "sku": "CHAIR-ASH-NAT", "regular_price": "119.00", "stock_quantity": 140},
    {"option": "Blue", "sku": "CHAIR-ASH-BLU", "regular_price": "129.00", "stock_quantity": 70},
    {"option": "Unnamed", "sku": "", "regular_price": "99.00", "stock_quantity": 30},
)
RETIRED: Final = "LAMP-OLD"
_BASKET: Final = (
    *(str(p["sku"]) for p in _PRODUCTS if p.get("sku") not in (None, RETIRED)),
    "CHAIR-ASH-NAT",
    "CHAIR-ASH-BLU",
)
_NAMES: Final = (
    ("Mira", "Sommer", "mira.sommer@example.test", "DE", "DE-BE", "Berlin"),
    ("Jörg", "Ñandú", "joerg@example.test", "DE", "DE-BY", "München"),
    ("Ada", "Okafor", "ada.okafor@example.test", "DE", "DE-HH", "Hamburg"),
    ("Noé", "Tremblay", "noe.tremblay@example.test", "CA", "QC", "Montréal"),
    ("Sam", "O'Leary", "sam.oleary@example.test", "US", "CA", "Fresno"),
    ("Ruth", "MacNeil", "ruth.macneil@example.test", "CA", "PE", "Charlottetown"),
    ("Luca", "Frei", "luca.frei@example.test", "CH", "ZH", "Zürich"),
)


@dataclass(frozen=True, slots=True)
class Draw:
    """A source of chance and the shop it is for."""

    shop: WooCommerceShop
    random: random.Random

    def buyer(self, place: str = "") -> Body:
        """Somebody, or somebody from a state."""
        fits = [one for one in _NAMES if place in ("", one[4])]
        first, last, email, country, state, city = self.random.choice(fits)
        postcode = f"{self.random.randrange(10000, 99999)}"
        street = f"{self.random.choice(('Lindenweg', 'Rue Cartier', 'Main Street'))} {self.random.randrange(1, 99)}"
        name = {"first_name": first, "last_name": last, "company": "", "address_1": street, "address_2": ""}
        address = name | {"city": city, "state": state, "postcode": postcode, "country": country}
        registered = _NAMES.index((first, last, email, country, state, city)) + 2 if self.random.random() < 0.5 else 0
        billing = address | {"email": email, "phone": "+49 30 555010"}
        return {"billing": billing, "shipping": address, "customer_id": registered}

    def lines(self) -> list[Body]:
        """One to four products, no SKU twice."""
        skus = self.random.sample(_BASKET, self.random.randrange(1, 5))
        return [{"sku": sku, "quantity": self.random.choice((1, 1, 1, 2, 3, 7))} for sku in skus]

    def body(self, place: str = "") -> Body:
        """An order with nothing odd about it."""
        return self.buyer(place) | {
            "created_via": "checkout",
            "payment_method": "bacs",
            "payment_method_title": "Überweisung",
            "status": "processing",
            "line_items": self.lines(),
            "shipping_lines": [{"method_id": "flat_rate", "method_title": "DHL Paket", "total": "4.90"}],
        }


def stock_shelves(shop: WooCommerceShop) -> None:
    """The made-up products, unless the shop has products."""
    if shop.catalogue.products:
        return
    for given in _PRODUCTS:
        shop.add_product(given)
    chair = shop.add_product(_VARIABLE)
    for given in _VARIATIONS:
        shop.add_variation(chair, given)


def _plain(draw: Draw) -> Body:
    return draw.body("DE-BE")


def _waiting(draw: Draw) -> Body:
    return draw.body() | {"status": "pending"}


def _on_hold(draw: Draw) -> Body:
    return draw.body() | {"status": "on-hold"}


def _percent_coupon(draw: Draw) -> Body:
    return draw.body("DE-BE") | {"coupon_lines": [{"code": "third"}]}


def _fixed_coupon(draw: Draw) -> Body:
    return draw.body() | {"coupon_lines": [{"code": "thanks5"}]}


def _fee(draw: Draw) -> Body:
    return draw.body() | {"fee_lines": [{"name": "Gift wrapping", "total": "2.50"}]}


def _negative_fee(draw: Draw) -> Body:
    line = {"sku": "STOOL-CHE", "quantity": 1}
    fee = {"name": "Loyalty discount", "total": "-2.50", "tax_status": "none"}
    return draw.body("DE-BE") | {"line_items": [line], "fee_lines": [fee]}


def _no_sku(draw: Draw) -> Body:
    found = next(p for p in draw.shop.catalogue.products.values() if p.name == "Offcut of the Day")
    return draw.body() | {"line_items": [*draw.lines(), {"product_id": found.id, "quantity": 2}]}


def _no_product(draw: Draw) -> Body:
    custom = {"product_id": 0, "name": "Engraving „Für Oma“", "quantity": 1, "total": "15.00"}
    return draw.body() | {"line_items": [*draw.lines(), custom]}


def _retired_product(draw: Draw) -> Body:
    return draw.body() | {"line_items": [{"sku": RETIRED, "quantity": 1}, {"sku": "HOOK-FRG", "quantity": 2}]}


def _same_sku_twice(draw: Draw) -> Body:
    return draw.body() | {"line_items": [{"sku": "HOOK-FRG", "quantity": 3}, {"sku": "HOOK-FRG", "quantity": 1}]}


def _parents_sku(draw: Draw) -> Body:
    found = next(p for p in draw.shop.catalogue.products.values() if p.option == "Unnamed")
    line = {"product_id": found.parent_id, "variation_id": found.id, "quantity": 1}
    return draw.body() | {"line_items": [line]}


def _html_name(draw: Draw) -> Body:
    return draw.body("DE-BE") | {"line_items": [{"sku": "BOOK-KNOT", "quantity": 3}]}


def _emoji_note(draw: Draw) -> Body:
    return draw.body() | {"customer_note": "Bitte klingeln 🛎, 谢谢! <b>3. OG</b>"}


def _foreign_currency(draw: Draw) -> Body:
    return draw.body("CA") | {"currency": draw.random.choice(("USD", "GBP", "CHF"))}


def _local_pickup(draw: Draw) -> Body:
    pickup = {"method_id": "local_pickup", "method_title": "Abholung", "total": "0.00"}
    return draw.body("QC") | {"shipping_lines": [pickup]}


def _untaxed_shipping(draw: Draw) -> Body:
    parcel = {"method_id": "flat_rate", "method_title": "Briefpost", "total": "2.90", "tax_status": "none"}
    return draw.body("DE-BE") | {"shipping_lines": [parcel]}


def _two_rates(draw: Draw) -> Body:
    return draw.body("QC")


def _compound_rate(draw: Draw) -> Body:
    return draw.body("PE")


def _no_tax(draw: Draw) -> Body:
    return draw.body("ZH")


def _ugly_price(draw: Draw) -> Body:
    return draw.body("CA") | {"line_items": [{"sku": "HOOK-FRG", "quantity": 7}, {"sku": "APRON-LIN", "quantity": 13}]}


def _many_pieces(draw: Draw) -> Body:
    return draw.body("DE-BE") | {"line_items": [{"sku": "BALM-BW-100", "quantity": 3}]}


def _no_shipping(draw: Draw) -> Body:
    return draw.body() | {"line_items": [{"sku": "VOUCHER-25", "quantity": 1}], "shipping_lines": []}


ODDITIES: Final[tuple[Callable[[Draw], Body], ...]] = (
    _plain,
    _percent_coupon,
    _many_pieces,  # a piece of it is refunded
    _negative_fee,
    _waiting,
    _no_sku,
    _plain,  # cancelled
    _two_rates,
    _html_name,
    _plain,  # completed
    _foreign_currency,
    _same_sku_twice,
    _local_pickup,
    _many_pieces,  # an amount of it is refunded
    _retired_product,
    _fixed_coupon,
    _compound_rate,
    _on_hold,
    _emoji_note,
    _plain,  # refunded as a whole
    _ugly_price,
    _no_tax,
    _fee,
    _no_product,
    _parents_sku,
    _untaxed_shipping,
    _no_shipping,
    _plain,
)
REFUNDED_LINE, CANCELLED, COMPLETED, REFUNDED_AMOUNT, REFUNDED_WHOLLY = 2, 6, 9, 13, 19
