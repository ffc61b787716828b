"""The first count: from a file or from a store, previewed, counted as one adjustment, and taken back (STK-11)."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import hubs
from connectors.postgres import Connection, count_files, stock_imports, stores
from connectors.postgres.count_files import KeptFile
from connectors.postgres.rows import StoreRow
from connectors.postgres.stock_imports import StockImport
from schemas.count_file import decode, delimiter_of
from schemas.counts import MadeCount
from schemas.errors import SettingRefused
from schemas.jobs import Job
from schemas.text import clean
from schemas.users import Role
from tasks.rules.doubts import doubts_of
from tasks.stock.importing import want_stock
from workers.cli.hub.items import made_count, made_counts
from workers.web.console import desk, jobs
from workers.web.console.frame import me, needs, takes
from workers.web.door import opened

pages: Final = Blueprint("stock_count", __name__, template_folder="templates")

MOST_BYTES: Final = 1_900_000  # of a file: the server takes no larger form, and a command does
MOST_COUNTS: Final = 20  # that are listed
ROWS: Final = 200  # figures that a preview shows
_PARTED: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True, slots=True)
class FromStore:
    """A store that is counted, with its latest count."""

    row: StoreRow
    job: StockImport | None

    @property
    def mark(self) -> str:
        """Which count a form means."""
        return self.job.asked_at.isoformat() if self.job else ""

    @property
    def is_previewed(self) -> bool:
        """Whether what it would count is known, and nothing is counted yet."""
        return self.job is not None and self.job.step == "done" and self.job.is_trial


@dataclass(frozen=True, slots=True)
class FromFile:
    """A file that is to be counted, and what a worker found."""

    file: KeptFile
    job: Job

    @property
    def doubts(self) -> str:
        """What stores would show less by it, where a person is asked (STK-10)."""
        return doubts_of((self.job.result or {}).get("doubts") or {})

    @property
    def parted(self) -> str:
        """What parts its columns."""
        sign = delimiter_of(self.file.content)
        return _PARTED.get(sign, sign)


@pages.get("/stock/count")
@needs(Role.OPERATOR)
def count() -> ResponseReturnValue:
    """Where from, what it would count, and what was counted before."""
    connection = desk.connection()
    return _page(connection)


@pages.post("/stock/count/file")
@needs(Role.OPERATOR)
@takes(MOST_BYTES)
def take_file() -> ResponseReturnValue:
    """Keep a file, and let a worker read it; nothing is counted."""
    connection, given = desk.connection(), request.files.get("file")
    name = clean((given.filename if given else "") or "")[-100:]
    location = request.form.get("location", "") or stores.account(connection).default_location
    if given is None or not name:
        return _page(connection, wrong="Choose a file.")
    try:
        text = decode(given.read())
        if "\x00" in text:
            raise ValueError("it is no text")
        number = count_files.keep(connection, name=name, content=text, location=clean(location), who=me().user.name)
        job = jobs.ask("try_count", arguments={"file": number, "again": request.form.get("again") == "on"})
    except ValueError as error:
        return _page(connection, wrong=f"{name} was not read: {error}.")
    except SettingRefused as error:
        return _page(connection, wrong=error.problem)
    return redirect(url_for("stock_count.count", job=job), 303)


@pages.post("/stock/count/store")
@needs(Role.OPERATOR)
def take_store() -> ResponseReturnValue:
    """Let a worker find out what a store's count would be; nothing is counted."""
    connection = desk.connection()
    row = _store(connection, request.form.get("store", ""))
    if why := _why_not(row):
        return _page(connection, wrong=why)
    want_stock(opened(), row, is_again=request.form.get("again") == "on", is_trial=True)
    return redirect(url_for("stock_count.count", store=row.name), 303)


@pages.post("/stock/count")
@needs(Role.OPERATOR)
def count_in() -> ResponseReturnValue:
    """Count what the preview said, as `hub stock import` and `store import NAME stock` do; once for each preview."""
    connection = desk.connection()
    if request.form.get("store"):
        return _count_store(connection, _store(connection, request.form["store"]))
    seen = jobs.asked("try_count") or abort(404)
    try:
        said = {
            "file": seen.arguments["file"],
            "again": seen.arguments["again"],
            "yes": request.form.get("yes") == "on",
        }
        job = jobs.ask("count", arguments=said)
    except SettingRefused as error:
        return _page(connection, wrong=error.problem)
    return redirect(url_for("stock_count.count", job=job, what="count"), 303)


def _count_store(connection: Connection, row: StoreRow) -> ResponseReturnValue:
    """A form that was sent twice finds that its preview is no preview any more, and counts nothing."""
    seen = FromStore(row, stock_imports.look(connection, row.id))
    if seen.is_previewed and seen.mark == request.form.get("mark"):
        assert seen.job is not None
        want_stock(opened(), row, is_again=seen.job.is_again, is_trial=False)
    elif seen.job is None or seen.job.is_trial:
        flash("That preview is not the latest one any more. Nothing was counted: look at it, and count then.")
    return redirect(url_for("stock_count.count", store=row.name, _anchor="said"), 303)


# -- taking back -----------------------------------------------------------------------------------------------------


@pages.get("/stock/count/undo")
@needs(Role.OPERATOR)
def ask_to_undo() -> ResponseReturnValue:
    """What taking a count back does."""
    return _undo_page(_past(desk.connection(), request.args.get("count", "")))


@pages.post("/stock/count/undo")
@needs(Role.OPERATOR)
def undo() -> ResponseReturnValue:
    """Take a count back as a whole, as `hub stock undo` does, once its source is typed."""
    past = _past(desk.connection(), request.form.get("count", ""))
    if request.form.get("name", "").strip() != past.source:
        return _undo_page(past, f"Type {past.source} to take it back.")
    try:
        job = jobs.ask("undo_count", arguments={"count": past.id})
    except SettingRefused as error:
        return _undo_page(past, error.problem)
    return redirect(url_for("stock_count.count", job=job, what="undo"), 303)


def _past(connection: Connection, number: str) -> MadeCount:
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    found = made_count(connection, number) if is_number and _is_ours(connection) else None
    return found or abort(404)


def _undo_page(past: MadeCount, why: str = "") -> ResponseReturnValue:
    return render_template("undo-count.html", past=past, why=why), 422 if why else 200


# -- the page --------------------------------------------------------------------------------------------------------


def _page(connection: Connection, *, wrong: str = "") -> ResponseReturnValue:
    job = None if wrong else jobs.asked("try_count", "count", "undo_count")
    store = "" if wrong else request.args.get("store", "")
    is_ours = _is_ours(connection)
    page = render_template(
        "stock-count.html",
        wrong=wrong,
        job=job,
        from_file=_from_file(connection, job),
        from_store=_from_store(connection, store) if store else None,
        stores=[row for row in stores.stores(connection) if not _why_not(row)],
        sharing=[row.name for row in stores.stores(connection) if row.name != store],
        locations=[place.code for place in hubs.our_hub(connection).locations()] if is_ours else [],
        default=stores.account(connection).default_location,
        counts=made_counts(connection, limit=MOST_COUNTS) if is_ours else [],
        rows=ROWS,
    )
    return page, 422 if wrong else 200


def _from_file(connection: Connection, job: Job | None) -> FromFile | None:
    if job is None or job.kind == "undo_count":
        return None
    file = count_files.kept(connection, int(job.arguments["file"]))
    return FromFile(file, job) if file else None


def _from_store(connection: Connection, name: str) -> FromStore:
    row = _store(connection, name)
    return FromStore(row, stock_imports.look(connection, row.id))


def _store(connection: Connection, name: str) -> StoreRow:
    return stores.find_store(connection, clean(name)) or abort(404)


def _why_not(row: StoreRow) -> str:
    """Why a store cannot be counted now; empty where it can."""
    return (
        ""
        if row.state == "active"
        else f"{row.name} is {row.state.replace('_', ' ')}: it is counted once it is active."
    )


def _is_ours(connection: Connection) -> bool:
    return hubs.facts_of(stores.account(connection).hub).shares_transaction


def shown_report(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The figures of a report with what other stores show beside, as a table has them."""
    beside = {(one["sku"], one["location"]): one["figures"] for one in report.get("side_by_side", ())}
    return [{**one, "figures": beside.get((one["sku"], one["location"]), {})} for one in report["counted"][:ROWS]]
