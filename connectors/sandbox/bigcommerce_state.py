"""One BigCommerce shop with real state, and what its merchant can do there by hand.

Safe to use from any thread: every public method takes the shop's lock, and so does every request.
"""

import itertools
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from connectors.sandbox.bigcommerce_model import STATUSES, BigCommerceSettings, BigOrder, Json, invalid, not_found
from connectors.sandbox.bigcommerce_orders import fill

HASH: Final = "sandbox1"
TOKEN: Final = "sandbox-access-token"
_INSIDE: Final = ("products", "shipping_addresses", "coupons")


class BigCommerceShop:
    """Orders and settings of one shop; `now` is its clock, `url` the address of its API path."""

    def __init__(
        self, settings: BigCommerceSettings | None = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings = settings or BigCommerceSettings()
        self.lock = threading.RLock()
        self.calls: Counter[str] = Counter()
        self.writes: deque[Json] = deque(maxlen=10_000)
        self.orders: dict[int, BigOrder] = {}
        self.url = f"http://127.0.0.1/stores/{HASH}"
        self._clock = now
        self._order_ids = itertools.count(100)
        self._ids = itertools.count(1)

    def now(self) -> datetime:
        """The shop's time; dates have no fractions of a second."""
        return self._clock().astimezone(UTC).replace(microsecond=0)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Do things at another time."""
        with self.lock:
            clock, self._clock = self._clock, lambda: moment
            try:
                yield
            finally:
                self._clock = clock

    # What the merchant does

    def place_order(self, given: Mapping[str, Any]) -> BigOrder:
        """An order of a basket: `products` with sku, price and quantity; the rest is the shop's usual."""
        with self.lock:
            order = BigOrder(next(self._order_ids), self.now(), self.now(), int(given.get("status_id", 11)), {})
            fill(order, given, self.settings, self._ids)
            self.orders[order.id] = order
            return order

    def edit_order(self, order_id: int, given: Mapping[str, Any]) -> BigOrder:
        """Change an order's own fields, or the `quantity` of lines by their id. Raises BigRefusal."""
        with self.lock:
            order = self.order(order_id)
            for name, value in given.items():
                if name == "status_id":
                    if value not in STATUSES:
                        raise invalid("status_id", "must be a known status")
                    order.status_id = value
                else:
                    order.fields[name] = value
            self._touch(order)
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
            return order

    def delete_order(self, order_id: int) -> None:
        """Archive an order: it leaves the list and stays to be asked for."""
        with self.lock:
            order = self.order(order_id)
            order.is_deleted = True
            self._touch(order)

    def put_raw_order(self, given: Mapping[str, Any]) -> BigOrder:
        """An order that the shop answers verbatim, whatever it says."""
        with self.lock:
            number = given.get("id")
            order_id = number if isinstance(number, int) else next(self._order_ids)
            status = given.get("status_id")
            order = BigOrder(order_id, self.now(), self.now(), status if isinstance(status, int) else 11, {})
            order.raw = dict(given)
            self.orders[order_id] = order
            return order

    # What is asked of the shop

    def order(self, order_id: int) -> BigOrder:
        """An order by id. Raises BigRefusal."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise not_found() from None

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
        """Orders by status, calls by route, and the writes received."""
        with self.lock:
            statuses = Counter(STATUSES.get(order.status_id, "?") for order in self.orders.values())
            return {"orders": dict(statuses), "calls": dict(self.calls), "writes": list(self.writes)}

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

    def _touch(self, order: BigOrder) -> None:
        order.modified = self.now()
        order.written.clear()
