"""The kinds of jobs: each asks a shop what a page wants to know, or does what a button says, and returns JSON.

Each is safe to run twice. It decides nothing: it is the command's own action.
"""

from dataclasses import asdict
from typing import Final

from connectors.postgres import stores
from schemas.account import settings_of
from schemas.settings import read_account_settings
from schemas.stores import StoreState
from tasks import account, people, store_errands
from tasks.checks import ask_shop
from tasks.errands import Document, Errand, NothingDone, Work
from tasks.retrying import ask_for_order, foretell_retry
from tasks.stock import errands

MOST_RETRIED: Final = 50  # that are asked for before a retry of all


def _ask_order(errand: Errand) -> Document:
    """An order that the store never showed comes, and is looked at."""
    return {"external_id": ask_for_order(errand.held, errand.store, str(errand.arguments["external_id"]))}


def _save_account(errand: Errand) -> Document:
    """Settings of the account whose saving asks shops: nothing is saved while a person has not said yes (STK-10)."""
    values = read_account_settings(errand.arguments["given"])
    with errand.held.pool.connection() as connection:
        now = stores.account(connection)
    if values.items() <= settings_of(now).items():
        return {"saved": sorted(values)}  # its worker ended behind it
    if account.version_of(now) != errand.arguments["version"]:
        raise NothingDone("somebody else saved other values meanwhile: look at them, and preview the change again")
    if "default_location" in values and not errand.arguments.get("yes"):
        losses = account.losses_at(errand.held, str(values["default_location"]), on_page=errand.counting())
        asked = {name: asdict(loss) for name, loss in losses.items() if loss.is_to_be_asked}
        if asked:
            return {"doubts": asked}
    account.save_account(errand.held, values)
    return {"saved": sorted(values)}


def _tell_alarms(errand: Errand) -> Document:
    """An address of alarms is added, taken away, or all of them are tried; services are asked in each case."""
    held = errand.held
    if mark := errand.arguments.get("remove"):
        people.remove_address(held, str(mark))
        return {"sent": []}
    if "add" in errand.secret:
        return {"sent": [asdict(one) for one in people.add_address(held, errand.secret["add"])]}
    with held.pool.connection() as connection:
        urls = people.addresses(held, connection)
    return {"sent": [asdict(one) for one in people.send_test(urls)]}


def _foretell_retry(errand: Errand) -> Document:
    """What a retry of all that failed for a reason would do, asked of the stores anew (BEY-7)."""
    reason, store_id = str(errand.arguments["reason"]), errand.arguments["store_id"]
    return {"orders": foretell_retry(errand.held, reason, store_id, most=MOST_RETRIED, see=errand.see)}


def _ask_shops(errand: Errand) -> Document:
    """Whether every active store, and a hub that is elsewhere, answers and takes our credentials."""
    held, found = errand.held, []
    with held.pool.connection() as connection:
        rows = [row for row in stores.stores(connection) if row.state is StoreState.ACTIVE]
    for number, row in enumerate(rows, start=1):
        found.append({"name": f"store {row.name}", **asdict(ask_shop(held, row))})
        errand.see(number)
    return {"found": found}


KINDS: Final[dict[str, Work]] = {
    "activate": store_errands.activate,
    "ask_order": _ask_order,
    "ask_shops": _ask_shops,
    "check": store_errands.check,
    "connect_store": store_errands.connect,
    "disconnect": store_errands.disconnect,
    "foresee_settings": store_errands.foresee,
    "foretell": store_errands.foretold,
    "foretell_retry": _foretell_retry,
    "import_customers": store_errands.import_customers,
    "locations": store_errands.locations,
    "repair_webhooks": store_errands.repair_webhooks,
    "resume": store_errands.resume,
    "save_account": _save_account,
    "save_keys": store_errands.save_keys,
    "save_settings": store_errands.save_settings,
    "tell_alarms": _tell_alarms,
    "webhooks": store_errands.webhooks,
    "count": errands.count,
    "push": errands.push,
    "try_count": errands.try_count,
    "undo_count": errands.undo_count,
    "try_push": errands.try_push,
}
