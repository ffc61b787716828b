"""An order that stands in the hub, as one look by today's rules would have created it or would leave it (BEY-3)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from schemas.account import Account
from schemas.hub import Customer, ExchangeRate, HubMatches, HubOrder, HubRow, Variant
from schemas.orders import Kind
from schemas.reasons import Reason
from schemas.replay import Difference, HeldSettings, KeptOrder, Replay
from tasks.rules.look import DELIVERIES, ORDER, Gathered, Look, Step, decide_look
from tasks.rules.matching import sku_of
from tasks.rules.replay_fields import compare_head, compare_notes, compare_orders, differing, head_of

_KEPT: Final = frozenset({Reason.KEPT_INVOICED, Reason.KEPT_LOCKED})


def remembered_reasons(kept: KeptOrder) -> frozenset[str]:
    """Every reason that the last look at an order has left."""
    also = kept.detail.get("also", ())
    return frozenset(filter(None, (kept.reason, *(one["reason"] for one in also))))


# -- as it was imported --------------------------------------------------------------------------------------------


def compare_as_imported(replay: Replay, hub_order: HubOrder, held: HeldSettings) -> list[Difference]:
    """An order whose store has changed nothing since: every field as it would be created now."""
    look = decide_look(
        Gathered(
            replay.order,
            replace(held.store, imports_from=None),
            _account_of_then(held.account, hub_order),
            matches=_as_it_stands(replay, hub_order),
        )
    )
    if not isinstance(look, Look):
        return differing("state", replay.kept.state, "skipped") + differing("reason", None, look.reason)
    assert look.creation is not None
    was_refused = any(note.reason is Reason.REFUSED_BY_HUB for note in replay.notes or ())
    steps = _steps(look, replay, only=(ORDER,) if was_refused else ())
    is_moved = was_refused or not replay.kept.is_untouched  # by people: its rows and flags tell of them
    found = compare_head(look.creation.order, head_of(hub_order), held.store)
    found += compare_orders(hub_order, steps[-1].leaves, locations=replay.locations, is_moved=is_moved)
    return found + compare_notes(replay.notes, look.steps[0].notes)


def _account_of_then(account: Account, hub_order: HubOrder) -> Account:
    """The account that took the order in: in its base currency, and in others where it has another one."""
    is_foreign = hub_order.currency != hub_order.base_currency
    return replace(account, base_currency=hub_order.base_currency, multi_currency=account.multi_currency or is_foreign)


def _as_it_stands(replay: Replay, hub_order: HubOrder) -> HubMatches:
    """What of the hub an import of the order would find, were there nothing but what the order has.

    Items that came since, or are called otherwise by now, are none of it; nor is a rate that came since.
    """
    rows = {row.external_id: row for row in hub_order.rows if row.external_id is not None}
    lines = [(line, rows[line.external_id]) for line in replay.order.lines if line.external_id in rows]
    charges = [rows[charge.external_id] for charge in replay.order.charges if charge.external_id in rows]
    return HubMatches(
        by_sku={sku: (_variant(row),) for line, row in lines if (sku := sku_of(line))},
        by_key={line.item_key: _variant(row) for line, row in lines if sku_of(line) is None},
        by_name={row.name.lower(): _variant(row) for row in charges if row.kind is Kind.SERVICE},
        rate=ExchangeRate(hub_order.exchange_rate, head_of(hub_order).exchange_rate_date),
        **_customers(replay.matches, hub_order),
    )


def _variant(row: HubRow) -> Variant:
    return Variant(row.variant_id or "", row.sku, row.name, row.kind)


def _customers(now: HubMatches, hub_order: HubOrder) -> dict[str, Customer | None]:
    """The customer of the order, by every way that leads to it today; by a link where one leads elsewhere by now."""
    has = head_of(hub_order).customer
    ways = {"email_customer": now.email_customer, "name_customer": now.name_customer}
    found = {way: has if one and one.id == has.id else None for way, one in ways.items()}
    return {**found, "linked_customer": has if now.linked_customer else None}


# -- as its store has changed it since -----------------------------------------------------------------------------


def compare_as_followed(replay: Replay, hub_order: HubOrder, held: HeldSettings) -> list[Difference]:
    """An order that its store has changed since: how a look would leave it now."""
    # What kept it though its store took it back may be gone by now: then it was a person who let it go.
    if not remembered_reasons(replay.kept).isdisjoint(_KEPT):
        return []
    look = decide_look(Gathered(replay.order, held.store, held.account, hub_order))
    assert isinstance(look, Look)
    if look.deletes:
        return differing("state", replay.kept.state, "deleted") + differing("reason", None, look.deletes)
    steps = _steps(look, replay)
    is_marked = not replay.kept.is_untouched
    return compare_orders(hub_order, steps[-1].leaves, locations=replay.locations, is_marked=is_marked)


def _steps(look: Look, replay: Replay, only: Sequence[str] = ()) -> list[Step]:
    """The steps of a look that the hub refuses nothing of.

    While the store is being told of a fulfilment nobody knows which of its own that is: none of them is brought.
    """
    left_out = {DELIVERIES} if replay.kept.is_told else set()
    return [
        step
        for step in look.steps
        if step.group.unless is None and step.group.name not in left_out and (not only or step.group.name in only)
    ]
