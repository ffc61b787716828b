"""The frame around every piece of work: lock, look, work, failure, bell. The kinds of work: `tasks/lanes.py`."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Any, Final, assert_never

from connectors import locks, postgres
from connectors.bare import bare
from connectors.config import ConfigError
from connectors.hub import Hub
from connectors.hubs import open_hub
from connectors.postgres import journal, lanes, orders, stores
from connectors.postgres.rows import OrderTurn, StoreRow
from connectors.store import StoreConnector
from schemas.account import Account
from schemas.failures import Problem, PutOff
from schemas.journal import Line, Outcome
from schemas.stores import Remembered, Store, StoreState
from tasks import bells
from tasks.held import Process, process
from tasks.lanes import STORE_SIDE, Lane, OrderLane, T, Turn
from tasks.rules.failures import StopStore, as_rest, decide_failure, is_news, rest_at_most
from tasks.rules.places import location_of
from tasks.trouble import UnknownStore, attempt, is_bug, judge, stop_store

Ids = tuple[Any, ...]  # the store's, and the order's where the work is on one

_log = logging.getLogger(__name__)

BUDGET_SECONDS: Final = 8  # of one bell; a single order may take longer


@dataclass(frozen=True, slots=True)
class StoreSession:
    """A store with everything a task on it may use."""

    store: Store
    account: Account
    connector: StoreConnector
    hub: Hub
    connection: postgres.Connection
    now: datetime  # when the work began
    clock: Callable[[], datetime]

    @property
    def location(self) -> str:
        """The hub location that the store's orders go to."""
        return location_of(self.store, self.account)


@dataclass(frozen=True, slots=True)
class DueOrder:
    """A due order as it was read: its mark is set only up to `changed`."""

    external_id: str
    payload: str | None
    changed: int
    attempts: int
    remembered: Remembered


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece of work, in a word, and whether more of it is due: it moved meanwhile, or goes on.

    `bug` is an error that nobody expected: it is written down, and fails the task once the lock is free.
    """

    word: str
    is_due: bool = False
    bug: Exception | None = None


OrderWork = Callable[[StoreSession, DueOrder], Done]
OrdersWork = Callable[[StoreSession, Sequence[DueOrder]], Mapping[str, Done]]  # on many as one: what came of which


def work_on_store(store: int | str, lane: Lane[T], work: Callable[[Process, T], Done]) -> str:
    """Do one kind of work on a store: alone, if it is due, and with every failure written down. What came of it."""
    held = process()
    return _take_turn(held, lane, (resolve_store(held, store),), lambda turn: work(held, turn))


def work_on_orders(
    store: int | str, external_ids: Sequence[str], work: OrderWork, *, together: OrdersWork | None = None, task: str
) -> str:
    """Do one piece of work on orders: what can be as one, the others one after the other; what came of them, counted.

    A bell with several orders means that more are waiting: when it is answered the next ones are rung, so that the
    store's window stays full. A slow one passes its rest on, to end well inside the time limit.
    """
    held = process()
    store_id = resolve_store(held, store)
    stop_at = monotonic() + BUDGET_SECONDS
    waiting = list(dict.fromkeys(external_ids))
    words: Counter[str] = Counter()
    try:
        if together is not None and len(waiting) > 1:
            done = _do_together(held, store_id, waiting, together)
            words.update(one.word for one in done.values())
            waiting = [each for each in waiting if each not in done]
        while waiting and (not words or monotonic() < stop_at):
            words[work_on_order(held, store_id, waiting.pop(0), work)] += 1
    finally:
        if waiting:  # too slow, or one of them broke the task: the others are not to suffer for it
            bells.ring_together(task, store_id, waiting, hands=_hands(held))
    if len(external_ids) > 1:
        with held.pool.connection() as connection:
            bells.ring_next_orders(connection, store_id)
    return ", ".join(f"{count} {word}" if count > 1 else word for word, count in words.items())


def _hands(held: Process) -> int:
    with held.pool.connection() as connection:
        return bells.hands_at(stores.account(connection).hub)


def work_on_order(
    held: Process, store_id: int, external_id: str, work: OrderWork, *, side: OrderLane = STORE_SIDE
) -> str:
    """Do one piece of work on one side of an order: alone, if it is due, and with every failure written down."""

    def with_session(turn: OrderTurn) -> Done:
        with held.pool.connection() as connection:
            return work(open_session(held, connection, turn), _read_due(turn, side))

    return _take_turn(held, side, (store_id, external_id), with_session)


def _do_together(held: Process, store_id: int, external_ids: Sequence[str], work: OrdersWork) -> Mapping[str, Done]:
    """What came of those of several orders that were done as one, by id. What fails as one leaves them all."""
    keys = {locks.order_key(store_id, each): each for each in external_ids}
    with locks.lock_many(held.redis, keys, ttl=STORE_SIDE.lock_seconds) as ours:
        mine = [each for key, each in keys.items() if key in ours]
        done = attempt(lambda: _look_and_work_together(held, store_id, mine, work), _leave_to_each)
    if due := [each for each, one in done.items() if one.is_due]:
        with held.pool.connection() as connection:
            bells.ring_orders(connection, store_id, due)
    return done


def _look_and_work_together(
    held: Process, store_id: int, external_ids: Sequence[str], work: OrdersWork
) -> Mapping[str, Done]:
    with held.pool.connection() as connection:
        store = lanes.look(connection, store_id)
        if store is None or store.store.state is not StoreState.ACTIVE:
            return {}
        turns = orders.look_many(connection, store, external_ids)
        due = [_read_due(turn, STORE_SIDE) for turn in turns if STORE_SIDE.is_due(turn)]
        return work(open_session(held, connection, store), due) if due else {}


def _leave_to_each(error: Exception) -> Mapping[str, Done]:
    """Nothing stands of what failed as one. Each order finds for itself what is wrong, and whose fault it is."""
    if is_bug(error):
        _log.warning("orders could not be done as one, and are done one by one: %s", bare(error))
    return {}


# -- the frame ---------------------------------------------------------------------------------------------------------


def _take_turn(held: Process, lane: Lane[T], ids: Ids, work: Callable[[T], Done]) -> str:
    """Lock, look, work, and the bell for what is due by then. What somebody else is at is left to them.

    The holder rings again whatever is still due when it leaves. It may be dead, so that no bell is waited for either.
    """
    with locks.lock(held.redis, lane.lock(*ids), ttl=lane.lock_seconds) as is_ours:
        if not is_ours:
            with held.pool.connection() as connection:
                lane.unring(connection, *ids)
            return "busy"
        done = _look_and_work(held, lane, ids, work)
    if done.is_due:
        lane.ring(*ids)
    if done.bug:
        raise done.bug
    return done.word


def _look_and_work(held: Process, lane: Lane[T], ids: Ids, work: Callable[[T], Done]) -> Done:
    # Where not even the look works there is nothing to write to: the task fails, and the bell is rung again.
    with held.pool.connection() as connection:
        turn = lane.look(connection, *ids)
        if turn is None:
            raise UnknownStore(f"there is no store {ids[0]}")
        if turn.store.state not in lane.states:
            return Done(f"store_{turn.store.state}")
        if not lane.is_due(turn):
            return Done("nothing_due")
        until = lane.rest(turn).until
        if until and until > held.now():
            lane.unring(connection, *ids)
            return Done("waiting")
    return attempt(lambda: work(turn), lambda error: _meet(held, lane, ids, turn, error))


def _meet(held: Process, lane: Lane[T], ids: Ids, turn: T, error: Exception) -> Done:
    if isinstance(error, ConfigError | UnknownStore):
        raise error  # the installation is wrong, not the work: it stays due until that is mended
    done = _write_down(held, lane, ids, turn, judge(held, turn.store, error))
    return replace(done, bug=error) if is_bug(error) else done


def _write_down(held: Process, lane: Lane[T], ids: Ids, turn: T, problem: Problem) -> Done:
    """Put what failed where people see it, and say when it is tried again (SPEC chapter 11)."""
    now = held.now()
    with held.pool.connection() as connection, connection.transaction():
        rest = lane.rest(lane.look(connection, *ids) or turn)  # what succeeded since has ended earlier failures
        decision = decide_failure(problem, attempts=rest.attempts, now=now, jitter=held.chance())
        if turn.store.state is StoreState.INACTIVE:
            decision = as_rest(decision, now=now)
        match decision:
            case StopStore(reason=reason, detail=detail):
                stop_store(connection, turn.store.id, reason=reason, detail=detail)
                return Done("store_needs_attention")
            case PutOff():
                why = rest_at_most(decision, lane.pause, now=now)
                word = lane.put_off(connection, turn, why)
                if lane.action and is_news(why, last=rest.reason, attempts=rest.attempts):
                    line = Line(lane.action, Outcome.FAILED, why.reason, why.detail)
                    journal.add(connection, line, store_id=turn.store.id)
                return Done(word)
            case _:
                assert_never(decision)


# -- what work is handed -----------------------------------------------------------------------------------------------


def resolve_store(held: Process, store: int | str) -> int:
    """A store's id from its id or its name, as people type it. Raises UnknownStore."""
    if isinstance(store, int) and not isinstance(store, bool):
        return store
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store))
    if row is None:
        raise UnknownStore(f"there is no store {str(store)[:80]!r}")
    return row.id


def store_row(held: Process, store_id: int) -> StoreRow:
    """A store as it is now. Raises UnknownStore."""
    with held.pool.connection() as connection:
        row = stores.find_store(connection, str(store_id))
    if row is None:
        raise UnknownStore(f"there is no store {store_id}")
    return row


def open_session(held: Process, connection: postgres.Connection, turn: Turn) -> StoreSession:
    """Wire a session for a store whose turn has come."""
    connector = held.connector(turn.store)
    return StoreSession(
        store=stores.read_store(turn.store, connector.platform),
        account=turn.account,
        connector=connector,
        hub=open_hub(turn.account, connection),
        connection=connection,
        now=held.now(),
        clock=held.now,
    )


def _read_due(turn: OrderTurn, side: OrderLane) -> DueOrder:
    mark = side.side(turn)
    return DueOrder(turn.external_id, turn.payload, mark.changed, mark.attempts, turn.remembered)
