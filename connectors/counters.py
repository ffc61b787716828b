"""What workers count for whoever watches them: in Redis, where it outlives a process and is one for all machines.

A count costs one short command and no row that all would write. Losing Redis loses the counts, which begin at 0 anew as
after a restart; no decision is made on them. Where Redis does not answer nothing is counted and no work is held up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from connectors.later import Later

if TYPE_CHECKING:
    import redis as client
    from redis import Redis
else:
    client = Later("redis")

# Seconds: an order takes hundredths, a fetch as long as its shop, a walk through a catalogue minutes.
BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
GONE_SECONDS: Final = 60  # a worker that was not heard of for so long is none
HEADROOM_SECONDS: Final = 60  # a budget of which nothing was heard for so long is as good as full again

FORGOTTEN_SECONDS: Final = 24 * 3600  # … is missed no longer

_HOURLY: Final = "storesync:hourly:"
_REFUSED: Final = "storesync:refused_webhooks:"
_WEBHOOKS: Final = "storesync:counted:webhooks"
_SECONDS: Final = "storesync:task_seconds"
_WORKERS: Final = "storesync:workers"
_KNOWN: Final = "storesync:workers:known"
_KNOCKS: Final = "storesync:knock:"
_PREFIX: Final = "storesync:"  # of the broker's lists too: `global_keyprefix` in workers/app.py


class Counted(StrEnum):
    """What is counted of a store."""

    ORDERS_IMPORTED = "orders_imported"
    STOCK_TOLD = "stock_told"
    FULFILLMENTS_SENT = "fulfillments_sent"
    VENDOR_CALLS = "vendor_calls"
    VENDOR_WAITS = "vendor_waits"


HOURLY: Final = frozenset({Counted.ORDERS_IMPORTED, Counted.STOCK_TOLD})
HOURS: Final = 24


def count(redis: Redis, counted: Counted, store_id: int, times: int = 1) -> None:
    """Count something of a store, and what people see by the hour in its hour too."""
    if not times:
        return
    with suppress(client.RedisError):
        if counted not in HOURLY:
            redis.hincrby(_key(counted), str(store_id), times)
            return
        both = redis.pipeline(transaction=False)
        both.hincrby(_key(counted), str(store_id), times)
        hour = _hour_key(counted, int(time.time()) // 3600)
        both.incrby(hour, times)
        both.expire(hour, (HOURS + 2) * 3600)
        both.execute()


def hours(redis: Redis, counted: Counted, *, now: datetime) -> list[tuple[int, int]]:
    """The last hours, each since 1970, with what was counted of all stores in it; the last is not over. RedisError."""
    last = int(now.timestamp()) // 3600
    asked = range(last - HOURS + 1, last + 1)
    found: Any = redis.mget([_hour_key(counted, hour) for hour in asked])
    return [(hour, int(number or 0)) for hour, number in zip(asked, found, strict=True)]


def _hour_key(counted: Counted, hour: int) -> str:
    return f"{_HOURLY}{counted}:{hour}"


def note_headroom(redis: Redis, store_id: int, share: float) -> None:
    """Keep what a store said is left of its budget of calls, from 0 to 1; said again or forgotten."""
    with suppress(client.RedisError):
        redis.set(_headroom_key(store_id), f"{min(max(share, 0.0), 1.0):.3f}", ex=HEADROOM_SECONDS)


def count_webhook(redis: Redis, outcome: str) -> None:
    """Count a message of a shop by what became of it."""
    with suppress(client.RedisError):
        redis.hincrby(_WEBHOOKS, outcome, 1)


@dataclass(frozen=True, slots=True)
class RefusedWebhooks:
    """How many messages at a store's address were refused for a reason, and when the last of them came."""

    reason: str
    times: int
    last_at: float  # seconds since 1970


def note_refused(redis: Redis, store_id: int, reason: str) -> None:
    """Remember that a message at a store's address was refused: counted, however many come, and forgotten in a day."""
    key = f"{_REFUSED}{store_id}"
    with suppress(client.RedisError):
        all_of_it = redis.pipeline(transaction=False)
        all_of_it.hincrby(key, reason, 1)
        all_of_it.hset(key, f"{reason} at", str(time.time()))
        all_of_it.expire(key, FORGOTTEN_SECONDS)
        all_of_it.execute()


def refused(redis: Redis, store_id: int) -> list[RefusedWebhooks]:
    """What was refused at a store's address of late, the most frequent first; none where Redis does not answer."""
    kept: dict[str, str] = {}
    with suppress(client.RedisError):
        said: Any = redis.hgetall(f"{_REFUSED}{store_id}")
        kept = {_text(name): _text(value) for name, value in said.items()}
    found = [
        RefusedWebhooks(reason, int(times), float(kept.get(f"{reason} at", "0")))
        for reason, times in kept.items()
        if not reason.endswith(" at")
    ]
    return sorted(found, key=lambda one: (-one.times, one.reason))


def time_task(redis: Redis, queue: str, seconds: float) -> None:
    """Count a task that ended, with how long it took."""
    bucket = next((str(most) for most in BUCKETS if seconds <= most), "+Inf")
    with suppress(client.RedisError):
        both = redis.pipeline(transaction=False)
        both.hincrby(_SECONDS, f"{queue} {bucket}", 1)
        both.hincrbyfloat(_SECONDS, f"{queue} sum", seconds)
        both.execute()


def show_worker(redis: Redis, name: str, queues: Collection[str], holder: str = "") -> None:
    """Say that a worker lives, and which queues it serves; by the clock of Redis, since machines' own differ.

    `holder` is the text of which process it is (`connectors/holders.py`).
    """
    with suppress(client.RedisError):
        at = now(redis)
        redis.zadd(_WORKERS, {f"{queue} {name}": at for queue in queues})
        redis.zremrangebyscore(_WORKERS, "-inf", at - GONE_SECONDS)
        redis.hset(_KNOWN, name, json.dumps([at, holder]))


def hide_worker(redis: Redis, name: str, queues: Collection[str]) -> None:
    """Say that a worker ends."""
    with suppress(client.RedisError):
        redis.zrem(_WORKERS, *(f"{queue} {name}" for queue in queues))
        redis.hdel(_KNOWN, name)


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A worker that did not say that it ends: when it was last heard of, and which process it is, as far as it said."""

    name: str
    seconds_ago: int
    holder: str


def known_workers(redis: Redis) -> list[KnownWorker]:
    """Every worker of the last day that did not say that it ends; older ones are forgotten. Raises RedisError."""
    said: Any = redis.hgetall(_KNOWN)
    at = now(redis)
    found = [KnownWorker(_text(name), at - then, holder) for name, (then, holder) in _read(said)]
    if old := [worker.name for worker in found if worker.seconds_ago > FORGOTTEN_SECONDS]:
        redis.hdel(_KNOWN, *old)
    return [worker for worker in found if worker.seconds_ago <= FORGOTTEN_SECONDS]


def _read(said: Mapping[Any, Any]) -> Iterator[tuple[Any, tuple[int, str]]]:
    for name, text in said.items():
        yield name, tuple(json.loads(_text(text)))


def waiting_messages(redis: Redis, queues: Sequence[str]) -> dict[str, int]:
    """How many messages wait in each queue. Raises RedisError."""
    asked = redis.pipeline(transaction=False)
    for queue in queues:
        asked.llen(f"{_PREFIX}{queue}")
    return dict(zip(queues, asked.execute(), strict=True))


# -- who is knocked at -------------------------------------------------------------------------------------------------


def answer_knock(redis: Redis, token: str, who: str) -> None:
    """Answer a knock: the doctor's, who waits for it (`workers/cli/knocks.py`)."""
    both = redis.pipeline(transaction=True)
    both.sadd(f"{_KNOCKS}{token}", who)
    both.expire(f"{_KNOCKS}{token}", GONE_SECONDS)
    both.execute()


def process_name(worker: str, pid: int) -> str:
    """What a process of a worker's pool answers by: numbers of processes are each machine's own."""
    return f"{worker} {pid}"


def knock_answers(redis: Redis, token: str) -> set[str]:
    """Who answered. Raises RedisError."""
    said: Any = redis.smembers(f"{_KNOCKS}{token}")
    return {_text(who) for who in said}


def now(redis: Redis) -> int:
    """The time by the clock of Redis, in seconds. Raises RedisError."""
    seconds, _ = redis.time()
    return int(seconds)


def serving(redis: Redis, queues: Sequence[str], *, since: int) -> dict[str, int]:
    """How many workers said since then, by the clock of Redis, that they serve each queue. Raises RedisError."""
    members: Any = redis.zrangebyscore(_WORKERS, since, "+inf")
    return _serving(queues, [_text(member) for member in members])


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the tasks of a queue took: how many by bucket, and all seconds."""

    buckets: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Counts:
    """All that is counted, in the moment it was read: of stores by their ids, most of the rest by queues."""

    of_stores: Mapping[Counted, Mapping[int, int]]
    waits: Mapping[int, float]  # seconds until the store may be asked again
    headroom: Mapping[int, float]  # what is left of a store's budget of calls, where it said so of late
    messages: Mapping[str, int]
    workers: Mapping[str, int]
    durations: Mapping[str, Durations]
    webhooks: Mapping[str, int]  # by outcome


def read_counts(redis: Redis, queues: Sequence[str], store_ids: Sequence[int]) -> Counts:
    """Everything in two round trips. Raises RedisError."""
    at = now(redis)
    asked = redis.pipeline(transaction=False)
    for counted in Counted:
        asked.hgetall(_key(counted))
    for store_id in store_ids:
        asked.pttl(f"{_PREFIX}wait:{store_id}")
    asked.mget([_headroom_key(store_id) for store_id in store_ids] or [_headroom_key(0)])
    for queue in queues:
        asked.llen(f"{_PREFIX}{queue}")
    asked.zrangebyscore(_WORKERS, at - GONE_SECONDS, "+inf")
    asked.hgetall(_SECONDS)
    asked.hgetall(_WEBHOOKS)
    answers = iter(asked.execute())
    return Counts(
        of_stores={counted: {int(one): int(times) for one, times in next(answers).items()} for counted in Counted},
        waits={store_id: max(0, next(answers)) / 1000 for store_id in store_ids},
        headroom={
            store_id: float(_text(share))
            for store_id, share in zip(store_ids, next(answers), strict=False)
            if share is not None
        },
        messages={queue: next(answers) for queue in queues},
        workers=_serving(queues, [_text(member) for member in next(answers)]),
        durations=_durations(queues, {_text(key): _text(value) for key, value in next(answers).items()}),
        webhooks={_text(outcome): int(times) for outcome, times in next(answers).items()},
    )


def _serving(queues: Sequence[str], members: Sequence[str]) -> dict[str, int]:
    served = [member.partition(" ")[0] for member in members]
    return {queue: served.count(queue) for queue in queues}


def _durations(queues: Sequence[str], kept: Mapping[str, str]) -> dict[str, Durations]:
    steps = (*(str(most) for most in BUCKETS), "+Inf")
    return {
        queue: Durations(
            {step: int(kept.get(f"{queue} {step}", 0)) for step in steps}, float(kept.get(f"{queue} sum", 0))
        )
        for queue in queues
    }


def _key(counted: Counted) -> str:
    return f"{_PREFIX}counted:{counted}"


def _headroom_key(store_id: int) -> str:
    return f"{_PREFIX}headroom:{store_id}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode()
