"""A store's tab Products: how its SKUs meet the hub's, page by page (STG-3)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connectors.hubs import our_hub
from connectors.postgres import catalogue
from connectors.postgres.catalogue import SoldSku
from schemas.hub_search import Wanted
from schemas.users import Role
from tasks.rules.matched_skus import match_skus
from workers.web.console import desk
from workers.web.console.frame import needs
from workers.web.console.store import known

pages: Final = Blueprint("store_products", __name__, template_folder="templates")

ROWS: Final = 50  # on a page
PORTION: Final = 500  # SKUs that are compared at a time
PORTIONS: Final = 4  # of a page at most: the next one goes on behind them
FILTERS: Final = {"": "All", "matched": "Matched", "new": "New to the hub", "doubled": "Doubled"}


@dataclass(frozen=True, slots=True)
class MetSku:
    """A SKU of the shop, and whether the hub has it; None where no page asks the hub."""

    of: SoldSku
    is_known: bool | None


@pages.get("/stores/<name>/products")
@needs(Role.VIEWER)
def products(name: str) -> ResponseReturnValue:
    """What it sells, as far as its catalogue was read."""
    row, which = known(name), request.args.get("show", "")
    if which not in {*FILTERS, "without"}:
        abort(404)
    found, beyond = _page(row.id, which, _read(request.args.get("after", ""))) if which != "without" else ([], "")
    return render_template(
        "store-products.html",
        row=row,
        which=which,
        filters=[*FILTERS.items(), ("without", "Without SKU")],
        found=found,
        is_first="after" not in request.args,
        asks_hub=_asks_hub(),
        next=url_for("store_products.products", name=row.name, show=which or None, after=_write(beyond))
        if beyond
        else "",
    )


def _page(store_id: int, which: str, beyond: str) -> tuple[list[MetSku], str]:
    """The next SKUs that are meant, and behind which to go on: empty at the end."""
    found: list[MetSku] = []
    for _ in range(PORTIONS):
        least = 2 if which == "doubled" else 1
        some = catalogue.catalogue_skus(desk.connection(), store_id, beyond=beyond, least=least, limit=PORTION)
        for one in _met(some):
            if which in {"", "doubled"} or one.is_known is (which == "matched"):
                found.append(one)
            if len(found) == ROWS:
                return found, one.of.sku if one.of is not some[-1] or len(some) == PORTION else ""
        if len(some) < PORTION:
            return found, ""
        beyond = some[-1].sku
    return found, beyond


def _met(some: list[SoldSku]) -> list[MetSku]:
    if not _asks_hub():
        return [MetSku(one, None) for one in some]
    skus = {one.sku: one.items for one in some}
    known_skus = our_hub(desk.connection()).find(Wanted(skus=frozenset(skus))).by_sku.keys()
    both = set(match_skus(skus, known=known_skus, stocked=(), without_sku=0).both)
    return [MetSku(one, one.sku in both) for one in some]


def _asks_hub() -> bool:
    """Whether the hub is in this database: no page asks one that is elsewhere."""
    return our_hub(desk.connection()).facts.shares_transaction


def _write(sku: str) -> str:
    return urlsafe_b64encode(sku.encode()).decode().rstrip("=")


def _read(text: str) -> str:
    """The SKU behind which to go on; none where the address is not ours."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().replace("\0", "")
    except (NoBase64, ValueError):
        return ""
