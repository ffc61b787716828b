"""A failure and how often it was tried become: put off, set aside, or stop the store (SPEC chapter 11). No clock."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from schemas.failures import Problem, ProblemKind, PutOff
from schemas.reasons import Reason
from schemas.rights import Right

BASE: Final = timedelta(seconds=5)
CAP: Final = timedelta(minutes=5)
SWEEP: Final = timedelta(hours=1)
REFUSED_PAUSE: Final = timedelta(minutes=15)  # what lacks a right is tried again by itself
_DOUBLINGS: Final = 6  # 5 s doubled six times is past the cap; more would only make huge numbers

STORE_TRIES: Final = 6
BUG_TRIES: Final = 3

Detail = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StopStore:
    """Ask the store nothing more until a person acts."""

    reason: Reason
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopPart(PutOff):
    """Stop what needs a right that the store refused us; everything else goes on."""

    right: Right = Right.READ_ORDERS


Decision = PutOff | StopStore

_SAID_NO: Final = {
    ProblemKind.NOT_FOUND: Reason.NOT_FOUND_IN_STORE,
    ProblemKind.REJECTED: Reason.REFUSED_BY_STORE,
    ProblemKind.HUB_REFUSED: Reason.REFUSED_BY_HUB,
}

_TROUBLE: Final = {
    ProblemKind.UNAVAILABLE: Reason.STORE_UNAVAILABLE,
    ProblemKind.IN_PART: Reason.ANSWERED_IN_PART,
}

_TRIES: Final[dict[str, int]] = {Reason.STORE_UNAVAILABLE: STORE_TRIES, Reason.UNEXPECTED_ERROR: BUG_TRIES}

_OURS: Final = frozenset({ProblemKind.HUB_BUSY, ProblemKind.HUB_REFUSED, ProblemKind.UNEXPECTED})


def decide_failure(problem: Problem, *, attempts: int, now: datetime, jitter: float) -> Decision:
    """What becomes of a piece of work that failed after `attempts` earlier failures; `jitter` is in [0, 1)."""
    detail: Detail = {"problem": problem.words}
    later = now + back_off(attempts, jitter)
    match problem.kind:
        case ProblemKind.REFUSED:
            return _refused(problem, detail, now)
        case ProblemKind.RATE_LIMITED:
            return PutOff(Reason.RATE_LIMITED, detail, problem.until or later, is_attempt=False)
        case ProblemKind.UNAVAILABLE | ProblemKind.IN_PART:
            reason = _TROUBLE[problem.kind]
            if attempts + 1 < STORE_TRIES:
                return PutOff(reason, detail, later)
            # An outage that outlasts the back-off: shown, and left to the hourly sweep.
            return PutOff(reason, detail, now + SWEEP, is_aside=True)
        case ProblemKind.HUB_BUSY:
            # Ours to mend, and nothing is wrong with the order: it waits as long as it takes.
            return PutOff(Reason.HUB_BUSY, detail, problem.until or later)
        case ProblemKind.UNEXPECTED:
            if attempts + 1 < BUG_TRIES:
                return PutOff(Reason.UNEXPECTED_ERROR, detail, later)
            return PutOff(Reason.UNEXPECTED_ERROR, detail, is_aside=True)
        case ProblemKind.UNREADABLE:
            return PutOff(Reason.INVALID_PAYLOAD, {"path": problem.path, **detail}, is_aside=True)
        case ProblemKind.NOT_FOUND | ProblemKind.REJECTED | ProblemKind.HUB_REFUSED:
            # The same request would get the same answer.
            return PutOff(_SAID_NO[problem.kind], detail, is_aside=True)
        case _:
            assert_never(problem.kind)


def rest_at_most(why: PutOff, pause: timedelta | None, *, now: datetime) -> PutOff:
    """What was tried often enough rests no longer than a pause, where there is one."""
    if not why.is_aside or pause is None:
        return why
    latest = now + pause
    return replace(why, until=min(why.until or latest, latest))


def as_rest(decision: Decision, *, now: datetime) -> PutOff:
    """What is brought in by hand rests where an active store would be stopped (STG-1)."""
    if isinstance(decision, StopStore):
        return PutOff(decision.reason, decision.detail, now + REFUSED_PAUSE, is_attempt=False, is_aside=True)
    return decision


def is_news(why: PutOff, *, last: str | None, attempts: int) -> bool:
    """Whether what keeps a store's work from being done is to be journaled: `last` is what kept it before.

    It is once tries are over: for another reason than before, or for one that has just outlasted its tries.
    """
    return why.is_aside and (why.reason != last or attempts + 1 == _TRIES.get(why.reason))


def _refused(problem: Problem, detail: Detail, now: datetime) -> Decision:
    if problem.right in (None, Right.READ_ORDERS):
        # No order of this store can go on: the others are not tried one by one against a closed door.
        return StopStore(Reason.CREDENTIALS_REFUSED, detail)
    until = now + REFUSED_PAUSE
    return StopPart(Reason.WRITE_REFUSED, detail, until, is_attempt=False, is_aside=True, right=problem.right)


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


def wait_when_moved(why: PutOff) -> timedelta | None:
    """How long a SKU that was put off waits at most once it moves again; None where that is no reason to try it sooner.

    What moves is tried as often as an outage is: it waits no hour, unless the store refused it.
    """
    return None if why.reason == Reason.REFUSED_BY_STORE else CAP


def back_off(attempts: int, jitter: float) -> timedelta:
    """Exponential with full jitter: many orders that failed together do not come back together."""
    return min(CAP, BASE * (1 << min(attempts, _DOUBLINGS))) * jitter
