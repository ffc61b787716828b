"""Alarms: where they go, added and taken away, and a test; services are asked by a worker, as a page waits for none."""

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.config import ConfigError
from connectors.postgres import alarms
from schemas.errors import SettingRefused
from schemas.users import Role
from tasks import people
from tasks.rules.alarm_words import headline
from workers.web.console import desk, jobs
from workers.web.console.frame import needs
from workers.web.door import opened

pages: Final = Blueprint("alarms", __name__, template_folder="templates")

TELL: Final = "tell_alarms"
MOST_SIGNS: Final = 4000


@pages.get("/account/alarms")
@needs(Role.VIEWER)
def all_alarms() -> ResponseReturnValue:
    """Where they go, and what is wrong now."""
    connection = desk.connection()
    told: list[tuple[str, str]] = []
    problem = ""
    try:
        told = people.marked_addresses(opened(), connection)
    except ConfigError as error:
        problem = str(error)
    known = [one for one in alarms.known(connection) if one.over_at is None]
    return render_template(
        "alarms.html",
        told=told,
        problem=problem,
        wrong=[(headline(one.kind, one.subject), one) for one in known],
        unsent=alarms.failing_notices(connection),
        job=jobs.asked(TELL),
    )


@pages.post("/account/alarms")
@needs(Role.ADMIN)
def change() -> ResponseReturnValue:
    """Try all of them, add one, or take one away."""
    arguments: dict[str, Any] = {"remove": mark} if (mark := request.form.get("remove", "")[:40]) else {}
    secret = {"add": text} if (text := request.form.get("add", "").strip()[:MOST_SIGNS]) else {}
    if not arguments and not secret and request.form.get("act") != "test":
        flash("Give an address like ntfy://TOPIC.")
        return redirect(url_for("alarms.all_alarms", _anchor="said"), 303)
    try:
        job = jobs.ask(TELL, None, arguments, secret)
    except SettingRefused as error:
        flash(f"{error.problem[:1].upper()}{error.problem[1:]}.")
        return redirect(url_for("alarms.all_alarms", _anchor="said"), 303)
    return redirect(url_for("alarms.all_alarms", job=job, _anchor="said"), 303)
