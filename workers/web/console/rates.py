"""Exchange rates: the newest of every currency, and one set by hand, as `rates …` does."""

from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.postgres import rates, stores
from schemas.money import plain
from schemas.settings import currency
from schemas.users import Role
from tasks import account as account_tasks
from workers.cli.account import read_rate
from workers.web.console import desk
from workers.web.console.frame import needs
from workers.web.console.words import now

pages: Final = Blueprint("rates", __name__, template_folder="templates")

MOST_SIGNS: Final = 40


@pages.get("/account/rates")
@needs(Role.VIEWER)
def all_rates() -> ResponseReturnValue:
    """The newest of each."""
    return _page()


@pages.post("/account/rates")
@needs(Role.ADMIN)
def set_rate() -> ResponseReturnValue:
    """One by hand, from today on: it goes before all others."""
    connection = desk.connection()
    try:
        code = currency(request.form.get("currency", "")[:MOST_SIGNS])
        worth = read_rate(request.form.get("rate", "").strip()[:MOST_SIGNS])
        if code == stores.account(connection).base_currency:
            raise ValueError(f"{code} is the base currency")
    except ValueError as error:
        return _page(f"{str(error)[:1].upper()}{str(error)[1:]}.")
    base = account_tasks.set_rate(connection, code, worth, on=now().date())
    flash(f"1 {code} is {plain(worth)} {base} from today on. Orders that were kept out for it are looked at again.")
    return redirect(url_for("rates.all_rates", _anchor="said"), 303)


def _page(why: str = "") -> ResponseReturnValue:
    connection = desk.connection()
    page = render_template(
        "rates.html",
        rates=rates.latest(connection),
        base=stores.account(connection).base_currency,
        given=request.form if why else {},
        why=why,
    )
    return page, 422 if why else 200
