"""One Shopify shop with real state, and what its merchant can do there by hand.

Safe to use from any thread: every public method takes the shop's lock, and so does every request.
"""

import base64
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sandbox.clock import ShopClock, utc_now
from sandbox.shopify.documents import Root, Slice
from sandbox.shopify.model import FIRST_ID, Json, Line, Order, gid, stamp
from sandbox.shopify.order import line_of, write
from sandbox.shopify.parcels import READY, NotFulfillable, location_of, wanted_pieces
from sandbox.shopify.scopes import open_order
from sandbox.shopify.search import has_times
from sandbox.shopify.stock import ShopStock
from sandbox.shopify.tokens import App
from sandbox.shopify.trouble import Troubles
from sandbox.shopify.webhooks import ShopHooks

TOKEN: Final = "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"
MOST_POINTS: Final = 1000  # of one document
MOST_ERRORS: Final = 100  # that one answer lists; how many it are at Shopify is not published
PLANS: Final = {"standard": 100, "advanced": 200, "plus": 1000, "enterprise": 2000}  # points that come back each second
_FULL_AFTER: Final = 20  # seconds


class NoSuchOrder(Exception):
    """There is no order with this number."""


@dataclass(slots=True)
class Bucket:
    """Points that documents cost, leaking back at a rate. One of a plan begins full."""

    maximum: int
    restore: int
    available: float
    at: float = 0.0

    @classmethod
    def of(cls, plan: str) -> "Bucket":
        """As shops of a plan have it. Raises KeyError."""
        restore = PLANS[plan]
        return cls(restore * _FULL_AFTER, restore, restore * _FULL_AFTER)

    def fill(self) -> None:
        """Give back what has leaked since."""
        now = time.monotonic()
        self.available = min(self.maximum, self.available + (now - (self.at or now)) * self.restore)
        self.at = now

    def status(self) -> Json:
        """As extensions.cost tells it."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": int(self.available),
            "restoreRate": float(self.restore),
        }


class ShopifyShop(ShopClock):
    """Orders of one shop; `now` is its clock."""

    def __init__(self, *, currency: str = "EUR", plan: str = "plus", now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.currency = currency
        self.domain = "sandbox.myshopify.com"
        self.token = TOKEN  # of an app of before: it never ends
        self.app = App()
        self.bucket = Bucket.of(plan)
        self.most_points = MOST_POINTS
        self.most_errors = MOST_ERRORS
        self.calls: Counter[str] = Counter()  # by version of the API
        self.asked: Counter[str] = Counter()  # answered, by what was asked of the root: orders, fulfillmentCreate, …
        self.heard: deque[tuple[str, Mapping[str, Any]]] = deque(maxlen=100)  # the last documents and their variables
        self.notified = 0  # how often a buyer was told of a fulfilment
        self.orders: dict[int, Order] = {}
        self.troubles = Troubles()
        self.hooks = ShopHooks(self.app, self.now, lambda: self.domain)
        self.stock = ShopStock(self.lock, self.now, self.hooks.announce)
        self._ids = itertools.count(FIRST_ID)
        self._parts = itertools.count(1001)

    # What the merchant and the buyer do

    def place_order(self, given: Mapping[str, Any]) -> Order:
        """An order; see shopify_order for what may be given."""
        with self.lock:
            now = self.now()
            lines = [line_of(next(self._parts), one) for one in given.get("lines", ())]
            order = Order(next(self._ids), given, now, now, lines, given.get("financial", "PAID"), given.get("note"))
            order.is_held = bool(given.get("is_held"))
            for line in lines:
                self.stock.take(line.given, line.quantity)
            self.orders[order.id] = order
            self._tell("orders/create", order.id)
            return order

    def put_raw_order(self, given: Mapping[str, Any]) -> Order:
        """An order that is answered with whatever fields are given in place of its own."""
        with self.lock:
            order = self.place_order({"lines": [{"name": "Thing", "price": "1.00"}]})
            order.raw = {**write(order, self.currency), **given}
            return order

    def edit_order(self, order_id: int, given: Mapping[str, Any]) -> Order:
        """Change note, financial, is_held, or what was given at the order's time."""
        with self._changing(order_id) as order:
            changes = dict(given)
            for name in {"note", "financial", "is_held"} & changes.keys():
                setattr(order, name, changes.pop(name))
            order.given = {**order.given, **changes}
            return order

    def fulfill(self, order_id: int, pieces: Mapping[int, int] | None = None, **tracking: str) -> Json:
        """Send pieces by line id, or all that are left, as one fulfilment."""
        with self._changing(order_id) as order:
            return self._fulfilled(order, pieces or _all_left(order), "FULFILLED", tracking)

    def ready_for_pickup(self, order_id: int) -> Json:
        """Put all that is left of an order on the counter: nothing of it is sent until it is picked up."""
        with self._changing(order_id) as order:
            return self._fulfilled(order, _all_left(order), READY, {})

    def pick_up(self, order_id: int) -> Json:
        """The buyer fetches what is on the counter, or all that is left."""
        with self._changing(order_id) as order:
            waiting = [one for one in order.fulfillments if one["id"] in order.on_counter]
            order.on_counter.clear()
            for one in waiting:
                one["displayStatus"] = "PICKED_UP"
                _send(order, _pieces_of(one))
            return waiting[-1] if waiting else self._fulfilled(order, _all_left(order), "PICKED_UP", {})

    def _fulfilled(self, order: Order, pieces: Mapping[int, int], shown: str, tracking: Mapping[str, str]) -> Json:
        made: Json = {
            "id": gid("Fulfillment", next(self._parts)),
            "status": "SUCCESS",
            "displayStatus": shown,
            "trackingInfo": [_tracking(tracking)] if tracking else [],
            "fulfillmentLineItems": [self._part_of("FulfillmentLineItem", *one) for one in pieces.items()],
        }
        order.fulfillments.append(made)
        self._tell_part("fulfillments/create", order, made)
        if shown == READY:
            order.on_counter.add(made["id"])
        else:
            _send(order, pieces)
        return made

    def cancel_fulfillment(self, order_id: int, fulfillment: str) -> None:
        """Call a fulfilment off, by its global id: its pieces are to be sent again."""
        with self._changing(order_id) as order:
            one = _fulfillment(order, fulfillment)
            if one["id"] not in order.on_counter:
                _send(order, {line: -count for line, count in _pieces_of(one).items()})
            order.on_counter.discard(one["id"])
            one |= {"status": "CANCELLED", "displayStatus": "CANCELED"}
            self._tell_part("fulfillments/update", order, one)

    def track(self, order_id: int, fulfillment: str, shown: str = "IN_TRANSIT", **tracking: str) -> None:
        """Give a fulfilment another tracking, and show how far it is."""
        with self._changing(order_id) as order:
            one = _fulfillment(order, fulfillment)
            one |= {"displayStatus": shown, "trackingInfo": [_tracking(tracking)]}
            self._tell_part("fulfillments/update", order, one)

    def hold(self, order_id: int, location: str | None = None) -> None:
        """Hold back an order, or what of it ships from one location."""
        with self._changing(order_id) as order:
            order.held |= {location} if location else _locations(order)

    def release(self, order_id: int, location: str | None = None) -> None:
        """End what holds back an order, or one location of it."""
        with self._changing(order_id) as order:
            order.is_held = False
            order.held -= {location} if location else _locations(order)

    def hand_over(self, order_id: int, location: str) -> None:
        """Ask somebody else to send what ships from a location: nobody but they may fulfil it."""
        with self._changing(order_id) as order:
            order.elsewhere.add(location)

    def fulfillments_of(self, order_id: int) -> list[Json]:
        """All fulfilments of an order, those called off included."""
        return list(self.order(order_id).fulfillments)

    def stock_of(self, sku: str) -> dict[tuple[str, str], int]:
        """What is available of all items with a SKU, by (item's global id, location)."""
        return self.stock.of(sku)

    def refund(self, order_id: int, *, pieces: Mapping[int, int] | None = None, amount: str = "0") -> None:
        """Give money back: for pieces that are taken off, or an amount that belongs to no line."""
        with self._changing(order_id) as order:
            before = self._current(order)
            for line in order.lines:
                self._take_off(line, (pieces or {}).get(line.id, 0))
            order.written = None
            order.refunded += before - self._current(order) + Decimal(amount)
            order.financial = "PARTIALLY_REFUNDED" if self._current(order) else "REFUNDED"
            self.hooks.announce("refunds/create", {"id": next(self._parts), "order_id": order_id})

    def take_back(self, order_id: int, pieces: Mapping[int, int], status: str = "OPEN") -> Json:
        """A return of pieces that were sent."""
        with self._changing(order_id) as order:
            lines = [
                {
                    **self._part_of("ReturnLineItem", number, count),
                    "fulfillmentLineItem": self._part_of("FulfillmentLineItem", number, count),
                }
                for number, count in pieces.items()
            ]
            made = {"id": gid("Return", next(self._parts)), "status": status, "returnLineItems": lines}
            order.returns.append(made)
            self._tell_part("returns/approve", order, made)
            return made

    def cancel(self, order_id: int) -> None:
        """Cancel an order and give everything back."""
        with self._changing(order_id) as order:
            order.cancelled = order.closed = self.now()
            for line in order.lines:
                self._take_off(line, line.left - line.sent)
            order.financial = "REFUNDED" if order.financial == "PAID" else "VOIDED"

    def _take_off(self, line: Line, pieces: int) -> None:
        """Take pieces off a line; they are for sale again."""
        line.removed += pieces
        self.stock.take(line.given, -pieces)

    def archive(self, order_id: int, *, is_open: bool = False) -> None:
        """Archive an order, or open it again."""
        with self._changing(order_id) as order:
            order.closed = None if is_open else self.now()

    def delete(self, order_id: int) -> None:
        """Delete an order for good."""
        with self.lock:
            self.order(order_id)
            del self.orders[order_id]
            self._tell("orders/delete", order_id)

    # What is asked of the shop

    def order(self, order_id: int) -> Order:
        """An order by number. Raises NoSuchOrder."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise NoSuchOrder(str(order_id)) from None

    def order_json(self, order: Order) -> Json:
        """An order's fields."""
        return write(order, self.currency)

    def root(self) -> Root:
        """What documents can ask for."""
        return {
            "shop": lambda _: {"currencyCode": self.currency, "name": "Sandbox", "myshopifyDomain": self.domain},
            "currentAppInstallation": lambda _: self.app.installation(),
            "orders": self._list,
            "order": lambda asked: self._node(asked["id"], "Order"),
            "customers": lambda _: self._customers(),
            "node": lambda asked: self._node(asked["id"]),
            "nodes": lambda asked: [self._node(one) for one in asked["ids"]],
            **self.hooks.root(),
            **self._catalogue(),
        }

    def _customers(self) -> list[Json]:
        """Those who ordered, by their ids."""
        found = {one["id"]: one for order in self.orders.values() if (one := order.given.get("customer"))}
        return [found[id_] for id_ in sorted(found)]

    def _catalogue(self) -> Root:
        asks = self.stock.root()
        pages = {name: asks[name] for name in ("productVariants", "inventoryItems")}
        told = {name: (lambda asked, page=page: self.troubles.part(page(asked))) for name, page in pages.items()}
        return {**asks, **told}

    def mutations(self) -> Root:
        """What documents can change."""
        return {"fulfillmentCreate": self._create_fulfillment, **self.stock.mutations(), **self.hooks.mutations()}

    def _create_fulfillment(self, asked: Mapping[str, Any]) -> Json:
        given = asked["fulfillment"]
        try:
            known, pieces = wanted_pieces(self.orders, given)
        except NotFulfillable as error:
            return {"fulfillment": None, "userErrors": [{"field": ["fulfillment"], "message": str(error)}]}
        with self._changing(known.id) as order:
            made = self._fulfilled(order, pieces, "FULFILLED", given.get("trackingInfo") or {})
            self.notified += bool(given.get("notifyCustomer"))
        return {"fulfillment": {**made, "order": {"id": gid("Order", order.id)}}, "userErrors": []}

    def summary(self) -> Json:
        """Orders by their payment, and what was asked."""
        with self.lock:
            states = Counter(str(self.order_json(one)["displayFinancialStatus"]) for one in self.orders.values())
            asked = {"calls": dict(self.calls), "asked": dict(self.asked)}
            tokens = self.app.summary(self.moment())
            return {"orders": dict(states), **asked, "bucket": self.bucket.status(), "tokens": tokens}

    def _list(self, asked: Mapping[str, Any]) -> Slice:
        found = [one for one in self.orders.values() if _fits(one, str(asked.get("query") or ""))]
        found.sort(key=_place, reverse=bool(asked.get("reverse")))
        if asked.get("after"):
            # Behind an order's place, whether it is still there or not: what moves meanwhile moves nothing else.
            behind = base64.b64decode(asked["after"]).decode()
            found = [one for one in found if _mark(one) > behind]
        page = found[: asked.get("first") or 10]
        end = base64.b64encode(_mark(page[-1]).encode()).decode() if page else None
        return Slice([self._open(one) for one in page], end, len(page) < len(found))

    def _node(self, number: str, kind: str | None = None) -> Json | None:
        asked, digits = ([*number.removeprefix("gid://shopify/").split("/"), ""])[:2]
        if "Order" in (asked, kind):
            one = self.orders.get(int(digits)) if digits.isdecimal() else None
            return self._open(one) if one else None
        if asked == "InventoryItem":
            return self.stock.item(number)
        written = (self.order_json(one) for one in self.orders.values())
        parts = (part for one in written for key in _HOLDERS for part in one[key])
        return next((part for part in parts if part["id"] == number), None)

    def _open(self, order: Order) -> Json:
        """An order as who asks may read it."""
        return self.troubles.order(open_order(self.order_json(order), self.app.asking))

    def _current(self, order: Order) -> Decimal:
        return Decimal(self.order_json(order)["currentTotalPriceSet"]["presentmentMoney"]["amount"])

    def _part_of(self, kind: str, line: int, count: int) -> Json:
        one = {"id": gid(kind, next(self._parts)), "quantity": count}
        return {**one, "__typename": kind, "lineItem": {"id": gid("LineItem", line)}}

    @contextmanager
    def _changing(self, order_id: int) -> Iterator[Order]:
        with self.lock:
            order = self.order(order_id)
            yield order
            order.updated, order.written = self.now(), None
            self._tell("orders/updated", order_id)

    def _tell(self, topic: str, order_id: int, **more: Any) -> None:
        self.hooks.announce(topic, {"id": order_id, "admin_graphql_api_id": gid("Order", order_id), **more})

    def _tell_part(self, topic: str, order: Order, part: Json) -> None:
        number = int(str(part["id"]).rpartition("/")[2])
        self.hooks.announce(topic, {"id": number, "admin_graphql_api_id": part["id"], "order_id": order.id})


_HOLDERS: Final = ("fulfillmentOrders", "fulfillments", "returns")


def _updated(order: Order) -> str:
    return str(order.raw["updatedAt"]) if order.raw else stamp(order.updated) or ""


def _place(order: Order) -> tuple[str, int]:
    return _updated(order), order.id


def _mark(order: Order) -> str:
    return f"{_updated(order)}|{order.id:020}"


def _fits(order: Order, query: str) -> bool:
    """Whether an order is found; terms that nobody knows are ignored."""
    return has_times(query, {"created_at": stamp(order.created) or "", "updated_at": _updated(order)})


def _all_left(order: Order) -> dict[int, int]:
    return {line.id: line.left - line.sent for line in order.lines if not line.is_service and line.left > line.sent}


def _send(order: Order, pieces: Mapping[int, int]) -> None:
    for line in order.lines:
        line.sent += pieces.get(line.id, 0)


def _pieces_of(fulfillment: Json) -> dict[int, int]:
    parts = fulfillment["fulfillmentLineItems"]
    return {int(part["lineItem"]["id"].rpartition("/")[2]): part["quantity"] for part in parts}


def _locations(order: Order) -> set[str]:
    return {location_of(line) for line in order.lines}


def _fulfillment(order: Order, number: str) -> Json:
    for one in order.fulfillments:
        if one["id"] == number:
            return one
    raise NoSuchOrder(f"{order.id} with {number}")


def _tracking(given: Mapping[str, Any]) -> Json:
    return {"number": None, "company": None, "url": None, **given}
