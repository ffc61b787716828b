"""`enqueue --wait` comes to an end whatever the workers do, and says in plain words what came of the task."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from redis import Redis

from tests.workers.cli.command import Cli, Result
from tests.workers.cli.shops import document
from workers.app import app

QUEUE = "storesync:upkeep"
WAIT = ("enqueue", "ring_due", "--wait")


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"SILENCE": 3, "BEGIN": 2, "LATE": 0, "LOOK": 0.3, "STEP": 0.1}.items():
        monkeypatch.setattr(f"workers.cli.enqueued.{name}_SECONDS", seconds)


class Worker:
    """What a worker says, and does with its messages."""

    def __init__(self, redis: Redis, dispatcher: Any) -> None:
        self._redis, self._dispatcher = redis, dispatcher
        self.id = ""

    def take(self) -> None:
        """The message is with the worker from now on."""
        text: Any = self._redis.rpop(QUEUE)
        self.id = json.loads(text)["headers"]["id"]
        self._redis.hset("storesync:unacked", "tag", text)

    def acknowledge(self) -> None:
        """The message is done."""
        self._redis.hdel("storesync:unacked", "tag")

    def say(self, what: str, **fields: Any) -> None:
        """An event of the task."""
        self._dispatcher.send(f"task-{what}", uuid=self.id, **fields)


@contextmanager
def working(redis: Redis, act: Callable[[Worker], object]) -> Iterator[None]:
    """A worker whose heart beats, and that does this once there is a message."""
    over = Event()

    def beat() -> None:
        with app.connection_for_write() as broker, app.events.Dispatcher(broker, hostname="w@test") as dispatcher:
            worker, has_acted = Worker(redis, dispatcher), False
            while not over.wait(0.1):
                dispatcher.send("worker-heartbeat", freq=2)
                if not has_acted and redis.llen(QUEUE):
                    has_acted = True
                    act(worker)

    thread = Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def waited(cli: Cli, redis: Redis, act: Callable[[Worker], object], *more: str) -> Result:
    """The command beside a worker; it must end."""
    began = monotonic()
    with working(redis, act):
        result = cli(*WAIT, *more)
    assert monotonic() - began < 20
    return result


def answer(what: str, **fields: Any) -> Callable[[Worker], None]:
    """Take the task, begin it, and say how it ended."""

    def act(worker: Worker) -> None:
        worker.take()
        worker.say("started")
        worker.say(what, **fields)
        worker.acknowledge()

    return act


@pytest.mark.parametrize(
    ("shown", "text", "value"),
    [
        ("'2 imported, skipped'", "2 imported, skipped", "2 imported, skipped"),
        ("3", "3", 3),
        ('"it\'s done"', "it's done", "it's done"),
        ("'so long that nobody sh...", "so long that nobody sh...", "so long that nobody sh..."),
    ],
)
def test_result_is_told_in_plain_words(refusing_cli: Cli, redis: Redis, shown: str, text: str, value: object) -> None:
    told = waited(refusing_cli, redis, answer("succeeded", result=shown))
    as_json = document(waited(refusing_cli, redis, answer("succeeded", result=shown), "--json"))

    assert (told.code, told.out) == (0, f"ring_due: {text}\n")
    assert as_json["result"] == value


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (
            "TaskFailed('KeyError at tasks/orders/import_order.py:55')",
            "ring_due failed: KeyError at tasks/orders/import_order.py:55",
        ),
        ("TimeLimitExceeded(40,)", "ring_due failed: it took longer than 40 s"),
        ("Odd()", "ring_due failed: Odd"),
    ],
)
def test_failure_is_told_in_plain_words(refusing_cli: Cli, redis: Redis, shown: str, words: str) -> None:
    told = waited(refusing_cli, redis, answer("failed", exception=shown))

    assert (told.code, told.err) == (1, f"storesync: {words}\n")


def test_end_that_nobody_heard_is_an_end(refusing_cli: Cli, redis: Redis) -> None:
    def lose_the_event(worker: Worker) -> None:
        worker.take()
        worker.say("started")
        worker.acknowledge()

    told = waited(refusing_cli, redis, lose_the_event)

    assert (told.code, told.err) == (
        1,
        "storesync: ring_due has ended, and how was not heard: see storesync journal\n",
    )


def test_workers_whose_processes_stand_still_are_not_waited_for_for_ever(refusing_cli: Cli, redis: Redis) -> None:
    told = waited(refusing_cli, redis, Worker.take)

    assert told.code == 1
    assert "no worker has begun ring_due within 2 s: all are busy or stand still" in told.err


def test_task_that_was_begun_is_waited_for_up_to_its_limit(
    refusing_cli: Cli, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.loader.import_default_modules()
    monkeypatch.setattr(app.tasks["ring_due"], "time_limit", 1)

    def begin(worker: Worker) -> None:
        worker.take()
        worker.say("started")

    told = waited(refusing_cli, redis, begin)

    assert told.code == 1
    assert "has not ended within 1 s" in told.err


def test_without_workers_it_says_so(refusing_cli: Cli, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.cli.enqueued.SILENCE_SECONDS", 1)

    told = refusing_cli(*WAIT)

    assert told.code == 1
    assert "no worker answers: start one with storesync up" in told.err
    assert redis.llen(QUEUE) == 1


def test_it_listens_before_it_sends(refusing_cli: Cli, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    listeners: list[int] = []
    send = app.send_task

    def look_and_send(*arguments: Any, **options: Any) -> Any:
        patterns: Any = redis.pubsub_numpat()
        channels: Any = redis.pubsub_channels("*")
        listeners.append(patterns + len(channels))
        return send(*arguments, **options)

    monkeypatch.setattr(app, "send_task", look_and_send)
    waited(refusing_cli, redis, answer("succeeded", result="3"))

    assert listeners  # others may listen at the same server
    assert listeners[0] >= 1
