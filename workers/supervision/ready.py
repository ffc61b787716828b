"""Says in one line that all programs of `storesync up` work, or which do not yet."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Final

import click
from redis.exceptions import RedisError

from connectors import counters
from connectors.config import Config
from connectors.locks import open_redis
from workers.app import QUEUES

LOOK_SECONDS: Final = 0.5
PATIENCE_SECONDS: Final = 60  # then it is said once that something is missing


@contextmanager
def telling(config: Config, *, web_port: int, flower_port: int) -> Iterator[None]:
    """While programs begin to run beside us: say once that they do."""
    since = 0
    with suppress(RedisError), open_redis(config.redis_url) as redis:
        since = counters.now(redis)
    started = Started(config.redis_url, since, web_port, flower_port)
    is_over = Event()
    thread = Thread(target=_tell, args=(started, is_over), name="ready", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()


@dataclass(frozen=True, slots=True)
class Started:
    """What was started, and when by the clock of Redis: a worker of an earlier run may not have said its end."""

    redis_url: str
    since: int
    web_port: int
    flower_port: int

    def missing(self) -> list[str]:
        """What does not work yet."""
        looks: dict[str, Callable[[], bool]] = {
            "web": lambda: _answers(self.web_port, "/readyz"),
            "workers": self._are_served,
            "Flower": lambda: _answers(self.flower_port, "/healthcheck"),
        }
        return [name for name, works in looks.items() if not works()]

    def _are_served(self) -> bool:
        try:
            with open_redis(self.redis_url) as redis:
                return all(counters.serving(redis, QUEUES, since=self.since).values())
        except RedisError:
            return False


def _tell(started: Started, is_over: Event) -> None:
    patient_until: float | None = monotonic() + PATIENCE_SECONDS
    while missing := started.missing():
        if patient_until is not None and monotonic() > patient_until:
            click.echo(f"not ready: {', '.join(missing)} do not work yet; what is above may say why")
            patient_until = None
        if is_over.wait(LOOK_SECONDS):
            return
    web, flower = (f"http://127.0.0.1:{port}" for port in (started.web_port, started.flower_port))
    click.echo(f"ready: web {web}, Flower {flower}, workers on every queue")


def _answers(port: int, path: str) -> bool:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
