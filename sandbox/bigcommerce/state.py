"""One BigCommerce shop with real state, and what its merchant can do there by hand.

Safe to use from any thread: every public method takes the shop's lock, and so does every request.
"""

import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from sandbox.bigcommerce.catalogue import BigCatalogue, BigProduct, BigVariant, external_id
from sandbox.bigcommerce.gate import ALL_SCOPES
from sandbox.bigcommerce.model import STATUSES, BigCommerceSettings, BigOrder, Json, invalid, not_found
from sandbox.bigcommerce.orders import fill
from sandbox.bigcommerce.shipments import ship
from sandbox.bigcommerce.webhooks import BigHooks
from sandbox.clock import ShopClock, utc_now

HASH: Final = "sandbox1"
TOKEN: Final = "sandbox-access-token"
_INSIDE: Final = ("products", "shipping_addresses", "coupons")


class BigCommerceShop(ShopClock):
    """Orders and settings of one shop; `now` is its clock, `url` the address of its API path."""

    def __init__(self, settings: BigCommerceSettings | None = None, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.settings = settings or BigCommerceSettings()
        self.hash = HASH  # what the shop calls itself: of two sandboxes, each its own
        self.scopes = ALL_SCOPES  # of the token
        self.calls: Counter[str] = Counter()
        self.writes: deque[Json] = deque(maxlen=10_000)
        self.orders: dict[int, BigOrder] = {}
        self.url = f"http://127.0.0.1/stores/{HASH}"
        self._order_ids = itertools.count(100)
        self._ids = itertools.count(1)
        self.hooks = BigHooks(self.settings, self.now, lambda: self.hash)
        self.catalogue = BigCatalogue(now=lambda: self._clock().astimezone(UTC), announce=self.hooks.announce)

    # What the merchant does

    def place_order(self, given: Mapping[str, Any]) -> BigOrder:
        """An order of a basket: `products` with sku, price and quantity; the rest is the shop's usual."""
        with self.lock:
            order = BigOrder(next(self._order_ids), self.now(), self.now(), int(given.get("status_id", 11)), {})
            fill(order, given, self.settings, self._ids)
            self.orders[order.id] = order
            self._sell(order)
            self._tell("created", order)
            return order

    def edit_order(self, order_id: int, given: Mapping[str, Any]) -> BigOrder:
        """Change an order's own fields, or the `quantity` of lines by their id. Raises BigRefusal."""
        with self.lock:
            order = self.order(order_id)
            before = order.status_id
            for name, value in given.items():
                if name == "status_id":
                    if value not in STATUSES:
                        raise invalid("status_id", "must be a known status")
                    order.status_id = value
                else:
                    order.fields[name] = value
            self._touch(order)
            if order.status_id != before:
                self._tell("statusUpdated", order)
            return order

    def refund_order(self, order_id: int, pieces: Mapping[int, int]) -> BigOrder:
        """Give pieces of lines back; the status follows, as in the control panel."""
        with self.lock:
            order = self.order(order_id)
            for line in order.products:
                line["quantity_refunded"] += pieces.get(line["id"], 0)
                line["is_refunded"] = line["quantity_refunded"] >= line["quantity"]
            order.status_id = 4 if all(line["is_refunded"] for line in order.products) else 14
            self._touch(order)
            self._tell("refund/created", order)
            return order

    def delete_order(self, order_id: int) -> None:
        """Archive an order: it leaves the list and stays to be asked for."""
        with self.lock:
            order = self.order(order_id)
            order.is_deleted = True
            self._touch(order, "archived")

    def complete_order(self, order_id: int) -> BigOrder:
        """Close an order."""
        return self.edit_order(order_id, {"status_id": 10})

    def cancel_order(self, order_id: int) -> BigOrder:
        """Call an order off."""
        return self.edit_order(order_id, {"status_id": 5})

    def ship_order(
        self,
        order_id: int,
        pieces: Mapping[int | str, int] | None = None,
        *,
        tracking_number: str = "",
        carrier: str = "",
    ) -> list[Json]:
        """Ship pieces of lines by their id, all that is left where none are named; a shipment for each address."""
        with self.lock:
            order = self.order(order_id)
            wanted = {int(line): count for line, count in (pieces or {}).items()}
            parcels: dict[int, list[Json]] = {}
            for line in order.products:
                left = line["quantity"] - line["quantity_shipped"] - line["quantity_refunded"]
                count = wanted.get(line["id"], 0) if pieces else left
                if count and line["type"] == "physical":
                    item = {"order_product_id": line["id"], "quantity": count}
                    parcels.setdefault(line["order_address_id"], []).append(item)
            tracking = {"tracking_number": tracking_number, "tracking_carrier": carrier}
            return [
                self.make_shipment(order_id, {"order_address_id": address, "items": items, **tracking})
                for address, items in parcels.items()
            ]

    def make_shipment(self, order_id: int, given: Mapping[str, Any]) -> Json:
        """A shipment as the API makes it; the status follows what is shipped. Raises BigRefusal."""
        with self.lock:
            order = self.order(order_id)
            made = ship(order, given, self._ids, self.now())
            self._touch(order)
            self.hooks.announce("store/shipment/created", {"type": "shipment", "id": made["id"], "orderId": order_id})
            return made

    def add_product(self, given: Mapping[str, Any]) -> BigProduct:
        """A product: `sku`, `name`, `tracking` (none, product, variant), `stock`, and `variants` of the same."""
        with self.lock:
            made = self.catalogue.add(given)
            self.hooks.announce("store/product/created", {"type": "product", "id": made.id})
            return made

    def edit_item(self, name: str, given: Mapping[str, Any]) -> None:
        """Change a product or variant by its name beyond the shop, "variant/77". Raises BigRefusal.

        `sku`, `stock`, `delete`; of a product also `name` and `tracking`.
        """
        with self.lock:
            item = self.catalogue.find(name)
            product = item if isinstance(item, BigProduct) else self.catalogue.products[item.product_id]
            product.modified = self.now()
            if "sku" in given:
                self._rename(item, str(given["sku"]))
            if "stock" in given:
                self.catalogue.count(item, int(given["stock"]))
            product.name = str(given.get("name", product.name))
            product.tracking = str(given.get("tracking", product.tracking))
            if given.get("delete"):
                self.catalogue.remove(item)
            kind = "product" if isinstance(item, BigProduct) else "sku"
            event = "deleted" if given.get("delete") else "updated"
            self.hooks.announce(f"store/{kind}/{event}", {"type": kind, "id": item.id})

    def set_stock(self, sku: str, quantity: int) -> None:
        """Count the pieces of a SKU anew, wherever it is tracked. Raises BigRefusal."""
        with self.lock:
            found = self.catalogue.counting(sku)
            if not found:
                raise not_found()
            for one in found:
                self.catalogue.count(one, quantity)

    def delete_product(self, product_id: int) -> None:
        """Take a product away, with its variants. Raises BigRefusal."""
        self.edit_item(f"product/{product_id}", {"delete": True})

    def put_raw_order(self, given: Mapping[str, Any]) -> BigOrder:
        """An order that the shop answers verbatim, whatever it says."""
        with self.lock:
            number = given.get("id")
            order_id = number if isinstance(number, int) else next(self._order_ids)
            status = given.get("status_id")
            order = BigOrder(order_id, self.now(), self.now(), status if isinstance(status, int) else 11, {})
            order.raw = dict(given)
            self.orders[order_id] = order
            self._tell("created", order)
            return order

    # What is asked of the shop

    def order(self, order_id: int) -> BigOrder:
        """An order by id. Raises BigRefusal."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise not_found() from None

    def stock_of(self, sku: str) -> dict[str, int | None]:
        """What the shop shows at each item that carries the SKU's stock; None at a variant that is not counted."""
        with self.lock:
            self.catalogue.settle()
            found = self.catalogue.counting(sku)
            named = [one for _, one in self.catalogue.holders() if isinstance(one, BigVariant) and one.sku == sku]
            default = self.catalogue.default
            return {external_id(one): one.stock.get(default) if found else None for one in found or named}

    def status_of(self, external_id: str) -> str:
        """An order's status in the vendor's words. Raises BigRefusal."""
        return STATUSES[self.order(int(external_id)).status_id]

    def shipments_of(self, external_id: str) -> list[Json]:
        """The shipment records of an order. Raises BigRefusal."""
        return list(self.order(int(external_id)).shipments)

    def calls_of(self, route: str) -> int:
        """How often an end point was called: "PUT /v3/inventory/adjustments/absolute", "GET /v2/orders/{id}"."""
        return self.calls[route]

    def next_transaction(self) -> str:
        """A name for something that was accepted."""
        return f"transaction-{next(self._ids)}"

    def body(self, order: BigOrder, *, with_parts: bool) -> bytes:
        """An order's JSON, written once and kept until it changes."""
        if with_parts not in order.written:
            order.written[with_parts] = json.dumps(self._order_json(order, with_parts=with_parts)).encode()
        return order.written[with_parts]

    def consignments(self, order: BigOrder, *, limit: int | None = None) -> Json:
        """The lines by how they reach the buyer."""
        lines = order.products[:limit]
        digital = [line for line in lines if line["type"] == "digital"]
        gifts = [line for line in lines if line["type"] == "giftcertificate"]
        parcels = [
            {
                **parcel,
                "line_items": [
                    line for line in lines if line["order_address_id"] == parcel["id"] and line["type"] == "physical"
                ],
            }
            for parcel in order.addresses
        ]
        receiver = order.fields["billing_address"]["email"]
        return {
            "pickups": [],
            "shipping": parcels,
            "downloads": [{"recipient_email": receiver, "line_items": digital}] if digital else [],
            "email": {"gift_certificates": [{"recipient_email": receiver, "line_items": gifts}] if gifts else []},
        }

    def summary(self) -> Json:
        """Orders by status, stock by SKU, calls by route, and the writes received."""
        with self.lock:
            statuses = Counter(STATUSES.get(order.status_id, "?") for order in self.orders.values())
            skus = dict.fromkeys(item.sku.strip() for _, item in self.catalogue.holders() if item.sku.strip())
            return {
                "orders": dict(statuses),
                "stock": {sku: self.stock_of(sku) for sku in skus},
                "calls": dict(self.calls),
                "writes": list(self.writes),
            }

    def _order_json(self, order: BigOrder, *, with_parts: bool) -> Json:
        moments = {"date_created": format_datetime(order.created), "date_modified": format_datetime(order.modified)}
        if order.raw is not None:
            return moments | order.raw
        status = STATUSES[order.status_id]
        shown = {
            "id": order.id,
            **moments,
            "status_id": order.status_id,
            "status": status,
            "custom_status": f"Our {status}",
            "is_deleted": order.is_deleted,
            **order.fields,
            **{part: self._link(order, part) for part in (*_INSIDE, "fees", "consignments")},
        }
        if with_parts:
            inside = self.consignments(order, limit=self.settings.lines_inside)
            shown |= {"consignments": inside, "fees": order.fees}
        return shown

    def _link(self, order: BigOrder, part: str) -> Json:
        path = f"/orders/{order.id}/{part.replace('_', '')}"
        return {"url": f"{self.url}/v2{path}", "resource": path}

    def _touch(self, order: BigOrder, event: str = "updated") -> None:
        order.modified = self.now()
        order.written.clear()
        self._tell(event, order)

    def _tell(self, event: str, order: BigOrder) -> None:
        self.hooks.announce(f"store/order/{event}", {"type": "order", "id": order.id})

    def _sell(self, order: BigOrder) -> None:
        """Take what was ordered off the pieces that are counted."""
        for line in order.products:
            for item in self.catalogue.counting(line["sku"].strip()) if line["sku"] else ():
                left = item.stock.get(self.catalogue.default, 0) - line["quantity"]
                self.catalogue.count(item, max(left, 0), why="inventory/order/updated")

    def _rename(self, item: BigProduct | BigVariant, sku: str) -> None:
        """Another SKU; a product without options and its one variant have the same."""
        item.sku = sku
        product = item if isinstance(item, BigProduct) else self.catalogue.products[item.product_id]
        if not any(variant.labels for variant in product.variants):
            product.sku = product.variants[0].sku = sku
