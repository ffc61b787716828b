"""Sessions that are kept from one test to the next: warm, and with nothing of the last test in them."""

import os
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

HERE = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
LEFT = {
    "a setting": ("SET work_mem = '3MB'", "SELECT current_setting('work_mem') = '3MB'"),
    "a setting of its own": ("SET test.mine = 'x'", "SELECT current_setting('test.mine', true) = 'x'"),
    "a role": ("SET ROLE pg_monitor", "SELECT current_user = 'pg_monitor'"),
    "a lock": ("SELECT pg_advisory_lock(4711)", f"SELECT count(*) > 0 FROM pg_locks WHERE objid = 4711 AND {HERE}"),
    "an ear": ("LISTEN news", "SELECT count(*) > 0 FROM pg_listening_channels()"),
    "a table": ("CREATE TEMP TABLE mine ()", "SELECT to_regclass('pg_temp.mine') IS NOT NULL"),
    "a cursor": ("DECLARE mine CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) > 0 FROM pg_cursors WHERE is_holdable"),
    "a statement": ("PREPARE mine AS SELECT 1", "SELECT count(*) > 0 FROM pg_prepared_statements WHERE from_sql"),
    "a transaction": ("BEGIN; SET LOCAL work_mem = '3MB'", "SELECT current_setting('work_mem') = '3MB'"),
}


def connect(url: str) -> psycopg.Connection[TupleRow]:
    return psycopg.connect(url, autocommit=True, application_name="test_sessions")


def answer(connection: psycopg.Connection[TupleRow], question: str) -> Any:
    (found,) = connection.execute(question.encode()).fetchone() or (None,)
    return found


@pytest.mark.parametrize(("leave", "question"), LEFT.values(), ids=LEFT)
def test_nothing_that_is_left_in_a_session_reaches_who_has_it_next(
    database_url: str, leave: str, question: str
) -> None:
    with connect(database_url) as first:
        first.execute(leave.encode())
        assert answer(first, question) is True
        first.close()

    with connect(database_url) as second:
        assert answer(second, question) is False


def test_a_session_is_kept_with_its_plans(database_url: str) -> None:
    with connect(database_url) as first:
        was = first.info.backend_pid
        first.execute("SELECT 17 AS planned", prepare=True)

    with connect(database_url) as second:
        assert second.info.backend_pid == was
        planned = "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 17 AS planned'"
        assert answer(second, planned) == 1
        second.execute("SELECT 17 AS planned", prepare=True)


def test_who_closed_a_connection_has_it_no_more(database_url: str) -> None:
    with connect(database_url) as first:
        first.close()

        with connect(database_url), pytest.raises(psycopg.OperationalError, match="closed"):
            first.execute("SELECT 1")


def test_a_session_whose_transaction_failed_is_as_good_as_new(database_url: str) -> None:
    with connect(database_url) as first:
        first.execute("BEGIN")
        with pytest.raises(psycopg.errors.DivisionByZero):
            first.execute("SELECT 1 / 0")
        first.close()

    with connect(database_url) as second:
        assert answer(second, "SELECT 1") == 1


def test_a_session_that_was_ended_is_handed_to_nobody(database_url: str) -> None:
    with connect(database_url) as first, connect(database_url) as operator:
        was = first.info.backend_pid
        first.close()
        assert answer(operator, f"SELECT pg_terminate_backend({was}, 5000)")

        with connect(database_url) as second:
            assert answer(second, "SELECT pg_backend_pid()") != was


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # the threads of pytest-xdist wait while it is made
def test_a_forked_child_leaves_the_sessions_of_its_parent_alone(database_url: str) -> None:
    with connect(database_url) as first:
        was = first.info.backend_pid

    child = os.fork()
    if not child:
        code = 1
        try:
            with connect(database_url) as its_own:
                code = int(its_own.info.backend_pid == was)
        finally:
            os._exit(code)
    assert os.waitpid(child, 0) == (child, 0)

    with connect(database_url) as second:
        assert answer(second, "SELECT pg_backend_pid()") == was
