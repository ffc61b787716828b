"""rediss://: whoever connects to Redis looks at the server's certificate, and all of them the same way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.config import ConfigError, read_config
from connectors.redis_url import read_tls
from tests.tls import make_authority, tls_redis

ROOT = Path(__file__).parents[2]

# Our own client, Celery's broker connection, and the broker as Flower sees it: "yes", or the name of what went wrong.
CONNECT = """
import asyncio, json
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

print(json.dumps([said(open_redis(read_config().redis_url).ping), said(broker), said(flower)]))
"""


@dataclass(frozen=True, slots=True)
class Door:
    """A Redis behind TLS, the authority of its certificate, and one that has nothing to do with it."""

    url: str
    authority: Path
    other: Path


@pytest.fixture
def door(redis_url: str, tmp_path: Path) -> Iterator[Door]:
    """A Redis that speaks TLS."""
    authority, other = make_authority(tmp_path, "ours"), make_authority(tmp_path, "other")
    with tls_redis(redis_url, tmp_path / "ours-server.pem") as url:
        yield Door(url, authority, other)


def connect(database_url: str, redis_url: str) -> list[str]:
    """What each of the three says."""
    environ = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "STORESYNC_SECRET_KEY": "k" * 20}
    done = subprocess.run(
        [sys.executable, "-c", CONNECT], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "insecure" not in done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("reqs", ["", "&ssl_cert_reqs=required", "&ssl_cert_reqs=CERT_REQUIRED"])
def test_server_whose_certificate_is_right_is_taken_by_all(door: Door, database_url: str, reqs: str) -> None:
    assert connect(database_url, f"{door.url}?ssl_ca_certs={door.authority}{reqs}") == ["yes"] * 3


@pytest.mark.parametrize("reqs", ["", "&ssl_cert_reqs=CERT_REQUIRED"])
def test_server_whose_certificate_is_of_another_authority_is_taken_by_none(
    door: Door, database_url: str, reqs: str
) -> None:
    assert connect(database_url, f"{door.url}?ssl_ca_certs={door.other}{reqs}") == ["certificate"] * 3


def test_certificate_is_looked_at_where_nothing_is_said_of_it(door: Door, database_url: str) -> None:
    assert connect(database_url, door.url) == ["certificate"] * 3


def test_name_in_the_certificate_counts(door: Door, database_url: str) -> None:
    url = f"{door.url.replace('127.0.0.1', 'localhost')}?ssl_ca_certs={door.authority}"

    assert connect(database_url, url) == ["certificate"] * 3
    assert connect(database_url, f"{url}&ssl_check_hostname=false") == ["yes"] * 3


@pytest.mark.parametrize("reqs", ["none", "CERT_NONE"])
def test_who_asks_for_no_look_at_the_certificate_gets_none(door: Door, database_url: str, reqs: str) -> None:
    assert connect(database_url, f"{door.url}?ssl_cert_reqs={reqs}") == ["yes"] * 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rediss://h:1/0?ssl_cert_reqs=yes", "ssl_cert_reqs that must be required, optional, none"),
        ("rediss://h:1/0?ssl_cert_reqs=", "ssl_cert_reqs that must be required, optional, none"),
        ("rediss://h:1/0?ssl_check_hostname=maybe", "ssl_check_hostname that must be true or false"),
        ("rediss://h:1/0?ssl_ca_certs=/no/such/file", "ssl_ca_certs that names no file: /no/such/file"),
        ("rediss://h:1/0?ssl_ca_path=/no/such/folder", "ssl_ca_path that names no folder"),
        ("rediss://h:1/0?ssl_verify=1", "ssl_verify: there are ssl_cert_reqs, ssl_ca_certs"),
        ("redis://h:1/0?ssl_cert_reqs=none", "must start with rediss://"),
        ("redis://:geheim@h:1/0?ssl_ca_certs=/x", "must start with rediss://"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"^REDIS_URL ") as refused:
        read_config({"REDIS_URL": url})

    assert words in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_connection_without_TLS_has_no_options_of_it() -> None:
    assert read_tls("redis://h:1/0") == read_tls("unix:///s?db=1") == {}
