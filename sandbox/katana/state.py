"""A Katana account: all its rooms, its clock, its switches, and what was asked of it."""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sandbox.clock import ShopClock, utc_now
from sandbox.katana.adjustments import Adjustments
from sandbox.katana.customers import CustomerAddresses, Customers
from sandbox.katana.deliveries import Deliveries
from sandbox.katana.errors import Json, against_rules, not_found
from sandbox.katana.fulfillments import Fulfillments
from sandbox.katana.items import Materials, Products, Services
from sandbox.katana.manufacturing import Manufacturing
from sandbox.katana.numbers import decimal, fixed, moment, stamp
from sandbox.katana.oddities import Oddities
from sandbox.katana.orders import Orders
from sandbox.katana.parts import Addresses, Fees
from sandbox.katana.places import Locations, TaxRates
from sandbox.katana.returns import ReturnRows, Returns
from sandbox.katana.room import Room
from sandbox.katana.rows import OrderRows
from sandbox.katana.stock import Batches, Inventory, Movements
from sandbox.katana.table import Row
from sandbox.katana.variants import Variants
from sandbox.katana.webhooks import Webhooks

KEY: Final = "sandbox-katana-key"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked, and what came of it; `status` is what it was told."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    status: int


class KatanaAccount(ShopClock):
    """One account. Everything that works on it takes `lock`."""

    def __init__(self, oddities: Oddities | None = None, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.oddities = oddities or Oddities()
        self.url = ""
        self.keys = {KEY}
        self.ahead = timedelta(0)  # a person moved the clock
        self.is_reading = False  # the present request only looks, and may see old things
        self.asked: dict[str, list[str]] = {}  # what it asks for
        self.calls: Counter[str] = Counter()
        self.requests: deque[Request] = deque(maxlen=10_000)
        self._ids = itertools.count(1001)
        self.factory: Json = {
            "legal_name": "Sandbox",
            "display_name": "Sandbox",
            "legal_address": dict.fromkeys(("line_1", "line_2", "city", "state", "zip", "country"), ""),
            "base_currency_code": "EUR",
            "default_so_delivery_time": "14",  # days, as text
            "default_po_lead_time": "14",
            "inventory_closing_date": None,
        }
        self.locations, self.tax_rates = Locations(self), TaxRates(self)
        self.customers, self.customer_addresses = Customers(self), CustomerAddresses(self)
        self.products, self.materials, self.services = Products(self), Materials(self), Services(self)
        self.variants = Variants(self)
        self.movements, self.batches, self.inventory = Movements(self), Batches(self), Inventory(self)
        self.adjustments = Adjustments(self)
        self.orders, self.rows = Orders(self), OrderRows(self)
        self.addresses, self.fees = Addresses(self), Fees(self)
        self.fulfillments = Fulfillments(self)
        self.manufacturing = Manufacturing(self)
        self.returns, self.return_rows = Returns(self), ReturnRows(self)
        self.webhooks = Webhooks(self)
        self.deliveries = Deliveries(self.oddities, self._hook, self._switch_off)
        self.locations.create({"name": "Main location"})
        for rate in (19, 0, 7):
            self.tax_rates.create({"name": f"{rate}% VAT", "rate": rate})

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All kinds of records that have end points alike."""
        return tuple(one for one in vars(self).values() if isinstance(one, Room))

    # The clock, and what a request sees

    def moment(self) -> datetime:
        """The account's time."""
        return super().moment() + self.ahead

    def stamp(self) -> str:
        """The same as Katana writes it."""
        return stamp(self.moment())

    def next_id(self) -> int:
        """A number that nothing else has."""
        return next(self._ids)

    def seen_until(self) -> datetime | None:
        """How far a read sees while reads lag."""
        if not self.is_reading or not self.oddities.lag_seconds:
            return None
        return self.moment() - timedelta(seconds=self.oddities.lag_seconds)

    def asks_for(self, more: str) -> bool:
        """Whether the present request wants something beside."""
        return more in self.asked.get("extend", ())

    # What all rooms ask

    def place(self, number: Any) -> int:
        """A location, the default one where none is said. Raises KatanaRefusal."""
        if number is None:
            return int(self.locations.default()["id"])
        if self.locations.table.get(int(number)) is None:
            raise against_rules("incorrect location id")
        return int(number)

    def tax_rate(self, number: Any) -> int | None:
        """A tax rate, the default one where none is said. Raises KatanaRefusal."""
        if number is None:
            return next((row["id"] for row in self.tax_rates.table.view() if row["is_default_sales"]), None)
        if self.tax_rates.table.get(int(number)) is None:
            raise against_rules("incorrect tax rate id")
        return int(number)

    def refuse_closed(self, date: str, name: str) -> None:
        """Nothing moves stock in a closed period. Raises KatanaRefusal."""
        closed = self.factory["inventory_closing_date"]
        if closed and moment(date, name) <= moment(closed, name):
            raise against_rules(f"{name} is in a closed inventory period")

    def tell(self, event: str, number: int, status: str | None = None) -> None:
        """Something happened: queue it for who subscribed."""
        thing, _, act = event.partition(".")
        shown: Json = {"id": str(number) if self.oddities.webhook_ids_as_text else number}
        if status is not None:
            shown["status"] = status
        if act != "deleted":
            shown["href"] = f"{self.url}/{_PATHS.get(thing, f'{thing}s')}/{number}"
        for hook in self.webhooks.wanting(event):
            told = {"resource_type": thing, "action": event, "webhook_id": hook["id"], "object": shown}
            self.deliveries.announce(hook["id"], told)

    def _hook(self, number: int) -> Row | None:
        with self.lock:
            return self.webhooks.table.get(number)

    def _switch_off(self, number: int) -> None:
        with self.lock:
            if self.webhooks.table.get(number):
                self.webhooks.table.change(number, enabled=False)

    # What a person does

    def add_product(self, sku: str, **more: Any) -> Row:
        """A product of one variant, with pieces of it in `stock`: the variant."""
        with self.lock:
            stock = more.pop("stock", None)
            price = {"sales_price": more.pop("price")} if "price" in more else {}
            item = self.products.create({"name": sku, "variants": [{"sku": sku, **price}]} | more)
            variant = self.variants.table.of(item["id"])[0]
            if stock is not None:
                self.count(variant["id"], decimal(stock))
            return variant

    def add_batch(self, variant: int, number: str, quantity: Any, **more: Any) -> Row:
        """A batch with pieces in it."""
        with self.lock:
            batch = self.batches.create({"variant_id": variant, "batch_number": number} | more)
            self._adjust(variant, self.place(None), decimal(quantity), batch["id"])
            return batch

    def count(self, variant: int, quantity: Decimal, location: int | None = None) -> None:
        """Pieces of a variant are counted anew."""
        with self.lock:
            place = self.place(location)
            self._adjust(variant, place, quantity - self.movements.pieces(variant, place), None)

    def variant_of(self, sku: str) -> Row:
        """The newest variant with a SKU. Raises KatanaRefusal."""
        for row in self.variants.table.view():
            if row["sku"] == sku:
                return row
        raise not_found()

    # What is asked of the account

    def stock_of(self, sku: str) -> dict[str, int | None]:
        """How many pieces there are of a SKU, by location."""
        with self.lock:
            number = self.variant_of(sku)["id"]
            places = self.movements.places(number)
            return {str(place): int(self.movements.pieces(number, place)) for place in sorted(places)}

    def asked_for(self, *routes: str) -> list[Request]:
        """The requests to some end points in order: "POST /sales_orders", "GET /variants/{id}"; all without any."""
        with self.lock:
            return [one for one in self.requests if not routes or route(one.method, one.path) in routes]

    def summary(self) -> Json:
        """Orders by status, stock by SKU, calls by route, and the requests received."""
        with self.lock:
            variants = [row for row in self.variants.table.view() if row["sku"] and row["type"] != "service"]
            return {
                "orders": dict(Counter(row["status"] for row in self.orders.table.view())),
                "stock": {row["sku"]: self._pieces(row["id"]) for row in variants},
                "calls": dict(self.calls),
                "requests": [_shown(one) for one in self.requests],
                "deliveries": [
                    {"webhook": int(one.hook), "event": one.topic, "status": one.status}
                    for one in list(self.deliveries.courier.sent)
                ],
                "oddities": self.oddities.summary(),
            }

    def _pieces(self, variant: int) -> str:
        pieces: Iterable[Decimal] = (self.movements.pieces(variant, place) for place in self.movements.places(variant))
        return fixed(sum(pieces, Decimal(0)), 5)

    def _adjust(self, variant: int, place: int, quantity: Decimal, batch: int | None) -> None:
        row: Json = {"variant_id": variant, "quantity": quantity}
        if batch is not None:
            row["traceability"] = [{"batch_id": batch, "quantity": quantity}]
        self.adjustments.create({"location_id": place, "stock_adjustment_rows": [row]})


_PATHS: Final = {"current_inventory": "inventory"}


def route(method: str, path: str) -> str:
    """An end point's name: "GET /sales_orders/{id}"."""
    return f"{method} " + "/".join("{id}" if part.isdecimal() else part for part in path.split("/"))


def _shown(one: Request) -> Json:
    return {"method": one.method, "path": one.path, "query": one.query, "body": one.body, "status": one.status}
