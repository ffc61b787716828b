"""`/_sandbox`: what a person does and sees in Katana itself, for trials and tests. Local, without a key."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, Response

from sandbox.faults import CONTROL
from sandbox.katana.api import answer, body
from sandbox.katana.errors import Json, KatanaRefusal
from sandbox.katana.gate import Gate
from sandbox.katana.generator import random_order
from sandbox.katana.numbers import decimal
from sandbox.katana.oddities import OddityError
from sandbox.katana.room import Room, Shown
from sandbox.katana.spoil import Spoils, Spoilt, Written
from sandbox.katana.state import KEY, KatanaAccount
from sandbox.katana.table import Row


def control_routes(account: KatanaAccount, gate: Gate, spoils: Spoils) -> Blueprint:
    """A person's end points."""
    routes = Blueprint("control", __name__, url_prefix=CONTROL)

    @routes.get("/state")
    def state() -> Response:
        return answer(account.summary())

    @routes.post("/orders")
    def placed() -> Response:
        given = body()
        order = account.orders.create(given) if given.get("sales_order_rows") else random_order(account, given)
        return answer(account.orders.shown(order, Shown.ALONE))

    @routes.post("/orders/<int:number>")
    def acted(number: int) -> Response:
        account.orders.table.find(number)
        _act(account, number, body())
        return answer(account.orders.shown(account.orders.table.find(number, deleted=True), Shown.ALONE))

    @routes.post("/records/<path>/<int:number>")
    def edited(path: str, number: int) -> Response:
        room = _room(account, path)
        _edit(account, room, room.table.find(number), body())
        return answer(room.table.find(number, deleted=True))

    @routes.post("/records/<path>")
    def made(path: str) -> Response:
        return answer(_room(account, path).create(body()))

    _item_routes(routes, account)
    _account_routes(routes, account, gate, spoils)
    return routes


def _item_routes(routes: Blueprint, account: KatanaAccount) -> None:
    @routes.post("/products")
    def added() -> Response:
        given = body()
        return answer(account.variants.shown(account.add_product(given.pop("sku"), **given), Shown.ALONE))

    @routes.post("/stock")
    def counted() -> Response:
        for sku, quantity in body().items():
            account.count(account.variant_of(sku)["id"], decimal(quantity))
        return answer(account.summary()["stock"])

    @routes.post("/batches")
    def batched() -> Response:
        given = body()
        variant = account.variant_of(given.pop("sku"))["id"]
        return answer(account.add_batch(variant, given.pop("number"), given.pop("quantity"), **given))


def _account_routes(routes: Blueprint, account: KatanaAccount, gate: Gate, spoils: Spoils) -> None:
    @routes.post("/oddities")
    def oddities() -> Response:
        try:
            account.oddities.set(body())
        except OddityError as error:
            raise KatanaRefusal(400, "BadRequestError", str(error)) from error
        return answer(account.oddities.summary())

    @routes.post("/factory")
    def factory() -> Response:
        account.factory |= body()
        return answer(account.factory)

    @routes.post("/key")
    def key() -> Response:
        account.keys = set(map(str, body().get("keys", [KEY])))
        return answer({"keys": sorted(account.keys)})

    @routes.post("/budget")
    def budget() -> Response:
        gate.use_up(int(body()["use"]))
        return answer({})

    @routes.post("/clock")
    def clock() -> Response:
        account.ahead += timedelta(seconds=float(body()["ahead"]))
        return answer({"now": account.stamp()})

    @routes.post("/spoil")
    def spoil() -> Response:
        given = body()
        spoils.plan(Spoilt(**given | {"written": Written(given.get("written", Written.ALL))}))
        return answer({"planned": len(spoils.planned)})

    @routes.post("/webhooks/send")
    def sent() -> Response:
        return answer({"sent": account.deliveries.send_held()})

    @routes.post("/webhooks/<int:number>/test")
    def tested(number: int) -> Response:
        hook = account.webhooks.table.find(number)
        account.deliveries.announce(
            hook["id"], {"resource_type": "sales_order", "webhook_id": hook["id"], "object": {}}
        )
        return answer({})


_SHIPPED: Final = {"pack": "PACKED", "deliver": "DELIVERED"}


def _act(account: KatanaAccount, number: int, given: Json) -> None:
    """Pack, deliver, revert, invoice and delete by name; `rows` sets quantities; everything else is an edit."""
    acts: dict[str, Callable[[Any], object]] = {
        "rows": lambda wanted: _set_rows(account, wanted),
        "pack": lambda how: _ship(account, number, "pack", how),
        "deliver": lambda how: _ship(account, number, "deliver", how),
        "revert": lambda _: _revert(account, number),
        "invoice": lambda how: account.orders.invoice(number, is_all=how != "partially"),
        "delete": lambda _: account.orders.delete(account.orders.table.find(number)),
    }
    changes = {name: value for name, value in given.items() if name not in acts}
    if changes:
        account.orders.change(account.orders.table.find(number), changes)
    for name, act in acts.items():
        if given.get(name):
            act(given[name])


def _ship(account: KatanaAccount, number: int, act: str, how: Any) -> None:
    """All that is left, or {"rows": {id: pieces}} with tracking beside."""
    more = dict(how) if isinstance(how, dict) else {}
    rows = {int(row): pieces for row, pieces in more.pop("rows", {}).items()}
    made = account.fulfillments.take_rest(number, _SHIPPED[act], rows, **more)
    if made is None and rows:  # nothing is left but what is packed
        account.fulfillments.split(number, rows, **more)


def _set_rows(account: KatanaAccount, wanted: Json) -> None:
    for number, quantity in wanted.items():
        row = account.rows.table.find(int(number))
        if decimal(quantity):
            account.rows.change(row, {"quantity": decimal(quantity)})
        else:
            account.rows.delete(row)


def _revert(account: KatanaAccount, number: int) -> None:
    for one in account.fulfillments.table.of(number):
        account.fulfillments.delete(one)


def _room(account: KatanaAccount, path: str) -> Room:
    """A room by its path. Raises KatanaRefusal."""
    for room in account.rooms:
        if room.path == path:
            return room
    raise KatanaRefusal(
        404, "NotFoundError", f"there is no {path}; there are {', '.join(r.path for r in account.rooms)}"
    )


def _edit(account: KatanaAccount, room: Room, row: Row, given: Json) -> None:
    """Delete or archive something, or change its fields."""
    if given.get("delete"):
        room.delete(row)
    elif "archive" in given and room is account.variants:
        item = account.variants.item(row)
        kinds: dict[str, Room] = {
            "product": account.products,
            "material": account.materials,
            "service": account.services,
        }
        kinds[row["type"]].change(
            item, {"is_archived": bool(given["archive"]), "additional_info": item["additional_info"]}
        )
    else:
        room.change(row, given)
