"""What went wrong with a piece of work: met in one place, in the words of rules, and what stops a store or a part."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import psycopg
from billiard.exceptions import SoftTimeLimitExceeded

from connectors import errors, postgres
from connectors.bare import bare
from connectors.postgres import journal, outgoing, refusals, stores
from connectors.postgres.rows import StoreRow
from schemas.errors import Unreadable
from schemas.failures import Problem, ProblemKind
from schemas.journal import Action, Line, Outcome
from schemas.reasons import Reason
from schemas.rights import Right
from schemas.text import clean
from tasks.held import Process
from tasks.rules.failures import StopPart

T = TypeVar("T")

# What the outside does to us. A statement the database does not understand is not among it: that is ours.
EXPECTED: Final = (
    errors.ConnectorError,
    Unreadable,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.DataError,
    psycopg.IntegrityError,
    SoftTimeLimitExceeded,
)


class UnknownStore(Exception):
    """A task was asked about a store that does not exist."""


def attempt(work: Callable[[], T], failed: Callable[[Exception], T]) -> T:
    """Do a piece of work; `failed` says what becomes of one that fails, or raises. Only here is every error met."""
    try:
        return work()
    except Exception as error:
        met = error
    return failed(met)  # outside: what it raises has nothing that came before


def is_bug(error: Exception) -> bool:
    """Whether nobody expects such an error: it fails the task, so that it is seen in Flower too."""
    return not isinstance(error, EXPECTED)


def stop_store(connection: postgres.Connection, store_id: int, *, reason: str, detail: dict[str, Any]) -> None:
    """Ask nothing more of a store until a person acts; journaled when it is new."""
    with connection.transaction():
        if stores.stop_store(connection, store_id, reason=reason, detail=str(detail.get("problem", ""))):
            journal.add(connection, Line(Action.STOP, Outcome.NEEDS_ATTENTION, reason, detail), store_id=store_id)


def judge(held: Process, row: StoreRow, error: Exception) -> Problem:
    """What went wrong; a refusal of one right is one of the credentials where orders may not be read either."""
    if isinstance(error, errors.CredentialsRefused) and error.right not in (None, Right.READ_ORDERS):
        try:
            held.connector(row).check()
        except errors.CredentialsRefused as refused:
            return problem_of(refused)
        except errors.ConnectorError:
            pass  # away meanwhile: the next fetch finds out
    return problem_of(error)


def stop_part(connection: postgres.Connection, store_id: int, decision: StopPart) -> None:
    """Tell a store no fulfilments for a while; journaled when it is new. Stock has its own waits."""
    if decision.right is not Right.WRITE_ORDERS:
        return
    with connection.transaction():
        if outgoing.stop(connection, store_id, decision):
            line = Line(Action.STOP, Outcome.FULFILLMENT, decision.reason, decision.detail)
            journal.add(connection, line, store_id=store_id)


def write_again(connection: postgres.Connection, store_id: int) -> None:
    """A store takes fulfilments, or may: what it refused for want of a right is told; journaled where that is new."""
    with connection.transaction():
        if outgoing.go_on(connection, store_id, reason=Reason.WRITE_REFUSED):
            journal.add(connection, Line(Action.GO_ON, Outcome.FULFILLMENT), store_id=store_id)


def problem_of(error: Exception) -> Problem:
    """An error of the outside in the words that rules know, without signs that cannot be stored."""
    problem = _problem_of(error)
    return replace(problem, words=clean(problem.words))


def _problem_of(error: Exception) -> Problem:
    match error:
        case Unreadable(path=path, problem=words):
            return Problem(ProblemKind.UNREADABLE, words, path=path)
        case errors.RateLimited(until=until):
            return Problem(ProblemKind.RATE_LIMITED, str(error), until=until)
        case errors.HubBusy(until=until):
            return Problem(ProblemKind.HUB_BUSY, str(error), until=until)
        case errors.CredentialsRefused(right=right):
            return Problem(ProblemKind.REFUSED, str(error), right=right)
        case errors.ConnectorError():
            kinds = ((kind, types) for types, kind in _KINDS)
            return Problem(next(kind for kind, cls in kinds if isinstance(error, cls)), str(error))
        case SoftTimeLimitExceeded():
            return Problem(ProblemKind.UNAVAILABLE, "it took too long")
        case psycopg.Error() if refusals.is_no(error):
            return Problem(ProblemKind.HUB_REFUSED, f"{type(error).__name__}: {refusals.words_of(error)}")
        case psycopg.Error():
            # Away, a conflict, or of another version than we are: it waits until that is over.
            return Problem(ProblemKind.HUB_BUSY, type(error).__name__)
        case _:
            return Problem(ProblemKind.UNEXPECTED, bare(error))


_KINDS: Final = (
    (errors.RedisAway, ProblemKind.HUB_BUSY),
    (errors.AnsweredInPart, ProblemKind.IN_PART),
    (errors.Unavailable, ProblemKind.UNAVAILABLE),
    (errors.Lacking, ProblemKind.REFUSED),
    (errors.NotFound, ProblemKind.NOT_FOUND),
    (errors.HubRefused, ProblemKind.HUB_REFUSED),
    (errors.Rejected, ProblemKind.REJECTED),
)
