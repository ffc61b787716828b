"""What a person does with an order of the built-in hub from its page: deliver, pack, invoice, mark, delete.

The same as `hub order …` does, with the same guards (`workers/cli/hub/doing.py`). An order made in the hub itself is
one of the store `hub`, by its number there; no store is called so.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import hubs
from connectors.errors import ConnectorError
from connectors.postgres import Connection, stores
from connectors.postgres.rows import StoreRow
from schemas.hub import HubOrder, HubRow
from schemas.money import plain
from schemas.text import clean
from schemas.users import Role
from workers.cli.documents import order_document
from workers.cli.hub import doing
from workers.cli.hub.doing import HubDesk
from workers.cli.hub.words import read_quantity, read_text
from workers.cli.output import Failed
from workers.seen import known_order
from workers.web.console.desk import connection as connected
from workers.web.console.frame import me, needs

pages: Final = Blueprint("handling", __name__, template_folder="templates")

HUB: Final = "hub"  # in place of a store's name, for orders that no store knows

Work = Callable[[HubDesk, HubOrder], str]


@dataclass(frozen=True, slots=True)
class Ours:
    """An order of the built-in hub: of which store, by which id it stands in addresses, and the order itself."""

    store: StoreRow | None
    external_id: str
    order: HubOrder

    @property
    def address(self) -> dict[str, Any]:
        """What its pages are found by."""
        return {"store": self.store.name if self.store else HUB, "external_id": self.external_id}

    @property
    def page(self) -> str:
        """Its own page."""
        return url_for("order.order", **self.address) if self.store else url_for("handling.own", number=self.order.id)

    @property
    def reference(self) -> str:
        """What the command line calls it."""
        return f"{self.store.name}/{self.external_id}" if self.store else f"hub/{self.order.id}"

    @property
    def seen(self) -> str:
        """How it stands. A form that was made when it stood otherwise is not taken: it may have been sent twice."""
        pieces = ("quantity", "packed_quantity", "delivered_quantity", "invoiced_quantity")
        rows = [[row.id, *(plain(getattr(row, name)) for name in pieces)] for row in self.order.rows]
        standing = [rows, len(self.order.fulfillments), order_document(self.order)["flags"]]
        return sha256(json.dumps(standing).encode()).hexdigest()[:16]


def can(order: HubOrder) -> list[str]:
    """What of it is left to do."""
    return [what for what, left in _LEFT.items() if any(left(row) > 0 for row in order.rows)]


def may_handle(connection: Connection) -> bool:
    """Whether orders are handled here: another hub has desks of its own."""
    return hubs.facts_of(stores.account(connection).hub).shares_transaction


_LEFT: Final[Mapping[str, Callable[[HubRow], Decimal]]] = {
    "deliver": doing.to_deliver,
    "pack": doing.to_pack,
    "invoice": doing.to_invoice,
}


# -- an order made in the hub ------------------------------------------------------------------------------------------


@pages.get("/orders/hub/<number>")
@needs(Role.VIEWER)
def own(number: str) -> ResponseReturnValue:
    """An order that no store knows."""
    ours = _ours(HUB, number)
    return render_template(
        "hub-order.html", ours=ours, hub=ours.order, document=order_document(ours.order), can=can(ours.order)
    )


def own_called(connection: Connection, name: str) -> str | None:
    """The number of the one order made in the hub that people call so; None where there is none, or several."""
    if not may_handle(connection):
        return None
    hub = HubDesk(connection).hub
    try:
        found = hub.order(hub.named_order(name))
    except ConnectorError:
        return None
    return found.id if found and found.store_id is None else None


# -- pack and deliver --------------------------------------------------------------------------------------------------


@pages.get("/orders/<store>/<path:external_id>/deliver")
@needs(Role.OPERATOR)
def ask_to_deliver(store: str, external_id: str) -> ResponseReturnValue:
    """What is left to deliver, all of it proposed."""
    return _pieces_page(_ours(store, external_id), "deliver")


@pages.post("/orders/<store>/<path:external_id>/deliver")
@needs(Role.OPERATOR)
def deliver(store: str, external_id: str) -> ResponseReturnValue:
    """Deliver these pieces as one fulfilment, as `hub order deliver` does."""

    def work(desk: HubDesk, found: HubOrder) -> str:
        chosen = doing.of_rows(found, _quantities(found), doing.to_deliver, done="delivered")
        tracking = {name: _text(name) for name in ("tracking_number", "carrier")}
        return doing.deliver(desk, found, chosen, **tracking)

    return _carry_out(_ours(store, external_id), work, again=lambda ours, why: _pieces_page(ours, "deliver", why))


@pages.get("/orders/<store>/<path:external_id>/pack")
@needs(Role.OPERATOR)
def ask_to_pack(store: str, external_id: str) -> ResponseReturnValue:
    """What is left to pack, all of it proposed."""
    return _pieces_page(_ours(store, external_id), "pack")


@pages.post("/orders/<store>/<path:external_id>/pack")
@needs(Role.OPERATOR)
def pack(store: str, external_id: str) -> ResponseReturnValue:
    """Pack these pieces, as `hub order pack` does."""

    def work(desk: HubDesk, found: HubOrder) -> str:
        chosen = doing.of_rows(found, _quantities(found), doing.to_pack, done="packed")
        return doing.pack(desk, found, chosen)

    return _carry_out(_ours(store, external_id), work, again=lambda ours, why: _pieces_page(ours, "pack", why))


def _pieces_page(ours: Ours, what: str, why: str = "") -> ResponseReturnValue:
    left = {row.id: _LEFT[what](row) for row in ours.order.rows}
    asked = {row_id: request.form.get(f"row-{row_id}", plain(pieces)) for row_id, pieces in left.items()}
    page = render_template("pieces.html", ours=ours, what=what, left=left, asked=asked, given=request.form, why=why)
    return page, 422 if why else 200


def _quantities(found: HubOrder) -> dict[str, Decimal]:
    """The pieces that a form names, by row; an empty field is none."""
    quantities = {}
    for row in found.rows:
        text = request.form.get(f"row-{row.id}", "").strip()
        if text not in {"", "0"}:
            try:
                quantities[row.id] = read_quantity(text)
            except ValueError as error:
                raise Failed(f"{row.label}: {error}") from error
    return quantities


def _text(name: str) -> str | None:
    given = request.form.get(name, "").strip()
    try:
        return read_text(given) if given else None
    except ValueError as error:
        raise Failed(f"{name.replace('_', ' ')}: {error}") from error


# -- invoice and mark --------------------------------------------------------------------------------------------------


@pages.get("/orders/<store>/<path:external_id>/invoice")
@needs(Role.OPERATOR)
def ask_to_invoice(store: str, external_id: str) -> ResponseReturnValue:
    """The rows that have no invoice yet."""
    return _invoice_page(_ours(store, external_id))


@pages.post("/orders/<store>/<path:external_id>/invoice")
@needs(Role.OPERATOR)
def invoice(store: str, external_id: str) -> ResponseReturnValue:
    """Invoice these rows, as `hub order invoice` does."""

    def work(desk: HubDesk, found: HubOrder) -> str:
        asked = set(request.form.getlist("row"))
        rows = [row for row in found.rows if row.id in asked]
        if not rows or len(rows) != len(asked):
            raise Failed("choose one of its rows or more")
        number, names = doing.invoice(desk, found, rows)
        return f"Invoice {number} for order {found.order_no}: {', '.join(names)}."

    return _carry_out(_ours(store, external_id), work, again=_invoice_page)


def _invoice_page(ours: Ours, why: str = "") -> ResponseReturnValue:
    rows = [row for row in ours.order.rows if doing.to_invoice(row) > 0]
    asked = set(request.form.getlist("row")) if why else {row.id for row in rows}
    return render_template("invoice.html", ours=ours, rows=rows, asked=asked, why=why), 422 if why else 200


@pages.get("/orders/<store>/<path:external_id>/mark")
@needs(Role.OPERATOR)
def ask_to_mark(store: str, external_id: str) -> ResponseReturnValue:
    """What an order may be marked as."""
    return _mark_page(_ours(store, external_id))


@pages.post("/orders/<store>/<path:external_id>/mark")
@needs(Role.OPERATOR)
def mark(store: str, external_id: str) -> ResponseReturnValue:
    """Mark it, or take a mark off, as `hub order mark` does."""
    word, is_set = request.form.get("mark", ""), request.form.get("undo") != "1"

    def work(desk: HubDesk, found: HubOrder) -> str:
        if word not in doing.MARKS:
            raise Failed(f"it is marked as one of {', '.join(doing.MARKS)}")
        doing.mark(desk, found, word, is_set=is_set)
        return f"Order {found.order_no} is {word if is_set else f'not {word} any more'}."

    return _carry_out(_ours(store, external_id), work, again=_mark_page)


def _mark_page(ours: Ours, why: str = "") -> ResponseReturnValue:
    flags = order_document(ours.order)["flags"]
    marks = [(word, flags[word]) for word in doing.MARKS]
    return render_template("mark.html", ours=ours, marks=marks, why=why), 422 if why else 200


# -- delete ------------------------------------------------------------------------------------------------------------


@pages.get("/orders/<store>/<path:external_id>/delete")
@needs(Role.OPERATOR)
def ask_to_delete(store: str, external_id: str) -> ResponseReturnValue:
    """What deleting it does."""
    return _delete_page(_ours(store, external_id))


@pages.post("/orders/<store>/<path:external_id>/delete")
@needs(Role.OPERATOR)
def delete(store: str, external_id: str) -> ResponseReturnValue:
    """Delete it from the hub, as `hub order delete` does, once its number is typed."""
    ours = _ours(store, external_id)

    def work(desk: HubDesk, found: HubOrder) -> str:
        if request.form.get("number", "").strip() != found.order_no:
            raise Failed(f"type the order's number, {found.order_no}, to delete it")
        doing.delete(desk, found, f"{me().user.name} (console)")
        return f"Order {found.order_no} is deleted from the hub."

    to = None if ours.store else url_for("orders.orders", _anchor="said")
    return _carry_out(ours, work, again=_delete_page, to=to)


def _delete_page(ours: Ours, why: str = "") -> ResponseReturnValue:
    return render_template("delete-order.html", ours=ours, why=why), 422 if why else 200


# -- what all of them do -----------------------------------------------------------------------------------------------


def _ours(store: str, external_id: str) -> Ours:
    """The order; 404 for what is not in the built-in hub."""
    connection = connected()
    if not may_handle(connection):
        abort(404)
    hub = HubDesk(connection).hub
    if store == HUB:
        is_number = external_id.isascii() and external_id.isdecimal() and len(external_id) < 19
        found = hub.order(external_id) if is_number else None
        if found is None or found.store_id is not None:
            abort(404)
        return Ours(None, external_id, found)
    row = stores.ever(connection, clean(store))
    known = known_order(connection, row.id, clean(external_id)) if row else None
    if row is None or known is None or known.hub_order is None:
        abort(404)
    return Ours(row, external_id, known.hub_order)


def _carry_out(
    ours: Ours, work: Work, *, again: Callable[[Ours, str], ResponseReturnValue], to: str | None = None
) -> ResponseReturnValue:
    """Do it as a whole, to the order as the form shows it; else the form again, with why not and what was typed."""
    desk = HubDesk(connected())
    try:
        with desk.hub.unit():
            found = desk.hub.order(ours.order.id)
            if found is None:
                raise Failed("it was deleted this moment")
            ours = Ours(ours.store, ours.external_id, found)
            if request.form.get("seen") != ours.seen:
                raise Failed("the order is another one by now than this page showed; look at it and send it again")
            said = work(desk, found)
    except (Failed, ConnectorError) as error:
        words = error.message if isinstance(error, Failed) else str(error)
        return again(ours, f"{words[:1].upper()}{words[1:]}.")
    flash(said)
    return redirect(to or f"{ours.page}#said", 303)
