"""Sessions of PostgreSQL that outlive a test: one gives them up, the next has them as good as new.

A new session reads the catalogue, compiles every trigger and plans every statement before it is of use, which costs
more than most tests do. So the driver ends no session with a database that is kept: it is rolled back and forgets
settings, locks, cursors, temporary tables and what it listened to. One that a test broke, or used in a way that
cannot be forgotten, is ended.
"""

import os
import select
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import psycopg
from psycopg import generators
from psycopg.abc import PQGenConn
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus
from psycopg.pq.abc import PGconn

# DISCARD ALL, but for the plans. What comes back says how many statements a test has prepared by a name of its own.
_FORGET: Final = b"""ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; DISCARD TEMP;
    DISCARD SEQUENCES; SELECT count(*), pg_advisory_unlock_all() FROM pg_prepared_statements WHERE from_sql"""
_MOST: Final = 4  # that were opened with the same words: one test with many threads leaves no crowd
_CLOSED: Final = psycopg.pq.PGconn.connect_start(b"host=/nowhere")


class _Idle(NamedTuple):
    """A session that nobody uses, and what the driver knows of the statements it has prepared in it."""

    pgconn: PGconn
    prepared: Any


_idle: dict[str, list[_Idle]] = defaultdict(list)  # by the words they were opened with
_kept: set[tuple[object, ...]] = set()  # databases whose sessions are kept
os.register_at_fork(after_in_child=_idle.clear)  # they are the parent's, and the driver lets go of them without a word


class _Session(psycopg.Connection[Any]):
    """A connection that gives its session up when it is closed."""

    opened_with: str
    opened_by: int

    def close(self) -> None:
        """Nobody uses it any more."""
        if self.closed:
            return
        pgconn, self.pgconn, self._closed = self.pgconn, _CLOSED, True
        idle = _idle[self.opened_with]
        if self.opened_by == os.getpid() and len(idle) < _MOST and _forgets(pgconn):
            idle.append(_Idle(pgconn, self._prepared))
        else:
            pgconn.finish()


@contextmanager
def keeping(url: str) -> Iterator[None]:
    """Keep this process's sessions with the database of a URL, until its end."""
    _kept.add(database := _database(url))
    yield
    _kept.remove(database)
    for words in [words for words in _idle if _database(words) == database]:
        for session in _idle.pop(words):
            session.pgconn.finish()


def idle_pids() -> list[int]:
    """The backends of the sessions that nobody uses."""
    return [session.pgconn.backend_pid for sessions in _idle.values() for session in sessions]


def _database(words: str) -> tuple[object, ...]:
    parts = conninfo_to_dict(words)
    return tuple(parts.get(key) for key in ("host", "port", "dbname"))


def _forgets(pgconn: PGconn) -> bool:
    if pgconn.transaction_status == TransactionStatus.ACTIVE or pgconn.pipeline_status != PipelineStatus.OFF:
        return False
    answer = pgconn.exec_(_FORGET)
    return answer.status == ExecStatus.TUPLES_OK and answer.get_value(0, 0) == b"0"


def _is_open(pgconn: PGconn) -> bool:
    """Whether the server still serves it: then there is nothing to read."""
    words = select.poll()
    words.register(pgconn.socket, select.POLLIN)
    return not words.poll(0)


def _kept_session(words: str) -> _Session | None:
    sessions = _idle[words]
    while sessions:
        pgconn, prepared = sessions.pop()
        if _is_open(pgconn):
            session = _Session(pgconn)
            session._prepared = prepared
            return session
        pgconn.finish()
    return None


_open = psycopg.Connection._connect_gen


def _open_or_keep(conninfo: str = "") -> PQGenConn[psycopg.Connection[Any]]:
    """What the driver does to connect."""
    if _database(conninfo) not in _kept:
        return (yield from _open(conninfo))
    session = _kept_session(conninfo)
    if session is None:
        session = _Session((yield from generators.connect(conninfo)))
    session.opened_with, session.opened_by = conninfo, os.getpid()
    return session


psycopg.Connection._connect_gen = _open_or_keep  # type: ignore[method-assign]
