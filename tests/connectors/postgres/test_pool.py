"""A process' connections to PostgreSQL, when the server restarts, takes no writes any more, or vanishes."""

import os
import socket
import sys
import time
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg_pool import ConnectionPool, PoolTimeout

from connectors import postgres
from tests.databases import own_database
from tests.waiting import wait_until

READ_ONLY = """DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
END $$"""


def test_nobody_gets_a_connection_that_the_server_has_closed(database_url: str) -> None:
    with postgres.open_pool(database_url) as pool, postgres.connect(database_url) as operator:
        pool.wait()
        with pool.connection() as connection:
            was = connection.info.backend_pid
        operator.execute("SELECT pg_terminate_backend(%s)", (was,))
        wait_until(lambda: not is_there(operator, was), what="the connection's end")

        with pool.connection() as connection:
            assert connection.info.backend_pid != was
            assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}


@pytest.mark.flow
def test_pool_is_back_as_soon_as_the_server_is(database_url: str) -> None:
    with own_database(database_url) as url, postgres.open_pool(url) as pool, postgres.connect(database_url) as operator:
        pool.wait()
        name = urlsplit(url).path[1:]
        operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        operator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        long_after = time.monotonic() + 8.5
        wait_until(lambda: not serves(pool) and time.monotonic() > long_after, seconds=20, what="the outage")
        operator.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

        wait_until(lambda: serves(pool), seconds=4, what="the pool")


def serves(pool: ConnectionPool[postgres.Connection]) -> bool:
    try:
        with pool.connection(timeout=0.5):
            return True
    except PoolTimeout:
        return False


def test_a_connection_that_is_open_is_kept(database_url: str) -> None:
    with postgres.open_pool(database_url) as pool:
        pool.wait()  # or it opens a second one for who comes before the first is there
        backends = set()
        for _ in range(3):
            with pool.connection() as connection:
                backends.add(connection.info.backend_pid)

    assert len(backends) == 1


def test_server_that_takes_no_writes_is_passed_over(database_url: str) -> None:
    with own_database(database_url) as read_only:
        with postgres.connect(read_only) as operator:
            operator.execute(READ_ONLY)

        with pytest.raises(psycopg.OperationalError, match="read-only"):
            postgres.connect(read_only)


def test_of_several_servers_one_that_answers_is_taken(database_url: str) -> None:
    known = urlsplit(database_url)
    who, _, here = known.netloc.rpartition("@")

    with postgres.connect(known._replace(netloc=f"{who}@127.0.0.1:1,{here}").geturl()) as connection:
        assert connection.info.port == known.port


def test_nobody_gets_a_connection_that_takes_no_writes_any_more(database_url: str) -> None:
    with postgres.open_pool(database_url) as pool:
        pool.wait()
        with pool.connection() as connection:
            connection.execute("SET default_transaction_read_only = on")

        with pool.connection() as connection:
            assert connection.info.parameter_status("default_transaction_read_only") == "off"


def test_process_that_vanishes_with_its_machine_is_noticed_by_the_server(database_url: str) -> None:
    with postgres.connect(database_url) as connection:
        for setting, wanted in {"tcp_keepalives_idle": "10", "tcp_user_timeout": "25000"}.items():
            assert connection.execute("SELECT current_setting(%s) AS found", (setting,)).fetchone() == {"found": wanted}


@pytest.mark.skipif(sys.platform != "linux", reason="others name it otherwise")
def test_server_that_vanishes_with_its_machine_is_noticed_within_half_a_minute(database_url: str) -> None:
    with postgres.connect(database_url) as connection, socket.socket(fileno=os.dup(connection.fileno())) as inside:
        unanswered = inside.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000
        idle = inside.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)

        assert inside.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert 0 < unanswered < 30
        assert 0 < idle < 30


def is_there(connection: postgres.Connection, backend: int) -> bool:
    return connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (backend,)).fetchone() is not None
