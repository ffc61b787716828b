"""Telling stores the hub's stock by hand: what each would be told, its guard, and how far it is (STK-10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.postgres import Connection, stock_view, stores
from connectors.postgres.rows import StoreRow
from connectors.postgres.stock_view import Progress, PushOutcome
from schemas.errors import SettingRefused
from schemas.jobs import Job
from schemas.text import clean
from schemas.users import Role
from tasks.stock.asking import MOST_LINES, PushTrial, why_not_told
from workers.web.console import desk, jobs
from workers.web.console.frame import needs
from workers.web.console.words import now

pages: Final = Blueprint("stock_push", __name__, template_folder="templates")

MOST_SKUS: Final = 500  # that are named in a form
MOST_SIGNS: Final = 200
OLD: Final = timedelta(minutes=30)  # a preview says nothing of what a store shows by then
KINDS: Final = ("try_push", "push")


@dataclass(frozen=True, slots=True)
class TriedStore:
    """What a store would be told, or why that is not known."""

    row: StoreRow
    trial: PushTrial | None
    trouble: str

    @property
    def to_tell(self) -> int:
        """Items that a push tells without asking."""
        return self.trial.outcomes.get("tell", 0) if self.trial else 0

    @property
    def to_ask(self) -> int:
        """Items that a person is asked about first."""
        return self.trial.outcomes.get("ask", 0) if self.trial else 0

    @property
    def why_not(self) -> str:
        """Why it may not be told now, though it may be tried."""
        return why_not_told(self.row) or ("" if self.row.state == "active" else "it is not active yet")


@dataclass(frozen=True, slots=True)
class Followed:
    """A push that was asked for, and how far the store is with it."""

    row: StoreRow
    skus: int
    missing: int
    progress: Progress
    outcome: PushOutcome | None


@pages.get("/stock/push")
@needs(Role.OPERATOR)
def push() -> ResponseReturnValue:
    """Of which SKUs and stores; what a worker found out of them; or how far a push is."""
    connection = desk.connection()
    job = jobs.asked("try_push") if request.args.get("what") != "push" else _asked_push(connection)
    named = _named(job.arguments["skus"] if job else request.args.getlist("sku"))
    return _page(connection, job, named, request.args.get("store", ""))


@pages.post("/stock/push/preview")
@needs(Role.OPERATOR)
def preview() -> ResponseReturnValue:
    """Let a worker ask the stores; nothing is written or told."""
    connection, name = desk.connection(), clean(request.form.get("store", ""))
    named = _named(request.form.get("skus", "").splitlines())
    is_all = request.form.get("which") == "all"
    wrong = "" if is_all or named else "Name at least one SKU, or choose all of them."
    if len(named) > MOST_SKUS:
        wrong = f"{len(named):,} SKUs are named, and at most {MOST_SKUS} can be: choose all of them."
    asked = [row for row in _stores(connection) if name in {"", row.name}]
    if not asked:
        wrong = wrong or "No such store can be told stock."
    if not wrong:
        try:
            arguments = {"stores": [row.id for row in asked], "skus": [] if is_all else named}
            number = jobs.ask("try_push", arguments=arguments)
            return redirect(url_for("stock_push.push", job=number), 303)
        except SettingRefused as error:
            wrong = error.problem
    return _page(connection, None, named[:MOST_SKUS], name, wrong=wrong)


@pages.post("/stock/push")
@needs(Role.OPERATOR)
def tell() -> ResponseReturnValue:
    """Tell one store what its preview said, as `stock push` does; past its guard where a person says so."""
    connection = desk.connection()
    job = jobs.asked("try_push") or abort(404)
    one = next((at for at in _found(connection, job) if at.row.name == request.form.get("store")), None)
    if one is None or one.trial is None:
        abort(404)
    trial, agreed = one.trial, None
    wrong = one.why_not
    if job.ended_at is not None and now() - job.ended_at > OLD:
        wrong = wrong or "that preview is too old: preview it again"
    if trial.is_to_be_asked:
        agreed = {"uncounted": trial.uncounted_skus, "pieces": trial.shows - trial.would_show}
        if request.form.get("yes") != "on" or request.form.get("name", "").strip() != one.row.name:
            wrong = wrong or f"tick it, and type {one.row.name}, to go past its guard"
    if not wrong:
        try:
            arguments = {"skus": job.arguments["skus"], "agreed": agreed}
            number = jobs.ask("push", one.row.id, arguments)
            return redirect(url_for("stock_push.push", what="push", store=one.row.name, job=number), 303)
        except SettingRefused as error:
            wrong = error.problem
    flash(f"Nothing was told: {wrong}.")
    return redirect(url_for("stock_push.push", job=job.id, _anchor="said"), 303)


def _page(
    connection: Connection, job: Job | None, named: Sequence[str], store: str, *, wrong: str = ""
) -> ResponseReturnValue:
    found = _found(connection, job) if job and job.kind == "try_push" else []
    followed = _followed(connection, job) if job and job.kind == "push" else None
    page = render_template(
        "stock-push.html",
        job=job,
        found=found,
        followed=followed,
        named=named,
        is_all=bool(job) and not named,
        store=store,
        stores=_stores(connection),
        most_lines=MOST_LINES,
        wrong=wrong,
    )
    return page, 422 if wrong else 200


def _asked_push(connection: Connection) -> Job | None:
    row = stores.find_store(connection, clean(request.args.get("store", ""))) or abort(404)
    return jobs.asked("push", store_id=row.id)


def _stores(connection: Connection) -> list[StoreRow]:
    """Those that may be previewed: one that is told no stock yet as well, where it is named."""
    return [row for row in stores.stores(connection) if not why_not_told(row, is_trial=True)]


def _named(lines: Sequence[str]) -> list[str]:
    """SKUs, each once, a line each."""
    return list(dict.fromkeys(sku for line in lines if (sku := clean(line)[:MOST_SIGNS])))


def _found(connection: Connection, job: Job) -> list[TriedStore]:
    rows = {row.name: row for row in stores.stores(connection)}
    return [
        TriedStore(rows[one["store"]], _trial(one.get("trial")), str(one.get("trouble", "")))
        for one in (job.result or {}).get("stores", [])
        if one["store"] in rows
    ]


def _trial(found: dict[str, Any] | None) -> PushTrial | None:
    return PushTrial(**found) if found else None


def _followed(connection: Connection, job: Job) -> Followed | None:
    """How far the store is; which SKUs it was told is asked where they were named."""
    result = job.result
    row = stores.find_store(connection, str(job.store_id))
    if result is None or row is None:
        return None
    named = list(result["named"]) or None
    since, asked_at = (datetime.fromisoformat(result[key]) for key in ("since", "asked_at"))
    progress = stock_view.push_progress(connection, row.id, named, asked_at=asked_at)
    outcome = None
    if named and not progress.waiting:
        outcome = stock_view.push_outcome(connection, row.id, named, asked_at=since)
    return Followed(row, int(result["skus"]), int(result["missing"]), progress, outcome)
