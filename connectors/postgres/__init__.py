"""PostgreSQL: connections, named queries and migrations. The only place, with its neighbours, that knows SQL."""

import re
import select
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from connectors.postgres import fitness

Connection = psycopg.Connection[DictRow]
Row = dict[str, Any]

_QUERY_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT = re.compile(r"(^|\s)--\s.*$")
_MIGRATION_LOCK = 7203_0001  # advisory lock: two starting processes do not migrate at once


def connect(url: str) -> Connection:
    """One autocommit connection; transactions are opened where they are needed.

    Raises psycopg.OperationalError, and ConfigError where the database is not fit for us.
    """
    try:
        connection = psycopg.connect(url, **_SESSION)
    except psycopg.OperationalError as error:
        fitness.refuse_refused(error)
        raise
    try:
        fitness.refuse_unfit(connection)
    except BaseException:
        connection.close()
        raise
    return connection


_SESSION: dict[str, Any] = {
    "autocommit": True,
    "row_factory": dict_row,
    "connect_timeout": 5,
    "client_encoding": "utf8",  # whatever the database, the role or the environment says
    "options": fitness.OPTIONS,
}


def open_pool(url: str, *, size: int = 4) -> ConnectionPool[Connection]:
    """A pool for one process; open it after the fork, an inherited one shares its backend."""
    return ConnectionPool(
        url,
        connection_class=Connection,
        kwargs=_SESSION,
        min_size=1,
        max_size=size,
        check=_check,
        timeout=10,
        open=True,
    )


def _check(connection: Connection) -> None:
    """Let no task have a connection that a restarted server has closed. Raises psycopg.OperationalError.

    One that is idle has nothing to read, so whether it is open costs no round trip.
    """
    idle = select.poll()
    idle.register(connection.fileno(), select.POLLIN)
    if idle.poll(0):
        ConnectionPool.check_connection(connection)


@cache
def queries(file: str) -> dict[str, LiteralString]:
    """The statements of `queries/<file>.sql` by name; each stands under a line `-- name: its_name`."""
    text: LiteralString = resources.files(__package__).joinpath("queries", f"{file}.sql").read_text()
    parts = _QUERY_NAME.split(text)[1:]
    return {name: _bare(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _bare(statement: LiteralString) -> LiteralString:
    """Without comments and indentation: psycopg reads a short statement once and a long one at every execution."""
    return "\n".join(line for line in (_COMMENT.sub("", line).strip() for line in statement.splitlines()) if line)


def migrations() -> list[tuple[str, LiteralString]]:
    """Every migration as (name, SQL), in the order of their numbers."""
    folder = resources.files(__package__).joinpath("migrations")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [(file.name.removesuffix(".sql"), file.read_text()) for file in files]


@contextmanager
def _patience(connection: Connection) -> Iterator[None]:
    """An index of a table that has grown for years, or another who migrates, takes longer than a statement may."""
    connection.execute("SET statement_timeout = 0")
    try:
        yield
    finally:
        connection.execute("RESET statement_timeout")


@contextmanager
def _migration_lock(connection: Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))


def upgrade(connection: Connection) -> list[str]:
    """Apply the migrations that are missing, each in a transaction of its own; returns their names."""
    applied: list[str] = []
    with _patience(connection), _migration_lock(connection):
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        done = {row["name"] for row in connection.execute("SELECT name FROM schema_migrations")}
        for name, statements in migrations():
            if name in done:
                continue
            with connection.transaction():
                connection.execute(statements)
                connection.execute("INSERT INTO schema_migrations (name) VALUES (%s)", (name,))
            applied.append(name)
    return applied


def missing_migrations(connection: Connection) -> list[str]:
    """Names of the migrations that this database has not had yet."""
    row = connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL AS there").fetchone()
    if row is None or not row["there"]:
        return [name for name, _ in migrations()]
    done = {row["name"] for row in connection.execute("SELECT name FROM schema_migrations")}
    return [name for name, _ in migrations() if name not in done]
