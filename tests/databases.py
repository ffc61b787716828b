"""Databases of the tests: a migrated template, copies of it, and for each worker one that is emptied after each test.

A copy costs half a second, emptying some milliseconds: every table that has rows loses them, what a migrated database
has in it comes back, sequences start anew. A database that a test has changed in more than its rows is replaced.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from connectors import postgres
from tests.homes import name_in_run
from tests.sessions import idle_pids

_Connection = psycopg.Connection[tuple[Any, ...]]

_TEMPLATE_LOCK = 7203_0002  # advisory lock: of several workers one makes the template

_TABLES = """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid >= 16384 AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY c.oid"""
_SEQUENCES = """SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value),
    last_value IS NOT NULL FROM pg_sequences ORDER BY 1"""
_COLUMNS = """SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass
    AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"""
# Rows of the catalogue that are younger than the ones of the copy, or fewer: something was made, changed or dropped.
_FINGERPRINT = """SELECT
    (SELECT count(*) || ':' || sum(hashtext(relname)) FROM pg_class
        WHERE oid >= 16384 AND relpersistence = 'p') AS names,
    (SELECT count(*) || ':' || max(xmin::text::bigint) FROM pg_attribute WHERE attrelid IN
        (SELECT oid FROM pg_class WHERE oid >= 16384 AND relpersistence = 'p')) AS columns,
    (SELECT count(*) || ':' || max(xmin::text::bigint) FROM pg_constraint WHERE oid >= 16384) AS constraints,
    (SELECT count(*) || ':' || max(xmin::text::bigint) FROM pg_trigger WHERE oid >= 16384) AS triggers,
    (SELECT count(*) || ':' || max(xmin::text::bigint) FROM pg_proc WHERE oid >= 16384) AS functions,
    (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database()) AS settings"""
_END_OTHERS = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> ALL (%s) AND backend_type = 'client backend'"""


def at_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


@contextmanager
def own_database(url: str, name: str = "") -> Iterator[str]:
    """A new migrated database on the server of a URL, dropped in the end; its own URL."""
    database = name_in_run(name or secrets.token_hex(6))
    yield _copy_template(url, database)
    _drop_database(url, database)


def drop_template(url: str) -> None:
    """The run is over."""
    _drop_database(url, name_in_run("template"))


def _copy_template(url: str, name: str) -> str:
    template = name_in_run("template")
    with postgres.connect(url) as connection:
        # PostgreSQL refuses to copy a database that another session is using, so one worker at a time.
        connection.execute("SELECT pg_advisory_lock(%s)", (_TEMPLATE_LOCK,))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (template,)).fetchone():
            _make_template(connection, url, template)
        _create_database(connection, name, template=template)
    return at_database(url, name)


def _drop_database(url: str, name: str) -> None:
    with postgres.connect(url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _make_template(connection: postgres.Connection, url: str, template: str) -> None:
    draft = f"{template}_draft"  # a template is migrated as a whole or not there
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(draft)))
    _create_database(connection, draft, template="template0")
    with postgres.connect(at_database(url, draft)) as migrating:
        postgres.upgrade(migrating)
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template))
    )


def _create_database(connection: postgres.Connection, name: str, *, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


@dataclass(frozen=True, slots=True)
class _Copy:
    """What a copy of the template is like before a test has seen it."""

    empty: Sequence[sql.Identifier]
    full: Sequence[sql.Identifier]
    rows: Sequence[str]  # of those that are full
    sequences: sql.Composed  # a statement that sets all of them
    fingerprint: object


class ScratchDatabase:
    """A database for one test after the other: each finds it as migrations leave it."""

    def __init__(self, url: str, name: str) -> None:
        self._server, self._name = url, name_in_run(name)
        self.url = at_database(url, self._name)
        self._copy = self._new_copy()

    def renew(self) -> None:
        """Make it as good as a new copy, whatever a test did to it."""
        try:
            with _open(self.url) as connection:
                is_empty = _empty(connection, self._copy)
        except (psycopg.OperationalError, InsufficientPrivilege):  # it lets nobody in, or we are no superuser
            is_empty = False
        if not is_empty:
            self.drop()
            self._copy = self._new_copy()

    def drop(self) -> None:
        """Leave nothing behind."""
        _drop_database(self._server, self._name)

    def _new_copy(self) -> _Copy:
        _copy_template(self._server, self._name)
        with _open(self.url) as connection:
            return _look_at(connection)


def _open(url: str) -> _Connection:
    return psycopg.connect(url, autocommit=True, connect_timeout=5, options="-c lock_timeout=10s")


def _look_at(connection: _Connection) -> _Copy:
    tables = [sql.Identifier(*row) for row in connection.execute(_TABLES)]
    full = _with_rows(connection, tables)
    empty = [table for table in tables if table not in full]
    values = (sql.SQL("setval({}, {}, {})").format(*row) for row in connection.execute(_SEQUENCES))
    sequences = sql.SQL("SELECT {}").format(sql.SQL(", ").join(values))
    return _Copy(empty, full, _rows_of(connection, full), sequences, connection.execute(_FINGERPRINT).fetchone())


def _with_rows(connection: _Connection, tables: Sequence[sql.Identifier]) -> list[sql.Identifier]:
    has_rows = sql.SQL(", ").join(sql.SQL("EXISTS (SELECT FROM {})").format(table) for table in tables)
    found = connection.execute(sql.SQL("SELECT {}").format(has_rows)).fetchone() or ()
    return [table for table, is_full in zip(tables, found, strict=True) if is_full]


def _rows_of(connection: _Connection, tables: Sequence[sql.Identifier]) -> Sequence[str]:
    rows = sql.SQL(", ").join(sql.SQL("(SELECT json_agg(t)::text FROM {} t)").format(table) for table in tables)
    return connection.execute(sql.SQL("SELECT {}").format(rows)).fetchone() or ()


def _put_back(connection: _Connection, table: sql.Identifier, rows: str) -> None:
    names = connection.execute(_COLUMNS, (table.as_string(connection),))
    columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)
    back = "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE SELECT {1} FROM json_populate_recordset(NULL::{0}, %s::json)"
    connection.execute(sql.SQL("DELETE FROM {}").format(table))
    connection.execute(sql.SQL(back).format(table, columns), (rows,))


def _empty(connection: _Connection, copy: _Copy) -> bool:
    """Whether it is as it was copied; not if it has been changed in more than its rows."""
    connection.execute(_END_OTHERS, ([connection.info.backend_pid, *idle_pids()],))
    if connection.execute(_FINGERPRINT).fetchone() != copy.fingerprint:
        return False
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")  # neither triggers nor foreign keys
        full = _with_rows(connection, copy.empty)
        connection.execute(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(table) for table in full))
        for table, rows, found in zip(copy.full, copy.rows, _rows_of(connection, copy.full), strict=True):
            if found != rows:
                _put_back(connection, table, rows)
        connection.execute(copy.sequences)
    return True
