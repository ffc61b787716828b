"""Asking and telling a store many things at once, so that one bad SKU never holds up the rest (STK-8)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic
from typing import Final, Generic, TypeVar

from connectors.errors import ConnectorError, NotFound, Rejected
from connectors.store import StoreConnector
from schemas.actions import TellStock
from schemas.reasons import Reason
from schemas.stock import NotTold
from schemas.text import clean
from tasks.trouble import EXPECTED, problem_of

MOST_CALLS: Final = 64  # to find the culprits of one batch; a store that refuses everything is not hammered
MOST_HALVINGS: Final = 4  # of a batch, after as many attempts that failed

_OF_THE_STORE: Final = frozenset({301, 308, 402, 404, 405, 423})  # what speaks of the store: no part would fare better

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class Asked(Generic[T, R]):
    """What came of asking for many things in several calls.

    `refused` are the culprits: each was refused alone by a store that answered for others. `failed` were in a call that
    failed, or refused by a store that answered for nobody; `error` says how. `left` are those that no call settled:
    because of the error or, where there is none, for want of time.
    """

    answers: list[R] = field(default_factory=list)
    refused: list[tuple[T, ConnectorError]] = field(default_factory=list)
    failed: list[T] = field(default_factory=list)
    left: list[T] = field(default_factory=list)
    error: Exception | None = None


def ask(call: Callable[[Sequence[T]], R], parts: Iterable[Sequence[T]], *, stop_at: float = inf) -> Asked[T, R]:
    """Make a call for each part, until the store fails or no call may begin any more.

    What is refused without naming anyone is halved until the culprits are alone. A store that refuses all that it is
    asked has not named them: it may as well mean us.
    """
    asked = Asked[T, R]()
    waiting, halves = deque(parts), deque[Sequence[T]]()
    searched = 0  # calls that look for culprits
    while (halves or waiting) and asked.error is None and searched < MOST_CALLS and monotonic() < stop_at:
        if halves:
            searched += 1
        part = halves.popleft() if halves else waiting.popleft()
        try:
            asked.answers.append(call(part))
        except (Rejected, NotFound) as error:
            halves.extendleft(_refuse(asked, part, error))
        except EXPECTED as error:
            asked.failed, asked.error = list(part), error
    asked.left += [one for part in (*halves, *waiting) for one in part]
    if asked.refused and not asked.answers:
        _blame_nobody(asked)
    return asked


def _refuse(asked: Asked[T, R], part: Sequence[T], error: ConnectorError) -> tuple[Sequence[T], ...]:
    """Keep what a refusal says; the halves of a part that somebody in it is to blame for, the last one first."""
    if error.status in _OF_THE_STORE:
        asked.left, asked.error = list(part), error
    elif len(part) == 1:
        asked.refused.append((part[0], error))
    else:
        middle = len(part) // 2
        return part[middle:], part[:middle]
    return ()


def _blame_nobody(asked: Asked[T, R]) -> None:
    asked.failed += [one for one, _ in asked.refused]
    asked.error = asked.error or asked.refused[-1][1]
    asked.refused = []


def in_parts(whole: Sequence[T], *, most: int, attempts: int) -> Iterator[Sequence[T]]:
    """As many at a time as a platform takes.

    After attempts that failed it begins with fewer: a shop that is too slow for a whole batch would be so each time.
    """
    size, start = max(1, most >> min(attempts, MOST_HALVINGS)), 0
    while start < len(whole):
        yield whole[start : start + size]
        start, size = start + size, min(most, size * 2)


# -- telling -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """What a store said to a batch: what it refused of it, and what it was not told.

    `failed` and `left` with the `error` as in Asked; `is_answered` where the store took part of it, or named what it
    refused.
    """

    refused: tuple[NotTold, ...] = ()
    failed: tuple[TellStock, ...] = ()
    left: tuple[TellStock, ...] = ()
    error: Exception | None = None
    is_answered: bool = False


def tell(connector: StoreConnector, tells: Sequence[TellStock], *, attempts: int = 0, stop_at: float = inf) -> Sent:
    """Tell a store quantities in its own calls, none of which begins after `stop_at` of the monotonic clock."""
    together: dict[str, list[TellStock]] = {}
    for one in tells:
        together.setdefault(connector.stock_call(one), []).append(one)
    most = connector.platform.stock_batch
    parts = (part for some in together.values() for part in in_parts(some, most=most, attempts=attempts))
    asked = ask(connector.tell_stock, parts, stop_at=stop_at)
    refused = [replace(one, words=clean(one.words)) for answer in asked.answers for one in answer]
    refused += [_refused(one, error) for one, error in asked.refused]
    return Sent(tuple(refused), tuple(asked.failed), tuple(asked.left), asked.error, bool(asked.answers))


def _refused(tell: TellStock, error: ConnectorError) -> NotTold:
    return NotTold(tell.external_id, tell.place, Reason.REFUSED_BY_STORE, problem_of(error).words)
