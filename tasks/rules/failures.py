"""A failure and how often it was tried become: try again, set aside, or stop the store (SPEC chapter 11). No clock."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, assert_never

from schemas.failures import Problem, ProblemKind
from schemas.reasons import Reason
from schemas.rights import Right

BASE: Final = timedelta(seconds=5)
CAP: Final = timedelta(minutes=5)
SWEEP: Final = timedelta(hours=1)
REFUSED_PAUSE: Final = timedelta(minutes=15)  # what lacks a right is tried again by itself
_DOUBLINGS: Final = 6  # 5 s doubled six times is past the cap; more would only make huge numbers

STORE_TRIES: Final = 6
BUG_TRIES: Final = 3

Detail = dict[str, object]


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Look again at a moment. A wait that was asked for is no attempt: it must not wear the order's patience."""

    at: datetime
    reason: Reason
    is_attempt: bool = True


@dataclass(frozen=True, slots=True)
class SetAside:
    """Show it to the operator; `again_at` None means not before the order changes or a person retries."""

    reason: Reason
    detail: Detail = field(default_factory=dict)
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopStore:
    """Ask the store nothing more until a person acts."""

    reason: Reason
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopPart(TryAgain):
    """Stop what needs a right that the store refused us; everything else goes on."""

    right: Right = Right.READ_ORDERS
    detail: Detail = field(default_factory=dict)


Decision = TryAgain | SetAside | StopStore

_SAID_NO: Final = {
    ProblemKind.NOT_FOUND: Reason.NOT_FOUND_IN_STORE,
    ProblemKind.REJECTED: Reason.REFUSED_BY_STORE,
    ProblemKind.HUB_REFUSED: Reason.REFUSED_BY_HUB,
}

_TROUBLE: Final = {
    ProblemKind.UNAVAILABLE: Reason.STORE_UNAVAILABLE,
    ProblemKind.IN_PART: Reason.ANSWERED_IN_PART,
}

_OURS: Final = frozenset({ProblemKind.HUB_BUSY, ProblemKind.HUB_REFUSED, ProblemKind.UNEXPECTED})


def decide_failure(problem: Problem, *, attempts: int, now: datetime, jitter: float) -> Decision:
    """What becomes of a piece of work that failed after `attempts` earlier failures; `jitter` is in [0, 1)."""
    detail: Detail = {"problem": problem.words}
    later = now + back_off(attempts, jitter)
    match problem.kind:
        case ProblemKind.REFUSED:
            return _refused(problem, detail, now)
        case ProblemKind.RATE_LIMITED:
            return TryAgain(problem.until or later, Reason.RATE_LIMITED, is_attempt=False)
        case ProblemKind.UNAVAILABLE | ProblemKind.IN_PART:
            reason = _TROUBLE[problem.kind]
            if attempts + 1 < STORE_TRIES:
                return TryAgain(later, reason)
            # An outage that outlasts the back-off: shown, and left to the hourly sweep.
            return SetAside(reason, detail, now + SWEEP)
        case ProblemKind.HUB_BUSY:
            # Ours to mend, and nothing is wrong with the order: it waits as long as it takes.
            return TryAgain(later, Reason.HUB_BUSY)
        case ProblemKind.UNEXPECTED:
            if attempts + 1 < BUG_TRIES:
                return TryAgain(later, Reason.UNEXPECTED_ERROR)
            return SetAside(Reason.UNEXPECTED_ERROR, detail)
        case ProblemKind.UNREADABLE:
            return SetAside(Reason.INVALID_PAYLOAD, {"path": problem.path, **detail})
        case ProblemKind.NOT_FOUND | ProblemKind.REJECTED | ProblemKind.HUB_REFUSED:
            # The same request would get the same answer.
            return SetAside(_SAID_NO[problem.kind], detail)
        case _:
            assert_never(problem.kind)


def _refused(problem: Problem, detail: Detail, now: datetime) -> Decision:
    if problem.right in (None, Right.READ_ORDERS):
        # No order of this store can go on: the others are not tried one by one against a closed door.
        return StopStore(Reason.CREDENTIALS_REFUSED, detail)
    at = now + REFUSED_PAUSE
    return StopPart(at, Reason.WRITE_REFUSED, is_attempt=False, right=problem.right, detail=detail)


@dataclass(frozen=True, slots=True)
class StoreWait:
    """A store is told nothing before a moment, and has failed so often in a row by then."""

    until: datetime
    attempts: int


def decide_store_wait(problem: Problem, *, attempts: int, now: datetime, jitter: float) -> StoreWait | None:
    """How long a whole store waits that failed after `attempts` earlier failures in a row; None where it did not fail.

    However many SKUs move, a store that is away is asked at this pace. It is never longer than the longest back-off:
    what waits for a store is told soon after it is back.
    """
    if problem.kind in _OURS:
        return None
    if problem.until:
        return StoreWait(problem.until, attempts)
    if problem.right:
        return StoreWait(now + REFUSED_PAUSE, attempts)
    return StoreWait(now + back_off(attempts, jitter), attempts + 1)


def back_off(attempts: int, jitter: float) -> timedelta:
    """Exponential with full jitter: many orders that failed together do not come back together."""
    return min(CAP, BASE * (1 << min(attempts, _DOUBLINGS))) * jitter
