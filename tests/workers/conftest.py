"""All who connect to Redis, asked whether they can."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Our own client, Celery's broker connection, and the broker as Flower sees it: "yes", or the name of what went wrong.
# To load the three takes longer than to connect, so one process loads them, and a fork of it connects to each address.
CONNECT = """
import asyncio, json, os, sys
from connectors.config import read_config
from connectors.locks import open_redis
from flower.utils.broker import Broker
from workers.app import app

def said(ask):
    try:
        ask()
        return "yes"
    except Exception as error:
        return "certificate" if "certificate verify failed" in str(error) else repr(error)

def broker():
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()

def flower():
    uri = app.connection().as_uri(include_password=True)
    options, tls = app.conf.broker_transport_options, app.conf.broker_use_ssl
    asyncio.run(Broker(uri, broker_options=options, broker_use_ssl=tls).queues(["fetch"]))

for line in sys.stdin:
    if os.fork() == 0:
        os.environ["REDIS_URL"] = line.strip()
        print(json.dumps([said(open_redis(read_config().redis_url).ping), said(broker), said(flower)]), flush=True)
        os._exit(0)
    _, failed = os.wait()
    if failed:
        sys.exit("it could not even be tried")
"""

Connect = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def connect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connect]:
    """What each of the three says of a Redis."""
    environ = {**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:1/nowhere", "STORESYNC_SECRET_KEY": "k" * 20}
    log = tmp_path_factory.mktemp("connect") / "stderr"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", CONNECT],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as connecting,
    ):
        assert connecting.stdin
        assert connecting.stdout
        asked, answers = connecting.stdin, connecting.stdout

        def ask(redis_url: str) -> list[str]:
            print(redis_url, file=asked, flush=True)
            answer = answers.readline()
            said = log.read_text()
            assert answer, said
            assert "insecure" not in said
            found: list[str] = json.loads(answer)
            return found

        yield ask
        asked.close()
