"""What went wrong with a piece of work, and until when it waits for that, in words that rules know: no exception."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from schemas.rights import Right


class ProblemKind(StrEnum):
    """The kinds of trouble that are answered differently (SPEC chapter 11)."""

    REFUSED = "refused"  # the store does not accept our credentials
    RATE_LIMITED = "rate_limited"  # it asked to wait until a moment
    UNAVAILABLE = "unavailable"  # it is down, slow, or talks nonsense
    IN_PART = "in_part"  # it failed at a part of what was asked for
    UNREADABLE = "unreadable"  # the payload breaks the schema
    NOT_FOUND = "not_found"  # it has no such order
    REJECTED = "rejected"  # it understood, and says no to this request
    HUB_REFUSED = "hub_refused"  # the hub's own guards say no
    HUB_BUSY = "hub_busy"  # the hub's database is away, or two writers met
    UNEXPECTED = "unexpected"  # most likely a bug


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure. `path` names the field of an unreadable payload, `until` the moment to come again, where it is told.

    `right` is the one that a refusal is of; None where it is of the credentials as a whole.
    """

    kind: ProblemKind
    words: str
    path: str = ""
    until: datetime | None = None
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class PutOff:
    """Work that could not be done now, why, and until when it waits: None for until it changes, or a person retries it.

    A wait that was asked for is no attempt: it must not wear patience out. What `is_aside` was tried often enough, or
    would fail again: people are shown it.
    """

    reason: str
    detail: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    is_attempt: bool = True
    is_aside: bool = False

    @property
    def words(self) -> str:
        """What went wrong, in a sentence."""
        return str(self.detail.get("problem", ""))
