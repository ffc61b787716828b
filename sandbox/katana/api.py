"""The stand-in's end points: alike for every room, and the few that are not."""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from flask import Blueprint, Response, g, request

from sandbox.katana.errors import Json, KatanaRefusal, not_found
from sandbox.katana.manufacturing import MAKE_TO_ORDER, UNLINK
from sandbox.katana.numbers import read, written
from sandbox.katana.room import Room, Shown, checked
from sandbox.katana.spoil import part_of
from sandbox.katana.state import KatanaAccount
from sandbox.katana.stock import NEW_BATCH

ROOT: Final = "/v1"
_USUAL, _MOST = 50, 250
Item = TypeVar("Item")


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON as Katana sends it."""
    return Response(written(value), status, headers, content_type="application/json")


def body() -> Any:
    """The JSON of this request. Raises KatanaRefusal."""
    try:
        given = read(request.get_data()) if request.get_data() else {}
    except ValueError:
        raise KatanaRefusal(400, "BadRequestError", "Invalid JSON") from None
    return part_of(given) if g.get("is_part") and isinstance(given, dict) else given


def asked() -> dict[str, list[str]]:
    """The parameters of this request; one may come several times, with or without brackets."""
    found: dict[str, list[str]] = {}
    for name, values in request.args.lists():
        found.setdefault(name.removesuffix("[]"), []).extend(values)
    return found


def page_of(items: list[Item]) -> tuple[list[Item], dict[str, str]]:
    """The page that is asked for, and the header that counts; more than 250 are cut without a word."""
    size, page = min(_whole("limit", _USUAL), _MOST), _whole("page", 1)
    pages, offset = max(1, -(-len(items) // size)), (page - 1) * size
    counted = {
        "total_records": str(len(items)),
        "total_pages": str(pages),
        "offset": str(offset),
        "page": str(page),
        "first_page": str(page == 1).lower(),
        "last_page": str(page >= pages).lower(),
    }
    return items[offset : offset + size], {"X-Pagination": json.dumps(counted)}


def room_routes(account: KatanaAccount, room: Room) -> Blueprint:
    """`/path` and `/path/{id}` of one kind of record."""
    routes = Blueprint(room.path, __name__, url_prefix=f"{ROOT}/{room.path}")

    @routes.get("")
    def listed() -> Response:
        rows, headers = page_of(list(room.listed(asked())))
        return answer({"data": [room.shown(row, Shown.LISTED) for row in rows]}, headers=headers)

    if room.posts is not None:
        posts = room.posts

        @routes.post("")
        def created() -> Response:
            return answer(room.shown(room.create(checked(room.schema(posts), body())), Shown.CREATED))

    if room.is_read_alone:

        @routes.get("/<int:number>")
        def alone(number: int) -> Response:
            with_deleted = room.reads_deleted and asked().get("include_deleted") == ["true"]
            return answer(room.shown(room.table.find(number, deleted=with_deleted), Shown.ALONE))

    if room.patches is not None:
        patches = room.patches

        @routes.patch("/<int:number>")
        def changed(number: int) -> Response:
            row = room.table.find(number)
            return answer(room.shown(room.change(row, checked(room.schema(patches), body())), Shown.CHANGED))

    if room.is_deletable:

        @routes.delete("/<int:number>")
        def deleted(number: int) -> Response:
            room.delete(room.table.find(number))
            return _done(account)

    return routes


def other_routes(account: KatanaAccount) -> Blueprint:
    """What is not alike: the account itself, inventory, making to order, what can come back, and invoices."""
    routes = Blueprint("others", __name__, url_prefix=ROOT)

    @routes.get("/factory")
    def factory() -> Response:
        place = account.locations.default()["id"]
        names = ("default_sales_location_id", "default_purchases_location_id", "default_manufacturing_location_id")
        return answer(account.factory | dict.fromkeys(names, place))

    @routes.get("/user_info")
    def user() -> Response:
        return answer({"id": 1, "email": "owner@example.test", "firstName": "Sandbox", "lastName": "Owner"})

    @routes.get("/inventory")
    def inventory() -> Response:
        lines, headers = page_of(account.inventory.listed(asked()))
        return answer({"data": lines}, headers=headers)

    @routes.post("/batches")
    def make_batch() -> Response:
        return answer(account.batches.made(account.batches.create(checked(NEW_BATCH, body()))))

    @routes.post("/manufacturing_order_make_to_order")
    def make_to_order() -> Response:
        made = account.manufacturing.make_to_order(checked(MAKE_TO_ORDER, body()))
        return answer(account.manufacturing.shown(made, Shown.CREATED))

    @routes.post("/manufacturing_order_unlink")
    def unlink() -> Response:
        account.manufacturing.unlink(checked(UNLINK, body()))
        return _done(account)

    @routes.get("/sales_orders/<int:number>/returnable_items")
    def returnable(number: int) -> Response:
        return answer(account.returns.returnable(account.orders.table.find(number)))

    @routes.get("/sales_returns/return_reasons")
    def reasons() -> Response:
        return answer([])

    @routes.get("/sales_order_accounting_metadata")
    def invoices() -> Response:
        rows, headers = page_of(_invoices(account, asked()))
        return answer({"data": rows}, headers=headers)

    return routes


def _invoices(account: KatanaAccount, wanted: Mapping[str, list[str]]) -> list[Json]:
    """The invoices, one for each fulfilment that has one."""
    return [
        {
            "id": one["id"],
            "sales_order_id": one["sales_order_id"],
            "fulfillment_id": one["id"],
            "invoice_id": str(one["id"]),
            "integration_type": "custom",
            "created_at": one["updated_at"],
        }
        for one in account.fulfillments.table.view()
        if one["invoice_status"] == "INVOICED"
        and wanted.get("sales_order_id", [str(one["sales_order_id"])]) == [str(one["sales_order_id"])]
        and wanted.get("fulfillment_id", [str(one["id"])]) == [str(one["id"])]
    ]


def refused(account: KatanaAccount, refusal: KatanaRefusal) -> Response:
    """A refusal as the server sends it."""
    return answer(refusal.body(is_wrapped=account.oddities.wraps_errors), refusal.status)


def no_route(account: KatanaAccount, status: int | None) -> Response:
    """What is no end point."""
    refusal = not_found() if status in (404, 405) else KatanaRefusal(status or 500, "Error", "Error")
    return refused(account, refusal)


def _done(account: KatanaAccount) -> Response:
    status = account.oddities.delete_status
    return Response(status=status) if status == 204 else answer({}, status)


def _whole(name: str, default: int) -> int:
    given = request.args.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 and int(given) else default
