"""Sends a task and follows the workers' events until it is done: there is no result backend to ask.

Events may be lost and workers stand still: Redis is asked where the message is, and the wait has an end of its own.
"""

import ast
import re
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from celery.events.receiver import EventReceiver
from redis import Redis

from workers.app import TASKS, app
from workers.cli.output import Failed

SILENCE_SECONDS = 15  # workers send a heartbeat every two seconds: so long a silence means that there is none
BEGIN_SECONDS = 60  # for a task to be begun
LATE_SECONDS = 10  # beyond the time limit of a task, for its worker to say that it was killed
LOOK_SECONDS = 2  # until it is looked again where the message is
STEP_SECONDS = 0.5

_GOOD_END: Final = "task-succeeded"
_ENDS: Final = (_GOOD_END, "task-failed", "task-rejected", "task-revoked")
_SAYS: Final = frozenset({"TaskFailed", "ConfigError", "UnknownStore"})  # what these say is a sentence


@dataclass(slots=True)
class _Heard:
    """What was heard of a task since it was sent."""

    task: str
    id: str
    at: float
    spoke_at: float
    begun_at: float | None = None
    end: dict[str, Any] | None = None
    looks_gone: int = 0

    def hear(self, event: dict[str, Any]) -> None:
        """An event of any worker; only some are about this task."""
        self.spoke_at = monotonic()
        if event.get("uuid") != self.id:
            return
        if event["type"] == "task-started":
            self.begun_at = self.spoke_at
        elif event["type"] == "task-retried":  # its process was killed: it begins anew
            self.begun_at, self.at = None, self.spoke_at
        elif event["type"] in _ENDS:
            self.end = event

    def look(self, is_there: bool) -> None:
        """Whether its message waits, or is with a worker. Between the two it is in neither place for a moment."""
        self.looks_gone = 0 if is_there else self.looks_gone + 1

    def give_up(self) -> str:
        """Why nothing more is to be waited for; empty while there is."""
        now = monotonic()
        if now > self.spoke_at + SILENCE_SECONDS:
            return f"no worker answers: start one with storesync up ({self.task} stays enqueued)"
        if self.looks_gone > 1:  # once may be the moment between two places
            return f"{self.task} has ended, and how was not heard: see storesync journal"
        if self.begun_at is None and now > self.at + BEGIN_SECONDS:
            return (
                f"no worker has begun {self.task} within {BEGIN_SECONDS} s: all are busy or stand still,"
                " see storesync doctor (it stays enqueued)"
            )
        limit = int(app.tasks[self.task].time_limit or app.conf.task_time_limit)
        if self.begun_at is not None and now > self.begun_at + limit + LATE_SECONDS:
            return f"{self.task} was begun and has not ended within {limit} s, the most that it may take"
        return ""


def run_and_wait(redis: Redis, task: str, values: tuple[Any, ...]) -> dict[str, Any]:
    """Send a task and wait for its end: its id, and what came of it in plain words. Raises Failed."""
    heard: _Heard | None = None

    def hear(event: dict[str, Any]) -> None:
        if heard is not None:
            heard.hear(event)

    receiver: Any = EventReceiver(app.connection_for_read(), {"*": hear}, app=app)
    with receiver.consumer_context() as (connection, _, _):
        _listen(connection, 0.1)  # the first look subscribes: only then is it sent
        began = monotonic()
        heard = _Heard(task, app.send_task(task, values).id, began, began)
        look_at = began
        while heard.end is None:
            _listen(connection, STEP_SECONDS)
            if heard.end is None and monotonic() > look_at + LOOK_SECONDS:
                look_at = monotonic()
                heard.look(_is_there(redis, TASKS[task].queue, heard.id))
            if heard.end is None and (words := heard.give_up()):
                raise Failed(words)
    return {"task": task, "id": heard.id, "result": _result(task, heard.end)}


def _listen(connection: Any, seconds: float) -> None:
    try:
        connection.drain_events(timeout=seconds)
    except TimeoutError:
        return


def _is_there(redis: Redis, queue: str, task_id: str) -> bool:
    """Whether the task's message waits in its queue or is with a worker."""
    kept: Any = [*redis.lrange(f"storesync:{queue}", 0, -1), *redis.hvals("storesync:unacked")]
    return any(task_id.encode() in message for message in kept)


def _result(task: str, event: dict[str, Any]) -> Any:
    if event["type"] == _GOOD_END:
        return _value(event["result"])
    if event["type"] == "task-failed":
        raise Failed(f"{task} failed: {_words(event['exception'])}")
    raise Failed(f"{task} was {event['type'].removeprefix('task-')}")


def _value(shown: str) -> Any:
    """What a worker showed as Python would write it: a text is its words."""
    try:
        return ast.literal_eval(shown)
    except (ValueError, SyntaxError):  # too long to be shown whole
        return shown.strip("'\"")


def _words(shown: str) -> str:
    """An exception that was shown as Python would write it, in words."""
    found = re.fullmatch(r"(\w+)\((.*)\)", shown, re.DOTALL)
    if found is None:
        return shown
    name, inside = found.groups()
    value = _value(inside.rstrip(","))
    match name:
        case "TimeLimitExceeded":
            return f"it took longer than {value} s"
        case "WorkerLostError":
            return "its process was killed, three times"
        case _ if name in _SAYS:
            return str(value)
        case _:
            return f"{name}: {value}" if value else name
