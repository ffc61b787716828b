"""Whether an order of a store becomes a sales order, and if not why (ORD-4…8). It builds nothing."""

from collections.abc import Collection, Mapping
from typing import Final

from schemas.account import Account
from schemas.actions import Skip
from schemas.hub import ExchangeRate
from schemas.orders import StoreLine, StoreOrder
from schemas.platform import Platform
from schemas.reasons import Reason
from schemas.stores import Remembered, Skipped, Store
from tasks.rules import money

# Skips that the account may end: its base currency, its exchange rates, or that it takes others.
MONEY_SKIPS: Final = Skipped(reasons=(Reason.FOREIGN_CURRENCY, Reason.NO_EXCHANGE_RATE))


def decide_import(
    order: StoreOrder, *, store: Store, account: Account, remembered: Remembered, rate: ExchangeRate | None
) -> Skip | None:
    """Why the order does not import, None when it does.

    What no change of the order mends is asked first, what the account can mend last, so that the reason an operator
    reads is the one that would be left when all others were gone.
    """
    return (
        _refuse_deleted(remembered)
        or _refuse_old(order, store, remembered)
        or _refuse_status(order, store)
        or _refuse_delivered(order, store.platform)
        or _refuse_empty(order, store)
        or _refuse_held(order)
        or _refuse_currency(order, account, rate)
    )


def skips_ended_by(settings: Collection[str], platform: Platform) -> Skipped:
    """The skips that a change of these settings of a store may end (ORD-5)."""
    return Skipped(
        reasons=(Reason.CUSTOM_ITEMS_LEFT_OUT,) if "orders.custom_items" in settings else (),
        statuses=tuple(status for status, switch in platform.imports.items() if switch in settings),
    )


def setting_that_lets_in(reason: str | None, detail: Mapping[str, object], platform: Platform) -> str | None:
    """The setting of the store, or of the account, with which an order that is kept out comes in, if there is one."""
    if reason == Reason.FOREIGN_CURRENCY:
        return "multi_currency"
    return platform.imports.get(str(detail.get("status")))


def _refuse_deleted(remembered: Remembered) -> Skip | None:
    # A person deleted it in the hub: whatever the store's order does, it stays away (ORD-7).
    return Skip(Reason.DELETED_IN_HUB) if remembered.is_tombstoned else None


def _refuse_status(order: StoreOrder, store: Store) -> Skip | None:
    platform, status = store.platform, order.status
    if status not in platform.statuses:
        # A plugin's own status: nobody has said what it means, so nothing is assumed.
        return Skip(Reason.UNKNOWN_STATUS, {"status": status})
    switch = platform.imports.get(status)
    if status not in platform.imports or (switch is not None and not store.is_on(switch)):
        return Skip(platform.reasons.get(status, Reason.STATUS_NOT_IMPORTED), {"status": status})
    return None


def _refuse_old(order: StoreOrder, store: Store, remembered: Remembered) -> Skip | None:
    # One that was in the hub is ours: it comes back when a person or its store wants it back (BEY-6, CHG-5).
    if store.imports_from is None or order.created_at >= store.imports_from or remembered.was_imported:
        return None
    # From before the store was connected or resumed: somebody has seen to it without us (ORD-2).
    detail: dict[str, object] = {"created_at": order.created_at.isoformat(), "from": store.imports_from.isoformat()}
    return Skip(Reason.CREATED_BEFORE_ACTIVATION, detail)


def _refuse_delivered(order: StoreOrder, platform: Platform) -> Skip | None:
    # Where payment and delivery are two words, the second one must leave something to do (ORD-2, ORD-3).
    if not platform.deliveries:
        return None
    is_left = platform.deliveries.get(order.delivery or "")
    if is_left is None:
        return Skip(Reason.UNKNOWN_STATUS, {"status": order.delivery})
    reason = platform.reasons.get(order.delivery or "", Reason.ALREADY_FULFILLED)
    return None if is_left else Skip(reason, {"status": order.delivery})


def _refuse_held(order: StoreOrder) -> Skip | None:
    # Releasing the hold changes the order, so it comes by again (ORD-3).
    return Skip(Reason.ON_HOLD) if order.is_on_hold else None


def _refuse_empty(order: StoreOrder, store: Store) -> Skip | None:
    left = [line for line in order.lines if line.quantity > 0]
    if not order.has_items:
        return Skip(Reason.NO_ITEMS)
    if not left:
        # All pieces were refunded or removed; fees and shipping alone are nothing to deliver (MAP-8).
        return Skip(Reason.NOTHING_TO_DELIVER)
    if all(is_left_out(line, store) for line in left):
        return Skip(Reason.CUSTOM_ITEMS_LEFT_OUT, {"names": [line.name for line in left]})
    return None


def is_left_out(line: StoreLine, store: Store, known: Collection[str] = ()) -> bool:
    """Whether a store's setting keeps a line from becoming a row: a custom item, where it has a switch (MAP-3).

    `known` are the lines that have a row in the hub: no setting takes it away again.
    """
    return line.is_custom and not store.settings.get("orders.custom_items", True) and line.external_id not in known


def _refuse_currency(order: StoreOrder, account: Account, rate: ExchangeRate | None) -> Skip | None:
    base = account.base_currency
    detail: dict[str, object] = {"currency": order.currency, "base": base}
    if order.currency != base and not account.multi_currency:
        return Skip(Reason.FOREIGN_CURRENCY, detail)
    if money.exchange_rate(order, base, rate) is None:
        return Skip(Reason.NO_EXCHANGE_RATE, detail)
    return None
