"""A store's tabs with settings: Orders, Inventory and Fulfilment, each previewed before it is saved (STG-4)."""

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.postgres import order_view
from connectors.postgres.rows import StoreRow
from schemas.errors import SettingRefused
from schemas.setting_words import always_imported
from schemas.settings import profile_of
from schemas.users import Role
from workers.seen import called
from workers.web.console import desk, jobs
from workers.web.console.frame import needs
from workers.web.console.settings_form import FormOf, SettingsForm, hub_locations, sent, shown
from workers.web.console.store import known

pages: Final = Blueprint("store_settings", __name__, template_folder="templates")

ORDERS: Final = (
    *("profile", "orders.awaiting_payment", "orders.payment_pending", "orders.shipping_fee_line"),
    *("orders.custom_items", "orders.custom_item_kind", "orders.changes", "orders.row_locations", "orders.returns"),
    *("fulfillment.sync", "stitch.push_order_info", "stitch.auto_close"),
)
STOCK: Final = ("stock.sync", "stock.quantity", "stock.buffer", "stock.tell_uncounted")
PLACES: Final = ("location", "location_map")
FULFILMENT: Final = ("fulfillment.sync", "stitch.push_order_info")
MOST_UNTOLD: Final = 50
LOCATIONS: Final = "locations"


# -- orders ------------------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/orders")
@needs(Role.VIEWER)
def orders(name: str) -> ResponseReturnValue:
    """Which orders come in, how, and what does not come in."""
    return _orders(shown(_of_orders(known(name))))


@pages.post("/stores/<name>/orders")
@needs(Role.OPERATOR)
def change_orders(name: str) -> ResponseReturnValue:
    """A preview of other settings; or they are saved."""
    found = sent(_of_orders(known(name, to_change=True)))
    return _orders(found) if isinstance(found, SettingsForm) else found


def _of_orders(row: StoreRow) -> FormOf:
    return FormOf(row, ORDERS, "settings", "store_settings.orders")


def _orders(form: SettingsForm) -> ResponseReturnValue:
    row = form.row
    counts = order_view.counts(desk.connection(), row.id)
    always = always_imported(profile_of(platforms.record(row.platform), row.settings))
    outside = [one for one in counts if one.state == "skipped"]
    return _page("store-orders.html", form, always=always, outside=outside)


# -- inventory ---------------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/inventory")
@needs(Role.VIEWER)
def inventory(name: str) -> ResponseReturnValue:
    """What the shop shows of the hub's stock, and where in the hub its places are."""
    row = known(name)
    return _inventory(*(shown(one) for one in _of_inventory(row)))


@pages.post("/stores/<name>/inventory")
@needs(Role.OPERATOR)
def change_inventory(name: str) -> ResponseReturnValue:
    """A preview of other settings; or they are saved; or the shop is asked for its locations."""
    row = known(name, to_change=True)
    if request.form.get("act") == "ask":
        return _ask_for_locations(row)
    stock, places = _of_inventory(row)
    is_of_places = request.form.get("form") == places.name
    found = sent(places if is_of_places else stock)
    if not isinstance(found, SettingsForm):
        return found
    return _inventory(shown(stock), found) if is_of_places else _inventory(found, shown(places))


def _of_inventory(row: StoreRow) -> tuple[FormOf, FormOf]:
    page = "store_settings.inventory"
    return FormOf(row, STOCK, "stock", page), FormOf(row, PLACES, "places", page)


def _ask_for_locations(row: StoreRow) -> ResponseReturnValue:
    try:
        jobs.ask(LOCATIONS, row.id)
    except SettingRefused as refused:
        flash(f"It was not asked: {refused.problem}.")
    return redirect(url_for("store_settings.inventory", name=row.name, _anchor="places-of-the-shop"), 303)


def _inventory(stock: SettingsForm, places: SettingsForm) -> ResponseReturnValue:
    """The form that something is said of comes first: it is the one whose note stands on top."""
    row = stock.row
    first, other = (places, stock) if is_said(places) else (stock, places)
    asked = jobs.latest(LOCATIONS, row.id)
    return _page(
        "store-inventory.html",
        first,
        stock=stock,
        places=places,
        asked=asked,
        rows=place_rows(places, asked.result if asked and asked.result else {}),
        codes=hub_locations(row.settings.get("location_map", "")),
        has_places=platforms.record(row.platform).tells_locations_apart,
        status=max(first.status, other.status),
    )


def is_said(form: SettingsForm) -> bool:
    """Whether something is said of a form: then it is the one whose note stands on top."""
    return bool(form.note or form.job or form.conflicts or form.errors)


def place_rows(form: SettingsForm, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The shop's locations as it was last asked for them, with what the form has for each; mapped ones in any case."""
    mapped = next((one.typed for one in form.fields if one.key == "location_map"), {})
    chosen: dict[str, str] = mapped if isinstance(mapped, dict) else {}
    said = {one["id"]: one["at_store"] for one in found.get("places", ())}
    return [{"id": one, "there": said.get(one), "code": chosen.get(one, "")} for one in dict.fromkeys([*said, *chosen])]


# -- fulfilment --------------------------------------------------------------------------------------------------------


@pages.get("/stores/<name>/fulfilment")
@needs(Role.VIEWER)
def fulfilment(name: str) -> ResponseReturnValue:
    """Whether fulfilments travel, and which its shop was not told yet."""
    return _fulfilment(shown(_of_fulfilment(known(name))))


@pages.post("/stores/<name>/fulfilment")
@needs(Role.OPERATOR)
def change_fulfilment(name: str) -> ResponseReturnValue:
    """A preview of other settings; or they are saved."""
    found = sent(_of_fulfilment(known(name, to_change=True)))
    return _fulfilment(found) if isinstance(found, SettingsForm) else found


def _of_fulfilment(row: StoreRow) -> FormOf:
    return FormOf(row, FULFILMENT, "settings", "store_settings.fulfilment")


def _fulfilment(form: SettingsForm) -> ResponseReturnValue:
    found = order_view.untold(desk.connection(), form.row.id, limit=MOST_UNTOLD + 1)
    untold = [(one, called(one)) for one in found[:MOST_UNTOLD]]
    return _page("store-fulfilment.html", form, untold=untold, is_more=len(found) > MOST_UNTOLD)


def _page(template: str, form: SettingsForm, *, status: int = 200, **more: Any) -> ResponseReturnValue:
    asked = more.get("asked")
    job = form.job or (asked if asked and not asked.is_over else None)
    page = render_template(template, row=form.row, form=form, job=job, **more)
    return page, max(status, form.status)
