"""Stock told because a person wants it: whom, what it would take from the shop, and what was asked for (STK-10).

Whoever asks, at a terminal or on a page, does it by these; they ring no bell.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from connectors import platforms
from connectors.hubs import our_hub
from connectors.postgres import Connection, journal, stock, stores
from connectors.postgres.rows import StoreRow
from schemas.journal import Action, Line, Outcome
from schemas.settings import with_defaults
from tasks.held import Process
from tasks.rules.stock_loss import Loss
from tasks.stock import loss as losses
from tasks.stock.preview import StockPreview, preview_all, preview_skus
from tasks.stock.shared import shared_skus

MOST_LINES: Final = 200  # of a trial that are kept, those first that would be told
MOST_NAMED: Final = 100  # SKUs of a loss
_NAMED: Final = 5  # SKUs in a line of the journal, and in a message

Read = Callable[[StoreRow], object]


def why_not_told(row: StoreRow, *, is_trial: bool = False) -> str:
    """Why nothing may be told to a store now, and what to do; empty where it may. A trial may come before all that."""
    if row.state == "paused":
        return f"{row.name} is paused: storesync store resume {row.name}"
    if row.state == "needs_attention":
        return f"{row.name} needs attention ({row.reason}): storesync store check {row.name}"
    if not is_trial and not with_defaults(platforms.record(row.platform), row.settings)["stock.sync"]:
        return f"stock sync is off for {row.name}: storesync store set {row.name} stock.sync=on"
    return ""


def why_unknown(connection: Connection, skus: Sequence[str]) -> str:
    """Which of some SKUs the hub does not stock; empty where it stocks all."""
    known = {level.sku for level in our_hub(connection).levels(skus)}
    missing = [sku for sku in skus if sku not in known]
    if not missing:
        return ""
    names = ", ".join(repr(sku) for sku in missing[:_NAMED]) + (" and more" if len(missing) > _NAMED else "")
    return f"the hub stocks no SKU {names}: see storesync hub product list"


def loss_of(held: Process, row: StoreRow, skus: Sequence[str], *, read: Read) -> Loss:
    """What a push of some SKUs, or of all, would take from a store. For all, its catalogue has to be read before."""
    if skus:
        return losses.loss_of_push(held, row, skus, read=read)
    return losses.loss_of_push_of_all(held, row)


@dataclass(frozen=True, slots=True)
class AskedPush:
    """What one store was asked to show: `since` is before it was asked, `asked_at` after."""

    store_id: int
    name: str
    skus: tuple[str, ...]
    since: datetime
    asked_at: datetime
    missing: int = 0  # SKUs of the hub that the store does not have


def ask_to_tell(held: Process, row: StoreRow, skus: Sequence[str], *, is_agreed: bool) -> AskedPush:
    """Ask for some SKUs, else for every one that the store shares with the hub; journaled, with who wants it."""
    with held.pool.connection() as connection:
        shared, missing = (skus, []) if skus else shared_skus(connection, row.id)
        since = stores.database_time(connection)
        with connection.transaction():
            stock.ask(connection, row.id, shared, wants_look=bool(skus), tell_uncounted=is_agreed)
            named = {"rows": list(skus[:_NAMED])} if skus else {}
            detail = {"skus": len(shared), **named} | ({"past_guard": "yes"} if is_agreed else {})
            journal.add(connection, Line(Action.PUSH, Outcome.PENDING, detail=detail), store_id=row.id)
        asked_at = stores.database_time(connection)
    return AskedPush(row.id, row.name, tuple(shared), since=since, asked_at=asked_at, missing=len(missing))


# -- on trial --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PushTrial:
    """What a push would do at a store: how many items by outcome and by reason, some of them, and what it would take.

    `uncounted` are SKUs that nobody counted and that would show 0, as many of them as are named, of `uncounted_skus`.
    """

    outcomes: dict[str, int]
    reasons: dict[str, int]
    lines: list[dict[str, Any]]
    shows: int
    would_show: int
    uncounted: dict[str, int | None]
    uncounted_skus: int
    is_half: bool

    @property
    def is_to_be_asked(self) -> bool:
        """Whether a person is asked before it is done (STK-10)."""
        return self.is_half or self.uncounted_skus > 0


def try_push(held: Process, row: StoreRow, skus: Sequence[str], *, on_item: Callable[[int], None]) -> PushTrial:
    """What a push of some SKUs, or of all, would do; the store is asked, and nothing is written or told (BEY-1)."""
    loss, outcomes, reasons = Loss(), dict[str, int](), dict[str, int]()
    would, others = list[StockPreview](), list[StockPreview]()
    found = preview_skus(held, row.id, skus, loss) if skus else preview_all(held, row.id, loss)
    for number, one in enumerate(found, start=1):
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + 1
        if one.reason:
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
        kept = would if one.outcome in {"tell", "ask"} else others
        if len(kept) < MOST_LINES:
            kept.append(one)
        if number % MOST_NAMED == 0:
            on_item(MOST_NAMED)
    if skus and loss.is_half:
        losses.add_others(held, row, loss, skus)
    return PushTrial(
        outcomes,
        reasons,
        [asdict(one) for one in [*would, *others][:MOST_LINES]],
        loss.shows,
        loss.would_show,
        dict(list(loss.uncounted.items())[:MOST_NAMED]),
        len(loss.uncounted),
        loss.is_half,
    )
