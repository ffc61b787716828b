"""Stores: how each stands, what became of its orders and why, and what it waits for; and asking it now."""

from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connectors.hubs import our_hub
from connectors.postgres import journal, lanes, order_view, stock_imports, stores
from connectors.postgres.rows import StoreRow
from schemas.journal import Action, Line, Outcome
from schemas.stores import StoreState
from schemas.text import clean
from schemas.users import Role
from tasks import bells
from workers.cli.store.words import (
    audited_words,
    compared_words,
    stock_import_document,
    stock_import_words,
    stopped_parts,
    unread_catalogue,
    waiting_words,
    webhooks_words,
)
from workers.web.console import desk, state
from workers.web.console.activity import AskedLines, page_of
from workers.web.console.frame import needs

pages: Final = Blueprint("store", __name__, template_folder="templates")

MOST_SUMMED: Final = 300  # orders whose money is added up for a page


@pages.get("/stores")
@needs(Role.VIEWER)
def every_store() -> ResponseReturnValue:
    """Those that are connected, with how they stand, and by name those that were."""
    connection = desk.connection()
    sights = state.sights(connection, state.look(connection))
    rows = stores.all_stores(connection)
    return render_template(
        "stores.html",
        sights=sights,
        rows={row.id: row for row in rows},
        gone=[row for row in rows if row.state == StoreState.DISCONNECTED],
    )


@pages.get("/stores/<name>")
@needs(Role.VIEWER)
def overview(name: str) -> ResponseReturnValue:
    """What `store show` says, but for settings."""
    connection = desk.connection()
    row = known(name)
    takings = our_hub(connection).takings(row.id, most=MOST_SUMMED)
    sight = next((one for one in state.sights(connection, state.look(connection)) if one.store.id == row.id), None)
    return render_template(
        "store.html",
        row=row,
        sight=sight,
        counts=order_view.counts(connection, row.id),
        said=_said(row),
        facts=_facts(row),
        takings=takings,
        most=MOST_SUMMED,
        is_part=sum(one.orders for one in takings or ()) >= MOST_SUMMED,
    )


@pages.get("/stores/<name>/activity")
@needs(Role.VIEWER)
def activity(name: str) -> ResponseReturnValue:
    """Its journal."""
    row = known(name)

    def address(**changed: str) -> str:
        return url_for("store.activity", name=row.name, **{key: value for key, value in changed.items() if value})  # type: ignore[arg-type]

    return render_template("store-activity.html", row=row, address=address, **page_of(AskedLines(store=row.name)))


@pages.post("/stores/<name>/sync")
@needs(Role.OPERATOR)
def sync(name: str) -> ResponseReturnValue:
    """Ask it now what changed, as `sync` does, whatever it waits for."""
    row, connection = known(name), desk.connection()
    if row.state != StoreState.ACTIVE:
        flash(f"{row.name} is {row.state.replace('_', ' ')}: nothing is asked of it.")
    else:
        with connection.transaction():
            stores.fetch_now(connection, row.id)
            journal.add(connection, Line(Action.FETCH, Outcome.PENDING), store_id=row.id)
        bells.ring_fetch(row.id)
        flash(f"{row.name} is asked now what changed.")
    return redirect(url_for("store.overview", name=row.name, _anchor="said"), 303)


def known(name: str, *, to_change: bool = False) -> StoreRow:
    """A store by its name, or the one that had it last; 404 for none, 409 for one that is parted from, `to_change`."""
    row = stores.ever(desk.connection(), clean(name))
    if row is None:
        abort(404)
    if to_change and row.state == StoreState.DISCONNECTED:
        abort(409)
    return row


def _said(row: StoreRow) -> list[str]:
    """What of its work does not go on, and how it does again."""
    connection = desk.connection()
    found = [words for _, words in stopped_parts(row)]
    found += [waiting_words(row.name, work) for work in lanes.waiting(connection, row.id)]
    if row.catalogue_reason:
        found.append(unread_catalogue(row.name, row.catalogue_reason))
    return found


def _facts(row: StoreRow) -> list[tuple[str, str]]:
    """What was found of it last, in the words of `store show`."""
    job = stock_import_document(stock_imports.look(desk.connection(), row.id))
    found = [
        ("Gaps", audited_words(row.audited) if row.audited else "Its orders were not compared yet."),
        ("Webhooks", webhooks_words(row)),
    ]
    if row.stock_compared:
        found.append(("Stock", compared_words(row.name, row.stock_compared)))
    if job:
        found.append(("Count", stock_import_words(job)))
    return found
