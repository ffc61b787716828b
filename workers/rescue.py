"""What a dead process held is freed at once, and its messages go on: every worker looks after its own machine.

A killed child of a worker leaves locks, a killed worker messages as well. Whoever sees for certain that the holder is
dead (`connectors/holders.py`) frees what it held: the worker whose child it was, another one on the machine, the one
that is started in its place. What nobody sees, on a machine that vanished, ends by itself.
"""

import logging
from typing import Any, Final

from celery import bootsteps
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from connectors import locks
from connectors.config import read_config
from connectors.errors import Unavailable
from workers.embedded import ensure_servers
from workers.redis_transport import give_back_dead

_LOG: Final = logging.getLogger(__name__)

RESCUE_SECONDS: Final = 2


class Rescue(bootsteps.StartStopStep):
    """Part of a worker's main process: looks every two seconds."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._redis: Redis | None = None

    def start(self, worker: Any) -> None:
        """Begin to look."""
        self._redis = locks.open_redis(ensure_servers(read_config()).redis_url)
        worker.timer.call_repeatedly(RESCUE_SECONDS, rescue, (worker.app, self._redis))

    def stop(self, worker: Any) -> None:
        """The timer ends with its worker."""
        if self._redis is not None:
            self._redis.close()


def rescue(app: Any, redis: Redis) -> None:
    """Free what the dead held, and give their messages to the living. Without Redis there is nothing to free."""
    try:
        freed = locks.free_dead(redis)
        with app.pool.acquire(block=True) as broker:
            returned = give_back_dead(broker.default_channel, redis)
    except (Unavailable, RedisError, OperationalError):
        return
    if freed or returned:
        _LOG.warning("a process of this machine is dead: %s locks are free, %s messages go on", len(freed), returned)
