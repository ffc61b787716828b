"""Made-up but reproducible Katana accounts: stock to sell, customers, and orders that people took themselves."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from sandbox.katana.numbers import stamp
from sandbox.katana.state import KatanaAccount
from sandbox.katana.table import Row

_PRODUCTS: Final[tuple[tuple[str, str, float, dict[str, Any]], ...]] = (
    ("Oak Table 120", "TBL-120", 119.0, {"is_producible": True}),
    ("Hard-wax Oil 1 l", "OIL-1", 21.49, {"batch_tracked": True}),
    ("Forged Hook", "HOOK-FRG", 3.33, {}),
    ("Cherry Stool", "STOOL-CHE", 149.0, {"is_producible": True}),
    ("Linen Apron", "APRON-LIN", 44.9, {}),
    ("Beeswax Balm 100 g", "BALM-BW-100", 9.95, {"batch_tracked": True}),
)
_NAMES: Final = (
    ("Mira", "Sommer", "mira.sommer@example.test"),
    ("Jörg", "Ñandú", "joerg@example.test"),
    ("Ada", "Okafor", "ada.okafor@example.test"),
    ("Sam", "O'Leary", "sam.oleary@example.test"),
)


def random_order(account: KatanaAccount, given: Mapping[str, Any] | None = None) -> Row:
    """One more order of the usual kind, with whatever is given in place of chance."""
    chance = random.Random(account.next_id())
    return account.orders.create(_body(account, chance) | dict(given or {}))


def seed_katana(account: KatanaAccount, *, orders: int, seed: int) -> None:
    """Fill an account with items, customers and orders of the last two weeks: open, packed, delivered, invoiced."""
    chance = random.Random(seed)
    start, step = account.now() - timedelta(days=14), timedelta(days=14) / max(orders, 1)
    with account.at(start):
        _seed_items(account)
    for index in range(orders):
        with account.at(start + step * index):
            order = account.orders.create(_body(account, chance))
            _go_on(account, order, index % 10)


def _seed_items(account: KatanaAccount) -> None:
    """Items, stock, batches and customers; once."""
    if list(account.variants.table.view()):
        return
    for name, sku, price, more in _PRODUCTS:
        variant = account.add_product(sku, name=name, price=price, **more)
        if more.get("batch_tracked"):
            for age, pieces in ((60, 40), (20, 10_000)):
                made = stamp(account.moment() - timedelta(days=age))
                account.add_batch(variant["id"], f"{sku}-{age}", pieces, batch_created_date=made)
        else:
            account.adjustments.create(
                {
                    "location_id": account.place(None),
                    "stock_adjustment_rows": [{"variant_id": variant["id"], "quantity": 10_000}],
                }
            )
    account.services.create({"name": "Shipping", "variants": [{"sku": "SHIPPING"}]})
    for first, last, email in _NAMES:
        address = {"first_name": first, "last_name": last, "line_1": "Main Street 1", "city": "Köln", "country": "DE"}
        account.customers.create(
            {
                "name": f"{first} {last}",
                "first_name": first,
                "last_name": last,
                "email": email,
                "addresses": [{"entity_type": kind} | address for kind in ("billing", "shipping")],
            }
        )


def _body(account: KatanaAccount, chance: random.Random) -> dict[str, Any]:
    """An order with nothing odd about it."""
    _seed_items(account)
    variants = sorted((one for one in account.variants.table.view() if one["sales_price"]), key=lambda one: one["id"])
    customers = sorted(account.customers.table.view(), key=lambda one: one["id"])
    return {
        "customer_id": chance.choice(customers)["id"],
        "sales_order_rows": [
            {"variant_id": one["id"], "quantity": chance.choice((1, 1, 2, 3, 7)), "price_per_unit": one["sales_price"]}
            for one in chance.sample(variants, chance.randrange(1, min(4, len(variants)) + 1))
        ],
    }


def _go_on(account: KatanaAccount, order: Row, turn: int) -> None:
    """What became of an order: most are open."""
    fulfillments, rows = account.fulfillments, account.rows.table.of(order["id"])
    match turn:
        case 4:
            fulfillments.take_rest(order["id"], "PACKED")
        case 5 | 6:
            fulfillments.take_rest(order["id"], "DELIVERED")
        case 7:
            fulfillments.take_rest(order["id"], "DELIVERED")
            account.orders.invoice(order["id"])
        case 8:
            fulfillments.take_rest(order["id"], "DELIVERED", {rows[0]["id"]: 1})
        case 9:
            account.orders.delete(account.orders.table.find(order["id"]))
