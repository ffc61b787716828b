"""What a person does at the built-in hub's own desk: adjusts stock, takes purchases in, has things made, adds items.

The same as `hub stock adjust`, `hub po receive`, `hub mo …`, `hub product add` and `hub service add` do. Each form has
a number: one that is sent twice is done once. Another hub has a desk of its own.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import hubs
from connectors.errors import ConnectorError
from connectors.hubs import our_hub
from connectors.postgres import Connection, sent_forms, stores
from schemas.actions import AddProduct, AdjustStock, ReceivePurchase
from schemas.hub import MoStatus
from schemas.orders import Kind
from schemas.text import clean
from schemas.users import Role
from workers.cli.hub import supplying
from workers.cli.hub.doing import HubDesk
from workers.cli.hub.items import manufacturing_orders
from workers.cli.hub.words import find_order, read_delta, read_portion, read_quantity, read_text
from workers.cli.output import Failed
from workers.web.console import desk
from workers.web.console.frame import needs
from workers.web.console.listed import read_way
from workers.web.console.stock import sku_address

pages: Final = Blueprint("stock_desk", __name__, template_folder="templates")

ROWS: Final = 50  # manufacturing orders on a page
MOST_PARTS: Final = 50  # of a bundle
MOST_DAYS: Final = 3650
STATUSES: Final = {"NOT_STARTED": "Not started", "IN_PROGRESS": "In progress", "DONE": "Done"}

Work = Callable[[HubDesk], str]
T = TypeVar("T")


# -- stock -----------------------------------------------------------------------------------------------------------


@pages.get("/stock/adjust")
@needs(Role.OPERATOR)
def ask_to_adjust() -> ResponseReturnValue:
    """Pieces found or lost."""
    return _form("stock-adjust.html", what="adjust")


@pages.post("/stock/adjust")
@needs(Role.OPERATOR)
def adjust() -> ResponseReturnValue:
    """Count them in or out, as `hub stock adjust` does."""

    def work(at: HubDesk) -> str:
        return supplying.adjust(at, AdjustStock(_text("sku"), _read("pieces", read_delta), _place(), _some("batch")))

    return _carry_out(work, lambda why: _form("stock-adjust.html", why, what="adjust"), to=_of_sku)


@pages.get("/stock/receive")
@needs(Role.OPERATOR)
def ask_to_receive() -> ResponseReturnValue:
    """A purchase that came."""
    return _form("stock-adjust.html", what="receive")


@pages.post("/stock/receive")
@needs(Role.OPERATOR)
def receive() -> ResponseReturnValue:
    """Take it in, as `hub po receive` does."""

    def work(at: HubDesk) -> str:
        one = ReceivePurchase(_text("sku"), _read("pieces", read_quantity), _place(), _some("batch"))
        return f"Received {', '.join(supplying.receive(at, [one]))}."

    return _carry_out(work, lambda why: _form("stock-adjust.html", why, what="receive"), to=_of_sku)


# -- items -----------------------------------------------------------------------------------------------------------


@pages.get("/stock/add")
@needs(Role.OPERATOR)
def ask_to_add() -> ResponseReturnValue:
    """A new item."""
    return _form("stock-add.html")


@pages.post("/stock/add")
@needs(Role.OPERATOR)
def add() -> ResponseReturnValue:
    """Add it, as `hub product add` and `hub service add` do."""

    def work(at: HubDesk) -> str:
        sku, lines = _text("sku"), request.form.get("bundle", "").splitlines()
        parts = tuple(_parsed("bundle", line, read_portion) for line in lines if line.strip())
        if len(parts) > MOST_PARTS:
            raise Failed(f"a bundle has {MOST_PARTS} parts at most")
        action = AddProduct(
            sku,
            _some("name") or sku,
            Kind.SERVICE if request.form.get("kind") == "service" else Kind.PRODUCT,
            batch_tracked=request.form.get("batch_tracked") == "on",
            delivery_days=_days(),
            bundle=parts,
            is_another=request.form.get("another") == "on",
        )
        items = supplying.add_item(at, action)
        return f"Added {sku}." + (f" {items} items share this SKU now: the new one is meant." if items > 1 else "")

    return _carry_out(work, lambda why: _form("stock-add.html", why), to=_of_sku)


def _days() -> int | None:
    text = request.form.get("delivery_days", "").strip()
    if text and not (text.isascii() and text.isdecimal() and int(text[:9]) <= MOST_DAYS):
        raise Failed(f"delivery days are a whole number up to {MOST_DAYS}")
    return int(text) if text else None


# -- manufacturing -----------------------------------------------------------------------------------------------------


@pages.get("/stock/mos")
@needs(Role.VIEWER)
def mos() -> ResponseReturnValue:
    """Manufacturing orders, newest first."""
    connection, way = desk.connection(), read_way(request.args.get("after", ""))
    is_number = way.place.isascii() and way.place.isdecimal() and len(way.place) < 19
    found = []
    if _is_ours(connection):
        found = manufacturing_orders(connection, limit=ROWS + 1, before=int(way.place) if is_number else None)
    return render_template(
        "stock-mos.html",
        hub=_hub(connection),
        found=found[:ROWS],
        statuses=STATUSES,
        number=uuid4,
        way=way,
        older=way.older(found[ROWS - 1].id) if len(found) > ROWS else "",
        address=lambda **changed: url_for("stock_desk.mos", **{key: value for key, value in changed.items() if value}),
    )


@pages.post("/stock/mos")
@needs(Role.OPERATOR)
def make() -> ResponseReturnValue:
    """Have the rest of an order's row made, as `hub mo create` does."""

    def work(at: HubDesk) -> str:
        found = find_order(at.hub, _text("order"))
        mo, quantity = supplying.make(at, found, _text("sku"))
        return f"Manufacturing order {mo}: {quantity} × {_text('sku')} for order {found.order_no}."

    return _carry_out(work, _not_made, to=_list)


@pages.post("/stock/mos/<mo>")
@needs(Role.OPERATOR)
def move(mo: str) -> ResponseReturnValue:
    """Move one on, as `hub mo set` does."""

    def work(at: HubDesk) -> str:
        status = request.form.get("status", "")
        if status not in set(MoStatus) or not (mo.isascii() and mo.isdecimal() and len(mo) < 19):
            raise Failed("there is no such manufacturing order, or no such status")
        supplying.set_mo(at, mo, MoStatus(status))
        return f"Manufacturing order {mo} is {STATUSES[status].lower()}."

    return _carry_out(work, _not_made, to=_list)


def _not_made(why: str) -> ResponseReturnValue:
    flash(f"Not done: {why}")
    return redirect(_list(), 303)


def _list() -> str:
    return url_for("stock_desk.mos")


# -- what all of them do -----------------------------------------------------------------------------------------------


def _carry_out(
    work: Work, again: Callable[[str], ResponseReturnValue], *, to: Callable[[], str]
) -> ResponseReturnValue:
    """Do it as a whole and once; else the form again, with why not and what was typed."""
    connection = desk.connection()
    if not _is_ours(connection):
        abort(404)
    at = HubDesk(connection)
    try:
        with at.hub.unit():
            is_first = sent_forms.is_first(connection, _number())
            said = work(at) if is_first else "That form was sent before: it was done once."
    except (Failed, ConnectorError) as error:
        words = error.message if isinstance(error, Failed) else str(error)
        return again(f"{words[:1].upper()}{words[1:]}.")
    flash(said)
    return redirect(f"{to()}#said", 303)


def _number() -> UUID:
    try:
        return UUID(request.form.get("number", ""))
    except ValueError:
        raise Failed("this form is too old: load the page again") from None


def _form(template: str, why: str = "", **more: Any) -> ResponseReturnValue:
    connection = desk.connection()
    given = request.form if why else request.args
    page = render_template(
        template,
        hub=_hub(connection),
        why=why,
        given=given,
        number=uuid4,
        locations=[place.code for place in our_hub(connection).locations()] if _is_ours(connection) else [],
        default=stores.account(connection).default_location,
        **more,
    )
    return page, 422 if why else 200


def _of_sku() -> str:
    return sku_address(_text("sku"))


def _hub(connection: Connection) -> Any:
    return hubs.facts_of(stores.account(connection).hub)


def _is_ours(connection: Connection) -> bool:
    return bool(_hub(connection).shares_transaction)


def _text(name: str) -> str:
    return _parsed(name, request.form.get(name, ""), read_text)


def _some(name: str) -> str | None:
    return _text(name) if request.form.get(name, "").strip() else None


def _place() -> str | None:
    return clean(request.form.get("location", "")) or None


def _read(name: str, read: Callable[[str], Decimal]) -> Decimal:
    return _parsed(name, request.form.get(name, "").strip(), read)


def _parsed(name: str, text: str, read: Callable[[str], T]) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise Failed(f"{name}: {error}") from error
