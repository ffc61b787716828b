"""The account: what holds for all stores, as a form that is previewed before it is saved (STG-4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.hubs import facts_of, our_hub
from connectors.postgres import metrics, stores
from schemas.account import settings_of
from schemas.errors import SettingRefused
from schemas.hub_facts import words_of
from schemas.reasons import Reason
from schemas.settings import Value, read_account_settings
from schemas.users import Role
from tasks import account as account_tasks
from tasks.rules.doubts import doubts_of
from workers.web.console import desk, jobs
from workers.web.console.frame import needs
from workers.web.console.words import field_id, plural
from workers.web.door import opened

pages: Final = Blueprint("account", __name__, template_folder="templates")

SAVE: Final = "save_account"
MOST_SIGNS: Final = 200

# What each setting is called, and what it does.
_WORDS: Final = {
    "base_currency": (
        "Base currency",
        "Every order’s total is kept in it too. Orders in the hub keep what they came with.",
    ),
    "default_delivery_days": (
        "Days until delivery",
        "From the day an order is placed. WooCommerce orders always get 14.",
    ),
    "default_location": (
        "Default location",
        "Of stores that name none: where their orders go to, and whose stock they show.",
    ),
    "multi_currency": ("Orders in other currencies come in", "Off, they are skipped."),
    "keep_journal_days": ("Days for which the journal is kept", "0 is for ever."),
    "keep_stock_moves_days": ("Days for which single moves of stock are kept", "Then they become sums. 0 is for ever."),
    "privacy.keep_days": ("Days for which is kept what stores sent of orders", "0 is for ever."),
}


@dataclass(frozen=True, slots=True)
class AccountField:
    """A setting in the form: what is in force, and what stands in the field."""

    key: str
    now: Value
    typed: Value
    error: str = ""
    options: Sequence[tuple[str, str]] = ()

    @property
    def id(self) -> str:
        """Of its field on the page."""
        return field_id(self.key)

    @property
    def title(self) -> str:
        """What people call it."""
        return _WORDS[self.key][0]

    @property
    def effect(self) -> str:
        """What it does."""
        return _WORDS[self.key][1]

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return isinstance(self.now, bool)


@pages.get("/account")
@needs(Role.VIEWER)
def general() -> ResponseReturnValue:
    """What holds for all stores."""
    job = jobs.asked(SAVE)
    given = job.arguments["given"] if job and (job.trouble or _doubts(job.result)) else {}
    return _page(given, job=job)


@pages.post("/account")
@needs(Role.ADMIN)
def change() -> ResponseReturnValue:
    """Say what a change does, or save it as `account set` does."""
    given = {key: request.form.getlist(key)[-1][:MOST_SIGNS] for key in _WORDS if key in request.form}
    now = stores.account(desk.connection())
    try:
        values = read_account_settings(given)
    except SettingRefused as error:
        return _page(given, errors={error.key: error.problem}, status=422)
    changed = {key: value for key, value in values.items() if settings_of(now)[key] != value}
    if not changed:
        flash("Nothing is changed: all of it holds already.")
        return redirect(url_for("account.general", _anchor="said"), 303)
    if request.form.get("version") != account_tasks.version_of(now):
        return _page(values, is_stale=True, status=422)
    if request.form.get("act") != "save":
        return _page(values, note=_note(changed))
    return _save(changed)


def _save(changed: dict[str, Value]) -> ResponseReturnValue:
    """Save it; where the shops have to be asked what they show, a worker does."""
    try:
        if "default_location" in changed:
            version, yes = request.form["version"], request.form.get("yes") == "on"
            job = jobs.ask(SAVE, None, {"given": changed, "version": version, "yes": yes})
            return redirect(url_for("account.general", job=job, _anchor="said"), 303)
        account_tasks.save_account(opened(), changed)
    except SettingRefused as error:
        return _page(changed, errors={error.key: error.problem}, status=422)
    flash("Saved. It holds from now on.")
    return redirect(url_for("account.general", _anchor="said"), 303)


def _note(changed: Mapping[str, Value]) -> list[str]:
    """What a change does."""
    said = []
    if {"multi_currency", "base_currency"} & changed.keys():
        codes = {str(Reason.FOREIGN_CURRENCY), str(Reason.NO_EXCHANGE_RATE)}
        counted = metrics.orders_by_state(desk.connection())
        kept_out = sum(one.orders for one in counted if one.state == "skipped" and one.reason in codes)
        said.append(f"{plural(kept_out, 'order')} kept out for the currency until now: looked at again.")
    if "base_currency" in changed:
        said.append("Orders that are in the hub keep the amounts and rates that they came with.")
    if "default_location" in changed:
        said.append("The shops are asked first what they show; where one would show much less, that is said before.")
        said.append("Orders that are in the hub stay where they are.")
    if any(key.startswith("keep_") or key == "privacy.keep_days" for key in changed):
        said.append("What is older is cut in the next night, and cannot be brought back.")
    return said or ["It holds for what comes from now on."]


def _doubts(result: Mapping[str, Any] | None) -> str:
    """What a person has to agree to, from what a worker found."""
    return doubts_of((result or {}).get("doubts", {}))


def _page(
    given: Mapping[str, Any],
    *,
    errors: Mapping[str, str] | None = None,
    note: Sequence[str] = (),
    is_stale: bool = False,
    job: Any = None,
    status: int = 200,
) -> ResponseReturnValue:
    connection = desk.connection()
    account = stores.account(connection)
    facts, now = facts_of(account.hub), settings_of(account)
    places = our_hub(connection).locations() if facts.shares_transaction else ()
    options = {"default_location": [(one.code, f"{one.code} · {one.name}") for one in places]}
    page = render_template(
        "account.html",
        fields=[
            AccountField(key, now[key], given.get(key, now[key]), (errors or {}).get(key, ""), options.get(key, ()))
            for key in _WORDS
        ],
        version=account_tasks.version_of(account),
        note=note,
        is_stale=is_stale,
        job=job,
        doubts=_doubts(job.result) if job else "",
        hub=account.hub,
        can=words_of(facts),
    )
    return page, status
