"""What pages of a store have workers do: previews asked of its shop, and what is said to the shop or asked first.

Each is the command's own action with the command's own guards, and safe to run twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from connectors import platforms
from connectors.postgres.rows import StoreRow
from schemas.settings import Value
from schemas.stores import StoreState
from tasks import checks, foresight, subscriptions
from tasks import stores as store_tasks
from tasks.activation import foretell
from tasks.customers import bring_customers
from tasks.errands import Document, Errand, NothingDone
from tasks.locations import mapped_locations
from tasks.rules.setting_changes import decide_changes, version_of
from tasks.rules.stock_loss import Loss

FEW: Final = 20  # SKUs that are named
MOST_ORDERS: Final = 5000  # that are looked through for whether they come in


def foretold(errand: Errand) -> Document:
    """What an activation would bring (STG-3): counted, with a few of each kind by name, however large the shop is."""
    found = foretell(errand.held, errand.store, on_page=errand.counting())
    skus = {key: getattr(found.skus, key) for key in ("both", "new", "doubled", "missing")}
    told = None
    if found.stock is not None:
        told = {
            "outcomes": Counter(one.outcome for one in found.stock),
            "few": [asdict(one) for one in found.stock if one.outcome in ("tell", "ask")][:FEW],
        }
    return {
        "orders": {
            "outcomes": Counter(one.outcome for one in found.orders),
            "reasons": Counter(str(one.reason) for one in found.orders if one.reason),
        },
        "skus": {key: {"number": len(some), "few": some[:FEW]} for key, some in skus.items()},
        "without_sku": found.skus.without_sku,
        "stock": told,
    }


def foresee(errand: Errand) -> Document:
    """What other settings bring, of orders and of what the shop shows; rights and locations are proved (STG-4)."""
    held, row, given = errand.held, errand.store, errand.arguments["given"]
    after = {**row.settings, **given}
    store_tasks.prove_change(held, row, given)
    with held.pool.connection() as connection:
        coming = foresight.coming_orders(connection, row, after, most=MOST_ORDERS)
    loss = Loss()
    if foresight.due_of(row, after).stock:
        loss = foresight.loss_with(held, row, after, on_page=errand.counting())
    return {"coming": asdict(coming), "loss": asdict(loss), "sells_again": _begins_to_sell_again(row.settings, after)}


def save_settings(errand: Errand) -> Document:
    """Save settings that a page previewed, where nobody else saved meanwhile (STG-4)."""
    row, given = errand.store, errand.arguments["given"]
    platform = platforms.record(row.platform)
    if not decide_changes(row.settings, given, platform=platform):
        return {"saved": []}  # its worker ended behind it
    if version_of(row.settings, given, platform=platform) != errand.arguments["version"]:
        raise NothingDone("somebody else saved other values meanwhile: look at them, and preview the change again")
    doubt = _unless_in_doubt(errand, lambda agree: store_tasks.change_store(errand.held, row, given, {}, agree=agree))
    if doubt is not None:
        raise NothingDone("it takes from what the shop shows: preview it again, and tick that you want it")
    return {"saved": sorted(given)}


def _begins_to_sell_again(before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    return foresight.sells_again(after) and not foresight.sells_again(before)


def locations(errand: Errand) -> Document:
    """The shop's own locations, with the hub's that each stands for."""
    return {"places": [asdict(one) for one in mapped_locations(errand.held, errand.store)]}


def resume(errand: Errand) -> Document:
    """Go on with a paused store; in doubt nothing is done, and what would be is said (STK-10)."""
    row = errand.store
    if row.state is StoreState.ACTIVE:
        return {"done": True}  # its worker ended behind it

    def deed(agree: store_tasks.AgreeToChange) -> None:
        agree(row, row.settings)
        store_tasks.set_state(errand.held, row, StoreState.ACTIVE)

    return _unless_in_doubt(errand, deed) or {"done": True}


def activate(errand: Errand) -> Document:
    """Let what an inactive store has travel (STG-1); in doubt nothing is done, and what would be is said (STK-10)."""
    row = errand.store
    if row.state is StoreState.ACTIVE and errand.begins > 1:
        return {"done": True}  # its worker ended behind it
    doubt = _unless_in_doubt(errand, lambda agree: store_tasks.activate_store(errand.held, row, agree), begins=True)
    return doubt or {"done": True}


def _unless_in_doubt(
    errand: Errand, deed: Callable[[store_tasks.AgreeToChange], object], *, begins: bool = False
) -> Document | None:
    """Do it, unless a person has to be asked: what would be lost then. A store that `begins` showed nothing of ours."""

    def agree(row: StoreRow, after: Mapping[str, Value]) -> None:
        if errand.arguments.get("yes"):
            return
        loss = foresight.loss_with(errand.held, row, after, on_page=errand.counting())
        again = _begins_to_sell_again({} if begins else errand.store.settings, after)
        if loss.is_to_be_asked or again:
            raise _InDoubt({"done": False, "loss": asdict(loss), "sells_again": again})

    try:
        deed(agree)
    except _InDoubt as doubt:
        return doubt.document
    return None


class _InDoubt(Exception):
    """A person has to be asked."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document


def check(errand: Errand) -> Document:
    """Whether the shop answers, takes our keys, and gives all rights (DOR-4)."""
    return checks.checked(errand.store, checks.check_store(errand.held, errand.store))


def connect(errand: Errand) -> Document:
    """A store is there, inactive, once its shop took the keys (STG-1, DOR-4)."""
    given = errand.arguments
    new = store_tasks.NewStore(
        given["platform"],
        given["name"],
        given["url"],
        errand.secret,
        allow_insecure=given["insecure"] == "on",
        inactive=True,
    )
    if store_tasks.is_there(errand.held, new):
        return {"name": new.name}  # its worker ended behind it, or the form was sent twice
    store_tasks.connect_store(errand.held, new)
    return {"name": new.name}


def import_customers(errand: Errand) -> Document:
    """Its registered customers come to the hub (STG-2)."""
    return bring_customers(errand.held, errand.store, on_page=errand.counting())


def disconnect(errand: Errand) -> Document:
    """Part from a shop, which is asked to tell nothing more, if it answers (BEY-5)."""
    store_tasks.set_state(errand.held, errand.store, StoreState.DISCONNECTED)
    return {"done": True}


def save_keys(errand: Errand) -> Document:
    """Other keys, or another address, once the shop takes them."""
    url = errand.arguments.get("url")
    store_tasks.change_store(errand.held, errand.store, {}, errand.secret, url=url)
    return {"done": True}


def webhooks(errand: Errand) -> Document:
    """What the shop is asked to tell by itself, and whether it does; nothing is changed (BEY-5)."""
    return _heard(subscriptions.look(errand.held, errand.store))


def repair_webhooks(errand: Errand) -> Document:
    """The same, mended."""
    told = subscriptions.repair_now(errand.held, errand.store)
    if told is None:
        raise NothingDone("a worker is asking it at this moment: look again in a moment")
    return _heard(told)


def _heard(told: subscriptions.Hearing) -> Document:
    """Topic by topic; the address without its last part, which is the store's own."""
    general = told.not_told.get("*")
    topics = [
        {"topic": topic, "told": topic in told.told, "detail": general or told.not_told.get(topic)}
        for topic in told.topics
    ]
    at = told.address.rpartition("/")[0]
    return {"address": at, "topics": topics, "changed": list(told.changed), "left": list(told.left)}
