"""What came of a look at an order once the hub has answered: what to remember, journal and mark. It writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.actions import Note, Skip
from schemas.groups import Answers
from schemas.hub_news import DeletedOrder, HubNews, copy_of
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import OrderOutcome
from schemas.reasons import Reason
from schemas.stores import Remembered
from tasks.rules.fulfillment_in import NOT_BROUGHT
from tasks.rules.look import Look, Step
from tasks.rules.news import Memory, Saying, decide_news, is_skip_news, note_line
from tasks.rules.telling import shows_all


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The outcome, and the task's word for it.

    `shows_all` says whether the store shows all that the hub shipped; None where nobody looked. `was_heard`: the
    fulfilment that the store was being told of is found. `news` is what moved in the hub by it, for one that marks
    nothing by itself.
    """

    outcome: OrderOutcome
    word: str
    news: HubNews
    shows_all: bool | None = None
    was_heard: bool = False


def skipped(skip: Skip, remembered: Remembered) -> OrderOutcome:
    """What is remembered of an order that does not come to the hub; journaled where it is news (ORD-5)."""
    state = "deleted" if remembered.is_tombstoned else "skipped"
    lines = (Line(Action.IMPORT, Outcome.SKIPPED, skip.reason, skip.detail),) if is_skip_news(skip, remembered) else ()
    return OrderOutcome(state, skip.reason, skip.detail, lines=lines)


def conclude(look: Look, answers: Answers, memory: Memory) -> Conclusion:
    """What came of a look, by what the hub carried out and what it refused."""
    if look.deletes:  # journaled with the deletion itself, whoever it is by
        return Conclusion(OrderOutcome("deleted", look.deletes), "deleted", HubNews("", deleted=_deleted(look)))
    done = look.done(answers)
    said = [each for step in look.steps for each in _said(step, answers, is_done=step in done)]
    shown = None
    if any(step.speaks_for_store for step in done):
        shown = shows_all(look.gathered.order, done[-1].leaves, store=look.gathered.store)
    lines = tuple(line for step in done for line in step.lines)
    kept = None if look.creation else copy_of(done[-1].leaves)  # of a new one the outcome has all
    return Conclusion(
        outcome=_outcome(look, answers, lines, said, memory),
        word=_word(look, lines),
        news=HubNews("", copies=(kept,) if kept else ()),
        shows_all=shown,
        was_heard=any(step.heard for step in done),
    )


def _deleted(look: Look) -> tuple[DeletedOrder, ...]:
    order, gone = look.steps[0].leaves, look.deletion
    if gone is None:
        return ()
    return (DeletedOrder(order.order_no, order.store_id, order.external_id, gone.deleted_by, gone.reason),)


def _said(step: Step, answers: Answers, *, is_done: bool) -> list[Saying]:
    """What a step has to say: nothing where it was left out for the sake of another."""
    refusal = answers.refusal(step.group.name)
    if refusal is None and not is_done:
        return []
    # The hub's own guards: its order stays as it is, and what else the store says is kept.
    refused = [Note(Reason.REFUSED_BY_HUB, {"problem": refusal})] if refusal is not None else []
    return [Saying(step.action, note) for note in (*step.notes, *answers.notes(step.group.name), *refused)]


def _outcome(
    look: Look, answers: Answers, lines: tuple[Line, ...], said: Sequence[Saying], memory: Memory
) -> OrderOutcome:
    if look.creation:
        # What is said at the import is in the journal alone: no reason stands beside an order that came in.
        made, lines = answers.made(look.creation), (*lines, *map(note_line, said))
        return OrderOutcome("imported", None, {}, made, lines, created=look.creation.order, links=answers.links)
    news = decide_news(said, memory)
    is_failing = any(each.note.reason in NOT_BROUGHT for each in said)
    lines = (*lines, *news.lines)
    return OrderOutcome("imported", news.reason, news.detail, lines=lines, is_failing=is_failing, links=answers.links)


def _word(look: Look, lines: Sequence[Line]) -> str:
    words = {Action.DELIVER: "delivered", Action.CHANGE: "changed"}
    done = {line.action for line in lines} if look.creation is None else set()
    return next((word for action, word in words.items() if action in done), "imported")
