"""A store's tab Orders: which orders come in, and how (STG-4)."""

from typing import Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connectors import platforms
from connectors.postgres import order_view
from connectors.postgres.rows import StoreRow
from schemas.setting_words import always_imported
from schemas.settings import profile_of
from schemas.users import Role
from workers.web.console import desk
from workers.web.console.frame import needs
from workers.web.console.settings_form import FormOf, SettingsForm, sent, shown
from workers.web.console.store import known

pages: Final = Blueprint("store_orders", __name__, template_folder="templates")

KEYS: Final = (
    *("profile", "orders.awaiting_payment", "orders.payment_pending", "orders.shipping_fee_line"),
    *("orders.custom_items", "orders.custom_item_kind", "orders.changes", "orders.row_locations", "orders.returns"),
    *("fulfillment.sync", "stitch.push_order_info", "stitch.auto_close"),
)


@pages.get("/stores/<name>/orders")
@needs(Role.VIEWER)
def orders(name: str) -> ResponseReturnValue:
    """What is set, what it does, and what does not come in."""
    return _page(shown(_form(known(name))))


@pages.post("/stores/<name>/orders")
@needs(Role.OPERATOR)
def change(name: str) -> ResponseReturnValue:
    """A preview of other settings; or they are saved."""
    found = sent(_form(known(name, to_change=True)))
    return _page(found) if isinstance(found, SettingsForm) else found


def _form(row: StoreRow) -> FormOf:
    return FormOf(row, KEYS, "settings", "store_orders.orders")


def _page(form: SettingsForm) -> ResponseReturnValue:
    row = form.row
    counts = order_view.counts(desk.connection(), row.id)
    page = render_template(
        "store-orders.html",
        row=row,
        form=form,
        job=form.job,
        always=always_imported(profile_of(platforms.record(row.platform), row.settings)),
        outside=[one for one in counts if one.state == "skipped"],
    )
    return page, form.status
