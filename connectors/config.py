"""The only reader of the environment: where the servers are, where data is kept (INTERFACE, configuration)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


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
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise ConfigError("REDIS_URL must start with redis://, rediss:// or unix://")
    if log not in {"text", "json"}:
        raise ConfigError("STORESYNC_LOG must be text or json")
    home = environ.get("STORESYNC_HOME", "").strip() or platformdirs.user_data_dir("storesync", appauthor=False)
    return Config(
        database_url=database_url,
        redis_url=redis_url,
        home=Path(home).expanduser().absolute(),
        secret_key=environ.get("STORESYNC_SECRET_KEY", "").strip(),
        log=log,
    )
