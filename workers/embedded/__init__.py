"""Our own PostgreSQL and Valkey where none is configured: found running or started, stopped, looked at.

They are daemons of the home, shared by every command that uses it, and stay when the command ends. They listen on
127.0.0.1 only and ask for a password that is kept in the home (`postgres/url` and `redis/url`, mode 0600).
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from connectors.config import Config
from workers.embedded import daemon
from workers.embedded.daemon import EmbeddedError
from workers.embedded.keeper import Keeper
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.redis import EmbeddedRedis

__all__ = [
    "EmbeddedError",
    "ServerStatus",
    "Servers",
    "ensure_servers",
    "keep_servers",
    "remove_home",
    "server_status",
    "stop_servers",
]


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers are; `embedded` names the variables that a server of our own stands in for."""

    database_url: str
    redis_url: str
    embedded: frozenset[str]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server of our own; `pid` is None when it does not run."""

    name: str
    pid: int | None
    folder: Path
    log: Path


def ensure_servers(config: Config, *, durable: bool = True) -> Servers:
    """The configured servers; our own, started if need be, for each that is not. Raises EmbeddedError.

    Without `durable` a server that we start forgets what it likes in a crash: for tests and measurements. One that
    runs already is taken as it is. Migrations are the caller's.
    """
    if not config.is_embedded:
        return Servers(config.database_url, config.redis_url, frozenset())
    configured = {"DATABASE_URL": config.database_url, "REDIS_URL": config.redis_url}
    with daemon.starting(config.home):
        return Servers(
            config.database_url or daemon.ensure_running(EmbeddedPostgres(config.home, durable)),
            config.redis_url or daemon.ensure_running(EmbeddedRedis(config.home, durable)),
            frozenset(name for name, url in configured.items() if not url),
        )


def keep_servers(config: Config) -> Keeper:
    """Whoever looks after the servers of our own that a program was given: each that ends is started again."""
    own: dict[str, daemon.Server] = {
        "DATABASE_URL": EmbeddedPostgres(config.home),
        "REDIS_URL": EmbeddedRedis(config.home),
    }
    return Keeper([server for variable, server in own.items() if variable in config.embedded])


def stop_servers(config: Config) -> tuple[str, ...]:
    """Stop the servers of this home; the names of those that ran. Raises EmbeddedError."""
    with daemon.starting(config.home):
        return tuple(server.name for server in _servers(config) if daemon.stop(server))


def remove_home(config: Config) -> None:
    """Stop the servers of this home and remove it with all their data. Raises EmbeddedError."""
    stop_servers(config)
    EmbeddedPostgres(config.home).forget_data()
    shutil.rmtree(config.home, ignore_errors=True)


def server_status(config: Config) -> tuple[ServerStatus, ...]:
    """The servers of this home, whether they run or not."""
    with daemon.starting(config.home):
        return tuple(
            ServerStatus(server.name, daemon.running_pid(server), server.folder, daemon.log_path(server))
            for server in _servers(config)
        )


def _servers(config: Config) -> tuple[EmbeddedPostgres | EmbeddedRedis, ...]:
    return EmbeddedPostgres(config.home), EmbeddedRedis(config.home)
