"""Whether this installation can work right now."""

import psycopg
from redis.exceptions import RedisError

from connectors import postgres
from connectors.config import Config, ConfigError
from connectors.locks import open_redis


def look(config: Config) -> dict[str, str]:
    """Each server's state: ok, not_upgraded, unfit or unreachable. Tells nothing else, since anybody may ask."""
    return {"database": _database(config), "redis": _redis(config)}


def _database(config: Config) -> str:
    try:
        with postgres.connect(config.database_url) as connection:
            return "not_upgraded" if postgres.missing_migrations(connection) else "ok"
    except ConfigError:
        return "unfit"
    except psycopg.Error:
        return "unreachable"


def _redis(config: Config) -> str:
    try:
        with open_redis(config.redis_url) as redis:
            redis.ping()
        return "ok"
    except RedisError:
        return "unreachable"
