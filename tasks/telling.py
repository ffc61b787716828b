"""Telling a store a batch of quantities, so that one bad SKU never holds up the rest (STK-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connectors.errors import Rejected
from connectors.store import StoreConnector
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.stock import NotTold
from tasks.session import EXPECTED

MOST_CALLS: Final = 64  # to find the culprits of one batch; a store that refuses everything is not hammered
MOST_HALVINGS: Final = 4  # of a batch, after as many attempts that failed


@dataclass(frozen=True, slots=True)
class Sent:
    """What a store said to a batch: what it refused, and what it was not told at all because of an error."""

    refused: tuple[NotTold, ...] = ()
    unsent: tuple[TellStock, ...] = ()
    error: Exception | None = None


def tell(connector: StoreConnector, tells: Sequence[TellStock], *, attempts: int = 0) -> Sent:
    """Tell a store quantities, as many at a time as its platform takes.

    After attempts that failed it begins with fewer: a shop that is too slow for a whole batch would be so each time.
    """
    most = connector.platform.stock_batch
    size = max(1, most >> min(attempts, MOST_HALVINGS))
    refused: list[NotTold] = []
    waiting = tuple(tells)
    while waiting:
        try:
            refused += _isolate(connector, waiting[:size])
        except EXPECTED as error:
            return Sent(tuple(refused), waiting, error)
        waiting, size = waiting[size:], min(most, size * 2)
    return Sent(tuple(refused))


def _isolate(connector: StoreConnector, tells: Sequence[TellStock]) -> list[NotTold]:
    """Halve what is refused without naming anyone, until the culprits are alone."""
    waiting, refused = [tells], list[NotTold]()
    for _ in range(MOST_CALLS):
        if not waiting:
            return refused
        batch = waiting.pop()
        try:
            refused += connector.tell_stock(batch)
        except Rejected as error:
            half = len(batch) // 2
            if half:
                waiting += [batch[half:], batch[:half]]
            else:
                refused += _all_refused(batch, str(error))
    return refused + _all_refused([one for batch in waiting for one in batch], "the store refuses too much at once")


def _all_refused(tells: Sequence[TellStock], words: str) -> list[NotTold]:
    return [NotTold(one.external_id, one.place, Reason.REFUSED_BY_STORE, words) for one in tells]
