"""A worker that is at work survives a restart of Redis, which kombu's own transport does not."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import kombu
import pytest
import redis as redis_client
from celery import Celery

from connectors.config import Config
from tests.waiting import wait_until
from workers import redis_transport
from workers.embedded import ensure_servers, server_status, stop_servers

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Config]:
    """A Redis that only this test uses, and may kill."""
    config = Config("postgresql://not-used", "", tmp_path / "home", "", "text")
    yield config
    stop_servers(config)


@contextmanager
def worker_at_work(config: Config, folder: Path, *, transport: str) -> Iterator[subprocess.Popen[str]]:
    """A worker with two slots, of which one is taken by a task that has begun."""
    environ = {"PATH": os.environ["PATH"], "TRANSPORT": transport, "BROKER": ensure_servers(config).redis_url}
    celery = [sys.executable, "-m", "celery", "-A", "tests.workers.restart_app"]
    with (folder / "log").open("w") as log:
        worker = subprocess.Popen(
            [*celery, "worker", "-c", "2", "--without-mingle", "--without-gossip"],
            cwd=ROOT,
            env=environ,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        send(config, folder)
        wait_until(lambda: [*folder.glob("began-*")], seconds=20, what="the task to begin")
        yield worker
    finally:
        worker.kill()
        worker.wait()


def send(config: Config, folder: Path) -> None:
    with Celery("publisher", broker=ensure_servers(config).redis_url, set_as_current=False) as publisher:
        publisher.send_task("work", [str(folder)])


def restart(config: Config) -> None:
    pid = server_status(config)[1].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    ensure_servers(config)


def log(folder: Path) -> str:
    return (folder / "log").read_text()


@pytest.mark.flow
def test_worker_with_kombus_own_transport_dies(own_redis: Config, tmp_path: Path) -> None:
    """When this fails, kombu or Celery is mended and workers/redis_transport.py can go."""
    with worker_at_work(own_redis, tmp_path, transport="stock") as worker:
        restart(own_redis)
        wait_until(lambda: "Unrecoverable error: AttributeError" in log(tmp_path), what="the worker to give up")
        (tmp_path / "go").touch()

        assert worker.wait(timeout=60) == 1


@pytest.mark.flow
def test_worker_with_our_transport_goes_on_and_runs_its_task_once(own_redis: Config, tmp_path: Path) -> None:
    with worker_at_work(own_redis, tmp_path, transport="ours") as worker:
        restart(own_redis)
        wait_until(lambda: "Connection to broker lost" in log(tmp_path), what="the worker to notice")
        (tmp_path / "go").touch()
        wait_until(lambda: [*tmp_path.glob("ended-*")], what="the running task to end")
        (tmp_path / "next").mkdir()
        (tmp_path / "next/go").touch()
        send(own_redis, tmp_path / "next")
        wait_until(lambda: [*tmp_path.glob("next/ended-*")], seconds=20, what="new work to be done")

        with redis_client.Redis.from_url(ensure_servers(own_redis).redis_url) as client:
            wait_until(lambda: not client.exists("unacked"), what="both tasks to be acknowledged")
        assert worker.poll() is None
    assert len([*tmp_path.glob("began-*")]) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:s%2Fcret@127.0.0.1:6390/3", "redis://:**@127.0.0.1:6390/3"),
        ("rediss://user:secret@broker/0", "rediss://user:**@broker:6379/0"),
        ("redis+socket:///run/redis.sock?virtual_host=1", "redis+socket:///run/redis.sock"),
    ],
)
def test_urls_stay_what_they_are(url: str, shown: str) -> None:
    redis_transport.install()

    with kombu.Connection(url) as connection:
        assert type(connection.transport) is redis_transport.Transport
        assert connection.as_uri() == shown
        assert connection.password in (None, "s/cret", "secret")
        assert bool(connection.ssl) == url.startswith("rediss")


@pytest.mark.parametrize(
    ("redis_url", "broker_url"),
    [
        ("redis://:secret@127.0.0.1:6390/3", "redis://:secret@127.0.0.1:6390/3"),
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        ("unix://:secret@/run/redis.sock", "redis+socket://:secret@/run/redis.sock"),
        ("unix:///run/redis.sock?password=s%2Fcret", "redis+socket://:s%2Fcret@/run/redis.sock"),
        ("unix:///redis.sock?username=u&password=p&db=1", "redis+socket://u:p@/redis.sock?virtual_host=1"),
    ],
)
def test_broker_url_is_in_kombus_words(redis_url: str, broker_url: str) -> None:
    assert redis_transport.broker_url(redis_url) == broker_url
