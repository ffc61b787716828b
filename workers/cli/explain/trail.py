"""A trail: what led to the present state, step by step, each with its time and the rules behind it (BEY-2)."""

from datetime import datetime
from typing import Any, Final

from schemas.journal import Action, Entry, Outcome
from schemas.reasons import describe
from workers.cli.output import cell, utc

Step = dict[str, Any]

# What a line of the journal says, by action and outcome.
SAID: Final[dict[tuple[str, str], str]] = {
    (Action.IMPORT, Outcome.IMPORTED): "It was imported.",
    (Action.IMPORT, Outcome.SKIPPED): "It was not imported.",
    (Action.IMPORT, Outcome.NOTED): "Noted at the import.",
    (Action.IMPORT, Outcome.FAILED): "It was set aside.",
    (Action.CHANGE, Outcome.CHANGED): "What the store changed came to the hub.",
    (Action.CHANGE, Outcome.NOTED): "Something the store changed stays as it is in the hub.",
    (Action.DELIVER, Outcome.DELIVERED): "What the store shipped was delivered in the hub.",
    (Action.DELIVER, Outcome.NOTED): "Noted at what the store shipped.",
    (Action.FULFILL, Outcome.SENT): "The store was told what the hub shipped.",
    (Action.FULFILL, Outcome.FOUND): "The store had been told already what the hub shipped.",
    (Action.FULFILL, Outcome.NOTED): "The store was not told what the hub shipped.",
    (Action.FULFILL, Outcome.FAILED): "The store could not be told what the hub shipped.",
    (Action.DELETE, Outcome.DELETED): "It was deleted in the hub.",
    (Action.REIMPORT, Outcome.PENDING): "A person asked for it to be imported again.",
    (Action.RETRY, Outcome.PENDING): "A person asked for another look at it.",
    (Action.HANDLE, Outcome.PACKED): "It was packed.",
    (Action.HANDLE, Outcome.DELIVERED): "It was delivered.",
    (Action.HANDLE, Outcome.INVOICED): "It was invoiced.",
    (Action.HANDLE, Outcome.MARKED): "It was marked.",
    (Action.PUSH, Outcome.TOLD): "The store was told.",
    (Action.PUSH, Outcome.PENDING): "A person asked for its stock to be told.",
    (Action.PUSH, Outcome.NOTED): "The store does not show it.",
    (Action.PUSH, Outcome.FAILED): "The store could not be told.",
}


def step(topic: str, text: str, *rules: str, at: datetime | None = None) -> Step:
    """One step of a trail."""
    return {"topic": topic, "at": utc(at), "text": text, "rules": list(rules)}


def of_journal(line: Entry) -> Step:
    """A line of the journal as a step."""
    said = SAID.get((line.action, line.outcome), f"{line.action}: {line.outcome}.")
    sentence, _ = describe(line.reason)
    detail = f" {cell(line.detail)}" if line.detail else ""
    return step("journal", f"{said} {sentence}".rstrip() + detail, at=line.at)
