"""A worker is knocked at: each process of its pool is to answer, so that whoever asks finds one that is frozen.

A worker answers `ping` in its main process, whatever became of those that do the work.
"""

import os
import time
from typing import Any, Final

from celery.worker import state as of_worker
from celery.worker.control import control_command

from connectors import counters
from tasks.held import process

COMMAND: Final = "knock"
_HELD_SECONDS: Final = 0.05  # by one answer: the next one is another process's


@control_command(name=COMMAND, args=[("token", str)])
def knock(state: Any, token: str, **_: object) -> dict[str, Any]:
    """Have every process of the pool answer; which there are, and which of them are at a task just now."""
    worker = state.consumer.controller
    children: list[int] = list(state.consumer.pool.info.get("processes", ()))
    for _time in range(2 * len(children)):
        _when_free(worker, token, worker.hostname)
    busy = [request.worker_pid for request in list(of_worker.active_requests) if request.worker_pid]
    queues = [queue.name for queue in state.consumer.task_consumer.queues]
    return {"processes": children, "busy": busy, "queues": queues}


def _when_free(worker: Any, *told: str) -> None:
    """As tasks are given to the pool: when a process is free."""
    if worker.semaphore is None:
        worker.pool.apply_async(answer, told)
    else:
        worker.semaphore.acquire(worker.pool.apply_async, answer, told)


def answer(token: str, worker: str) -> None:
    """In a process of the pool: say that it works."""
    counters.answer_knock(process().redis, token, counters.process_name(worker, os.getpid()))
    time.sleep(_HELD_SECONDS)
