"""A stand-in of a toy shop, with real state over real HTTP. It knows nothing of ours."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from flask import Flask, Response, request

from sandbox import Faults, RunningSandbox, Wanted, serve
from sandbox.clock import ShopClock, utc_now
from sandbox.faults import Said, Voice, with_faults

KEY: Final = "toy-key"

_NO: Final = Said(401, '{"error": "no such key"}')
_STATUSES: Final = ("open", "sent", "cancelled")

Json = dict[str, Any]


class ToyShop(ShopClock):
    """Orders and items, by their ids."""

    def __init__(self, *, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.orders: dict[int, Json] = {}
        self.items: dict[int, Json] = {}

    def place_order(self, lines: list[Json], **changes: Any) -> str:
        """An order; its id."""
        with self.lock:
            number, at = len(self.orders) + 1, self.now().isoformat()
            lines = [{"id": place, **line} for place, line in enumerate(lines, 1)]
            total = sum(line["pieces"] * line["price"] for line in lines)
            order = {"id": number, "status": "open", "currency": "EUR", "created": at, "updated": at, "lines": lines}
            self.orders[number] = order | {"total": total, "buyer": "Bo Li", "email": "bo@example.com"} | changes
            return str(number)

    def edit_order(self, order: str, **changes: Any) -> None:
        """The merchant changes an order."""
        with self.lock:
            self.orders[int(order)] |= {**changes, "updated": self.now().isoformat()}

    def add_item(self, sku: str, pieces: int, name: str = "Toy") -> str:
        """An item; its id."""
        with self.lock:
            number = len(self.items) + 1
            self.items[number] = {
                "id": number, "sku": sku, "name": name, "pieces": pieces, "updated": self.now().isoformat(),
            }  # fmt: skip
            return str(number)

    def stock_of(self, sku: str) -> dict[str, int]:
        """What the shop shows of a SKU, by item."""
        return {str(one["id"]): one["pieces"] for one in self.items.values() if one["sku"] == sku}

    def told(self, given: Json) -> Json:
        """What became of a quantity that the shop was told."""
        item = self.items.get(int(given["id"]))
        if item is None:
            return {"id": given["id"], "error": "gone"}
        if item["sku"] == given["sku"]:
            item["pieces"] = given["pieces"]
        return item


class ToyMerchant:
    """What the demo would let the merchant do."""

    def __init__(self, shop: ToyShop) -> None:
        self.shop = shop

    def sell(self, sku: str, pieces: int) -> str:
        """A new product is ordered."""
        self.shop.add_item(sku, 20)
        return self.sell_again(sku, pieces)

    def sell_again(self, sku: str, pieces: int) -> str:
        """It is ordered once more."""
        return self.shop.place_order([{"sku": sku, "name": "Toy", "pieces": pieces, "price": 5}])

    def says(self, order: str) -> str:
        """The order's status."""
        return str(self.shop.orders[int(order)]["status"])

    def take_one_off(self, order: str) -> None:
        """One piece less of the first line."""
        first, *rest = self.shop.orders[int(order)]["lines"]
        self.shop.edit_order(order, lines=[first | {"pieces": first["pieces"] - 1}, *rest])

    def complete_another(self, than: str) -> str:
        """Another one is sent."""
        another = next(str(one) for one in self.shop.orders if str(one) != than)
        self.shop.edit_order(another, status="sent")
        return another


def create_app(shop: ToyShop, faults: Faults) -> Flask:
    """The shop as a WSGI application, behind its faults."""
    app = Flask(__name__, static_folder=None)

    @app.before_request
    def admit() -> Response | None:
        return None if request.headers.get("X-Toy-Key") == KEY else _NO.response()  # type: ignore[return-value] # Flask takes werkzeug's

    @app.get("/api/shop")
    def of_shop() -> Json:
        return {"name": "Toys", "currency": "EUR"}

    @app.get("/api/orders")
    def orders() -> Response:
        with shop.lock:
            found = [one for one in shop.orders.values() if _is_asked_for(one)]
            by_change = sorted(found, key=lambda one: (one["updated"], one["id"]), reverse="newest" in request.args)
            return _json(by_change[: int(request.args["limit"])])

    @app.get("/api/orders/<int:number>")
    def order(number: int) -> Response:
        with shop.lock:
            return _json(shop.orders[number]) if number in shop.orders else _json({"error": "no such order"}, 404)

    @app.put("/api/orders/<int:number>")
    def changed(number: int) -> Response:
        status = request.get_json()["status"]
        if number not in shop.orders or status not in _STATUSES:
            return _json({"error": "no such order or status"}, 400 if number in shop.orders else 404)
        shop.edit_order(str(number), status=status)
        return _json(shop.orders[number])

    @app.get("/api/items")
    def items() -> Response:
        asked = request.args
        skus = asked["skus"].split(",") if "skus" in asked else None
        with shop.lock:
            found = [one for one in shop.items.values() if skus is None or one["sku"] in skus]
            found = [one for one in found if one["id"] > int(asked.get("after", 0))]
            return _json([one for one in found if one["updated"] >= asked.get("since", "")][: int(asked["limit"])])

    @app.post("/api/stock")
    def stock() -> Response:
        with shop.lock:
            return _json([shop.told(one) for one in request.get_json()["items"]])

    app.wsgi_app = with_faults(app.wsgi_app, faults, Voice(_NO, _NO))  # type: ignore[assignment,method-assign] # how Flask is wrapped
    return app


def _is_asked_for(order: Json) -> bool:
    asked = request.args
    updated = datetime.fromisoformat(order["updated"]).astimezone(UTC).replace(tzinfo=None).isoformat()
    is_of_status = order["status"] == asked.get("status", order["status"])
    is_behind = order["id"] > int(asked.get("after", 0))
    return is_of_status and is_behind and asked.get("since", "") <= updated < asked.get("before", "9")


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def open_toy(wanted: Wanted) -> RunningSandbox[ToyShop]:
    """A toy shop with orders in it."""
    shop, faults = ToyShop(), Faults(wanted.faults, seed=wanted.seed)
    for number in range(wanted.orders):
        shop.place_order([{"sku": f"TOY-{number % 7}", "name": "Toy", "pieces": 1 + number % 3, "price": 5}])
    server = serve(create_app(shop, faults), host=wanted.host, port=wanted.port)
    server.before_stop(faults.release)
    return RunningSandbox(server, shop, faults, {"key": KEY}, ToyMerchant(shop))
