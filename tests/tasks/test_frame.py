"""Whatever a task does, its frame meets the same: who is busy, what a store's state is, bugs, limits, servers away."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress

import psycopg
import pytest
from billiard.exceptions import SoftTimeLimitExceeded

from connectors import locks, postgres
from connectors.config import Config
from connectors.errors import RedisAway
from schemas.stores import StoreState
from tasks.held import Process, close_process, configure
from tests.broker import use_broker
from tests.tasks.conftest import connect
from tests.tasks.framing import CASES, Case, House
from tests.tasks.orders.looking import Shop
from tests.waiting import wait_until
from tests.wire import wire_to

AT_ONCE_SECONDS = 0.2
POOL_SECONDS = 0.2  # for a connection: a database that is away is not waited for
OPEN = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%%'"""
STEPS = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89)  # at which the database goes away


@pytest.fixture
def house(held: Process, shop: Shop) -> Iterator[House]:
    """The shop, connected with stock sync on, and a process that works on it over wires."""
    config = held.config
    store_id = connect(held, shop, "acme", **{"stock.sync": "on"})
    close_process()
    with (
        wire_to(config.database_url, counts=True) as (database, database_url),
        wire_to(config.redis_url) as (redis, redis_url),
        postgres.connect(config.database_url) as desk,
    ):
        configure(Config(database_url, redis_url, config.home, config.secret_key, "text"))
        use_broker(redis_url)
        yield House(store_id, shop, database, redis, desk)
        close_process()
    configure(config)


@pytest.fixture(params=CASES, ids=lambda case: case.task)
def case(request: pytest.FixtureRequest) -> Case:
    """Each task in turn."""
    found: Case = request.param
    return found


@contextmanager
def struck(house: House, error: Exception, *, at: int) -> Iterator[None]:
    """At that statement an error strikes the task, as a worker's soft time limit does; the statement is lost."""

    def strike(*_: object) -> None:
        raise error

    def act() -> None:
        wait_until(lambda: not house.find(OPEN), what="PostgreSQL to undo what was open")  # its rows are free by then
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, strike)
    house.database.at(at, act, is_lost=True)
    try:
        yield
    finally:
        house.database.mend()
        signal.signal(signal.SIGUSR1, before)


def attempts(case: Case, house: House) -> int:
    """How often the task has failed."""
    turn = case.lane.look(house.desk, *case.ids(house))
    skus = house.find("SELECT coalesce(max(attempts), 0) FROM store_stock")  # those of a batch wait for themselves
    return max(case.lane.rest(turn).attempts, int(skus) if case.task in ("push_stock", "push_latest") else 0)


def come_to_its_end(case: Case, house: House) -> None:
    """Time passes, and bells are rung again until the work is done."""
    for _ in range(3):
        house.let_time_pass()
        if not case.is_done(house):
            case.run(house)
    assert case.is_done(house)
    assert case.is_once(house)


# -- whose turn it is --------------------------------------------------------------------------------------------------


def test_MUL_1_busy_work_is_left_to_whoever_holds_it(house: House, case: Case) -> None:
    case.ready(house)

    with locks.lock(house.held.redis, case.lane.lock(*case.ids(house))):
        assert case.run(house) == "busy"

    assert not case.is_done(house)
    come_to_its_end(case, house)


def test_ORD_6_a_second_worker_with_the_same_message_does_nothing(house: House, case: Case) -> None:
    steps = case.steps(house)
    case.ready(house)
    with ThreadPoolExecutor(1) as second:
        found: list[Future[str]] = []

        def begin() -> None:
            found.append(second.submit(case.run, house))
            wait(found, timeout=AT_ONCE_SECONDS)  # or it waits for a row that the first one holds

        house.database.at(steps // 2, begin)
        case.run(house)

    assert [one.result() for one in found] == ["busy"]
    assert case.is_done(house)
    assert case.is_once(house)


@pytest.mark.parametrize("state", [StoreState.PAUSED, StoreState.NEEDS_ATTENTION, StoreState.DISCONNECTED])
def test_MUL_1_a_store_that_rests_is_left_alone(house: House, case: Case, state: StoreState) -> None:
    case.ready(house)
    house.desk.execute("UPDATE stores SET state = %s", (state,))
    before = house.asked()

    assert case.run(house) == f"store_{state}"

    assert house.asked() == before
    assert not case.is_done(house)


def test_MUL_1_a_store_that_is_disconnected_meanwhile_stays_so(house: House, case: Case) -> None:
    steps = case.steps(house)
    case.ready(house)

    def disconnect() -> None:
        house.desk.execute("SET lock_timeout = '100ms'")
        try:
            house.desk.execute("UPDATE stores SET state = 'disconnected', credentials = ''")
        except psycopg.errors.LockNotAvailable:  # the task holds it this moment: at the next statement
            house.database.at(1, disconnect)

    house.database.at(steps // 2, disconnect)

    case.run(house)
    before = house.asked()

    assert case.run(house) == "store_disconnected"
    assert house.find("SELECT state FROM stores") == "disconnected"
    assert house.asked() == before


# -- what fails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["first", "last"])
def test_ch_11_a_bug_is_written_down_fails_the_task_and_is_not_tried_at_once(
    house: House, case: Case, where: str
) -> None:
    steps = case.steps(house)
    case.ready(house)
    house.held.chance = lambda: 0.9

    with struck(house, ZeroDivisionError(), at=2 if where == "first" else steps), pytest.raises(ZeroDivisionError):
        case.run(house)

    assert attempts(case, house) == 1
    before = house.asked()
    if case.meanwhile:  # an order by hand is looked at whatever it waits for
        assert case.run(house) == case.meanwhile
        assert house.asked() == before
    come_to_its_end(case, house)


def test_ch_11_a_bug_that_stays_is_journaled_once_after_three_tries_and_rests(house: House, case: Case) -> None:
    case.ready(house)

    for _ in range(5):
        house.let_time_pass()
        with struck(house, ZeroDivisionError(), at=2), suppress(ZeroDivisionError):
            case.run(house)

    said = house.desk.execute(
        "SELECT action, detail FROM journal WHERE outcome = 'failed' AND reason = 'unexpected_error'"
    ).fetchall()
    assert len(said) == 1
    assert "ZeroDivisionError" in said[0]["detail"]["problem"]


def test_ch_11_a_time_limit_puts_the_work_off(house: House, case: Case) -> None:
    steps = case.steps(house)
    case.ready(house)

    with struck(house, SoftTimeLimitExceeded(), at=max(2, steps // 2)):
        word = case.run(house)

    assert "put_off" in word
    assert attempts(case, house) == 1
    come_to_its_end(case, house)


# -- servers that are away ---------------------------------------------------------------------------------------------


def test_ch_11_without_redis_nothing_is_begun(house: House, case: Case) -> None:
    case.ready(house)
    before = house.asked()
    house.redis.cut()

    with pytest.raises(RedisAway):
        case.run(house)

    assert house.asked() == before
    assert attempts(case, house) == 0
    house.redis.mend()
    come_to_its_end(case, house)


def test_ch_11_work_is_done_though_redis_goes_before_the_lock_is_given_back(house: House, case: Case) -> None:
    steps = case.steps(house)
    case.ready(house)
    house.database.at(steps, house.redis.cut)

    with suppress(RedisAway):  # of its bell: what is due by then is rung for later
        case.run(house)

    assert case.is_done(house)
    house.redis.mend()
    assert case.run(house) == "busy"  # the lock ends by itself
    house.held.redis.flushdb()
    case.run(house)
    assert case.is_once(house)


@pytest.mark.long
def test_ch_11_the_database_may_go_away_at_any_step(house: House, case: Case) -> None:
    for step in STEPS:
        case.ready(house)
        house.held.pool.timeout = POOL_SECONDS
        house.database.at(step, house.database.cut, is_lost=True)

        with suppress(psycopg.Error):  # nobody was there to write it down
            case.run(house)

        was_met = house.database.is_cut
        house.reopen()
        come_to_its_end(case, house)
        if not was_met:
            break
