"""The stand-in's products: look-up by id and SKU, what a write changes, and where stock is kept."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.woocommerce.errors import Refusal, invalid_params
from sandbox.woocommerce.model import Product

Announce = Callable[[str, int], None]

_TEXTS = {
    "name": "name",
    "regular_price": "regular_price",
    "sale_price": "sale_price",
    "tax_class": "tax_class",
    "status": "status",
    "stock_status": "stock_status",
    "backorders": "backorders",
    "weight": "weight",
}


def php_integer(value: Any) -> int:
    """PHP's idea of a whole number: "7.5" is 7 and "abc" is 0."""
    found = re.match(r"\s*[-+]?\d+", str(value))
    return int(found.group()) if found else 0


def check_integer(name: str, value: Any) -> None:
    """What a single write asks of a whole number. Raises Refusal."""
    if not re.fullmatch(r"[-+]?\d+(\.0+)?", str(value)) or isinstance(value, bool):
        raise invalid_params({name: ("rest_invalid_type", f"{name} is not of type integer.")})


class Catalogue:
    """Products and variations of one shop. The caller holds the shop's lock."""

    def __init__(self, *, ids: Iterator[int], now: Callable[[], datetime], announce: Announce) -> None:
        self.products: dict[int, Product] = {}
        self.edition: int = 0  # counts what makes lines of older orders read differently
        self._by_sku: dict[str, list[int]] = {}
        self._ids = ids
        self._now = now
        self._announce = announce

    def create(self, given: Mapping[str, Any], *, parent_id: int = 0, is_sku_free: bool = False) -> Product:
        """Add a product or, under a parent, a variation. `is_sku_free`: as a plugin that allows doubles does."""
        sku = str(given.get("sku", ""))
        if not is_sku_free:
            self._check_sku(sku, 0)
        now = self._now()
        kind = "variation" if parent_id else str(given.get("type", "simple"))
        product = Product(next(self._ids), str(given.get("name", "")), sku, now, now, parent_id, kind)
        product.manage_stock = False
        self.products[product.id] = product
        self._index(product)
        self._set(product, given)
        self._announce("product.created", product.id)
        self._save_parent(product)
        return product

    def update(self, product: Product, given: Mapping[str, Any]) -> None:
        """Change what is given; the date moves even when nothing does, and product.updated goes out."""
        if "sku" in given and str(given["sku"]) != product.sku:
            self._check_sku(str(given["sku"]), product.id)
            self._drop_index(product)
            product.sku = str(given["sku"])
            self._index(product)
            self.edition += 1
        self._set(product, given)
        self.touch(product)

    def delete(self, product: Product) -> None:
        """Remove a product with its variations; lines of older orders lose their product."""
        for gone in [*self.variations(product.id), product]:
            self._drop_index(gone)
            del self.products[gone.id]
        self.edition += 1
        self._announce("product.deleted", product.id)
        self._save_parent(product)

    def move_stock(self, product: Product, by: int) -> bool:
        """Add to or take from wherever the product's stock is kept; False where none is. Below zero is allowed."""
        owner = self.stock_owner(product)
        if owner is None:
            return False
        owner.stock_quantity = (owner.stock_quantity or 0) + by
        self.touch(owner)
        return True

    def touch(self, product: Product) -> None:
        """The product was saved."""
        product.modified = self._now()
        self._save_parent(product)
        self._announce("product.updated", product.id)

    def _save_parent(self, product: Product) -> None:
        """Whoever saves or deletes a variation saves its product, of which no webhook tells."""
        parent = self.products.get(product.parent_id)
        if parent is not None:
            parent.modified = self._now()

    def by_sku(self, sku: str) -> list[Product]:
        """Products and variations with exactly this SKU, whatever its case."""
        return [self.products[i] for i in self._by_sku.get(sku.lower(), ())]

    def variations(self, parent_id: int) -> list[Product]:
        """A product's variations, newest first."""
        parent = self.products.get(parent_id)
        if parent is None or parent.kind != "variable":
            return []
        found = [product for product in self.products.values() if product.parent_id == parent_id]
        return sorted(found, key=lambda product: -product.id)

    def sku_of(self, product: Product) -> str:
        """The SKU an order line shows: a variation without one shows its parent's."""
        return product.sku or (self.products[product.parent_id].sku if product.parent_id else "")

    def stock_owner(self, product: Product) -> Product | None:
        """Whose number counts: the product's own, its parent's, or nobody's."""
        parent = self.products.get(product.parent_id)
        if product.manage_stock:
            return product
        return parent if parent is not None and parent.manage_stock else None

    def manage_stock(self, product: Product) -> bool | str:
        """True, False, or "parent" on a variation whose parent keeps the stock."""
        owner = self.stock_owner(product)
        return True if owner is product else "parent" if owner else False

    def stock_status(self, product: Product) -> str:
        """In stock, out of stock, on back order; by hand where no stock is kept."""
        owner = self.stock_owner(product)
        if owner is None:
            return product.stock_status
        if (owner.stock_quantity or 0) > 0:
            return "instock"
        return "outofstock" if owner.backorders == "no" else "onbackorder"

    def _set(self, product: Product, given: Mapping[str, Any]) -> None:
        for name, attribute in _TEXTS.items():
            if given.get(name) is not None:
                setattr(product, attribute, str(given[name]))
        if given.get("manage_stock") is not None:
            product.manage_stock = given["manage_stock"] is True
        if given.get("virtual") is not None:
            product.virtual = bool(given["virtual"])
        if isinstance(given.get("attributes"), list) and product.parent_id:
            product.option = ", ".join(str(one.get("option", "")) for one in given["attributes"])
        self._set_stock(product, given.get("stock_quantity"))

    def _set_stock(self, product: Product, quantity: Any) -> None:
        # Without stock management of its own a product keeps no number; what is sent is dropped, and the answer is 200.
        if not product.manage_stock:
            product.stock_quantity = None
        elif quantity is not None:
            product.stock_quantity = php_integer(quantity)
        elif product.stock_quantity is None:
            product.stock_quantity = 0

    def _check_sku(self, sku: str, own_id: int) -> None:
        taken = [i for i in self._by_sku.get(sku.lower(), ()) if i != own_id]
        if not sku or not taken:
            return
        free = next(name for n in itertools.count(1) if (name := f"{sku}-{n}").lower() not in self._by_sku)
        message = "Invalid or duplicated SKU."
        raise Refusal("product_invalid_sku", message, 400, {"resource_id": taken[0], "unique_sku": free})

    def _index(self, product: Product) -> None:
        if product.sku:
            self._by_sku.setdefault(product.sku.lower(), []).append(product.id)

    def _drop_index(self, product: Product) -> None:
        if product.sku:
            self._by_sku[product.sku.lower()].remove(product.id)
            if not self._by_sku[product.sku.lower()]:
                del self._by_sku[product.sku.lower()]
