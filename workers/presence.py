"""That a worker lives and which queues it serves, said in Redis for who watches, and how long its tasks took."""

from time import monotonic
from typing import Any, Final

from celery import Task, bootsteps
from redis import Redis

from connectors import counters, holders, locks
from connectors.config import read_config
from tasks.held import process
from workers.embedded import ensure_servers

SAY_SECONDS: Final = 10

_began: dict[str, float] = {}  # when each task of this process began, by its id


class Presence(bootsteps.StartStopStep):
    """Part of a worker's main process: says every ten seconds that it lives, and in the end that it does not."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._redis: Redis | None = None

    def start(self, worker: Any) -> None:
        """Begin to say so."""
        self._redis = locks.open_redis(ensure_servers(read_config()).redis_url)
        said = (self._redis, worker.hostname, _queues(worker), holders.me().text())
        counters.show_worker(*said)
        worker.timer.call_repeatedly(SAY_SECONDS, counters.show_worker, said)

    def stop(self, worker: Any) -> None:
        """The timer ends with its worker."""
        if self._redis is not None:
            counters.hide_worker(self._redis, worker.hostname, _queues(worker))
            self._redis.close()


def _queues(worker: Any) -> list[str]:
    return list(worker.app.amqp.queues.consume_from)


def begin_task(task_id: str, **_: object) -> None:
    """A task of this process begins."""
    _began[task_id] = monotonic()


def end_task(task_id: str, task: Task[Any, Any], **_: object) -> None:
    """It ended, whatever came of it: how long it took is counted by the queue that it waited in."""
    seconds = monotonic() - _began.pop(task_id)
    queue = (task.request.delivery_info or {}).get("routing_key")
    if queue:
        counters.time_task(process().redis, queue, seconds)
