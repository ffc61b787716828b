"""What jobs do, by kind: each asks a shop what a page wants to know, or does what a button says, and returns JSON.

Each is safe to run twice. It decides nothing: it is the command's own action.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from connectors import platforms
from connectors.postgres import stores
from connectors.postgres.rows import StoreRow
from schemas.account import settings_of
from schemas.settings import Value, read_account_settings
from schemas.stores import StoreState
from tasks import account, foresight, people
from tasks import stores as store_tasks
from tasks.activation import foretell
from tasks.checks import ask_shop
from tasks.held import Process
from tasks.locations import mapped_locations
from tasks.retrying import ask_for_order, foretell_retry
from tasks.rules.setting_changes import decide_changes, version_of
from tasks.rules.stock_loss import Loss

MOST_RETRIED: Final = 50  # that are asked for before a retry of all
MOST_ORDERS: Final = 5000  # that are looked through for whether they come in

Document = Mapping[str, Any]  # of texts, numbers, lists; what else is in it is kept as its text


class NothingDone(Exception):
    """What was asked for cannot be done: a line that says why."""


class Stopped(Exception):
    """A person stopped the job."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the work is handed: its store as it is now, what the page gave, and `see`, which is told how much was seen.

    `see` raises Stopped once a person stopped the job.
    """

    held: Process
    row: StoreRow | None
    arguments: Mapping[str, Any]
    secret: Mapping[str, str]
    see: Callable[[int], None]

    @property
    def store(self) -> StoreRow:
        """The store of a kind that is always about one."""
        assert self.row is not None
        return self.row

    def counting(self) -> Callable[[int], None]:
        """Is told how many more were seen."""
        seen = 0

        def more(number: int) -> None:
            nonlocal seen
            seen += number
            self.see(seen)

        return more


Work = Callable[[Errand], Document]


def _foretell(errand: Errand) -> Document:
    """What an activation would bring (STG-3)."""
    return asdict(foretell(errand.held, errand.store, on_page=errand.counting()))


def _ask_order(errand: Errand) -> Document:
    """An order that the store never showed comes, and is looked at."""
    return {"external_id": ask_for_order(errand.held, errand.store, str(errand.arguments["external_id"]))}


def _foresee(errand: Errand) -> Document:
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


def _save_settings(errand: Errand) -> Document:
    """Save settings that a page previewed, where nobody else saved meanwhile (STG-4)."""
    row, given = errand.store, errand.arguments["given"]
    platform = platforms.record(row.platform)
    if not decide_changes(row.settings, given, platform=platform):
        return {"saved": []}  # its worker ended behind it
    if version_of(row.settings, given, platform=platform) != errand.arguments["version"]:
        raise NothingDone("somebody else saved other values meanwhile: look at them, and preview the change again")
    store_tasks.change_store(errand.held, row, given, {}, agree=_agree(errand))
    return {"saved": sorted(given)}


def _agree(errand: Errand) -> store_tasks.AgreeToChange:
    """Asks nobody: what takes from a shop was said on the page, and its tick is there or not (STK-2, STK-10)."""

    def asks(row: StoreRow, after: Mapping[str, Value]) -> None:
        if errand.arguments.get("yes"):
            return
        loss = foresight.loss_with(errand.held, row, after, on_page=errand.counting())
        if loss.is_to_be_asked or _begins_to_sell_again(errand.store.settings, after):
            raise NothingDone("it takes from what the shop shows: preview it again, and tick that you want it")

    return asks


def _begins_to_sell_again(before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    return foresight.sells_again(after) and not foresight.sells_again(before)


def _locations(errand: Errand) -> Document:
    """The shop's own locations, with the hub's that each stands for."""
    return {"places": [asdict(one) for one in mapped_locations(errand.held, errand.store)]}


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
    "ask_order": _ask_order,
    "ask_shops": _ask_shops,
    "foretell": _foretell,
    "foresee_settings": _foresee,
    "foretell_retry": _foretell_retry,
    "save_settings": _save_settings,
    "locations": _locations,
    "save_account": _save_account,
    "tell_alarms": _tell_alarms,
}
