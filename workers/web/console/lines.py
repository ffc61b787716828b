"""A line of the journal as people read it."""

from dataclasses import replace
from typing import Any, Final

from schemas.journal import Action, Entry, Outcome
from schemas.reasons import describe
from workers.cli.explain.trail import SAID, of_journal

# Shapes of what did not simply happen.
KINDS: Final[dict[str, str]] = {
    Outcome.FAILED: "bad",
    Outcome.STOPPED: "bad",
    Outcome.NEEDS_ATTENTION: "bad",
    Outcome.NOTED: "wait",
    Outcome.SKIPPED: "wait",
}
_IDS: Final = {"fulfillment", "return", "refund"}  # of the store, in the detail of a line
_SECRET: Final = {"address", "credentials"}  # where a shop's messages go says its token


# What people alone do: where no user of the console did, somebody typed it.
_BY_PEOPLE: Final = {
    *(Action.CONNECT, Action.RECONFIGURE, Action.SET_STATE, Action.CHECK),
    *(Action.SUPPLY, Action.USER, Action.RETRY, Action.REIMPORT),
}


def who(line: Entry) -> str:
    """Who did it."""
    is_wish = line.action in _BY_PEOPLE or (line.action, line.outcome) == (Action.PUSH, Outcome.PENDING)
    return line.who or ("at the command line" if is_wish else "by itself")


def kind(line: Entry) -> str:
    """Its shape: done, wait or bad."""
    return KINDS.get(str(line.outcome), "done")


def said(line: Entry) -> str:
    """It as a sentence, with what of its detail people read; the store's own ids are left out."""
    sentence = of_journal(replace(line, detail={}))["text"]
    if (line.action, line.outcome) not in SAID and isinstance(line.action, Action):
        outcome = line.outcome.sentence if isinstance(line.outcome, Outcome) else line.outcome
        reason, _ = describe(line.reason)
        sentence = f"{line.action.sentence} {outcome} {reason}".rstrip()
    told = [words for key, value in line.detail.items() if (words := _detail(key, value))]
    return f"{sentence} {'; '.join(told)}" if told else sentence


def _detail(key: str, value: Any) -> str:
    name = key.replace("_", " ")
    if key in _IDS or key in _SECRET:
        return ""
    match value:
        case bool() | None:
            return ""
        case str() | int():
            return f"{name}: {value}"
        case list() if value and all(isinstance(part, str) for part in value):
            return ", ".join(value) if key == "rows" else f"{name}: {', '.join(value)}"
        case dict() if key == "settings":
            return ", ".join(f"{one}={part}" for one, part in value.items())
        case _:
            return ""
