"""A store that is connected is set up: locations, settings, what is brought in, a preview, activation (STG-1…3).

One page, of which each section is saved on its own and found again. What the shop is asked a worker asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.postgres import journal, stock_imports, stores
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.journal import Action, Entry
from schemas.setting_words import always_imported
from schemas.settings import fetch_every, profile_of, with_defaults
from schemas.stores import StoreState
from schemas.users import Role
from tasks import bells
from tasks.stock import importing
from workers.cli.store.words import stock_import_document, stock_import_words
from workers.web.console import desk, jobs
from workers.web.console.foretold import foretold_words
from workers.web.console.frame import needs
from workers.web.console.settings_form import FormOf, SettingsForm, hub_locations, sent, shown
from workers.web.console.store import known
from workers.web.console.store_settings import LOCATIONS, ORDERS, PLACES, is_said, place_rows
from workers.web.door import opened

pages: Final = Blueprint("setup", __name__, template_folder="templates")

FORETELL: Final = "foretell"
CUSTOMERS: Final = "import_customers"
CHECK: Final = "check"
ASKED: Final = {LOCATIONS: "locations", FORETELL: "preview", CHECK: "keys"}  # kinds of jobs, and their sections
SECTIONS: Final = ("locations", "bring-in", "preview", "activate")  # those that somebody has to look at
NEWEST: Final = 300  # lines of the journal, among which the last import of products is looked for


@dataclass(frozen=True, slots=True)
class Bringing:
    """Something that is brought in by hand: what it is, whether it is under way, what came of it."""

    what: str
    title: str
    says: str
    is_going: bool
    came: str
    is_done: bool


@pages.get("/stores/<name>/setup")
@needs(Role.OPERATOR)
def setup(name: str) -> ResponseReturnValue:
    """All seven sections; what is done is folded."""
    row = known(name)
    return _page(row, *(shown(form) for form in _forms(row)))


@pages.post("/stores/<name>/setup")
@needs(Role.OPERATOR)
def save(name: str) -> ResponseReturnValue:
    """One of its forms of settings: a preview, or it is saved."""
    row = known(name, to_change=True)
    if request.form.get("act") == "ask":
        return _ask(row, LOCATIONS)
    places, orders = _forms(row)
    is_places = request.form.get("form") == places.name
    found = sent(places if is_places else orders)
    if not isinstance(found, SettingsForm):
        return found
    return _page(row, found, shown(orders)) if is_places else _page(row, shown(places), found)


@pages.post("/stores/<name>/setup/ask")
@needs(Role.OPERATOR)
def ask(name: str) -> ResponseReturnValue:
    """Let a worker ask the shop for its locations, or what an activation would bring."""
    row, kind = known(name, to_change=True), request.form.get("kind", "")
    if kind not in ASKED:
        flash("Nothing was asked.")
        return redirect(url_for("setup.setup", name=row.name, _anchor="said"), 303)
    return _ask(row, kind)


def _ask(row: StoreRow, kind: str) -> ResponseReturnValue:
    try:
        jobs.ask(kind, row.id)
    except SettingRefused as refused:
        flash(f"It was not asked: {refused.problem}.")
        return redirect(url_for("setup.setup", name=row.name, _anchor="said"), 303)
    return redirect(url_for("setup.setup", name=row.name, _anchor=ASKED[kind]), 303)


@pages.post("/stores/<name>/setup/bring-in")
@needs(Role.OPERATOR)
def bring_in(name: str) -> ResponseReturnValue:
    """Products, or a first count, as `store import` does; or no more of it."""
    row, what = known(name, to_change=True), request.form.get("what", "")
    connection, is_stop = desk.connection(), request.form.get("act") == "stop"
    if row.state not in {StoreState.ACTIVE, StoreState.INACTIVE} or what not in {"products", "customers", "stock"}:
        flash("Nothing was done: it is brought in from a store that is active or inactive.")
    elif what == "products":
        stores.want_products(connection, row.id, wanted=not is_stop)
        if not is_stop:
            bells.ring_catalogue(row.id)
        flash("Its products come in no more." if is_stop else "Its products come in now.")
    elif what == "customers":
        _bring_customers(row, is_stop=is_stop)
    elif is_stop:
        stock_imports.forget(connection, row.id)
        flash("Its stock is not counted.")
    else:
        importing.want_stock(opened(), row, is_again=False, is_trial=False)
        when = "once it is activated, with its open orders" if row.state == StoreState.INACTIVE else "now"
        flash(f"Its stock is counted {when}.")
    return redirect(url_for("setup.setup", name=row.name, _anchor="said"), 303)


def _bring_customers(row: StoreRow, *, is_stop: bool) -> None:
    job = jobs.latest(CUSTOMERS, row.id)
    if is_stop:
        if job:
            jobs.end(job)
        flash("Its customers come in no more. Those that came stay.")
        return
    try:
        jobs.ask(CUSTOMERS, row.id)
    except SettingRefused as refused:
        flash(f"Nothing was done: {refused.problem}.")
    else:
        flash("Its customers come in now.")


def _forms(row: StoreRow) -> tuple[FormOf, FormOf]:
    return (
        FormOf(row, PLACES, "places", "setup.setup"),
        FormOf(row, ORDERS, "settings", "setup.setup"),
    )


# -- what was brought in -----------------------------------------------------------------------------------------------


def _products(row: StoreRow) -> Bringing:
    lines = journal.lines(desk.connection(), journal.Which(row.id), limit=NEWEST)
    last = next((line for line in reversed(lines) if line.action == Action.IMPORT_PRODUCTS), None)
    return Bringing(
        "products",
        "Products",
        "Every SKU of the shop that the hub does not have becomes an item there.",
        row.wants_products,
        _came(row, last),
        last is not None and not row.wants_products,
    )


def _came(row: StoreRow, last: Entry | None) -> str:
    if row.wants_products and row.catalogue_reason:
        return "The catalogue cannot be read now: it goes on by itself."
    if row.wants_products:
        return "The catalogue is being read."
    if last is None or "made" not in last.detail:
        return ""
    made = last.detail
    return f"{made['made']} made, {made['known']} known already, {made['without_sku']} without SKU."


def _customers(row: StoreRow) -> Bringing:
    job = jobs.latest(CUSTOMERS, row.id)
    came = ""
    if job and job.result:
        came = f"{job.result['made']} made, {job.result['known']} known already."
    elif job and job.is_over:
        came = f"Not all of them came: {job.trouble.words}." if job.trouble else "It was stopped: those that came stay."
    elif job:
        came = f"{job.seen:,} read so far."
    is_done = job is not None and job.result is not None
    says = "Whom the shop has registered: by e-mail, each is one customer of the hub."
    return Bringing("customers", "Customers", says, job is not None and not job.is_over, came, is_done)


def _stock(row: StoreRow) -> Bringing:
    job = stock_imports.look(desk.connection(), row.id)
    document = stock_import_document(job)
    is_going = job is not None and not job.is_over
    waits = "It waits for the activation." if is_going and row.state == StoreState.INACTIVE else ""
    return Bringing(
        "stock",
        "First stock",
        "Counts what the shop shows, and what its open orders have promised, into the hub. Can be taken back.",
        is_going,
        waits or (stock_import_words(document) if document else ""),
        job is not None and job.step == "done",
    )


# -- the page ----------------------------------------------------------------------------------------------------------


def _page(row: StoreRow, places: SettingsForm, orders: SettingsForm) -> ResponseReturnValue:
    its = platforms.record(row.platform)
    asked = {kind: jobs.latest(kind, row.id) for kind in ASKED}
    found, bringing = asked[LOCATIONS], [_products(row), _customers(row), _stock(row)]
    result = asked[FORETELL].result if asked[FORETELL] else None
    done = _done(row, bringing, has_preview=bool(result))
    page = render_template(
        "setup.html",
        row=row,
        places=places,
        orders=orders,
        note=orders if is_said(orders) else places,
        always=always_imported(profile_of(its, row.settings)),
        asked=asked,
        rows=place_rows(places, found.result if found and found.result else {}),
        has_places=its.tells_locations_apart,
        codes=hub_locations(row.settings.get("location_map", "")),
        bringing=bringing,
        preview=foretold_words(result) if result else [],
        coming=result["orders"]["outcomes"].get("create", 0) if result else None,
        tells_stock=with_defaults(its, row.settings)["stock.sync"],
        every=fetch_every(row.settings),
        done=done,
        here=next((one for one in SECTIONS if one not in done), "activate"),
    )
    return page, max(places.status, orders.status)


def _done(row: StoreRow, bringing: Sequence[Bringing], *, has_preview: bool) -> set[str]:
    """Sections of which nothing is left to do: those are folded."""
    its = platforms.record(row.platform)
    is_placed = not its.tells_locations_apart or bool({*PLACES} & row.settings.keys())
    facts = {
        "locations": is_placed,
        "bring-in": any(one.is_done for one in bringing),
        "preview": has_preview,
        "activate": row.state != StoreState.INACTIVE,
    }
    return {"platform", "keys", "orders", *(name for name, is_done in facts.items() if is_done)}
