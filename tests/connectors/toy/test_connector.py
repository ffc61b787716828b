"""A platform that nobody knew before passes the suite of all: what it takes is its own folder and one line."""

import json
from typing import Any

from tests.connectors.store_contract import PlatformCase, StoreContract
from tests.connectors.toy.listed import toy
from tests.connectors.toy.sandbox import ToyShop

__all__ = ["toy"]


def place(shop: ToyShop, **changes: Any) -> str:
    return shop.place_order([{"sku": "TOY-1", "name": "Toy", "pieces": 3, "price": 5}], **changes)


class TestToy(StoreContract):
    """Every store's suite."""

    case = PlatformCase(
        platform="toy",
        place_open=place,
        place_closed=lambda shop: place(shop, status="sent"),
        place_broken=lambda shop: place(shop, currency="???"),
        edit=lambda shop, order: shop.edit_order(order, note=f"{shop.orders[int(order)].get('note')}!", status="open"),
        complete=lambda shop, order: shop.edit_order(order, status="sent"),
        add_item=lambda shop, sku, pieces: shop.add_item(sku, pieces),
        sent_answer=lambda shop, order: json.dumps(shop.orders[int(order)]),
        rename_item=lambda shop, item, sku: shop.items[int(item)].update(sku=sku),
        stock_call="/stock",
    )
