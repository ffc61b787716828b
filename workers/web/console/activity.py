"""Activity: the journal by day, newest first: what was done or not done to which order or SKU, why, and by whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from connectors.postgres import Connection, journal, order_view, stores
from schemas.journal import Entry
from schemas.text import clean
from schemas.users import Role
from workers.web.console import desk, lines, listed
from workers.web.console.frame import needs

pages: Final = Blueprint("activity", __name__, template_folder="templates")

ROWS: Final = 100  # on a page
MOST_LINES: Final = 100_000  # of a file
PORTION: Final = 1000
MOST_SIGNS: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the journal, its sentence and its shape."""

    line: Entry
    text: str
    kind: str
    who: str


@dataclass(frozen=True, slots=True)
class AskedLines:
    """Which lines a person asked for."""

    store: str = ""
    order: str = ""
    sku: str = ""

    def address(self, **changed: str) -> str:
        """The page that shows them."""
        return listed.address("activity.activity", self, changed)

    def file(self) -> str:
        """The file that has them."""
        return listed.address("activity.activity_file", self, {})


@pages.get("/activity")
@needs(Role.VIEWER)
def activity() -> ResponseReturnValue:
    """A page of it."""
    asked = _asked(request.args)
    return render_template("activity.html", asked=asked, stores=stores.all_stores(desk.connection()), **page_of(asked))


def page_of(asked: AskedLines) -> dict[str, Any]:
    """A page of some lines, for a template that shows them: days, rows, and the ways to newer and older ones."""
    connection = desk.connection()
    way = listed.read_way(request.args.get("after", ""))
    found = journal.lines(connection, _which(connection, asked, way.place), limit=ROWS + 1)
    newest = list(reversed(found))
    return {
        "days": _days(newest[:ROWS]),
        "rows": len(newest[:ROWS]),
        "way": way,
        "older": way.older(str(newest[ROWS - 1].id)) if len(newest) > ROWS else "",
    }


@pages.get("/activity.csv")
@needs(Role.VIEWER)
def activity_file() -> ResponseReturnValue:
    """The same lines as a file, so many at most, a portion at a time."""
    connection = desk.connection()
    return listed.file("activity.csv", _lines(connection, _which(connection, _asked(request.args), "")))


def _lines(connection: Connection, which: journal.Which) -> Iterator[str]:
    """A head, and the journal's lines as the page says them, newest first."""
    yield listed.line(("at", "store", "order", "sku", "action", "outcome", "reason", "said", "who"))
    for _ in range(MOST_LINES // PORTION):
        found = journal.lines(connection, which, limit=PORTION)
        yield "".join(listed.line(_cells(line)) for line in reversed(found))
        if len(found) < PORTION:
            return
        which = replace(which, before=found[0].id)


def _cells(line: Entry) -> tuple[str, ...]:
    return (
        line.at.astimezone(UTC).isoformat(timespec="seconds"),
        line.store or "",
        line.external_id or "",
        line.sku or "",
        str(line.action),
        str(line.outcome),
        line.reason or "",
        lines.said(line),
        lines.who(line),
    )


@pages.post("/activity")
@needs(Role.VIEWER)
def search() -> ResponseReturnValue:
    """What was asked for, as an address."""
    return redirect(_asked(request.form).address(), 303)


def _asked(given: Any) -> AskedLines:
    return AskedLines(**{name: clean(given.get(name, ""))[:MOST_SIGNS] for name in AskedLines.__slots__})


def _which(connection: Connection, asked: AskedLines, after: str) -> journal.Which:
    """The lines in the words of `journal`; an order is named by its number too where a store is."""
    store_id, external_id = None, asked.order or None
    if asked.store:
        row = stores.ever(connection, asked.store)
        if row is None:
            abort(404)
        store_id = row.id
        named = order_view.named(connection, row.id, asked.order) if asked.order else []
        external_id = named[0] if len(named) == 1 else external_id
    is_number = after.isascii() and after.isdecimal() and len(after) < 19
    return journal.Which(store_id, external_id, asked.sku or None, before=int(after) if is_number else None)


def _days(found: Sequence[Entry]) -> list[tuple[date, list[Shown]]]:
    shown = [Shown(line, lines.said(line), lines.kind(line), lines.who(line)) for line in found]
    return [(day, list(some)) for day, some in groupby(shown, key=lambda one: one.line.at.astimezone(UTC).date())]
