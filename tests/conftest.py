"""Real servers for the tests: one pair per run, one database per worker, one transaction per test.

The servers are our own, in a temporary home, unless TEST_DATABASE_URL or TEST_REDIS_URL name others. Every worker of
pytest-xdist uses the same pair. A server that cannot be started skips on a laptop and fails where CI is set.
"""

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
import redis as redis_client
from cryptography.fernet import Fernet
from psycopg import sql

from connectors import postgres
from connectors.config import Config
from workers.embedded import EmbeddedError, Servers, ensure_servers, stop_servers

_HOME = "STORESYNC_TESTS_HOME"  # handed to the workers of pytest-xdist, which inherit our environment
_PREFIX = "storesync-tests-"
_COPY_LOCK = 7203_0002  # advisory lock, see _copy_of_template
_NOWHERE = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    "REDIS_URL": "redis://127.0.0.1:1",
    "STORESYNC_SECRET_KEY": "a key that locks nothing",
}

hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Forget the developer's own servers and settings; the first process of a run makes its home."""
    for name in [name for name in os.environ if name.startswith("STORESYNC_") and name != _HOME]:
        del os.environ[name]
    # pytest looks into everything a test module imports. A task that is looked into asks for the app's settings, and
    # without servers named they would start our own in the developer's home, and ring real workers there.
    os.environ.update(_NOWHERE)
    if not hasattr(config, "workerinput"):
        _remove_homes_of_killed_runs()
        home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        home.chmod(0o711)  # PostgreSQL does not run as root, and must get in
        os.environ[_HOME] = str(home)


def pytest_collection_finish() -> None:
    """From here on every test names the servers it wants."""
    if "workers.app" in sys.modules:
        sys.modules["workers.app"].app.finalize()  # it reads its settings now, while they lead nowhere
    for name in _NOWHERE:
        os.environ.pop(name, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process of a run is the last to leave."""
    if not hasattr(config, "workerinput"):
        if url := os.environ.get("TEST_DATABASE_URL"):
            _drop_database(url, _name_in_run("template"))
        _remove_home(Path(os.environ.pop(_HOME)))


def _remove_homes_of_killed_runs() -> None:
    for home in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        try:
            os.kill(int(home.name.removeprefix(_PREFIX).partition("-")[0]), 0)
        except ProcessLookupError:
            if home.stat().st_uid == os.geteuid():
                _remove_home(home)
        except PermissionError:
            continue  # another user's run


def _remove_home(home: Path) -> None:
    stop_servers(Config("", "", home, "", "text"))
    shutil.rmtree(home, ignore_errors=True)  # another run may be at it too


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The two servers of the run."""
    urls = os.environ.get("TEST_DATABASE_URL", ""), os.environ.get("TEST_REDIS_URL", "")
    try:
        return ensure_servers(Config(*urls, Path(os.environ[_HOME]), "", "text"), durable=False)
    except EmbeddedError as missing:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(str(missing))


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated database that no other worker uses; leave it as it was, or ask for `fresh_database_url`."""
    with _copy_of_template(servers.database_url, name=f"test_{_worker()}") as url:
        yield url


@pytest.fixture
def fresh_database_url(servers: Servers) -> Iterator[str]:
    """A migrated database for one test that commits, or that other processes look at."""
    with _copy_of_template(servers.database_url, name=f"test_{secrets.token_hex(6)}") as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[postgres.Connection]:
    """A connection in a transaction that is rolled back; transactions of the code under test are savepoints in it."""
    with postgres.connect(database_url) as connection, connection.transaction(force_rollback=True):
        yield connection


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """A Redis database that no other worker uses."""
    number = int(_worker().removeprefix("gw")) if _worker().startswith("gw") else 0
    return urlsplit(servers.redis_url)._replace(path=f"/{number % 16}").geturl()


@pytest.fixture
def redis(redis_url: str) -> Iterator[redis_client.Redis]:
    """A client of the empty Redis database."""
    with redis_client.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def config(database_url: str, redis_url: str, tmp_path: Path) -> Config:
    """What the environment would say for these servers."""
    return Config(database_url, redis_url, tmp_path, Fernet.generate_key().decode(), "text")


def _worker() -> str:
    """This worker of pytest-xdist, or `main`."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@contextmanager
def _copy_of_template(url: str, *, name: str) -> Iterator[str]:
    database, template = _name_in_run(name), _name_in_run("template")
    with postgres.connect(url) as connection:
        # PostgreSQL refuses to copy a database that another session is using, so one worker at a time.
        connection.execute("SELECT pg_advisory_lock(%s)", (_COPY_LOCK,))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (template,)).fetchone():
            _make_template(connection, url, template)
        _create_database(connection, database, template=template)
    try:
        yield at_database(url, database)
    finally:
        _drop_database(url, database)


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


def _drop_database(url: str, name: str) -> None:
    with postgres.connect(url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def at_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _name_in_run(name: str) -> str:
    run = Path(os.environ[_HOME]).name.rpartition("-")[2]
    return f"storesync_{run}_{name}"
