"""Shops of every platform, as far as stock goes: the same words for what a merchant does with the items of each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.postgres import stores
from sandbox import RunningSandbox
from sandbox.faults import Said
from tasks.held import Process
from tasks.stores import NewStore, connect_store

PLATFORMS: Final = ("bigcommerce", "shopify", "woocommerce")
PRIMARY: Final = "101"  # the location of Shopify's stand-in that tells are for

_STOCK_CALLS: Final = {"bigcommerce": "PUT", "shopify": "graphql", "woocommerce": "/batch"}
_NAMELESS: Final = {
    "bigcommerce": Said(422, json.dumps({"status": 422, "title": "The request could not be processed"})),
    "shopify": Said(
        200,
        json.dumps(
            {"data": {"inventorySetQuantities": {"userErrors": [{"code": "X", "field": None, "message": "no"}]}}}
        ),
    ),
    "woocommerce": Said(400, json.dumps({"code": "rest_invalid_param", "message": "no", "data": {"status": 400}})),
}


@dataclass(frozen=True)
class Shelf:
    """The items of one sandbox."""

    platform: str
    sandbox: RunningSandbox[Any]

    @property
    def shop(self) -> Any:
        """The sandbox's shop."""
        return self.sandbox.shop

    def offer(self, sku: str, pieces: int = 0) -> None:
        """A new item whose pieces are counted."""
        match self.platform:
            case "bigcommerce":
                self.shop.add_product({"name": sku, "sku": sku, "tracking": "product", "stock": pieces})
            case "shopify":
                self.shop.stock.add(sku, levels={PRIMARY: pieces})
            case _:
                given = {"name": sku, "sku": sku, "stock_quantity": pieces}
                self.shop.add_product(given, is_sku_free=True)

    def shown(self, sku: str) -> list[int | None]:
        """What every item with a SKU shows."""
        return list(self.shop.stock_of(sku).values())

    def count(self, sku: str, pieces: int) -> None:
        """The merchant counts anew."""
        if self.platform == "shopify":
            for variant in self._variants(sku):
                self.shop.stock.put(variant, PRIMARY, pieces)
        else:
            self.shop.set_stock(sku, pieces)

    def rename(self, sku: str, new: str) -> None:
        """The merchant gives every item with a SKU another one."""
        match self.platform:
            case "bigcommerce":
                for name in self.shop.stock_of(sku):
                    self.shop.edit_item(name, {"sku": new})
            case "shopify":
                for variant in self._variants(sku):
                    self.shop.stock.change(variant, sku=new)
            case _:
                self.shop.change_product(sku, {"sku": new})

    def stop_counting(self, sku: str) -> None:
        """From now on the shop refuses what it is told of the item, by name or by not doing it."""
        match self.platform:
            case "bigcommerce":
                self.shop.edit_item(next(iter(self.shop.stock_of(sku))), {"tracking": "none"})
            case "shopify":
                for variant in self._variants(sku):
                    self.shop.stock.change(variant, is_bundle=True)
            case _:
                self.shop.set_tracking(sku, on=False)

    def delete(self, sku: str) -> None:
        """The item is gone."""
        match self.platform:
            case "bigcommerce":
                self.shop.edit_item(next(iter(self.shop.stock_of(sku))), {"delete": True})
            case "shopify":
                for variant in self._variants(sku):
                    self.shop.stock.delete(variant)
            case _:
                self.shop.delete_product(sku)

    def fail_next(self, times: int, fault: str) -> None:
        """The next calls that tell stock fail."""
        self.sandbox.faults.fail_next(times, fault, only=_STOCK_CALLS[self.platform])

    def refuse_next(self, times: int) -> None:
        """The next calls that tell stock are refused whole, and nobody is named."""
        self.sandbox.faults.answer_next(times, _NAMELESS[self.platform], only=_STOCK_CALLS[self.platform])

    def answer_next(self, times: int, status: int) -> None:
        """The next calls that tell stock are answered with a status, as something before the shop does."""
        self.sandbox.faults.answer_next(times, Said(status, "{}"), only=_STOCK_CALLS[self.platform])

    def calls(self) -> int:
        """How often the shop was told stock and answered by itself."""
        match self.platform:
            case "bigcommerce":
                return int(self.shop.calls["PUT /v3/inventory/adjustments/absolute"])
            case "shopify":
                return int(self.shop.asked["inventorySetQuantities"])
            case _:
                return sum(n for call, n in self.shop.calls.items() if call.startswith("POST") and "batch" in call)

    def _variants(self, sku: str) -> list[int]:
        return [one.id for one in list(self.shop.stock.variants.values()) if one.sku == sku]


def connect_shelf(held: Process, shelf: Shelf, settings: Mapping[str, Any]) -> int:
    """Connect a shop as a store named after its platform: its id."""
    sandbox, name = shelf.sandbox, shelf.platform
    connect_store(held, NewStore(name, name, sandbox.url, sandbox.credentials, settings, allow_insecure=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, name)
    assert row is not None
    return int(row.id)
