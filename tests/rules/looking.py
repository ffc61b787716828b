"""A look at an order in plain data, and what comes of it with a hub that takes or refuses what it is told."""

from dataclasses import replace
from typing import Any, Final

from schemas.bigcommerce.platform import STITCH
from schemas.groups import Answers, GroupAnswer, Made
from schemas.hub import HubOrder
from schemas.orders import StoreOrder
from schemas.outcomes import OrderOutcome
from schemas.stores import Store
from tasks.rules.conclusion import conclude
from tasks.rules.fulfillment import sent_pieces
from tasks.rules.look import Gathered, Look, decide_look
from tasks.rules.news import Memory
from tests.makers import CREATED_AT, PERCENT, account, matches, plain_line, store, store_order
from tests.rules.fulfilling import D

AT: Final = store(
    replace(
        PERCENT,
        cancelled_statuses=frozenset({"cancelled"}),
        partial_fulfillment=True,
        fulfilled_statuses=frozenset({"success"}),
    ),
    {"orders.returns": True},
)
FLAGGED: Final = store(STITCH, connected_at=CREATED_AT)
NOTHING_SAID: Final = Memory()


def order(*pieces: int, **changes: Any) -> StoreOrder:
    """Pieces of line 1, line 2, …, with what fulfilments say of them; no charges."""
    sent = sent_pieces(changes.get("fulfillments", ()))
    lines = tuple(
        plain_line(str(place), count, 10 * count, delivered_quantity=sent.get(str(place), D(0)))
        for place, count in enumerate(pieces or (2,), 1)
    )
    return store_order(lines=lines, charges=(), **changes)


def look_at(order: StoreOrder, hub_order: HubOrder | None = None, *, at: Store = AT, **gathered: Any) -> Look:
    """The look; the order is not skipped."""
    found = decide_look(Gathered(order, at, account(), hub_order, matches=matches(), **gathered))
    assert isinstance(found, Look)
    return found


def kinds(look: Look) -> dict[str, list[type]]:
    return {group.name: [type(action) for action in group.actions] for group in look.groups}


def answered(look: Look, **refused: str) -> Answers:
    """As a hub that refuses some of the groups."""
    answers = Answers()
    for group in look.groups:
        if answers.is_wanted(group):
            made = tuple((action, Made("7")) for action in group.actions)
            refusal = refused.get(group.name.replace(" ", "_"))
            answers.by_name[group.name] = GroupAnswer(refusal=refusal) if refusal else GroupAnswer(made)
    return answers


def came(look: Look, memory: Memory = NOTHING_SAID, **refused: str) -> OrderOutcome:
    return conclude(look, answered(look, **refused), memory).outcome


def lines(outcome: OrderOutcome) -> list[tuple[str, str, str | None]]:
    return [(line.action, line.outcome, line.reason) for line in outcome.lines]
