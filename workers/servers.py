"""The servers that a program works with: those of the environment, else our own, started if need be."""

from dataclasses import replace

from connectors.config import Config, read_config
from connectors.keys import keys_of
from workers.embedded import ensure_servers


def find_servers() -> Config:
    """The configuration with servers that answer. Raises ConfigError and EmbeddedError."""
    config = read_config()
    found = ensure_servers(config)
    config = replace(config, database_url=found.database_url, redis_url=found.redis_url, embedded=found.embedded)
    keys_of(config)  # without one nothing starts, instead of failing at the first store
    return config
