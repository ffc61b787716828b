"""A store's tabs Connection and Webhooks: its address and keys, which never come out, its rights, and what it tells."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import counters, platforms
from connectors.config import ConfigError
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.jobs import Job
from schemas.users import Role
from tasks import stores as store_tasks
from tasks import subscriptions
from workers.web.console import desk, jobs
from workers.web.console.frame import needs
from workers.web.console.settings_form import FormOf, SettingsForm, sent, shown
from workers.web.console.store import known
from workers.web.door import opened

pages: Final = Blueprint("store_connection", __name__, template_folder="templates")

FETCHING: Final = ("fetch.every",)
MOST_SIGNS: Final = 5000  # of a key


# -- connection --------------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/connection")
@needs(Role.VIEWER)
def connection(name: str) -> ResponseReturnValue:
    """Where the shop is, whether it takes our keys, and what they allow."""
    return _connection(shown(_of_fetching(known(name))))


@pages.post("/stores/<name>/connection")
@needs(Role.OPERATOR)
def change_fetching(name: str) -> ResponseReturnValue:
    """A preview of how often it is asked; or it is saved."""
    found = sent(_of_fetching(known(name, to_change=True)))
    return _connection(found) if isinstance(found, SettingsForm) else found


@pages.post("/stores/<name>/check")
@needs(Role.OPERATOR)
def check(name: str) -> ResponseReturnValue:
    """Let a worker ask it whether address, keys and rights are enough; what had stopped goes on if they are."""
    row = known(name, to_change=True)
    return _ask(row, "check", "connection")


@pages.post("/stores/<name>/keys")
@needs(Role.ADMIN)
def replace_keys(name: str) -> ResponseReturnValue:
    """Other keys, or another address of a shop that moved: kept once the shop takes them."""
    row = known(name, to_change=True)
    given = {key: value for key in keys_of(row) if (value := request.form.get(f"key:{key}", "").strip()[:MOST_SIGNS])}
    url = request.form.get("url", "").strip()[:MOST_SIGNS]
    if url == row.url:
        url = ""
    if not given and not url:
        flash("Nothing was typed: keys and address are as they were.")
        return redirect(url_for("store_connection.connection", name=row.name, _anchor="said"), 303)
    try:
        if given:
            store_tasks.read_credentials(row.platform, given, opened().secrets.unlock(row.credentials))
        number = jobs.ask("save_keys", row.id, {"url": url or None, "keys": sorted(given)}, given)
    except (SettingRefused, ConfigError) as refused:
        return _connection(shown(_of_fetching(row)), wrong=str(refused), typed=url)
    return redirect(url_for("store_connection.connection", name=row.name, job=number, _anchor="said"), 303)


def keys_of(row: StoreRow) -> list[str]:
    """What a store of its platform can be given, by any way to connect."""
    its = platforms.record(row.platform)
    return list(dict.fromkeys([*(key for way in its.ways_to_connect for key in way), *its.optional_credentials]))


def _of_fetching(row: StoreRow) -> FormOf:
    return FormOf(row, FETCHING, "settings", "store_connection.connection")


def _connection(form: SettingsForm, *, wrong: str = "", typed: str = "") -> ResponseReturnValue:
    row = form.row
    job = None if form.job else _job("check", "save_keys", row=row)
    page = render_template(
        "store-connection.html",
        row=row,
        form=form,
        job=form.job or job,
        asked=job,
        checked=jobs.latest("check", row.id),
        keys=keys_of(row),
        ways=platforms.record(row.platform).ways_to_connect,
        where=platforms.record(row.platform).grants.where,
        wrong=wrong,
        typed=typed,
    )
    return page, 422 if wrong else form.status


# -- webhooks ----------------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/webhooks")
@needs(Role.VIEWER)
def webhooks(name: str) -> ResponseReturnValue:
    """What the shop is asked to tell by itself, and whether it does."""
    row = known(name)
    return render_template(
        "store-webhooks.html",
        row=row,
        job=_job("webhooks", "repair_webhooks", row=row),
        kept=row.webhooks,
        is_silent=subscriptions.is_silent(opened(), desk.connection(), row),
        refused=counters.refused(opened().redis, row.id),
        has_address=bool(opened().config.public_url),
    )


@pages.post("/stores/<name>/webhooks")
@needs(Role.OPERATOR)
def ask_for_webhooks(name: str) -> ResponseReturnValue:
    """Let a worker look at them, or mend them."""
    row = known(name, to_change=True)
    return _ask(row, "repair_webhooks" if request.form.get("act") == "repair" else "webhooks", "webhooks")


def _job(*kinds: str, row: StoreRow) -> Job | None:
    return None if "form" in request.args else jobs.asked(*kinds, store_id=row.id)


def _ask(row: StoreRow, kind: str, tab: str) -> ResponseReturnValue:
    page = f"store_connection.{tab}"
    try:
        number = jobs.ask(kind, row.id)
    except SettingRefused as refused:
        flash(f"It was not asked: {refused.problem}.")
        return redirect(url_for(page, name=row.name, _anchor="said"), 303)
    return redirect(url_for(page, name=row.name, job=number, _anchor="said"), 303)
