"""Orders: every order that a store has shown, found by number, SKU, state and reason, or by its buyer."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.postgres import Connection, order_view, stores
from connectors.postgres.order_view import ListedOrder, ListPlace, OrderFilter
from schemas.money import money_text
from schemas.reasons import Reason
from schemas.text import clean
from schemas.users import Role
from tasks import users as user_tasks
from workers.seen import Called, called
from workers.web.console import desk, handling, listed
from workers.web.console.frame import me, needs
from workers.web.console.masks import Personal, shown
from workers.web.console.words import ORDER_STATES

pages: Final = Blueprint("orders", __name__, template_folder="templates")

ROWS: Final = 50  # on a page
MOST_SIGNS: Final = 200  # of what is searched for
MOST_LINES: Final = 100_000  # of a file
PORTION: Final = 1000

_COLUMNS: Final = ("store", "number", "id", "customer", "state", "reason", "delivery", "total", "currency", "changed")


@dataclass(frozen=True, slots=True)
class ListLine:
    """A line of the list: the order, and what people call it."""

    order: ListedOrder
    called: Called


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What a person asked for; `find` is the number under which the session keeps what may be a buyer's name."""

    store: str = ""
    state: str = ""
    reason: str = ""
    q: str = ""
    find: str = ""
    since: str = ""  # days, by when the orders changed last
    until: str = ""

    def address(self, **changed: str) -> str:
        """The page that shows it."""
        return listed.address("orders.orders", self, changed)

    def file(self) -> str:
        """The file that has it."""
        return listed.address("orders.orders_file", self, {})


@pages.get("/orders")
@needs(Role.VIEWER)
def orders() -> ResponseReturnValue:
    """A page of the list."""
    connection = desk.connection()
    asked = _asked(request.args)
    text = asked.q or _found(connection, asked.find)
    wanted = _filter(connection, asked, text)
    way = listed.read_way(request.args.get("after", ""))
    rows = order_view.page(connection, wanted, _read_place(way.place), limit=ROWS + 1)
    return render_template(
        "orders.html",
        asked=asked,
        text=text,
        listed=[ListLine(row, called(row)) for row in rows[:ROWS]],
        way=way,
        older=way.older(_place_text(rows[ROWS - 1])) if len(rows) > ROWS else "",
        stores=stores.all_stores(connection),
        states=ORDER_STATES,
        reasons=list(Reason),
    )


@pages.get("/orders.csv")
@needs(Role.VIEWER)
def orders_file() -> ResponseReturnValue:
    """The same orders as a file, so many at most, a portion at a time."""
    connection = desk.connection()
    asked = _asked(request.args)
    wanted = _filter(connection, asked, asked.q or _found(connection, asked.find))
    return listed.file("orders.csv", _lines(connection, wanted))


def _lines(connection: Connection, wanted: OrderFilter) -> Iterator[str]:
    """A head, and a line for each order."""
    yield listed.line(
        ("store", "number", "id", "customer", "state", "reason", "delivery", "total", "currency", "changed")
    )
    behind: ListPlace | None = None
    for _ in range(MOST_LINES // PORTION):
        rows = order_view.page(connection, wanted, behind, limit=PORTION)
        yield "".join(listed.line(_cells(row, called(row))) for row in rows)
        if len(rows) < PORTION:
            return
        behind = ListPlace(rows[-1].store_updated_at, rows[-1].external_id, rows[-1].store_id)


def _cells(row: ListedOrder, said: Called) -> tuple[str, ...]:
    total = "" if said.total is None or said.currency is None else money_text(said.total, said.currency)
    return (
        row.store,
        said.number or "",
        row.external_id,
        shown(said.customer, Personal.NAME, me().user),
        f"{row.state}, failing" if row.is_failing else row.state,
        row.reason or row.hub_reason or "",
        row.hub_status or "",
        total,
        said.currency or "",
        row.store_updated_at.astimezone(UTC).isoformat(timespec="seconds") if row.store_updated_at else "",
    )


@pages.post("/orders")
@needs(Role.VIEWER)
def search() -> ResponseReturnValue:
    """What was asked for, as an address; the one order that is called exactly so, at once."""
    connection = desk.connection()
    asked = _asked(request.form)
    text = asked.q
    if not text:
        return redirect(asked.address(), 303)
    exact = [
        (row.name, external_id)
        for row in stores.all_stores(connection)
        if asked.store in {"", row.name}
        for external_id in order_view.named(connection, row.id, text)
    ]
    if len(set(exact)) == 1 and asked == AskedFor(store=asked.store, q=text):
        (store, external_id) = exact[0]
        return redirect(url_for("order.order", store=store, external_id=external_id), 303)
    if not exact and asked == AskedFor(q=text) and (own := handling.own_called(connection, text)):
        return redirect(url_for("handling.own", number=own), 303)
    if exact or order_view.is_sku(connection, text):
        return redirect(asked.address(), 303)
    # It may be a buyer's name: no proxy's log and no browser's history is to have it (DOR-6).
    number = user_tasks.keep_find(connection, me().session.mark, text)
    return redirect(asked.address(q="", find=str(number)), 303)


def _asked(given: Any) -> AskedFor:
    """What the form or the address says; what cannot be is left out."""
    values = {name: clean(given.get(name, ""))[:MOST_SIGNS] for name in AskedFor.__slots__}
    values["state"] = values["state"] if values["state"] in ORDER_STATES else ""
    values["reason"] = values["reason"] if values["reason"] in set(map(str, Reason)) else ""
    for name in ("since", "until"):
        values[name] = values[name] if _midnight(values[name]) else ""
    return AskedFor(**values)


def _midnight(day: str) -> datetime | None:
    """When a day begins; None for what is none."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return datetime.combine(found, time(), UTC) if found.year > 1 and found.year < 9999 else None


def _found(connection: Connection, number: str) -> str:
    """What this session searched for under a number; another's number shows nothing."""
    if not number:
        return ""
    is_number = number.isascii() and number.isdecimal() and len(number) < 10
    text = user_tasks.find(connection, me().session.mark, int(number)) if is_number else None
    if text is None:
        abort(404)
    return text


def _filter(connection: Connection, asked: AskedFor, text: str) -> OrderFilter:
    store_id = None
    if asked.store:
        row = stores.ever(connection, asked.store)
        if row is None:
            abort(404)
        store_id = row.id
    may_know = me().user.role.may(Role.OPERATOR)
    return OrderFilter(
        store_id,
        asked.state or None,
        asked.reason or None,
        text or None,
        names_no_buyer=not may_know,
        changed_from=_midnight(asked.since),
        changed_until=until + timedelta(days=1) if (until := _midnight(asked.until)) else None,
    )


def _place_text(row: ListedOrder) -> str:
    at = row.store_updated_at.isoformat() if row.store_updated_at else None
    return urlsafe_b64encode(json.dumps([at, row.external_id, row.store_id]).encode()).decode()


def _read_place(text: str) -> ListPlace | None:
    """Where a page begins; an address that nobody of us made begins at the newest."""
    try:
        at, external_id, store_id = json.loads(urlsafe_b64decode(text.encode()))
        moment = None if at is None else datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return None
    is_place = isinstance(external_id, str) and "\x00" not in external_id and type(store_id) is int
    has_zone = moment is None or moment.tzinfo is not None
    return ListPlace(moment, external_id, store_id) if is_place and has_zone and 0 <= store_id < 2**63 else None
