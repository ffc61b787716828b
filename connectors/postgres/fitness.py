"""Whether a database, and what stands between it and us, can be worked with at all: asked of every new connection."""

from typing import Any, Final

import psycopg

from connectors.config import ConfigError

# As PostgreSQL writes the values itself, so that they can be compared. A statement that waits for a minute is stuck; an
# idle transaction holds row locks that others wait for. Every statement is a look-up by key: planning it anew each time
# costs more than it could win, and so do helpers that are started for it.
SETTINGS: Final = {
    "timezone": "UTC",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "statement_timeout": "1min",
    "idle_in_transaction_session_timeout": "2min",
}
# Of a client that vanished with its machine the server, too, hears nothing: what it held, beat's place above all, is
# free within half a minute. Sockets of a machine know no such settings, and show none.
_KEEPALIVE: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
OPTIONS: Final = " ".join(f"-c {name}={value}" for name, value in (SETTINGS | _KEEPALIVE).items())

_POOLED: Final = (
    "DATABASE_URL leads to a connection pooler, such as PgBouncer, that does not keep a session together ({why}):"
    " orders would stay behind. Give the address of PostgreSQL itself"
)
_ENCODING: Final = (
    "DATABASE_URL names a database in the encoding {encoding}, which cannot hold every name and address: it must be"
    " UTF8. Make a new one: CREATE DATABASE storesync TEMPLATE template0 ENCODING 'UTF8'"
)
_PROBE: Final = "storesync.probe"
_ASK: Final = "SELECT pg_backend_pid() AS pid, " + ", ".join(
    f"current_setting('{name}') AS {name}" for name in SETTINGS
)


def refuse_unfit(connection: psycopg.Connection[Any]) -> None:
    """Raise ConfigError where the encoding, or a pooler that mixes sessions, would break the work later."""
    encoding = connection.info.parameter_status("server_encoding") or "unknown"
    if encoding != "UTF8":
        raise ConfigError(_ENCODING.format(encoding=encoding))
    (found,) = connection.execute(_ASK).fetchall()
    dropped = [name for name, value in SETTINGS.items() if found[name] != value]
    if dropped:
        raise ConfigError(_POOLED.format(why=f"what was asked for in `options` is not in force: {', '.join(dropped)}"))
    # Who answers is not who greeted us: something stands between. What one session sets, no other may see.
    if found["pid"] != connection.info.backend_pid and _is_shared(connection):
        raise ConfigError(_POOLED.format(why="what one session sets, another one sees"))


def refuse_refused(error: psycopg.OperationalError) -> None:
    """Raise ConfigError where a pooler does not even take `options`."""
    if "startup parameter" in str(error):
        raise ConfigError(_POOLED.format(why="it does not take `options`")) from error


def _is_shared(connection: psycopg.Connection[Any]) -> bool:
    """Whether a second connection finds what this one set for itself."""
    try:
        connection.execute("SELECT set_config(%s, 'set', false)", (_PROBE,))
        with psycopg.connect(connection.info.dsn, password=connection.info.password, autocommit=True) as other:
            seen = other.execute("SELECT current_setting(%s, true)", (_PROBE,)).fetchone()
        return bool(seen and seen[0] == "set")
    finally:
        connection.execute("SELECT set_config(%s, '', false)", (_PROBE,))
