"""What one process holds open: configuration, database pool, Redis, keys, and the connectors of its stores."""

from __future__ import annotations

import atexit
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors import hub_means, locks, postgres
from connectors.config import Config, ConfigError, read_config
from connectors.keys import keys_of
from connectors.later import Later
from connectors.platforms import open_store

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool
    from redis import Redis

    from connectors import http, secrets
    from connectors.postgres import tokens
    from connectors.postgres.rows import StoreRow
    from connectors.store import StoreConnector
else:
    http = Later("connectors.http")
    secrets = Later("connectors.secrets")
    tokens = Later("connectors.postgres.tokens")


def _clock() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Process:
    """Opened at first use, in the process that uses it: a forked child must not share its parent's connections.

    `now()` is its clock, `chance()` a number in [0, 1): nothing in tasks asks for either elsewhere.
    """

    config: Config
    pool: ConnectionPool[postgres.Connection]
    now: Callable[[], datetime] = _clock
    chance: Callable[[], float] = random.random
    pid: int = field(default_factory=os.getpid)
    _redis: Redis | None = None
    _secrets: secrets.Secrets | None = None
    _connectors: dict[int, tuple[str, StoreConnector]] = field(default_factory=dict)

    @property
    def redis(self) -> Redis:
        """Redis, which connects at first use."""
        if self._redis is None:
            self._redis = locks.open_redis(self.config.redis_url)
        return self._redis

    @property
    def secrets(self) -> secrets.Secrets:
        """What credentials are locked with."""
        if self._secrets is None:
            self._secrets = secrets.open_secrets(self.config)
        return self._secrets

    def connector(self, row: StoreRow) -> StoreConnector:
        """The connector of a store's row; kept, with its connection, until address or credentials change."""
        mark = f"{row.url} {row.allow_insecure} {row.credentials}"
        kept = self._connectors.get(row.id)
        if kept is None or kept[0] != mark:
            connector = open_store(
                row.platform,
                row.url,
                self.secrets.unlock(row.credentials),
                shared=self._shared(row.id),
                allow_insecure=row.allow_insecure,
            )
            kept = self._connectors[row.id] = (mark, connector)
        return kept[1]

    def _shared(self, store_id: int) -> http.Shared:
        waits = locks.StoreWaits(self.redis, store_id)
        return http.Shared(waits, tokens.StoreTokens(self.pool, self.secrets, store_id))

    def close(self) -> None:
        """Give everything back."""
        self.pool.close()
        if self._redis is not None:
            self._redis.close()


class _Held:
    process: Process | None = None
    config: Config | None = None


def configure(config: Config) -> None:
    """Use this configuration from here on; whoever starts a program calls it once the servers are known."""
    if _Held.process is not None and _Held.process.config != config:
        close_process()
    _Held.config = config


def process() -> Process:
    """What this process holds open, opened now if need be. Raises ConfigError when no server is known."""
    held = _Held.process
    if held is not None and held.pid == os.getpid():
        return held
    config = _Held.config or read_config()
    if not config.has_servers:
        raise ConfigError("no servers: set DATABASE_URL and REDIS_URL, or start with a storesync command")
    keys_of(config)  # without one nothing starts, instead of failing at the first store
    _Held.process = Process(config, postgres.open_pool(config.database_url))
    return _Held.process


def close_process() -> None:
    """Close what this process holds; the next use opens it anew."""
    held, _Held.process = _Held.process, None
    if held is not None and held.pid == os.getpid():
        held.close()


hub_means.equip(process)

# Whatever way a program takes out: from Python 3.13 on the threads of an open pool hold up its end for 20 seconds.
atexit.register(close_process)
