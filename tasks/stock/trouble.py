"""Stock that could not be told now waits, and so may its store; a store that refuses us stops (SPEC chapter 11)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from connectors import postgres
from connectors.postgres import journal, stock
from connectors.postgres.rows import StoreRow
from schemas.stock import DueSku
from tasks.held import Process
from tasks.rules.failures import StopStore, wait_when_moved
from tasks.rules.stock_waits import StockTrouble, StockWaits, decide_stock_waits
from tasks.trouble import judge, stop_store


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong, for which SKUs, and for which others that only wait for the end of it.

    `is_whole` where the store fails, and not only what it was asked for.
    """

    error: Exception
    failed: Sequence[DueSku]
    waiting: Sequence[DueSku] = ()
    is_whole: bool = True


def put_off(held: Process, row: StoreRow, trouble: Trouble, *, is_answered: bool = False) -> Counter[str]:
    """SKUs stay due, for later; a store that refuses us stops until a person acts. What came of it, counted."""
    problem = judge(held, row, trouble.error)
    decision = decide_stock_waits(
        StockTrouble(problem, trouble.failed, trouble.waiting, trouble.is_whole, is_answered),
        attempts=row.stock_attempts,
        last=row.stock_reason,
        now=held.now(),
        jitter=held.chance(),
    )
    with held.pool.connection() as connection:
        if isinstance(decision, StopStore):
            stop_store(connection, row.id, reason=decision.reason, detail=decision.detail)
            return Counter({"store_needs_attention": 1})
        _write_down(connection, row.id, decision)
    return Counter({"put_off": len(trouble.failed) + len(trouble.waiting)})


def _write_down(connection: postgres.Connection, store_id: int, decision: StockWaits) -> None:
    if decision.store:
        # By itself: who changes a store holds its row and then waits for its SKUs.
        whole, attempts = decision.store
        stock.put_off_store(connection, store_id, whole, attempts=attempts)
    for why, skus in decision.skus:
        stock.put_off(connection, store_id, skus, why, when_moved=wait_when_moved(why))
    for line in decision.lines:
        journal.add(connection, line, store_id=store_id)
