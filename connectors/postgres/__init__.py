"""PostgreSQL: connections, named queries and migrations. The only place, with its neighbours, that knows SQL."""

import re
import select
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from importlib import resources
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, class_row, dict_row
from psycopg_pool import ConnectionPool

from connectors.postgres import fitness

Connection = psycopg.Connection[DictRow]
Row = dict[str, Any]
T = TypeVar("T")

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
    "target_session_attrs": "read-write",  # of several servers the one that takes writes
    # A server that vanished with its machine says nothing: notice within half a minute, and not in hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
_RECONNECT_SECONDS = 5


def read_all(
    connection: Connection, shape: type[T], statement: LiteralString, values: Mapping[str, Any] | None = None
) -> list[T]:
    """Every row that a statement finds, as what its columns make."""
    with connection.cursor(row_factory=class_row(shape)) as cursor:
        return cursor.execute(statement, values).fetchall()


def read_one(
    connection: Connection, shape: type[T], statement: LiteralString, values: Mapping[str, Any] | None = None
) -> T | None:
    """The first row that a statement finds, as what its columns make."""
    with connection.cursor(row_factory=class_row(shape)) as cursor:
        return cursor.execute(statement, values).fetchone()


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
        reconnect_timeout=_RECONNECT_SECONDS,  # then who needs one tries at once, instead of ever later
        open=True,
    )


def _check(connection: Connection) -> None:
    """Let no task have a connection that a restarted server has closed, or of one that takes no writes any more.

    One that is idle has nothing to read, so whether it is open costs no round trip. Raises psycopg.OperationalError.
    """
    idle = select.poll()
    idle.register(connection.fileno(), select.POLLIN)
    if idle.poll(0):
        ConnectionPool.check_connection(connection)
    if connection.info.parameter_status("default_transaction_read_only") == "on":
        connection.close()
        raise psycopg.OperationalError("the server takes no writes any more")


def together(connection: Connection) -> AbstractContextManager[object]:
    """A transaction around several statements: the one that is open, else one of their own."""
    return nullcontext() if is_in_transaction(connection) else connection.transaction()


def is_in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open: then nobody outside is asked, who may take long."""
    return connection.info.transaction_status is not TransactionStatus.IDLE


@cache
def queries(file: str, package: str = __package__) -> dict[str, LiteralString]:
    """The statements of a package's `queries/<file>.sql` by name; each stands under a line `-- name: its_name`."""
    text: LiteralString = resources.files(package).joinpath("queries", f"{file}.sql").read_text()
    parts = _QUERY_NAME.split(text)[1:]
    return {name: _bare(body) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def chosen(
    statement: LiteralString, conditions: Iterable[LiteralString], **parts: LiteralString | int
) -> LiteralString:
    """A statement about what fulfils all of some conditions, in place of its {which}; and with other parts by name.

    Plans are made without the values: one of `(%(x)s IS NULL OR …)` would read everything, and of a limit that it does
    not know one expects a tenth of all there is.
    """
    which = "\n  AND ".join(conditions) or "true"
    for name, part in {"which": which, **parts}.items():
        statement = statement.replace(f"{{{name}}}", str(part))
    return statement


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
