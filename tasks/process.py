"""What one process holds open: configuration, database pool, Redis, keys, and the connectors of its stores."""

import atexit
import os
from dataclasses import dataclass, field

from psycopg_pool import ConnectionPool
from redis import Redis

from connectors import open_store, postgres
from connectors.config import Config, ConfigError, read_config
from connectors.http import Shared
from connectors.locks import StoreWaits, open_redis
from connectors.postgres.tokens import StoreTokens
from connectors.secrets import Secrets, open_secrets
from connectors.store import StoreConnector


@dataclass(slots=True)
class Process:
    """Opened at first use, in the process that uses it: a forked child must not share its parent's connections."""

    config: Config
    pool: ConnectionPool[postgres.Connection]
    redis: Redis
    secrets: Secrets
    pid: int = field(default_factory=os.getpid)
    _connectors: dict[int, tuple[str, StoreConnector]] = field(default_factory=dict)

    def connector(self, row: postgres.Row) -> StoreConnector:
        """The connector of a store's row; kept, with its connection, until address or credentials change."""
        mark = f"{row['url']} {row['allow_insecure']} {row['credentials']}"
        kept = self._connectors.get(row["id"])
        if kept is None or kept[0] != mark:
            connector = open_store(
                row["platform"],
                row["url"],
                self.secrets.unlock(row["credentials"]),
                shared=self._shared(row["id"]),
                allow_insecure=row["allow_insecure"],
            )
            kept = self._connectors[row["id"]] = (mark, connector)
        return kept[1]

    def _shared(self, store_id: int) -> Shared:
        return Shared(StoreWaits(self.redis, store_id), StoreTokens(self.pool, self.secrets, store_id))

    def close(self) -> None:
        """Give everything back."""
        self.pool.close()
        self.redis.close()


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
    _Held.process = Process(
        config=config,
        pool=postgres.open_pool(config.database_url),
        redis=open_redis(config.redis_url),
        secrets=open_secrets(config),
    )
    return _Held.process


def close_process() -> None:
    """Close what this process holds; the next use opens it anew."""
    held, _Held.process = _Held.process, None
    if held is not None and held.pid == os.getpid():
        held.close()


# Whatever way a program takes out: from Python 3.13 on the threads of an open pool hold up its end for 20 seconds.
atexit.register(close_process)
