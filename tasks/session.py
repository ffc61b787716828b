"""One piece of work on one store: lock, look, work, and what becomes of failures. The only place that wires."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final, assert_never

import psycopg
from billiard.exceptions import SoftTimeLimitExceeded

from connectors import errors, locks, postgres
from connectors.bare import bare
from connectors.config import ConfigError
from connectors.hub import Hub
from connectors.postgres import hub_guards, journal, outgoing, stores
from connectors.postgres import orders as due
from connectors.postgres.hub import PostgresHub
from connectors.store import StoreConnector
from schemas.errors import Unreadable
from schemas.failures import Problem, ProblemKind
from schemas.fields import clean
from schemas.hub import Account
from schemas.reasons import Reason
from schemas.rights import Right
from schemas.stores import Remembered, Store, StoreState
from tasks import bells
from tasks.process import Process, process
from tasks.rules.failures import SetAside, StopPart, StopStore, TryAgain, decide_failure

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

BUDGET_SECONDS: Final = 8  # of one bell; a single order may take longer


class UnknownStore(Exception):
    """A task was asked about a store that does not exist."""


@dataclass(frozen=True, slots=True)
class StoreSession:
    """A store with everything a task on it may use."""

    store: Store
    account: Account
    connector: StoreConnector
    hub: Hub
    connection: postgres.Connection
    now: datetime

    @property
    def location(self) -> str:
        """The hub location that the store's orders go to."""
        return str(self.store.settings["location"] or self.account.default_location)


@dataclass(frozen=True, slots=True)
class Seen:
    """A due order as it was read: its mark is set only up to `changed`."""

    external_id: str
    payload: str | None
    changed: int
    attempts: int
    remembered: Remembered


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece of work, in a word, and whether the order moved meanwhile and is due again."""

    word: str
    is_due: bool = False


OrderWork = Callable[[StoreSession, Seen], Done]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an order that moves by itself: the columns of its marks, its own failures, its own bell."""

    changed: str
    settled: str
    attempts: str
    put_off: Callable[[postgres.Connection, int, str, due.Failure], None]
    set_aside: Callable[..., None]
    unring: Callable[[postgres.Connection, int, str], None]
    ring: Callable[[int, str], None]
    held: str = ""  # the column of the store's own wait, where the side has one


STORE_SIDE: Final = Side(
    "changed", "order_settled", "attempts", due.put_off, due.set_aside, due.unring, bells.ring_order
)
HUB_SIDE: Final = Side(
    "hub_changed",
    "hub_settled",
    "hub_attempts",
    outgoing.put_off,
    outgoing.set_aside,
    outgoing.unring,
    bells.ring_fulfillment,
    held="fulfillment_due_at",
)


def work_on_orders(store: int | str, external_ids: Sequence[str], work: OrderWork) -> str:
    """Do one piece of work on each order, one after the other; what came of them, counted.

    A bell with several orders means that more are waiting: when it is answered the next ones are rung, so that the
    store's window stays full. A slow one passes its rest on, to end well inside the time limit.
    """
    held = process()
    store_id = resolve_store(held, store)
    stop_at = monotonic() + BUDGET_SECONDS
    words: Counter[str] = Counter()
    waiting = list(external_ids)
    try:
        while waiting and (not words or monotonic() < stop_at):
            words[work_on_order(held, store_id, waiting.pop(0), work)] += 1
    finally:
        if waiting:  # too slow, or one of them broke the task: the others are not to suffer for it
            bells.ring_orders(store_id, waiting)
    if len(external_ids) > 1:
        with held.pool.connection() as connection:
            bells.ring_next_orders(connection, store_id)
    return ", ".join(f"{count} {word}" if count > 1 else word for word, count in words.items())


def work_on_order(held: Process, store_id: int, external_id: str, work: OrderWork, *, side: Side = STORE_SIDE) -> str:
    """Do one piece of work on one order that is due: alone, once, and with every failure written down.

    Returns in a word what came of it. A busy order is left to who holds it: the holder rings again whatever is still
    due when it leaves.
    """
    with locks.lock(held.redis, locks.order_key(store_id, external_id), ttl=locks.ORDER_LOCK_SECONDS) as is_ours:
        if not is_ours:
            with held.pool.connection() as connection:
                side.unring(connection, store_id, external_id)  # the holder may be dead: do not wait for a lost bell
            return "busy"
        done = _look_and_work(held, store_id, external_id, work, side)
    if done.is_due:
        side.ring(store_id, external_id)
    return done.word


def resolve_store(held: Process, store: int | str) -> int:
    """A store's id from its id or its name, as people type it. Raises UnknownStore."""
    if isinstance(store, int) and not isinstance(store, bool):
        return store
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store))
    if row is None:
        raise UnknownStore(f"there is no store {str(store)[:80]!r}")
    return int(row["id"])


def store_row(held: Process, store_id: int) -> postgres.Row:
    """A store as it is now. Raises UnknownStore."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    if row is None:
        raise UnknownStore(f"there is no store {store_id}")
    return row


def _look_and_work(held: Process, store_id: int, external_id: str, work: OrderWork, side: Side) -> Done:
    row: postgres.Row | None = None
    try:
        with held.pool.connection() as connection:
            row = _look(connection, store_id, external_id)
            if row["state"] != StoreState.ACTIVE:
                return Done(f"store_{row['state']}")
            if row[side.changed] <= row[side.settled]:
                return Done("nothing_due")
            if side.held and row[side.held] and row[side.held] > datetime.now(UTC):
                side.unring(connection, store_id, external_id)
                return Done("waiting")
            return work(open_session(held, connection, row), _read_seen(row, side))
    except ConfigError:
        raise  # the installation is wrong, not the order: it stays due until that is mended
    except EXPECTED as error:
        if row is None:  # not even the look worked: nothing to write to, the bell is rung again
            raise
        return _write_down(held, row, error, side)
    except Exception as error:
        if row is not None:
            _write_down(held, row, error, side)
        raise


def _look(connection: postgres.Connection, store_id: int, external_id: str) -> postgres.Row:
    row = due.look(connection, store_id, external_id)
    if row is None:
        raise UnknownStore(f"there is no store {store_id}")
    if row["external_id"] is None:  # asked for by hand, before any fetch brought it
        due.expect(connection, store_id, external_id)
        return _look(connection, store_id, external_id)
    return row


def open_session(held: Process, connection: postgres.Connection, row: postgres.Row) -> StoreSession:
    """Wire a session from a row of `stores` with the account's settings."""
    connector = held.connector(row)
    account = stores.read_account(row["account"])
    return StoreSession(
        store=stores.read_store(row, connector.platform),
        account=account,
        connector=connector,
        hub=PostgresHub(connection),
        connection=connection,
        now=datetime.now(UTC),
    )


def read_remembered(row: postgres.Row) -> Remembered:
    """What is remembered of an order that was looked at; nothing of one that is new."""
    return Remembered(
        is_tombstoned=row["tombstoned_at"] is not None,
        has_hub_order=row["hub_order_id"] is not None,
        was_imported=bool(row["was_imported"]),
        state=row["order_state"] or "pending",
        reason=row["order_reason"],
    )


def _read_seen(row: postgres.Row, side: Side) -> Seen:
    return Seen(row["external_id"], row["payload"], row[side.changed], row[side.attempts], read_remembered(row))


def _write_down(held: Process, row: postgres.Row, error: Exception, side: Side) -> Done:
    """Put what failed where the operator sees it, and say when it is tried again (SPEC chapter 11)."""
    store_id, external_id = row["id"], row["external_id"]
    problem = judge(held, row, error)
    decision = decide_failure(problem, attempts=row[side.attempts], now=datetime.now(UTC), jitter=random.random())
    with held.pool.connection() as connection:
        if isinstance(decision, StopPart):
            stop_part(connection, row, decision)
        match decision:
            case TryAgain(at=at, reason=reason, is_attempt=is_attempt):
                failure = due.Failure(reason, {"problem": problem.words}, at, is_attempt)
                side.put_off(connection, store_id, external_id, failure)
                return Done("put_off")
            case SetAside(reason=reason, detail=detail, again_at=at):
                side.set_aside(
                    connection,
                    store_id,
                    external_id,
                    changed=row[side.changed],
                    failure=due.Failure(reason, detail, at),
                )
                return Done("failed")
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, store_id, reason=reason, detail=detail)
                return Done("store_needs_attention")
            case _:
                assert_never(decision)


def stop_store(connection: postgres.Connection, store_id: int, *, reason: str, detail: dict[str, Any]) -> None:
    """Ask nothing more of a store until a person acts; journaled when it is new."""
    with connection.transaction():
        if stores.stop_store(connection, store_id, reason=reason, detail=str(detail.get("problem", ""))):
            journal.add(connection, journal.Line("stop", "needs_attention", reason, detail), store_id=store_id)


def judge(held: Process, row: postgres.Row, error: Exception) -> Problem:
    """What went wrong; a refusal of one right is one of the credentials where orders may not be read either."""
    if isinstance(error, errors.Refused) and error.right not in (None, Right.READ_ORDERS):
        try:
            held.connector(row).check()
        except errors.Refused as refused:
            return problem_of(refused)
        except errors.ConnectorError:
            pass  # away meanwhile: the next fetch finds out
    return problem_of(error)


def stop_part(connection: postgres.Connection, row: postgres.Row, decision: StopPart) -> None:
    """Tell a store no parcels for a while; journaled when it is new. Stock has its own waits."""
    if decision.right is not Right.WRITE_ORDERS:
        return
    words = str(decision.detail.get("problem", ""))
    with connection.transaction():
        if outgoing.stop(connection, row["id"], until=decision.at, reason=decision.reason, words=words):
            line = journal.Line("stop", "fulfillment", decision.reason, decision.detail)
            journal.add(connection, line, store_id=row["id"])


def write_again(connection: postgres.Connection, store_id: int) -> None:
    """A store takes parcels, or may: what it refused for want of a right is told; journaled where that is new."""
    with connection.transaction():
        if outgoing.go_on(connection, store_id, reason=Reason.WRITE_REFUSED):
            journal.add(connection, journal.Line("go_on", "fulfillment"), store_id=store_id)


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
        case errors.Refused(right=right):
            return Problem(ProblemKind.REFUSED, str(error), right=right)
        case errors.ConnectorError():
            kinds = ((kind, types) for types, kind in _KINDS)
            return Problem(next(kind for kind, cls in kinds if isinstance(error, cls)), str(error))
        case SoftTimeLimitExceeded():
            return Problem(ProblemKind.UNAVAILABLE, "it took too long")
        case psycopg.Error() if hub_guards.is_no(error):
            return Problem(ProblemKind.HUB_REFUSED, f"{type(error).__name__}: {hub_guards.words_of(error)}")
        case psycopg.Error():
            # Away, a conflict, or of another version than we are: it waits until that is over.
            return Problem(ProblemKind.HUB_BUSY, type(error).__name__)
        case _:
            return Problem(ProblemKind.UNEXPECTED, bare(error))


_KINDS: Final = (
    (errors.HubBusy, ProblemKind.HUB_BUSY),
    (errors.AnsweredInPart, ProblemKind.IN_PART),
    (errors.Unavailable, ProblemKind.UNAVAILABLE),
    (errors.Lacking, ProblemKind.REFUSED),
    (errors.NotFound, ProblemKind.NOT_FOUND),
    (errors.HubRefused, ProblemKind.HUB_REFUSED),
    (errors.Rejected, ProblemKind.REJECTED),
)
