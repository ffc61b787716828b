"""The stand-in's products with their variants, its locations, and what is on hand where."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.bigcommerce.model import Json, not_found

Stock = dict[int, int]  # pieces by location


@dataclass(slots=True)
class BigVariant:
    """A variant; the one of a product without options has no labels."""

    id: int
    product_id: int
    sku: str
    labels: tuple[str, ...] = ()
    stock: Stock = field(default_factory=dict)
    safety: Stock = field(default_factory=dict)

    def shown(self) -> Json:
        """As the catalogue shows it."""
        options = [{"id": place, "label": label, "option_display_name": "Option"} for place, label in _count(self)]
        return {
            "id": self.id,
            "product_id": self.product_id,
            "sku": self.sku,
            "sku_id": self.id if self.labels else None,
            "inventory_level": _on_sale(self),
            "inventory_warning_level": 0,
            "option_values": options,
            "purchasing_disabled": False,
        }


def _count(variant: BigVariant) -> Iterator[tuple[int, str]]:
    return enumerate(variant.labels, 1)


@dataclass(slots=True)
class BigProduct:
    """A product; `tracking` is none, product or variant. Its own stock counts where it is tracked by product."""

    id: int
    name: str
    sku: str
    tracking: str
    modified: datetime
    variants: list[BigVariant] = field(default_factory=list)
    stock: Stock = field(default_factory=dict)
    safety: Stock = field(default_factory=dict)

    def shown(self) -> Json:
        """As the catalogue shows it, without its variants."""
        counted = self.variants if self.tracking == "variant" else [self]
        has_options = any(variant.labels for variant in self.variants)
        return {
            "id": self.id,
            "name": self.name,
            "type": "physical",
            "sku": self.sku,
            "inventory_level": sum(map(_on_sale, counted)),
            "inventory_warning_level": 0,
            "inventory_tracking": self.tracking,
            "base_variant_id": None if has_options else self.variants[0].id,
            "date_modified": self.modified.isoformat(),
            "description": f"<p>{self.name}</p>",
        }


Holder = BigProduct | BigVariant


def on_sale(holder: Holder, location: int) -> int:
    """How many pieces a location has to sell: what is on hand, less the safety stock."""
    return max(holder.stock.get(location, 0) - holder.safety.get(location, 0), 0)


def _on_sale(holder: Holder) -> int:
    """What the catalogue says of an item: the pieces of all locations together that are to be sold."""
    return sum(on_sale(holder, location) for location in holder.stock)


def external_id(holder: Holder) -> str:
    """What a product or variant is called beyond the shop."""
    return f"{'product' if isinstance(holder, BigProduct) else 'variant'}/{holder.id}"


class BigCatalogue:
    """The products of one shop. An adjustment that was accepted shows once its time has come."""

    def __init__(self, *, now: Callable[[], datetime], announce: Callable[[str, Json], None]) -> None:
        self.products: dict[int, BigProduct] = {}
        self.locations: list[int] = [1]
        self.default = 1
        self.disabled: set[int] = set()
        self.waits = timedelta(0)  # between an adjustment and its showing
        self._accepted: deque[tuple[datetime, Holder, int, int]] = deque()
        self._now = now
        self._announce = announce
        self._ids = itertools.count(1)
        self._variant_ids = itertools.count(70)

    def add(self, given: Mapping[str, Any]) -> BigProduct:
        """A product: `sku`, `name`, `tracking`, `stock`, and `variants` with `sku`, `labels`, `stock`."""
        number = int(given.get("id", 0)) or next(id_ for id_ in self._ids if id_ not in self.products)
        sku = str(given.get("sku", ""))
        tracking = str(given.get("tracking", "variant" if given.get("variants") else "product"))
        product = BigProduct(number, str(given.get("name", sku or "Product")), sku, tracking, self._now())
        product.stock = {self.default: int(given.get("stock", 0))}
        for one in given.get("variants") or [{"sku": sku, "stock": given.get("stock", 0), "id": given.get("variant")}]:
            variant = BigVariant(int(one.get("id") or next(self._variant_ids)), number, str(one.get("sku", "")))
            variant.labels = tuple(one.get("labels", (variant.sku,) if given.get("variants") else ()))
            variant.stock = {self.default: int(one.get("stock", 0))}
            product.variants.append(variant)
        self.products[number] = product
        return product

    def remove(self, holder: Holder) -> None:
        """Delete a product, or a variant of one."""
        if isinstance(holder, BigProduct):
            del self.products[holder.id]
        else:
            self.products[holder.product_id].variants.remove(holder)

    def holders(self) -> Iterator[tuple[BigProduct, Holder]]:
        """Every product and variant, each with its product."""
        for product in self.products.values():
            yield product, product
            for variant in product.variants:
                yield product, variant

    def find(self, name: str) -> Holder:
        """The product or variant called so beyond the shop. Raises BigRefusal."""
        try:
            return next(holder for _, holder in self.holders() if external_id(holder) == name)
        except StopIteration:
            raise not_found() from None

    def counting(self, sku: str) -> list[Holder]:
        """What carries the stock of a SKU: products that are tracked by product, variants by variant."""
        return [one for product, one in self.holders() if one.sku.strip() == sku and is_counted(product, one)]

    def count(
        self, holder: Holder, quantity: int, location: int | None = None, *, why: str = "inventory/updated"
    ) -> None:
        """So many pieces are at a location, at once."""
        holder.stock[location or self.default] = quantity
        kind = "product" if isinstance(holder, BigProduct) else "sku"
        product = holder.id if isinstance(holder, BigProduct) else holder.product_id
        moved = {"product_id": product, "method": "absolute", "value": quantity}
        if isinstance(holder, BigVariant):
            moved["variant_id"] = holder.id
        self._announce(f"store/{kind}/{why}", {"type": kind, "id": holder.id, "inventory": moved})

    def accept(self, holder: Holder, location: int, quantity: int) -> None:
        """So many pieces will be at a location in a moment."""
        self._accepted.append((self._now() + self.waits, holder, location, quantity))
        self.settle()

    def settle(self) -> None:
        """Carry out the adjustments whose time has come, in their order."""
        while self._accepted and self._accepted[0][0] <= self._now():
            _, holder, location, quantity = self._accepted.popleft()
            self.count(holder, quantity, location)


def is_counted(product: BigProduct, holder: Holder) -> bool:
    """Whether the pieces of a product or variant are counted there, and not elsewhere or nowhere."""
    return product.tracking == ("product" if isinstance(holder, BigProduct) else "variant")
