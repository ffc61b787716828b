"""A look at all that a person should hear of, and what is to be said of it (DOR-7). It sends nothing itself.

Whoever lives looks: a worker, sent by beat, and every web process, which still does where there is no worker or no
Redis. What is wrong is remembered in PostgreSQL, so that of several only one tells. That PostgreSQL itself is away is
not seen here: the web process remembers it alone (`workers/web/lookout.py`).
"""

from collections import defaultdict
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task
from redis.exceptions import RedisError

from connectors import counters, platforms, postgres, unanswered
from connectors.locks import HARD_LIMIT_SECONDS
from connectors.postgres import alarms, hub_account, metrics
from connectors.postgres.alarms import AlarmAccount
from connectors.postgres.metrics import CountedOrders, WatchedStore
from schemas.alarms import Alarm, AlarmKind, Notice, SeenAlarms, StoreDay
from schemas.settings import fetch_every
from tasks import people
from tasks.held import Process, process
from tasks.rules.alarm_words import word_digest
from tasks.rules.alarms import SeenStore, alarms_of_hub, alarms_of_store, decide_alarms

LOOK_SECONDS: Final = 30  # from one look to the next, whoever looks
LATE_SECONDS: Final = 60  # beyond its hard time limit a task is lost
DIGEST_HOUR: Final = 6  # UTC
KEPT: Final = timedelta(days=30)  # messages that were sent

_UNSERVED: Final = (AlarmKind.NO_WORKER, AlarmKind.TASK_LOST)
_OF_REDIS: Final = frozenset(_UNSERVED)


@shared_task(name="raise_alarms")
def raise_alarms() -> str:
    """Look whether anything is wrong, and tell people what is new of it."""
    return look(process())


def look(held: Process) -> str:
    """One look, unless somebody else has just looked: `looked`, or `early`. Messages that wait are sent.

    Raises psycopg.Error where PostgreSQL does not answer.
    """
    now = held.now()
    with held.pool.connection() as connection:
        if not alarms.begin_look(connection, now=now, before=now - timedelta(seconds=LOOK_SECONDS / 2)):
            return "early"
    seen = gather(held)
    with held.pool.connection() as connection, connection.transaction():
        account = alarms.lock(connection)
        _decide(held, connection, account, seen)
        _make_digest(held, connection, account)
    people.deliver(held)
    return "looked"


# -- what is wrong -----------------------------------------------------------------------------------------------------


def gather(held: Process) -> SeenAlarms:
    """Everything that is wrong now. Raises psycopg.Error."""
    with postgres.connect(held.config.database_url) as connection:
        metrics.hurry(connection)
        stores = metrics.watched_stores(connection)
        failing = _failing(connection)
        hub = hub_account.hub_account(connection)
    found = [alarm for store in stores for alarm in alarms_of_store(_seen(store, failing[store.id]))]
    found += alarms_of_hub(hub.name, hub.reason)
    try:
        found += _of_workers(held)
    except RedisError:
        return SeenAlarms((*found, Alarm(AlarmKind.REDIS_AWAY)), _OF_REDIS)
    return SeenAlarms(tuple(found))


def _failing(connection: postgres.Connection) -> dict[int, dict[str, int]]:
    """How many orders of each store are set aside, by reason."""
    failing: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    counted: list[CountedOrders] = [one for one in metrics.orders_by_state(connection) if one.state == "failed"]
    for one in counted + metrics.failing_in_hub(connection):
        failing[one.store_id][one.reason or "unknown"] += one.orders
    return failing


def _seen(store: WatchedStore, failing: dict[str, int]) -> SeenStore:
    return SeenStore(store.name, store.state, store.reason, failing, store.fetch_age, _every(store))


def _every(store: WatchedStore) -> float:
    if store.platform not in platforms.PLATFORMS:  # of a newer version, which alone fetches it
        return float("inf")
    return fetch_every(store.settings)


def _of_workers(held: Process) -> list[Alarm]:
    """Queues that nobody serves, and tasks that do not come back. Raises RedisError."""
    queues = [queue.name for queue in current_app.conf.task_queues]
    serving = counters.serving(held.redis, queues, since=counters.now(held.redis) - counters.GONE_SECONDS)
    unserved = [queue for queue, workers in serving.items() if not workers]
    found = [Alarm(AlarmKind.NO_WORKER, "", f"on {', '.join(unserved)}")] if unserved else []
    now = held.now().timestamp()
    lost = unanswered.lost_tasks(held.redis, _limit_of, least=LATE_SECONDS, now=now)
    return found + [Alarm(AlarmKind.TASK_LOST, task) for task in dict.fromkeys(lost)]


def _limit_of(task: str) -> float:
    known = current_app.tasks.get(task)
    return float((known and known.time_limit) or HARD_LIMIT_SECONDS) + LATE_SECONDS


# -- what is said ------------------------------------------------------------------------------------------------------


def _decide(held: Process, connection: postgres.Connection, account: AlarmAccount, seen: SeenAlarms) -> None:
    known, now = alarms.known(connection), held.now()
    last = alarms.last_notice_at(connection)
    watched = decide_alarms(seen, known, last_said=last, may_say=bool(account.alerts_to), now=now)
    if list(watched.known) != known:
        alarms.keep(connection, watched.known)
    if watched.notice:
        _add(held, connection, watched.notice)


def _add(held: Process, connection: postgres.Connection, notice: Notice) -> None:
    alarms.add_notice(connection, notice, now=held.now(), drop_before=held.now() - KEPT)


def _make_digest(held: Process, connection: postgres.Connection, account: AlarmAccount) -> None:
    """Once a day; the first one comes on the day after somebody is to be told."""
    now = held.now()
    if not account.alerts_to or account.digest_on == now.date() or now.hour < DIGEST_HOUR:
        return
    alarms.set_digest_day(connection, now.date())
    if account.digest_on is not None:
        _add(held, connection, word_digest(_days(held, connection), alarms.known(connection), now=now))


def _days(held: Process, connection: postgres.Connection) -> list[StoreDay]:
    counted = alarms.counted_day(connection, held.now() - timedelta(days=1))
    due = {work.store_id: work for work in metrics.due_work(connection)}
    failing = _failing(connection)
    return [
        StoreDay(
            store.name,
            orders_in=counted[store.id].orders_in if store.id in counted else 0,
            stock_told=counted[store.id].stock_told if store.id in counted else 0,
            failed=dict(failing[store.id]),
            due_orders=due[store.id].orders,
            due_fulfillments=due[store.id].fulfillments,
            due_skus=due[store.id].skus,
        )
        for store in metrics.watched_stores(connection)
        if store.id in due
    ]
