"""A look that was decided is carried out in the hub, and what came of it is written down. It decides nothing."""

from collections.abc import Iterable
from dataclasses import replace

from connectors import counters
from connectors.counters import Counted
from connectors.postgres import last_look, outgoing, together
from connectors.postgres.marks import keep_news
from schemas.actions import Skip
from schemas.outcomes import OrderOutcome
from tasks.held import process
from tasks.orders.due import settle
from tasks.rules.conclusion import Conclusion, conclude, skipped
from tasks.rules.fulfillment_out import NOT_LET_GO
from tasks.rules.look import Look
from tasks.rules.news import Memory
from tasks.work import Done, DueOrder, StoreSession

_NOTHING_SAID = Memory()


def carry_out(session: StoreSession, seen: DueOrder, look: Look | Skip, memory: Memory = _NOTHING_SAID) -> Done:
    """Apply, and settle: as one with the built-in hub, and our own part as one with any."""
    if isinstance(look, Skip):
        return settle(session, seen, skipped(look, seen.remembered))
    with session.hub.unit():
        answers = session.hub.apply(look.groups)
        conclusion = conclude(look, answers, memory)
        with together(session.connection):
            if not session.hub.facts.marks_what_moves:
                keep_news(session.connection, conclusion.news)
            _settle_hub_side(session, seen, conclusion)
            done = settle(session, seen, conclusion.outcome)
    count_imported(session, [conclusion.outcome])
    return replace(done, word=conclusion.word)


def count_imported(session: StoreSession, outcomes: Iterable[OrderOutcome]) -> None:
    """Count for who watches what came to the hub. Once it is there for good: else it would count twice."""
    new = sum(outcome.hub_order_id is not None for outcome in outcomes)
    counters.count(process().redis, Counted.ORDERS_IMPORTED, session.store.id, new)


def _settle_hub_side(session: StoreSession, seen: DueOrder, conclusion: Conclusion) -> None:
    """The usual end: the store shows all that the hub shipped, as it was the store that said so.

    Else what it did not let go before is tried again: a hold may be over. Trying changes nothing in the store, so that
    it ends.
    """
    key = (session.connection, session.store.id, seen.external_id)
    if conclusion.was_heard:  # what a worker was telling the store when it died (FUL-14)
        last_look.intend(*key, None)
    if conclusion.shows_all:
        outgoing.covered(*key)
    elif conclusion.shows_all is False:
        outgoing.tell_again(*key, NOT_LET_GO)
