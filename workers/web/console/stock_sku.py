"""One SKU: what the hub has of it, what each store shows of it and why, its ledger, and what was done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from connectors import hubs
from connectors.postgres import journal, stores
from schemas.journal import Entry
from schemas.text import clean
from schemas.users import Role
from workers.cli.explain.stock import explain_store
from workers.cli.hub.items import sku_at_hub
from workers.seen_stock import Sight, look_at_skus
from workers.web.console import desk
from workers.web.console import lines as lines_of
from workers.web.console.frame import needs
from workers.web.console.stock import sku_address

pages: Final = Blueprint("stock_sku", __name__, template_folder="templates")

MOVES: Final = 50  # lines of the ledger, the latest
LINES: Final = 50  # of the journal, the latest
MOST_UNREAD: Final = 5000  # orders that are looked through for what holds it back

# What a line of the ledger is, in people's words.
KINDS: Final = {
    "adjustment": "Adjusted",
    "purchase": "Received",
    "manufacturing": "Made",
    "sale": "Shipped",
    "count": "Counted",
}
_IN_TABLES: Final = {"items", "told", "journal"}  # topics of a trail that stand elsewhere on the page


@dataclass(frozen=True, slots=True)
class AtStore:
    """A store beside it: what `explain --sku` says, and how it stands."""

    sight: Sight
    document: dict[str, Any]

    @property
    def trail(self) -> list[dict[str, Any]]:
        """What led there, but for what stands in tables."""
        return [{**one, "kind": "", "who": None} for one in self.document["trail"] if one["topic"] not in _IN_TABLES]


@pages.get("/stock/sku/<path:sku>")
@needs(Role.VIEWER)
def sku(sku: str) -> ResponseReturnValue:
    """All that is known of it."""
    return _page(clean(sku))


@pages.get("/stock/sku")
@needs(Role.VIEWER)
def odd_sku() -> ResponseReturnValue:
    """The same of one that cannot stand at the end of an address."""
    named = clean(request.args.get("sku", ""))
    if "?" not in sku_address(named):
        return redirect(sku_address(named), 303)
    return _page(named)


def _page(named: str) -> ResponseReturnValue:
    connection = desk.connection()
    facts = hubs.facts_of(stores.account(connection).hub)
    at_hub = sku_at_hub(connection, named, moves=MOVES) if facts.shares_transaction else None
    levels = at_hub.levels if at_hub else ()
    sights = look_at_skus(connection, {named: levels}, most_unread=MOST_UNREAD)[named]
    lines = journal.lines(connection, journal.Which(sku=named), limit=LINES)
    is_sold = any(sight.items for sight in sights)
    if not (at_hub or is_sold or lines):
        abort(404)
    return render_template(
        "stock-sku.html",
        sku=named,
        hub=facts,
        at_hub=at_hub,
        name=at_hub.item.name if at_hub else _name(sights),
        at_stores=[AtStore(sight, explain_store(sight, levels, ())) for sight in sights],
        kinds=KINDS,
        most_moves=MOVES,
        history=[_line(line) for line in reversed(lines)],
        most_lines=LINES,
    )


def _name(sights: Sequence[Sight]) -> str:
    return next((item.name for sight in sights for item in sight.items if item.name), "")


def _line(line: Entry) -> dict[str, Any]:
    return {"line": line, "text": lines_of.said(line), "kind": lines_of.kind(line), "who": lines_of.who(line)}
