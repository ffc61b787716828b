"""One order: where it is and why, its rows, the money of both sides, its parcels, and how it came to be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connectors import hubs, platforms
from connectors.postgres import Connection, stores
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.hub import HubOrder
from schemas.journal import Entry
from schemas.reasons import Reason
from schemas.setting_words import WORDS
from schemas.settings import profile_of
from schemas.text import clean
from schemas.users import Role
from tasks import retrying
from tasks.rules.eligibility import setting_that_lets_in
from tasks.rules.privacy import naming_words
from workers.cli.documents import order_document
from workers.cli.explain.order import explained
from workers.seen import KnownOrder, known_order
from workers.web.console import desk, handling, jobs, sent
from workers.web.console import lines as lines_of
from workers.web.console.frame import me, needs
from workers.web.console.masks import shown_words
from workers.web.console.words import field_id

pages: Final = Blueprint("order", __name__, template_folder="templates")

MOST_SIGNS: Final = 200  # of an id


@pages.get("/orders/<store>/<path:external_id>")
@needs(Role.VIEWER)
def order(store: str, external_id: str) -> ResponseReturnValue:
    """All that is known of it."""
    connection = desk.connection()
    row = stores.ever(connection, clean(store)) or abort(404)
    known = known_order(connection, row.id, clean(external_id))
    if known is None:
        return _unknown(row, clean(external_id))
    hub_order, account = known.hub_order, stores.account(connection)
    facts = hubs.facts_of(account.hub)
    return render_template(
        "order.html",
        store=row,
        row=known.row,
        number=hub_order.order_no if hub_order else known.row.order_no or external_id,
        hub=hub_order,
        document=order_document(hub_order) if hub_order else None,
        can=handling.can(hub_order) if hub_order and facts.shares_transaction else None,
        done_in=facts.name.capitalize(),
        done_at=facts.order_page.format(hub_order.id) if hub_order else "",
        let_in=_let_in(row, known),
        sent=sent.sent_lines(known.row.snapshot, me().user) if known.row.snapshot else [],
        aged_out=sent.aged_out(known.row, account),
        trail=_trail(connection, row, known),
        is_failing=known.row.is_failing or known.row.hub_is_failing,
    )


@pages.post("/orders/<store>/<path:external_id>/retry")
@needs(Role.OPERATOR)
def retry(store: str, external_id: str) -> ResponseReturnValue:
    """Another look, asked of the store anew."""
    return _look_again(store, external_id, _RETRY)


@pages.post("/orders/<store>/<path:external_id>/reimport")
@needs(Role.OPERATOR)
def reimport(store: str, external_id: str) -> ResponseReturnValue:
    """The one deliberate way back of what was deleted in the hub (BEY-6)."""
    return _look_again(store, external_id, _REIMPORT)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a person may want of an order, and what is said of it, done or not."""

    make_due: Callable[[Connection, int, str], bool]
    said: str
    refused: str


_RETRY: Final = _Wish(
    retrying.retry_order,
    "It is looked at again now: the store is asked anew.",
    "It was deleted in the hub: only importing it again brings it back.",
)
_REIMPORT: Final = _Wish(
    retrying.reimport_order,
    "It comes in again: it is looked at now.",
    "It was not deleted in the hub: there is nothing to bring back.",
)


def _look_again(store: str, external_id: str, wish: _Wish) -> ResponseReturnValue:
    connection = desk.connection()
    row, known = _known(connection, store, external_id)
    is_due = wish.make_due(connection, row.id, known.row.external_id)
    if is_due:
        retrying.ring(connection, [(row.id, known.row.external_id)])
    flash(wish.said if is_due else wish.refused)
    return redirect(url_for("order.order", store=store, external_id=external_id, _anchor="said"), 303)


@pages.post("/orders/<store>/<path:external_id>/ask")
@needs(Role.OPERATOR)
def ask(store: str, external_id: str) -> ResponseReturnValue:
    """Ask the store for an order that it never showed."""
    row = stores.find_store(desk.connection(), clean(store)) or abort(404)
    address: dict[str, Any] = {"store": row.name, "external_id": clean(external_id)[:MOST_SIGNS]}
    try:
        job = jobs.ask("ask_order", row.id, {"external_id": address["external_id"]})
    except SettingRefused as why:
        flash(f"{why.problem[:1].upper()}{why.problem[1:]}.")
        return redirect(url_for("order.order", **address, _anchor="said"), 303)
    return redirect(url_for("order.order", **address, job=job, _anchor="said"), 303)


def _unknown(row: StoreRow, external_id: str) -> ResponseReturnValue:
    """A page for an order that its store never showed, which it may be asked for."""
    job = jobs.asked("ask_order", store_id=row.id)
    page = render_template("unknown-order.html", store=row, external_id=external_id, job=job)
    return page, 200 if job else 404


def _let_in(row: StoreRow, known: KnownOrder) -> tuple[str, str] | None:
    """What a skipped order would come in with: the setting's name, and where it is set."""
    order = known.row
    if order.state != "skipped":
        return None
    if order.reason == Reason.NO_EXCHANGE_RATE:
        return "an exchange rate", url_for("rates.all_rates")
    key = setting_that_lets_in(order.reason, order.detail, profile_of(platforms.record(row.platform), row.settings))
    if key is None:
        return None
    anchor = field_id(key)
    if key in WORDS:
        return WORDS[key].title, url_for("store_settings.orders", name=row.name, _anchor=anchor)
    return "Orders in other currencies come in", url_for("account.general", _anchor=anchor)


def _known(connection: Connection, store: str, external_id: str) -> tuple[StoreRow, KnownOrder]:
    """The store and the order; else nothing of that name was ever seen."""
    row = stores.ever(connection, clean(store))
    known = known_order(connection, row.id, clean(external_id)) if row else None
    if row is None or known is None:
        abort(404)
    return row, known


def _trail(connection: Connection, row: StoreRow, known: KnownOrder) -> list[dict[str, Any]]:
    """How it came to be, as `explain` tells it; a viewer reads it without the buyer."""
    naming, lines = _naming(known.hub_order), iter(known.lines)
    steps = (_look_of(step, lines) for step in explained(connection, row, known)["trail"])
    return [{**step, "text": shown_words(step["text"], naming, me().user)} for step in steps]


def _look_of(step: dict[str, Any], lines: Iterator[Entry]) -> dict[str, Any]:
    """A step with its shape; one of the journal, which stands in the same order there, with who did it."""
    if step["topic"] != "journal":
        text = f"Settings: {step['text']}." if step["topic"] == "settings" else step["text"]
        return {**step, "text": text, "kind": "done" if step["at"] else "", "who": None}
    line = next(lines)
    return {**step, "text": lines_of.said(line), "kind": lines_of.kind(line), "who": line.who}


def _naming(hub_order: HubOrder | None) -> set[str]:
    """What would name the buyer in a sentence."""
    head = hub_order.head if hub_order else None
    if head is None:
        return set()
    told = [head.customer.name, head.customer.email, *head.customer.name.split(), head.notes, head.customer_reference]
    for one in (head.bill_to, head.ship_to):
        told += [one.company, one.line_1, one.line_2, one.phone]
    return naming_words([word for word in told if word])
