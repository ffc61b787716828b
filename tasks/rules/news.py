"""What of a look at an order is news: journaled once, and remembered so that the same again is none.

Whatever is said of an order is compared here with what was said before, and in one form: on its way in, in the hub,
and on its way out (ORD-5, CHG-4, FUL-12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.actions import Detail, Note, Skip
from schemas.journal import Action, Line, Outcome
from schemas.outcomes import Told
from schemas.reasons import Reason
from schemas.stores import Remembered

_ALSO: Final = "also"  # where the first reason's detail keeps the others


@dataclass(frozen=True, slots=True)
class Saying:
    """A note, and what was being done when it came up, in the journal's word."""

    action: Action
    note: Note


@dataclass(frozen=True, slots=True)
class Memory:
    """What the last look at one side of an order remembered, and the notes of its import, as (reason, detail)."""

    reason: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    at_import: tuple[tuple[str | None, dict[str, Any]], ...] = ()

    def knows(self, note: Note) -> bool:
        """Whether the same was said by the last look, or at the import."""
        others = self.detail.get(_ALSO, ())
        first = {key: value for key, value in self.detail.items() if key != _ALSO}
        said = [(self.reason, first), *((one["reason"], one["detail"]) for one in others), *self.at_import]
        return (note.reason, note.detail) in said


@dataclass(frozen=True, slots=True)
class News:
    """The lines to journal, and what to remember: the first reason, with the others in its detail."""

    lines: tuple[Line, ...] = ()
    reason: str | None = None
    detail: Detail = field(default_factory=dict)


def decide_news(said: Sequence[Saying], memory: Memory) -> News:
    """What of all that is said of an order now was not said before, and what the next look compares with."""
    lines = tuple(note_line(one) for one in said if not memory.knows(one.note))
    if not said:
        return News(lines)
    first, *others = (one.note for one in said)
    also = [{"reason": note.reason, "detail": note.detail} for note in others]
    return News(lines, first.reason, first.detail | ({_ALSO: also} if also else {}))


def decide_told(notes: Sequence[Note], memory: Memory) -> Told:
    """What came of telling a store of an order: what it does not show, and why."""
    news = decide_news([Saying(Action.FULFILL, note) for note in notes], memory)
    is_failing = any(note.reason is Reason.NOT_FULFILLABLE for note in notes)
    return Told(news.reason, news.detail, news.lines, is_failing=is_failing)


def note_line(said: Saying) -> Line:
    """A note as the journal has it."""
    return Line(said.action, Outcome.NOTED, said.note.reason, said.note.detail)


def is_skip_news(skip: Skip, remembered: Remembered) -> bool:
    """Whether a skip is worth a line in the journal: not when the last look said the same (ORD-5).

    An order that stands in the hub was imported: that its status has moved on since is no skip.
    """
    if remembered.has_hub_order:
        return False
    return remembered.state not in {"skipped", "deleted"} or remembered.reason != skip.reason
