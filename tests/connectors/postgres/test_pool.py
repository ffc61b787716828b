"""A process' connections to PostgreSQL, when the server restarts."""

from connectors import postgres
from tests.waiting import wait_until


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


def test_a_connection_that_is_open_is_kept(database_url: str) -> None:
    with postgres.open_pool(database_url) as pool:
        pool.wait()  # or it opens a second one for who comes before the first is there
        backends = set()
        for _ in range(3):
            with pool.connection() as connection:
                backends.add(connection.info.backend_pid)

    assert len(backends) == 1


def is_there(connection: postgres.Connection, backend: int) -> bool:
    return connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (backend,)).fetchone() is not None
