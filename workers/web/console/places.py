"""Locations of the hub: added, given another code or name, removed where nothing is of them, as `location …` does."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.errors import ConnectorError
from connectors.hubs import our_hub
from connectors.postgres import stores
from schemas.actions import AddLocation, ChangeLocation
from schemas.groups import Group
from schemas.settings import code as words
from schemas.settings import location_code
from schemas.users import Role
from tasks import locations as tasks
from workers.web.console import desk
from workers.web.console.frame import needs

pages: Final = Blueprint("places", __name__, template_folder="templates")

MOST_SIGNS: Final = 200


@pages.get("/account/locations")
@needs(Role.VIEWER)
def locations() -> ResponseReturnValue:
    """All of them."""
    return _page()


@pages.post("/account/locations")
@needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    """One more."""

    def work() -> str:
        code = location_code(_given("code"))
        hub = our_hub(desk.connection())
        with hub.unit():
            hub.apply([Group("location", (AddLocation(code, words(_given("name") or code)),))])
        return f"Location {code} is there."

    return _do(work)


@pages.post("/account/locations/rename")
@needs(Role.ADMIN)
def rename() -> ResponseReturnValue:
    """Another code or name; every setting that names it follows."""

    def work() -> str:
        was, code, name = _given("was"), location_code(_given("code")), words(_given("name"))
        tasks.change_location(desk.connection(), ChangeLocation(was, code if code != was else None, name))
        return f"Location {was} is {code} · {name} now." if code != was else f"Location {code} is called {name} now."

    return _do(work)


@pages.get("/account/locations/remove")
@needs(Role.ADMIN)
def preview_removal() -> ResponseReturnValue:
    """Whether it may go, and else what keeps it."""
    code = request.args.get("code", "")[:MOST_SIGNS]
    why = tasks.why_location_stays(desk.connection(), code)
    if why is None:
        abort(404)
    return render_template("location-remove.html", code=code, why=why)


@pages.post("/account/locations/remove")
@needs(Role.ADMIN)
def remove() -> ResponseReturnValue:
    """One less, where nothing is of it."""

    def work() -> str:
        tasks.remove_location(desk.connection(), _given("code"))
        return f"Location {_given('code')} is gone."

    return _do(work)


def _given(name: str) -> str:
    return request.form.get(name, "").strip()[:MOST_SIGNS]


def _do(work: Callable[[], str]) -> ResponseReturnValue:
    """Do it, or the page again with why not."""
    if not our_hub(desk.connection()).facts.changes_locations:
        abort(404)
    try:
        said = work()
    except (ValueError, ConnectorError) as error:
        return _page(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    flash(said)
    return redirect(url_for("places.locations", _anchor="said"), 303)


def _page(why: str = "") -> ResponseReturnValue:
    connection = desk.connection()
    hub = our_hub(connection)
    may_change = hub.facts.changes_locations
    page = render_template(
        "locations.html",
        places=hub.locations() if may_change else (),
        default=stores.account(connection).default_location,
        may_change=may_change,
        hub=hub.facts.name.capitalize(),
        given=request.form if why else {},
        why=why,
    )
    return page, 422 if why else 200
