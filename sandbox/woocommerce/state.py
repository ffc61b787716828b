"""One WooCommerce shop with real state, and what its merchant can do there by hand.

Safe to use from any thread: every public method takes the shop's lock, and so does every request.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.clock import ShopClock, utc_now
from sandbox.woocommerce.auth import Gate, Key
from sandbox.woocommerce.catalogue import Catalogue
from sandbox.woocommerce.errors import Refusal, no_such_order, no_such_product
from sandbox.woocommerce.json import OrderWriter, wp_json
from sandbox.woocommerce.model import Coupon, Order, Product, Refund, ShopSettings
from sandbox.woocommerce.money import to_cents
from sandbox.woocommerce.numbers import Numbers
from sandbox.woocommerce.orders import OrderBook, Surroundings
from sandbox.woocommerce.product_json import ProductWriter
from sandbox.woocommerce.webhooks import Deliveries, Sender

KEY: Final = Key("ck_5a4d0b0c5e1f4f0a9c5d2f6b7e8a9b0c1d2e3f40", "cs_9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c")
WEBHOOK_SECRET: Final = "sandbox-webhook-secret"
COUPONS: Final = {
    coupon.code: coupon
    for coupon in (
        Coupon("welcome10", "percent", Decimal(10)),
        Coupon("thanks5", "fixed_cart", Decimal(5)),
        Coupon("third", "percent", Decimal("33.33")),
    )
}


@dataclass(frozen=True, slots=True)
class Write:
    """A request that changed, or tried to change, the shop."""

    method: str
    path: str
    body: Any
    status: int


class WooCommerceShop(ShopClock):
    """Products, orders, refunds, webhooks and settings of one shop; `now` is its clock."""

    def __init__(self, settings: ShopSettings | None = None, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.settings = settings or ShopSettings()
        self.calls: Counter[str] = Counter()
        self.writes: deque[Write] = deque(maxlen=10_000)
        self.keys: dict[str, Key] = {KEY.consumer_key: KEY}
        self.coupons = dict(COUPONS)
        self.gate = Gate(self.keys, trust_forwarded_proto=self.settings.trust_forwarded_proto)
        self._url = "http://127.0.0.1"
        self.hides_index = False  # a plugin shows the index of the API to nobody
        self.home = ""  # the address of the site, where it is not the one that is served
        numbers = Numbers()
        self.webhooks = Deliveries(Sender(self.settings, lambda: self.url, self.now, self.webhook_body))
        self.catalogue = Catalogue(ids=numbers.posts, now=self.now, announce=self.webhooks.announce)
        surroundings = Surroundings(
            self.settings, self.catalogue, numbers, self.now, self.webhooks.announce, self.coupons
        )
        self.book = OrderBook(surroundings)
        self._numbers = numbers
        self._written_for = (self._url, 0)

    @property
    def url(self) -> str:
        """The address the shop gives in its links."""
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url.rstrip("/")

    # What the merchant does

    def set_permissions(self, permissions: str) -> str:
        """Let the key read, or read and write ("read", "read_write"); in place of what it could."""
        with self.lock:
            self.keys[KEY.consumer_key] = replace(KEY, may_write=permissions == "read_write")
        return permissions

    def add_product(self, given: Mapping[str, Any], *, is_sku_free: bool = False) -> Product:
        """A product; fields as in POST /products. Its stock is managed when a quantity is given."""
        managed = {"manage_stock": "stock_quantity" in given, **given}
        with self.lock:
            return self.catalogue.create(managed, is_sku_free=is_sku_free)

    def add_variation(self, parent: Product, given: Mapping[str, Any]) -> Product:
        """A variation of a variable product; `option` names it."""
        managed = {"manage_stock": "stock_quantity" in given, **given}
        with self.lock:
            variation = self.catalogue.create(managed, parent_id=parent.id)
            variation.option = variation.option or str(given.get("option", ""))
            return variation

    def set_stock(self, sku: str, quantity: int) -> None:
        """Count a product's stock anew."""
        self.change_product(sku, {"stock_quantity": quantity})

    def set_tracking(self, sku: str, *, on: bool) -> None:
        """Begin or end to count a product's pieces."""
        self.change_product(sku, {"manage_stock": on})

    def set_sku(self, sku: str, new: str) -> None:
        """Give a product another SKU, or none."""
        self.change_product(sku, {"sku": new})

    def change_product(self, sku: str, given: Mapping[str, Any]) -> None:
        """Change a product or variation; fields as in PUT /products/{id}."""
        with self.lock:
            self.catalogue.update(self._by_sku(sku), given)

    def delete_product(self, sku: str) -> None:
        """Remove a product; lines of older orders lose it."""
        with self.lock:
            self.catalogue.delete(self._by_sku(sku))

    def place_order(self, given: Mapping[str, Any]) -> Order:
        """An order; fields as in POST /orders, lines also by `sku`."""
        with self.lock:
            return self.book.place(given)

    def edit_order(self, order_id: int, given: Mapping[str, Any]) -> Order:
        """Change an order; fields as in PUT /orders/{id}."""
        with self.lock:
            order = self.order(order_id)
            self.book.edit(order, given)
            return order

    def complete_order(self, order_id: int) -> Order:
        """The order is with its buyer."""
        return self.edit_order(order_id, {"status": "completed"})

    def cancel_order(self, order_id: int) -> Order:
        """The order is called off; its pieces are put back on the shelf."""
        return self.edit_order(order_id, {"status": "cancelled"})

    def refund_order(self, order_id: int, given: Mapping[str, Any] | None = None) -> Refund:
        """Give money back: `pieces` by line id, or fields as in POST refunds; nothing given is the rest of it."""
        with self.lock:
            order = self.order(order_id)
            given = dict(given or {"amount": str(order.totals.total - order.refunded)})
            if pieces := given.pop("pieces", None):
                given["line_items"] = [_part(order, int(i), int(n)) for i, n in pieces.items()]
            return self.book.refund(order, given)

    def trash_order(self, order_id: int) -> None:
        """Put an order in the trash."""
        with self.lock:
            self.book.trash(self.order(order_id))

    def restore_order(self, order_id: int) -> None:
        """Take an order out of the trash."""
        with self.lock:
            self.book.restore(self.order(order_id))

    def delete_order(self, order_id: int) -> None:
        """Delete an order for good."""
        with self.lock:
            self.book.delete(self.order(order_id))

    def put_raw_order(self, given: Mapping[str, Any]) -> Order:
        """An order that the shop answers verbatim, whatever it says; its `id` is kept when it is a number."""
        with self.lock:
            return self.book.place_raw(given, wp_json(given))

    # What is asked of the shop

    def order(self, order_id: int, *, status: int = 404) -> Order:
        """An order by id. Raises Refusal."""
        try:
            return self.book.orders[order_id]
        except KeyError:
            raise no_such_order(status) from None

    def product(self, product_id: int, *, status: int = 404) -> Product:
        """A product or variation by id. Raises Refusal."""
        try:
            return self.catalogue.products[product_id]
        except KeyError:
            raise no_such_product(status) from None

    def stock(self, sku: str) -> int | None:
        """The number the shop has for a SKU."""
        with self.lock:
            owner = self.catalogue.stock_owner(self._by_sku(sku))
            return owner.stock_quantity if owner else None

    def stock_of(self, sku: str) -> dict[str, int | None]:
        """What every item with exactly this SKU shows, by its external id; None where its pieces are not counted."""
        with self.lock:
            return {
                _external_id(one): one.stock_quantity if one.manage_stock else None
                for one in self.catalogue.by_sku(sku)
                if one.sku == sku and one.status != "trash"
            }

    def status_of(self, external_id: str) -> str:
        """An order's status. Raises Refusal."""
        with self.lock:
            return self.order(int(external_id)).status

    def told_stock(self) -> list[tuple[str, int]]:
        """Every quantity that clients sent in batches that were answered, in order, with the item's external id."""
        with self.lock:
            return [told for write in self.writes if write.status == 200 for told in _told_by(write)]

    def order_writer(self) -> OrderWriter:
        """Writes orders with today's address and catalogue."""
        return OrderWriter(self.settings, self.catalogue, self.url)

    def product_writer(self) -> ProductWriter:
        """Writes products and webhooks with today's address."""
        return ProductWriter(self.settings, self.catalogue, self.url)

    def order_body(self, order: Order, decimals: int = 2) -> bytes:
        """An order's JSON, written once and kept until the order, the catalogue or the address changes."""
        if order.raw is not None:
            return order.raw
        current = (self._url, self.catalogue.edition)
        if self._written_for != current:
            for one in self.book.orders.values():
                one.rendered = {}
            self._written_for = current
        if decimals not in order.rendered:
            order.rendered[decimals] = wp_json(self.order_writer().order(order, decimals))
        return order.rendered[decimals]

    def webhook_body(self, topic: str, resource_id: int) -> bytes:
        """What a webhook says now: the thing as it stands, its id alone when deleted, an error when it is gone."""
        with self.lock:
            if topic.endswith(".deleted"):
                return wp_json({"id": resource_id})
            try:
                if topic.startswith("order."):
                    return self.order_body(self.order(resource_id))
                product, writer = self.product(resource_id), self.product_writer()
                return wp_json(writer.variation(product) if product.parent_id else writer.product(product))
            except Refusal as gone:
                return wp_json(gone.body())

    def summary(self) -> dict[str, Any]:
        """Orders by status, stock by SKU, calls by route, and the writes received."""
        with self.lock:
            stock = {p.sku: self.catalogue.stock_owner(p) for p in self.catalogue.products.values() if p.sku}
            return {
                "orders": dict(Counter(order.status for order in self.book.orders.values())),
                "stock": {sku: owner.stock_quantity if owner else None for sku, owner in stock.items()},
                "calls": dict(self.calls),
                "writes": [
                    {"method": w.method, "path": w.path, "body": w.body, "status": w.status} for w in self.writes
                ],
                "deliveries": [
                    {"webhook": d.webhook_id, "topic": d.topic, "resource": d.resource_id, "status": d.status}
                    for d in list(self.webhooks.sent)
                ],
            }

    def _by_sku(self, sku: str) -> Product:
        found = self.catalogue.by_sku(sku)
        if not found:
            raise no_such_product(404)
        return found[0]


def _external_id(product: Product) -> str:
    if product.parent_id:
        return f"product/{product.parent_id}/variation/{product.id}"
    return f"product/{product.id}"


def _told_by(write: Write) -> list[tuple[str, int]]:
    """The quantities in a batch write; none for any other."""
    route = re.fullmatch(r"/products(?:/([0-9]+)/variations)?/batch", write.path)
    if route is None or not isinstance(write.body, dict):
        return []
    item = f"product/{route[1]}/variation" if route[1] else "product"
    return [
        (f"{item}/{one['id']}", one["stock_quantity"])
        for one in write.body.get("update", ())
        if "stock_quantity" in one
    ]


def _part(order: Order, line_id: int, pieces: int) -> dict[str, Any]:
    """A line's refund in its own proportion: two of three pieces are two thirds of its amount and tax."""
    line = next(line for line in order.lines if line.id == line_id)
    share = Decimal(pieces) / line.quantity
    taxes = [{"id": rate_id, "refund_total": str(to_cents(tax * share))} for rate_id, tax in line.taxes.items()]
    return {
        "id": line_id,
        "quantity": pieces,
        "refund_total": str(to_cents(line.total * share)),
        "refund_tax": taxes,
    }
