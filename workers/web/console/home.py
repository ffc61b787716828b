"""Home: whether all is in step, what needs somebody, and how each store stands."""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connectors.postgres import rates, stores
from schemas.users import Role
from workers.web.console import desk, machine, state
from workers.web.console.frame import needs
from workers.web.console.words import now
from workers.web.door import opened

pages: Final = Blueprint("home", __name__, template_folder="templates")

MOST_GROUPS: Final = 5
MOST_TILES: Final = 12


@pages.get("/")
@needs(Role.VIEWER)
def home() -> ResponseReturnValue:
    """The first page. It costs the same however many orders are stored."""
    connection = desk.connection()
    standing = state.look(connection)
    if not standing.stores:
        return render_template("home-empty.html")
    rows = {row.id: row for row in stores.stores(connection)}
    sights = state.sights(connection, standing)
    oldest = max((one.due.oldest_seconds for one in sights if one.due and one.due.orders), default=None)
    return render_template(
        "home.html",
        standing=standing,
        sights=sights,
        rows=rows,
        in_step=sum(one.is_in_step for one in sights),
        missing=sum(store.missing or 0 for store in standing.stores),
        most_groups=MOST_GROUPS,
        as_table=len(sights) > MOST_TILES,
        oldest=oldest,
        machine=machine.look(opened().redis, now=now(), rates_of=rates.newest_day(connection)),
    )
