"""A database that would break the work later is refused at once, with the reason: its encoding, a pooler before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from connectors import postgres
from connectors.config import ConfigError
from connectors.postgres.fitness import SETTINGS
from tests.connectors.postgres.unfit import careless_pooler, database_in, has_pgbouncer, pgbouncer
from workers.embedded import Servers

needs_pgbouncer = pytest.mark.skipif(not has_pgbouncer(), reason="PgBouncer is not installed (apt install pgbouncer)")


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "LATIN2", "WIN1252", "EUC_JP"])
def test_database_that_is_not_UTF8_is_refused_by_the_name_of_its_encoding(servers: Servers, encoding: str) -> None:
    with (
        database_in(encoding, servers.database_url) as url,
        pytest.raises(ConfigError, match=rf"^DATABASE_URL .* encoding {encoding}, .* must be UTF8"),
    ):
        postgres.connect(url)


def test_client_encoding_is_ours_whatever_database_and_environment_say(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with database_in("UTF8", servers.database_url) as url:
        with psycopg.connect(url, autocommit=True) as admin:
            name = sql.Identifier(admin.info.dbname)
            admin.execute(sql.SQL("ALTER DATABASE {} SET client_encoding = 'LATIN1'").format(name))

        with postgres.connect(url) as connection, postgres.open_pool(url) as pool, pool.connection() as pooled:
            said = [one.execute("SELECT 'Wałęsa' AS name").fetchone() for one in (connection, pooled)]

    assert said == [{"name": "Wałęsa"}] * 2


def test_pooler_that_drops_options_is_refused_with_what_is_not_in_force(database_url: str) -> None:
    with (
        careless_pooler(database_url) as through,
        pytest.raises(ConfigError, match=r"pooler.*not in force: .*plan_cache_mode.*PostgreSQL itself"),
    ):
        postgres.connect(through)


def test_pooler_that_refuses_options_is_refused_with_the_cure(database_url: str) -> None:
    with (
        careless_pooler(database_url, refuses=True) as through,
        pytest.raises(ConfigError, match=r"pooler.*does not take `options`.*PostgreSQL itself"),
    ):
        postgres.connect(through)


@needs_pgbouncer
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_PgBouncer_without_options_is_refused(database_url: str, tmp_path: Path, mode: str) -> None:
    with pgbouncer(database_url, tmp_path, mode) as through, pytest.raises(ConfigError, match="not in force"):
        postgres.connect(through)


@contextmanager
def settings_by_database(url: str) -> Iterator[None]:
    """Everything that we ask for is in force without being asked for."""
    with postgres.connect(url) as admin:
        name = sql.Identifier(admin.info.dbname)
        for setting, value in SETTINGS.items():
            statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
            admin.execute(statement.format(name, sql.Identifier(setting), sql.Literal(value)))
        yield
        admin.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))


@needs_pgbouncer
def test_PgBouncer_that_mixes_sessions_is_refused_though_all_settings_are_in_force(
    fresh_database_url: str, tmp_path: Path
) -> None:
    with (
        settings_by_database(fresh_database_url),
        pgbouncer(fresh_database_url, tmp_path, "transaction") as through,
        pytest.raises(ConfigError, match="what one session sets, another one sees"),
    ):
        postgres.connect(through)


@needs_pgbouncer
def test_PgBouncer_that_keeps_sessions_apart_is_taken_where_all_settings_are_in_force(
    fresh_database_url: str, tmp_path: Path
) -> None:
    with (
        settings_by_database(fresh_database_url),
        pgbouncer(fresh_database_url, tmp_path, "session") as through,
        postgres.connect(through) as connection,
    ):
        assert postgres.missing_migrations(connection) == []
