"""Migrations: from nothing to now, once, whole or not at all, by one program at a time."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from connectors import postgres
from workers.embedded import Servers


@pytest.fixture
def empty_url(servers: Servers) -> Iterator[str]:
    """A database with nothing in it."""
    name = f"storesync_empty_{secrets.token_hex(6)}"
    with postgres.connect(servers.database_url) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield urlsplit(servers.database_url)._replace(path=f"/{name}").geturl()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_an_empty_database_is_brought_up_to_date_once(empty_url: str) -> None:
    names = [name for name, _ in postgres.migrations()]
    with postgres.connect(empty_url) as connection:
        before = postgres.missing_migrations(connection)
        applied = [postgres.upgrade(connection) for _ in range(2)]
        after = postgres.missing_migrations(connection)

    assert before == names
    assert applied == [names, []]
    assert after == []


def test_programs_that_start_at_once_migrate_once(empty_url: str) -> None:
    def upgrade(_: int) -> list[str]:
        with postgres.connect(empty_url) as connection:
            return postgres.upgrade(connection)

    with ThreadPoolExecutor(3) as pool:
        applied = sorted(pool.map(upgrade, range(3)), key=len)

    assert applied == [[], [], [name for name, _ in postgres.migrations()]]


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param("SELECT 1 / 0", id="in its own statements"),
        pytest.param("INSERT INTO schema_migrations (name) VALUES ('0002_bad')", id="when it is written down"),
    ],
)
def test_a_migration_that_fails_leaves_nothing_behind_and_is_applied_later(
    empty_url: str, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    good = [("0001_good", "CREATE TABLE good ()"), ("0002_bad", "CREATE TABLE bad ()")]
    broken = [good[0], ("0002_bad", f"CREATE TABLE bad (); {fails}")]
    with postgres.connect(empty_url) as connection:
        monkeypatch.setattr(postgres, "migrations", lambda: broken)
        with pytest.raises((psycopg.errors.DivisionByZero, psycopg.errors.UniqueViolation)):
            postgres.upgrade(connection)
        missing = postgres.missing_migrations(connection)

        monkeypatch.setattr(postgres, "migrations", lambda: good)
        assert postgres.upgrade(connection) == ["0002_bad"]

    assert missing == ["0002_bad"]


def test_a_migrated_database_has_its_account_and_main_location(connection: postgres.Connection) -> None:
    account = connection.execute("SELECT settings FROM account").fetchall()
    locations = connection.execute("SELECT code FROM hub.locations").fetchall()

    assert account == [{"settings": {}}]
    assert locations == [{"code": "main"}]


@pytest.mark.parametrize("statement", ["UPDATE journal SET outcome = 'nothing'", "DELETE FROM journal"])
def test_the_journal_is_append_only(connection: postgres.Connection, statement: str) -> None:
    connection.execute("INSERT INTO journal (action, outcome) VALUES ('import', 'imported')")

    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(statement.encode())


def test_a_migration_takes_as_long_as_it_takes(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = "CREATE TABLE limits AS SELECT current_setting('statement_timeout') AS here"
    with postgres.connect(empty_url) as connection:
        monkeypatch.setattr(postgres, "migrations", lambda: [("0001_limits", shown)])
        postgres.upgrade(connection)
        row = connection.execute("SELECT here, current_setting('statement_timeout') AS after FROM limits").fetchone()

    assert row == {"here": "0", "after": "1min"}
