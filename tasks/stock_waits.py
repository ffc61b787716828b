"""Stock that could not be told now: how long its store waits, and how long each SKU (SPEC chapter 11)."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors import postgres
from connectors.postgres import journal, stock
from connectors.postgres.stock import Delay, DueSku
from schemas.failures import Problem
from tasks.process import Process
from tasks.rules.failures import (
    STORE_TRIES,
    SWEEP,
    Decision,
    SetAside,
    StopPart,
    StopStore,
    TryAgain,
    decide_failure,
    decide_store_wait,
)
from tasks.session import judge, stop_store


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, for which SKUs, and for which others that only wait for the end of it.

    `is_whole` where the store fails, and not only what it was asked for.
    """

    error: Exception
    failed: Sequence[DueSku]
    waiting: Sequence[DueSku] = ()
    is_whole: bool = True


def put_off(held: Process, row: postgres.Row, trouble: Trouble, *, is_answered: bool = False) -> Counter[str]:
    """SKUs stay due, for later; a store that refuses us stops until a person acts. What came of it, counted.

    A store that fails waits as a whole, longer each time, unless it `is_answered` for others. A SKU that failed waits
    for itself too: the longer, the more often it did while its store was not away.
    """
    now, jitter, problem = datetime.now(UTC), random.random(), judge(held, row, trouble.error)
    in_a_row = 0 if is_answered else row["stock_attempts"]
    decision = decide_failure(problem, attempts=in_a_row, now=now, jitter=jitter)
    wait = decide_store_wait(problem, attempts=in_a_row, now=now, jitter=jitter) if trouble.is_whole else None
    explained = row["stock_attempts"] if wait else 0
    alike = defaultdict[int, list[str]](list)
    for one in trouble.failed:
        alike[max(0, one.attempts - explained)].append(one.sku)
    with held.pool.connection() as connection:
        if isinstance(decision, StopStore):
            stop_store(connection, row["id"], reason=decision.reason, detail=decision.detail)
            return Counter({"store_needs_attention": 1})
        if wait:
            # By itself: who changes a store holds its row and then waits for its SKUs.
            delay = Delay(wait.until, decision.reason, {"problem": problem.words}, is_attempt=False)
            stock.put_off_store(connection, row["id"], delay, attempts=wait.attempts)
            stock.put_off(connection, row["id"], [one.sku for one in trouble.waiting], delay)
        for attempts, skus in alike.items():
            own = decide_failure(problem, attempts=attempts, now=now, jitter=jitter)
            stock.put_off(connection, row["id"], skus, _delay(own, problem, now))
            if isinstance(own, SetAside) and not (wait and isinstance(decision, SetAside)):
                _write(connection, row, own, len(skus))
        if wait and isinstance(decision, SetAside) and in_a_row in (0, STORE_TRIES - 1):
            _write(connection, row, decision, len(trouble.failed) + len(trouble.waiting))  # once, however long it lasts
        if isinstance(decision, StopPart) and row["stock_reason"] != decision.reason:
            line = journal.Line("stop", "stock", decision.reason, decision.detail)
            journal.add(connection, line, store_id=row["id"])
    return Counter({"put_off": len(trouble.failed) + len(trouble.waiting)})


def _delay(decision: Decision, problem: Problem, now: datetime) -> Delay:
    if isinstance(decision, TryAgain):
        return Delay(decision.at, decision.reason, {"problem": problem.words}, decision.is_attempt)
    again_at = decision.again_at if isinstance(decision, SetAside) else None
    return Delay(again_at or now + SWEEP, decision.reason, decision.detail)


def _write(connection: postgres.Connection, row: postgres.Row, decision: SetAside, skus: int) -> None:
    line = journal.Line("push", "failed", decision.reason, {**decision.detail, "skus": skus})
    journal.add(connection, line, store_id=row["id"])
