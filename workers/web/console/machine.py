"""What runs, and what was done hour by hour, for Home: from Redis, without which it says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from connectors import counters
from connectors.counters import Counted
from workers.app import QUEUES

HEIGHT: Final = 84  # of a chart's highest bar, of 90


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour: when it began, how much was done in it, and how high that stands."""

    at: datetime
    number: int
    height: float


@dataclass(frozen=True, slots=True)
class Machine:
    """Redis and what it knows; `workers` is None where it does not answer."""

    workers: int | None
    unserved: Sequence[str]
    messages: int
    charts: Sequence[tuple[str, str, Sequence[Bar]]]  # what it is of, what is counted
    rates_of: date | None

    @property
    def is_well(self) -> bool:
        """Whether everything is served."""
        return self.workers is not None and not self.unserved


def look(redis: Redis, *, now: datetime, rates_of: date | None) -> Machine:
    """One look."""
    try:
        since = counters.now(redis) - counters.GONE_SECONDS
        served = counters.serving(redis, QUEUES, since=since)
        workers = [one for one in counters.known_workers(redis) if one.seconds_ago <= counters.GONE_SECONDS]
        waiting = counters.waiting_messages(redis, QUEUES)
        charts = [
            (title, counted_as, _bars(counters.hours(redis, counted, now=now)))
            for title, counted_as, counted in (
                ("Orders an hour", "Orders", Counted.ORDERS_IMPORTED),
                ("Stock told an hour", "Figures told", Counted.STOCK_TOLD),
            )
        ]
    except RedisError:
        return Machine(None, (), 0, (), rates_of)
    unserved = [queue for queue, number in served.items() if not number]
    return Machine(len(workers), unserved, sum(waiting.values()), charts, rates_of)


def _bars(hours: Sequence[tuple[int, int]]) -> list[Bar]:
    most = max((number for _, number in hours), default=0) or 1
    return [
        Bar(datetime.fromtimestamp(hour * 3600, UTC), number, round(HEIGHT * number / most, 1))
        for hour, number in hours
    ]
