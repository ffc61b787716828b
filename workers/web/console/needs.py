"""What needs somebody, by reason, each with what to do, and a retry of all that has one reason (BEY-7)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.postgres import Connection, journal, metrics, order_view, stores
from connectors.postgres.order_view import OrderFilter
from schemas.errors import SettingRefused
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.users import Role
from tasks import retrying
from workers.seen import called
from workers.web.console import desk, jobs, state
from workers.web.console.frame import me, needs
from workers.web.console.orders import ListLine
from workers.web.console.state import ReasonGroup
from workers.web.console.words import plural

pages: Final = Blueprint("needs", __name__, template_folder="templates")

EXAMPLES: Final = 20
FORETELL: Final = "foretell_retry"


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
    job = jobs.asked(FORETELL)
    if job and (job.arguments["reason"], job.arguments["store_id"]) != (reason, store_id):
        abort(404)
    return render_template(
        "retry.html",
        panel=Panel(group, listed),
        store=request.args.get("store", ""),
        job=job,
        foretold=_foretold(job.result) if job and job.result else None,
    )


@pages.post("/needs/<reason>/ask")
@needs(Role.OPERATOR)
def ask(reason: str) -> ResponseReturnValue:
    """Have a worker ask the stores what a retry would do, of the first orders (BEY-7)."""
    _, store_id = _group(desk.connection(), reason)
    here: dict[str, Any] = {"reason": reason, "store": request.args.get("store") or None}
    try:
        job = jobs.ask(FORETELL, None, {"reason": reason, "store_id": store_id})
    except SettingRefused as error:
        flash(f"{error.problem[:1].upper()}{error.problem[1:]}.")
        return redirect(url_for("needs.preview", **here, _anchor="said"), 303)
    return redirect(url_for("needs.preview", **here, job=job, _anchor="said"), 303)


@dataclass(frozen=True, slots=True)
class ForetoldRetry:
    """What a retry would do to the orders that were asked for: how many come to what, and why those fail that do."""

    asked: int
    outcomes: Mapping[str, int]
    fail: Mapping[str, int]
    stay: Mapping[str, int]


def _foretold(result: Mapping[str, Any]) -> ForetoldRetry:
    orders = result["orders"]
    by = {
        outcome: Counter(one["reason"] or "" for one in orders if one["outcome"] == outcome)
        for outcome in ("fail", "skip")
    }
    return ForetoldRetry(len(orders), Counter(one["outcome"] for one in orders), by["fail"], by["skip"])


@pages.post("/needs/<reason>/hide")
@needs(Role.OPERATOR)
def hide(reason: str) -> ResponseReturnValue:
    """What was noted for a reason is seen to: it is hidden until more come to it; or it is shown again."""
    connection = desk.connection()
    _group(connection, reason)
    with connection.transaction():
        if request.form.get("undo") == "1":
            moved = metrics.show_notes(connection, reason)
            said, line = "It is shown again.", Line(Action.HIDE, Outcome.SHOWN, reason)
        else:
            moved = metrics.hide_notes(connection, reason, store_id=None, who=me().user.name)
            said, line = "It is hidden until more orders come to it.", Line(Action.HIDE, Outcome.HIDDEN, reason)
        for store_id in moved:
            journal.add(connection, line, store_id=store_id)
    flash(said if moved else "Nothing of it is there any more.")
    return redirect(url_for("needs.all_needs", _anchor="said"), 303)


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
