"""When something that is to be made in Katana is looked for, sent, or waited for (KAT-1). Pure: it asks nobody."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# After it was sent, when nobody knows what came of it: reads of Katana may be older than its writes by minutes.
LOOK_AFTER: Final = (timedelta(0), timedelta(seconds=60), timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Intent:
    """What is known of a thing that is to be made. `looks` found nothing since it was `sent_at`; None: it never was."""

    sent_at: datetime | None = None
    looks: int = 0
    said: str = ""
    found_id: str | None = None


@dataclass(frozen=True, slots=True)
class IsMade:
    """It is there."""

    id: str


@dataclass(frozen=True, slots=True)
class LookFor:
    """Look whether it is there."""


@dataclass(frozen=True, slots=True)
class SendIt:
    """It is not there: make it."""


@dataclass(frozen=True, slots=True)
class AwaitIt:
    """It may still appear: come again at a moment."""

    until: datetime


Step = IsMade | LookFor | SendIt | AwaitIt


def decide_step(intent: Intent, *, now: datetime, has_looked: bool) -> Step:
    """What is next; `has_looked`: just now it was looked for and not found, which `looks` counts if it was sent.

    What was never sent is looked for once: another installation of us, or the shop's own link to Katana, may have made
    it. What was sent is sent again only when it was not there at once, nor after 60 seconds, nor after 10 minutes.
    """
    if intent.found_id is not None:
        return IsMade(intent.found_id)
    if intent.sent_at is None:
        return SendIt() if has_looked else LookFor()
    if has_looked and intent.looks >= len(LOOK_AFTER):
        return SendIt()
    due = intent.sent_at + LOOK_AFTER[min(intent.looks, len(LOOK_AFTER) - 1)]
    return LookFor() if now >= due else AwaitIt(due)
