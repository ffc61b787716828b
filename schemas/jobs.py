"""Jobs: what a page of the console asked workers to do, since no page asks a shop itself. Data only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page asks for: a kind, of a store or of none, with what the work needs to know.

    `secret` is kept locked until its end. `who` is the user of the console.
    """

    kind: str
    store_id: int | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)
    who: str | None = None


@dataclass(frozen=True, slots=True)
class JobTrouble:
    """Why a job came to nothing: the words, the code of a reason where there is one, the setting that is meant."""

    words: str
    reason: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands: `seen` is how much of it was seen so far, `arguments` what a page gave it.

    It is over once `ended_at` is there: with a `result`, or `trouble`, or neither where a person stopped it. `locked`
    is what of it is secret, until its end.
    """

    id: int
    kind: str
    store_id: int | None
    asked_at: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    locked: str | None = None
    who: str | None = None
    began_at: datetime | None = None
    begins: int = 0
    seen: int = 0
    ended_at: datetime | None = None
    result: dict[str, Any] | None = None
    trouble: JobTrouble | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.ended_at is not None

    @property
    def was_stopped(self) -> bool:
        """Whether a person ended it."""
        return self.is_over and self.result is None and self.trouble is None
