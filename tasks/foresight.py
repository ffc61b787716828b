"""What other settings of a store would bring, before they are saved; nothing is written, nothing told (STG-4)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors import platforms
from connectors.errors import Unavailable
from connectors.hubs import our_hub
from connectors.postgres import Connection, lanes, order_view, orders, rates, stores
from connectors.postgres.rows import OrderTurn, StoreRow
from schemas.errors import Unreadable
from schemas.orders import StoreOrder
from schemas.settings import STORE_SETTINGS, Value, with_defaults
from tasks import catalogue
from tasks.checks import needs_of
from tasks.held import Process
from tasks.rules.eligibility import decide_import
from tasks.rules.rights import added
from tasks.rules.setting_changes import decide_changes, must_ask_shop
from tasks.rules.settings import MadeDue, decide_due
from tasks.rules.stock_loss import Loss
from tasks.stock.loss import loss_of_switch

Settings = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ComingOrders:
    """Of the orders that some settings kept out: how many come in with others, by the reason that kept them out.

    `worth` is what those come to with tax, by currency; `stay` are the others, by the reason that keeps them out then.
    Of `unread` ones nothing is kept that tells. Where there are more than were looked through it `is_all` not.
    """

    reasons: Mapping[str, int] = field(default_factory=dict)
    worth: Mapping[str, Decimal] = field(default_factory=dict)
    stay: Mapping[str, int] = field(default_factory=dict)
    unread: int = 0
    is_all: bool = True

    @property
    def orders(self) -> int:
        """How many come in."""
        return sum(self.reasons.values())


def due_of(row: StoreRow, after: Settings) -> MadeDue:
    """What a change to these settings makes due."""
    return decide_due(row.settings, after, platform=platforms.record(row.platform))


def asks_shop(connection: Connection, row: StoreRow, given: Settings) -> bool:
    """Whether such a change asks anybody outside before it is saved: a worker does it, and no page."""
    platform = platforms.record(row.platform)
    after = {**row.settings, **given}
    return not our_hub(connection).facts.shares_transaction or must_ask_shop(
        decide_changes(row.settings, given, platform=platform),
        added(needs_of(row.platform, row.settings), needs_of(row.platform, after)),
        tells_stock=with_defaults(platform, after)["stock.sync"] is True,
        moves_stock=due_of(row, after).stock,
    )


def coming_orders(connection: Connection, row: StoreRow, after: Settings, *, most: int) -> ComingOrders:
    """Which orders come in that the settings of today keep out: decided by the rules of an import, one by one."""
    due = due_of(row, after)
    statuses = (*due.skipped.statuses, *(due.statuses or ()))
    if not statuses and not due.skipped.reasons:
        return ComingOrders()
    ids = order_view.skipped_for(connection, row.id, due.skipped.reasons, statuses, limit=most + 1)
    turn = lanes.look(connection, row.id)
    assert turn is not None
    store = replace(turn, store=replace(turn.store, settings=dict(after)))
    return replace(_decide(connection, orders.look_many(connection, store, ids[:most])), is_all=len(ids) <= most)


def _decide(connection: Connection, turns: Sequence[OrderTurn]) -> ComingOrders:
    reasons, stay, unread = Counter[str](), Counter[str](), 0
    read = [(turn, _read(turn)) for turn in turns]
    base = turns[0].account.base_currency if turns else ""
    wanted = {(order.currency, order.created_at.date()) for _, order in read if order}
    known = rates.rates_on(connection, wanted, base=base)
    worth: dict[str, Decimal] = {}
    for turn, order in read:
        if order is None:
            unread += 1
            continue
        skip = decide_import(
            order,
            store=stores.read_store(turn.store, platforms.record(turn.store.platform)),
            account=turn.account,
            remembered=turn.remembered,
            rate=known.get((order.currency, order.created_at.date())),
        )
        if skip is not None:
            stay[str(skip.reason)] += 1
            continue
        reasons[turn.remembered.reason or ""] += 1
        worth[order.currency] = worth.get(order.currency, Decimal(0)) + (order.total_with_tax or Decimal(0))
    return ComingOrders(dict(reasons), worth, dict(stay), unread)


def _read(turn: OrderTurn) -> StoreOrder | None:
    if turn.payload is None:
        return None
    try:
        return platforms.read_order(turn.store.platform, turn.payload)
    except Unreadable:
        return None


def loss_with(
    held: Process, row: StoreRow, after: Settings, *, on_page: Callable[[int], None], location: str | None = None
) -> Loss:
    """What the shop would show less with these settings, or with another default location.

    Raises Unavailable where a worker reads its catalogue.
    """

    def read(one: StoreRow) -> None:
        if not catalogue.walk_whole(held, one, on_page):
            raise Unavailable("a worker is reading its catalogue at this moment: try again in a minute")

    return loss_of_switch(held, row, after, read=read, location=location)


def sells_again(settings: Settings) -> bool:
    """Whether pieces that are sold are put on sale again until they are delivered (STK-2)."""
    key = "stock.quantity"
    return settings.get(key, STORE_SETTINGS[key].default) == "in_stock"
