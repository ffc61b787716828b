"""What a look at an order is decided on, read once: both sides, and what belongs to them. It only looks."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.postgres.last_look import LastLook
from schemas.hub import Batch, HubMatches, HubOrder
from schemas.orders import StoreOrder
from schemas.stores import Remembered
from tasks.orders.matches import find_matches, links_of
from tasks.rules.changes import follows_changes
from tasks.rules.look import Gathered, batches_wanted
from tasks.rules.matching import wanted_of
from tasks.work import StoreSession


def gather_new(session: StoreSession, remembered: Remembered, order: StoreOrder) -> Gathered:
    """For an order that is not in the hub."""
    return gather_many(session, [(remembered, order)])[0]


def gather_many(session: StoreSession, asked: Sequence[tuple[Remembered, StoreOrder]]) -> list[Gathered]:
    """For orders that are not in the hub, each by itself, read together; in their order."""
    matches = _matches(session, [order for _, order in asked])
    return [
        _with_batches(session, Gathered(order, session.store, session.account, remembered=remembered, matches=match))
        for (remembered, order), match in zip(asked, matches, strict=True)
    ]


def look_ahead(session: StoreSession, orders: Sequence[StoreOrder]) -> None:
    """Let the hub know what orders need that are not in it, and come in one after the other."""
    if len(orders) > 1:
        linked = links_of(session.connection, session.store.id, orders)
        session.hub.look_ahead(wanted_of(orders, linked))


def gather_known(session: StoreSession, order: StoreOrder, hub_order: HubOrder, last: LastLook) -> Gathered:
    """For an order that is there."""
    matches = _matches(session, [order])[0] if follows_changes(session.store) else HubMatches()
    gathered = Gathered(order, session.store, session.account, hub_order, matches=matches, sending=last.sending)
    return _with_batches(session, gathered)


def _matches(session: StoreSession, orders: Sequence[StoreOrder]) -> list[HubMatches]:
    base = session.account.base_currency
    return find_matches(session.hub, session.connection, store_id=session.store.id, orders=orders, base=base)


def _with_batches(session: StoreSession, gathered: Gathered) -> Gathered:
    found: list[Batch] = []
    for place, variants in batches_wanted(gathered).items():
        found += session.hub.batches(variants, place)
    return replace(gathered, batches=tuple(found)) if found else gathered
