"""The only reader of the environment: where the servers are, where data is kept (INTERFACE, configuration)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import platformdirs

from connectors.redis_url import read_tls


class ConfigError(Exception):
    """An environment variable with a value that cannot work; the message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the environment says. An empty URL stands for the embedded server."""

    database_url: str
    redis_url: str
    home: Path
    secret_key: str
    log: str
    embedded: frozenset[str] = frozenset()  # servers of our own that were found or started for an empty URL
    start_command: str = "storesync up"  # what people type to start the programs; messages name it
    alive_file: Path | None = None  # touched by workers and beat, for health checks of containers

    @property
    def is_embedded(self) -> bool:
        """Whether any server is our own, or ours to start."""
        return bool(self.embedded) or not self.has_servers

    @property
    def has_servers(self) -> bool:
        """Whether both servers are known."""
        return bool(self.database_url and self.redis_url)


def read_config(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration from the environment. Raises ConfigError with the variable's name."""
    database_url = environ.get("DATABASE_URL", "").strip()
    redis_url = environ.get("REDIS_URL", "").strip()
    log = environ.get("STORESYNC_LOG", "").strip() or "text"
    if database_url and not database_url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("DATABASE_URL must start with postgresql://")
    if redis_url:
        _refuse_redis_url(redis_url)
    if log not in {"text", "json"}:
        raise ConfigError("STORESYNC_LOG must be text or json")
    home = environ.get("STORESYNC_HOME", "").strip() or platformdirs.user_data_dir("storesync", appauthor=False)
    alive_file = environ.get("STORESYNC_ALIVE_FILE", "").strip()
    return Config(
        database_url=database_url,
        redis_url=redis_url,
        home=_absolute(home),
        secret_key=environ.get("STORESYNC_SECRET_KEY", "").strip(),
        log=log,
        start_command=environ.get("STORESYNC_START_COMMAND", "").strip() or "storesync up",
        alive_file=Path(alive_file) if alive_file else None,
    )


def log_form(environ: Mapping[str, str] = os.environ) -> str:
    """How to log, before anything else is looked at; what is wrong in it `read_config` says."""
    return "json" if environ.get("STORESYNC_LOG", "").strip() == "json" else "text"


def _absolute(home: str) -> Path:
    try:
        return Path(home).expanduser().absolute()
    except RuntimeError as unknown:
        raise ConfigError("STORESYNC_HOME begins with ~ and a user that is not known here: give a path") from unknown


def _refuse_redis_url(url: str) -> None:
    """Raise ConfigError where redis-py or kombu cannot read it, or the two of them would read it differently."""
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must start with redis://, rediss:// or unix://")
    try:
        parts = urlsplit(url)
        _ = parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        is_read = False
    else:
        is_socket = parts.scheme == "unix"
        number = options.get("db", "0") if is_socket else parts.path.removeprefix("/")
        is_read = (not number or number.isdecimal()) and all(
            name in {"db", "username", "password"} if is_socket else name.startswith("ssl_") for name in options
        )
    if not is_read:  # the password may stand anywhere in it: no part of it is shown
        raise ConfigError(
            "REDIS_URL must be like redis://:PASSWORD@HOST:6379/0 or unix:///PATH?password=PASSWORD&db=0; in user name"
            " and password write %40 for @, %2F for / and %3A for :"
        )
    try:
        read_tls(url)
    except ValueError as wrong:
        raise ConfigError(f"REDIS_URL {wrong}") from None
