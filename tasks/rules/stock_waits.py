"""How long stock waits that could not be told: its store as a whole, and each SKU for itself (SPEC chapter 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.failures import Problem, PutOff
from schemas.journal import Action, Line, Outcome
from schemas.stock import DueSku
from tasks.rules.failures import (
    STORE_TRIES,
    SWEEP,
    StopPart,
    StopStore,
    StoreWait,
    decide_failure,
    decide_store_wait,
    rest_at_most,
)

Waits = tuple[PutOff, tuple[str, ...]]  # why SKUs wait, and which


@dataclass(frozen=True, slots=True)
class StockTrouble:
    """What went wrong, for which SKUs, and for which others that only wait for the end of it.

    `is_whole` where the store fails, and not only what it was asked for; `is_answered` where it answered for others.
    """

    problem: Problem
    failed: Sequence[DueSku]
    waiting: Sequence[DueSku] = ()
    is_whole: bool = True
    is_answered: bool = False


@dataclass(frozen=True, slots=True)
class StockWaits:
    """What waits: the store, with how often it failed in a row, and SKUs; and what is journaled of it."""

    skus: tuple[Waits, ...]
    store: tuple[PutOff, int] | None = None
    lines: tuple[Line, ...] = ()


def decide_stock_waits(
    trouble: StockTrouble, *, attempts: int, last: str | None, now: datetime, jitter: float
) -> StockWaits | StopStore:
    """What waits how long; `attempts` is how often the store failed in a row before, `last` what it waited for.

    A store that fails waits as a whole, longer each time, unless it answered for others. A SKU that failed waits for
    itself too: the longer, the more often it did while its store was not away.
    """
    in_a_row = 0 if trouble.is_answered else attempts
    decision = decide_failure(trouble.problem, attempts=in_a_row, now=now, jitter=jitter)
    if isinstance(decision, StopStore):
        return decision
    store = None
    if trouble.is_whole:
        store = decide_store_wait(trouble.problem, attempts=in_a_row, now=now, jitter=jitter)
    own = _waits_of_skus(trouble, away_for=attempts if store else 0, now=now, jitter=jitter)
    lines = _lines(trouble, decision, own, store=store, in_a_row=in_a_row, last=last)
    rested = tuple((rest_at_most(why, SWEEP, now=now), skus) for why, skus in own)
    if store is None:
        return StockWaits(rested, lines=lines)
    whole = PutOff(decision.reason, {"problem": trouble.problem.words}, store.until, is_attempt=False)
    waiting = (whole, tuple(one.sku for one in trouble.waiting))
    return StockWaits((waiting, *rested), (whole, store.attempts), lines)


def _waits_of_skus(trouble: StockTrouble, *, away_for: int, now: datetime, jitter: float) -> list[Waits]:
    """The SKUs that failed, by how often they did; not counted are attempts for which their store was away."""
    alike: dict[int, list[str]] = {}
    for one in trouble.failed:
        alike.setdefault(max(0, one.attempts - away_for), []).append(one.sku)
    waits = []
    for attempts, skus in alike.items():
        why = decide_failure(trouble.problem, attempts=attempts, now=now, jitter=jitter)
        assert isinstance(why, PutOff)  # what stops a store does so whatever was tried
        waits.append((why, tuple(skus)))
    return waits


def _lines(
    trouble: StockTrouble,
    decision: PutOff,
    own: Sequence[Waits],
    *,
    store: StoreWait | None,
    in_a_row: int,
    last: str | None,
) -> tuple[Line, ...]:
    """What is journaled: of the store once, however long it lasts; of SKUs where it is not said of their store."""
    if isinstance(decision, StopPart):
        is_news = last != decision.reason
        return (Line(Action.STOP, Outcome.STOCK, decision.reason, decision.detail),) if is_news else ()
    if store is not None and decision.is_aside:
        is_news = in_a_row in (0, STORE_TRIES - 1)
        return (_failed(decision, len(trouble.failed) + len(trouble.waiting)),) if is_news else ()
    return tuple(_failed(why, len(skus)) for why, skus in own if why.is_aside)


def _failed(why: PutOff, skus: int) -> Line:
    return Line(Action.PUSH, Outcome.FAILED, why.reason, {**why.detail, "skus": skus})
