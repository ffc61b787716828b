"""Several new orders of a store come to the hub as one, each decided by itself (SPD-1)."""

from collections.abc import Iterator, Sequence

from connectors.postgres import orders
from connectors.postgres.orders import Settled
from schemas.actions import Skip
from schemas.errors import Unreadable
from schemas.groups import Answers, GroupAnswer
from schemas.orders import StoreOrder
from schemas.outcomes import OrderOutcome
from tasks.orders.gather import gather_many, look_ahead
from tasks.orders.settle import count_imported
from tasks.rules.conclusion import conclude, skipped
from tasks.rules.look import ORDER, Look, decide_look
from tasks.rules.news import Memory
from tasks.rules.stitch import lacks_fulfillments
from tasks.rules.together import as_one
from tasks.work import Done, DueOrder, StoreSession

_Decided = tuple[DueOrder, Look | Skip]


def take_in_together(session: StoreSession, due: Sequence[DueOrder]) -> dict[str, Done]:
    """Gather, decide, apply: create sales orders, or say why not. What came of those it was done to, by id."""
    read = [(seen, order) for seen in due if (order := _read(session, seen)) is not None]
    if not session.hub.facts.creates_many:
        look_ahead(session, [order for _, order in read])
        return {}
    gathered = gather_many(session, [(seen.remembered, order) for seen, order in read])
    looks = [decide_look(one) for one in gathered]
    return _carry_out(session, [(read[place][0], looks[place]) for place in as_one(looks)])


def _read(session: StoreSession, seen: DueOrder) -> StoreOrder | None:
    """A new order as it was fetched; None where it is not new, cannot be read, or its store is to be asked for more."""
    if seen.remembered.has_hub_order or seen.payload is None:
        return None
    try:
        order = session.connector.read(seen.payload)
    except Unreadable:
        return None
    return None if lacks_fulfillments(order, session.store, is_in_hub=False) else order


def _carry_out(session: StoreSession, decided: Sequence[_Decided]) -> dict[str, Done]:
    """The hub's part in one statement, ours in another, both in one transaction."""
    if not decided:
        return {}
    with session.hub.unit():
        outcomes = list(_outcomes(session, decided))
        settled = [
            Settled(seen.external_id, seen.changed, outcome)
            for (seen, _), outcome in zip(decided, outcomes, strict=True)
        ]
        moved = orders.settle_many(session.connection, session.store.id, settled)
    count_imported(session, outcomes)
    return {one.external_id: Done(one.outcome.state, one.external_id in moved) for one in settled}


def _outcomes(session: StoreSession, decided: Sequence[_Decided]) -> Iterator[OrderOutcome]:
    creations = [look.only_creation for _, look in decided if isinstance(look, Look) and look.only_creation]
    made = iter(zip(creations, session.hub.create_orders(creations), strict=True))
    for seen, look in decided:
        if isinstance(look, Skip):
            yield skipped(look, seen.remembered)
        else:
            answers = Answers({ORDER: GroupAnswer((next(made),))})
            yield conclude(look, answers, Memory()).outcome
