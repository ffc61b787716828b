"""What needs somebody, by reason, each with what to do, and a retry of all that has one reason (BEY-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.postgres import Connection, order_view, stores
from connectors.postgres.order_view import OrderFilter
from schemas.reasons import Reason
from schemas.users import Role
from tasks import retrying
from workers.seen import called
from workers.web.console import desk, state
from workers.web.console.frame import needs
from workers.web.console.orders import ListLine
from workers.web.console.state import ReasonGroup
from workers.web.console.words import plural

pages: Final = Blueprint("needs", __name__, template_folder="templates")

EXAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Panel:
    """A group with its first orders."""

    group: ReasonGroup
    listed: Sequence[ListLine]


@pages.get("/needs")
@needs(Role.VIEWER)
def all_needs() -> ResponseReturnValue:
    """All of it, worst first."""
    connection = desk.connection()
    standing = state.look(connection)
    panels = [Panel(group, _examples(connection, group.reason)) for group in standing.failed]
    return render_template("needs.html", standing=standing, panels=panels)


@pages.get("/needs/<reason>/retry")
@needs(Role.OPERATOR)
def preview(reason: str) -> ResponseReturnValue:
    """What a retry of all of them does, before it is done."""
    connection = desk.connection()
    group, store_id = _group(connection, reason)
    wanted = OrderFilter(store_id, state="failed", reason=reason)
    listed = [ListLine(row, called(row)) for row in order_view.orders(connection, wanted, limit=EXAMPLES)]
    return render_template("retry.html", panel=Panel(group, listed), store=request.args.get("store", ""))


@pages.post("/needs/<reason>/retry")
@needs(Role.OPERATOR)
def retry(reason: str) -> ResponseReturnValue:
    """All of them, as `retry --failed --reason --store` does it."""
    connection = desk.connection()
    _, store_id = _group(connection, reason)
    retried = retrying.retry_failed(connection, store_id, reason)
    retrying.ring(connection, retried)
    flash(f"{plural(len(retried), 'order')} will be looked at again." if retried else "Nothing was left to retry.")
    return redirect(url_for("needs.all_needs", _anchor="said"), 303)


def _group(connection: Connection, reason: str) -> tuple[ReasonGroup, int | None]:
    """What failed for a reason, of the store that is named or of all; 404 for a reason or store that is none."""
    if reason not in set(map(str, Reason)):
        abort(404)
    name, store_id = request.args.get("store", ""), None
    if name:
        row = stores.find_store(connection, name)
        if row is None:
            abort(404)
        store_id = row.id
    found = next(
        (one for one in state.look(connection).failed if one.reason == reason), ReasonGroup("failed", reason, {})
    )
    return ReasonGroup("failed", reason, {key: n for key, n in found.stores.items() if name in {"", key}}), store_id


def _examples(connection: Connection, reason: str) -> list[ListLine]:
    wanted = OrderFilter(state="failed", reason=reason)
    return [ListLine(row, called(row)) for row in order_view.orders(connection, wanted, limit=EXAMPLES)]
