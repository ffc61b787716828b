"""Real servers for the tests: one pair per run, and for each worker databases that no one else uses.

The servers are our own, in a temporary home, unless TEST_DATABASE_URL or TEST_REDIS_URL name others. Every worker of
pytest-xdist uses the same pair. A server that cannot be started skips on a laptop and fails where CI is set.
"""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis as redis_client
from argon2 import PasswordHasher, profiles
from cryptography.fernet import Fernet

from connectors import passwords, postgres
from connectors.config import Config
from tests.databases import ScratchDatabase, drop_template, own_database
from tests.examples import AT_HOME, IN_CI
from tests.homes import RUN_HOME, new_home, places
from tests.redis_numbers import own_number
from tests.scheduling import Scheduling
from tests.sessions import keeping
from workers.embedded import EmbeddedError, Servers, ensure_servers, stop_servers

_PREFIX = "storesync-tests-"
_NOWHERE = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    "REDIS_URL": "redis://127.0.0.1:1",
    "STORESYNC_SECRET_KEY": "a key that locks nothing",
}

hypothesis.settings.register_profile("dev", deadline=None, max_examples=AT_HOME)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if IN_CI else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Forget the developer's own servers and settings; the first process of a run makes its home."""
    for name in [name for name in os.environ if name.startswith("STORESYNC_") and name != RUN_HOME]:
        del os.environ[name]
    # pytest looks into everything a test module imports. A task that is looked into asks for the app's settings, and
    # without servers named they would start our own in the developer's home, and ring real workers there.
    os.environ.update(_NOWHERE)
    _take_signals()
    gc.set_threshold(20_000, 20, 20)  # to collect makes objects by the million, and hardly any that can go
    if not hasattr(config, "workerinput"):
        _remove_homes_of_killed_runs()
        os.environ[RUN_HOME] = str(new_home(f"{_PREFIX}{os.getpid()}-"))
        # Some images forbid Python to keep what it compiled: then each worker compiles every test at every run.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False


@pytest.hookimpl(optionalhook=True)  # xdist may be off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Who has which test next."""
    return Scheduling(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and thousands of tests stay to the end: nobody looks through them for what can go."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)  # after they were shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: what goes through one worker after the other, then flows, then what is long."""
    marks = ("xdist_group", "flow", "long")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in marks])


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
            drop_template(url)
        _remove_home(Path(os.environ.pop(RUN_HOME)))


def _take_signals() -> None:
    """What nohup or a shell's "&" made this run ignore would be ignored by every program that a test starts, too."""
    for number, usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def _remove_homes_of_killed_runs() -> None:
    for home in [home for place in places() for home in place.glob(f"{_PREFIX}*-*")]:
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


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A password costs a fifth of a second on purpose, and a hundred tests sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher.from_parameters(profiles.CHEAPEST))
        yield


@pytest.fixture(scope="session")
def servers() -> Servers:
    """The two servers of the run."""
    urls = os.environ.get("TEST_DATABASE_URL", ""), os.environ.get("TEST_REDIS_URL", "")
    try:
        return ensure_servers(Config(*urls, Path(os.environ[RUN_HOME]), "", "text"), durable=False)
    except EmbeddedError as missing:
        give_up = pytest.fail if IN_CI else pytest.skip
        give_up(str(missing))


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """A migrated database that no other worker uses; leave it as it was, or ask for `fresh_database_url`."""
    with own_database(servers.database_url, f"test_{_worker()}") as url, keeping(url):
        yield url


@pytest.fixture(scope="session")
def scratch_database(servers: Servers) -> Iterator[ScratchDatabase]:
    """The database of this worker that is emptied after each test."""
    scratch = ScratchDatabase(servers.database_url, f"scratch_{_worker()}")
    with keeping(scratch.url):
        yield scratch
    scratch.drop()


@pytest.fixture
def fresh_database_url(scratch_database: ScratchDatabase) -> Iterator[str]:
    """A migrated database for a test that commits, or that other processes look at; it may do anything to it."""
    yield scratch_database.url
    scratch_database.renew()


@pytest.fixture
def connection(database_url: str) -> Iterator[postgres.Connection]:
    """A connection in a transaction that is rolled back; transactions of the code under test are savepoints in it."""
    with postgres.connect(database_url) as connection, connection.transaction(force_rollback=True):
        yield connection


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> Iterator[str]:
    """A Redis database that no other worker uses."""
    with own_number(servers.redis_url) as url:
        yield url


@pytest.fixture(scope="session")
def redis_session(redis_url: str) -> Iterator[redis_client.Redis]:
    """A client that keeps its connection from test to test."""
    with redis_client.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def redis(redis_session: redis_client.Redis) -> redis_client.Redis:
    """A client of the empty Redis database."""
    redis_session.flushdb()
    return redis_session


@pytest.fixture
def config(database_url: str, redis_url: str, tmp_path: Path) -> Config:
    """What the environment would say for these servers."""
    return Config(database_url, redis_url, tmp_path, Fernet.generate_key().decode(), "text")


def _worker() -> str:
    """This worker of pytest-xdist, or `main`."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")
