"""What people may read of an error that nobody expected: its type and place, and nothing that a buyer typed."""

import json
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from celery import Celery
from celery.app.trace import build_tracer
from redis import Redis

from connectors.bare import bare
from connectors.config import ConfigError
from connectors.errors import Unavailable
from schemas.money import plain
from schemas.text import clean
from tasks.trouble import UnknownStore, problem_of
from workers.app import app as our_app
from workers.failing import BareTask
from workers.logs import JsonLines, TextLines

BUYER = "Łukasz Wałęsa"


def raised(act: Callable[[], object]) -> Exception:
    """The error of an act, as whoever catches it has it."""
    try:
        act()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def in_our_code() -> object:
    """An error whose words are a buyer's, somewhere in our code."""
    return clean({BUYER: BUYER}[f"{BUYER}!"])


def deeper() -> object:
    """One that arises in code that is not ours, called by ours."""
    return plain(BUYER)  # type: ignore[arg-type]


@pytest.fixture
def app() -> Iterator[Any]:
    """An app whose tasks fail as ours do."""
    with Celery("failing", broker="memory://", task_cls=BareTask, set_as_current=False) as app:
        yield app


def fails_in_a_worker(app: Any, caplog: pytest.LogCaptureFixture, error: Exception) -> str:
    """All that is seen of a task that raises this: what events carry, and what is logged."""

    @app.task(name=f"fails-{uuid4()}")  # type: ignore[untyped-decorator] # celery does not say
    def fails() -> None:
        raise error from KeyError(BUYER)

    app.finalize()
    trace = build_tracer(fails.name, fails, app=app, hostname="here")
    with caplog.at_level(logging.DEBUG):
        ended = trace(str(uuid4()), [], {}, {"called_directly": False, "delivery_info": {}})
    seen: Any = ended[0] if isinstance(ended, tuple) else ended
    shown = [TextLines().format(record) + JsonLines().format(record) for record in caplog.records]
    return "\n".join([repr(seen.exception), str(seen.traceback), *shown])


def test_no_word_of_an_unexpected_error_leaves_a_worker(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen = fails_in_a_worker(app, caplog, ValueError(f"{BUYER} is no number"))

    assert BUYER not in seen
    assert repr(BUYER)[1:-1].encode("unicode_escape").decode() not in seen
    assert "TaskFailed('ValueError at " in seen
    assert "in fails" in seen, "the traceback is lost"


@pytest.mark.parametrize("error", [ConfigError("STORESYNC_LOG must be text or json"), UnknownStore("no store 7")])
def test_our_own_words_are_said(app: Any, caplog: pytest.LogCaptureFixture, error: Exception) -> None:
    assert str(error) in fails_in_a_worker(app, caplog, error)


def test_every_task_of_ours_fails_like_that() -> None:
    our_app.loader.import_default_modules()
    ours = [task for name, task in our_app.tasks.items() if not name.startswith("celery.")]

    assert ours
    assert all(isinstance(task, BareTask) for task in ours)


@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_a_log_tells_an_error_and_what_it_came_from_without_their_words(form: type[logging.Formatter]) -> None:
    def act() -> None:
        try:
            raise KeyError(BUYER)
        except KeyError as error:
            raise psycopg.errors.UniqueViolation(f"duplicate key\nDETAIL: Key (name)=({BUYER})") from error

    error = raised(act)
    record = logging.LogRecord("x", logging.ERROR, "", 1, "it broke", (), (type(error), error, error.__traceback__))

    line = form().format(record)

    assert BUYER not in line
    assert json.dumps(BUYER)[1:-1] not in line
    for word in ("it broke", "KeyError", "UniqueViolation", "in act"):
        assert word in line


@pytest.mark.parametrize("form", [TextLines, JsonLines])
def test_an_error_that_is_a_part_of_a_message_is_told_without_its_words(form: type[logging.Formatter]) -> None:
    error = raised(in_our_code)
    told = logging.LogRecord("celery.beat", logging.CRITICAL, "", 1, "beat raised %s: %r", (type(error), error), None)
    ours = logging.LogRecord("x", logging.INFO, "", 1, "no rates: %s", (Unavailable("the store is away"),), None)

    assert BUYER not in form().format(told)
    assert "KeyError at " in form().format(told)
    assert "no rates: the store is away" in form().format(ours)


def test_an_error_is_told_by_the_place_in_our_code_that_it_arose_in() -> None:
    assert re.fullmatch(r"\w+Error at schemas/money\.py:\d+", bare(raised(deeper)))
    assert re.fullmatch(r"KeyError at test_failing\.py:\d+", bare(raised(in_our_code)))
    assert bare(KeyError(BUYER)) == "KeyError"


@pytest.mark.parametrize(
    "connect",
    [
        lambda: psycopg.connect("postgresql://127.0.0.1:1/none"),
        lambda: Redis(port=1).ping(),
        lambda: socket.create_connection(("127.0.0.1", 1)),
    ],
    ids=["PostgreSQL", "Redis", "socket"],
)
def test_what_keeps_us_from_a_server_is_said(connect: Callable[[], object]) -> None:
    error = raised(connect)
    record = logging.LogRecord("celery", logging.ERROR, "", 1, "Cannot connect to %s: %s", ("redis://x", error), None)

    assert "Connection refused" in bare(error)
    assert "Connection refused" in TextLines().format(record)


def test_journal_and_store_hear_no_word_of_a_bug_nor_a_value_that_the_database_quotes(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        odd = raised(lambda: connection.execute("SELECT %s::text::numeric", (BUYER,)))

    for error in (odd, raised(in_our_code)):
        assert BUYER not in problem_of(error).words
    assert "invalid input syntax for type numeric" in problem_of(odd).words


def test_urllib3_does_not_warn_of_addresses_whose_query_holds_keys() -> None:
    assert not logging.getLogger("urllib3.connection").isEnabledFor(logging.WARNING)


def test_a_bug_in_a_command_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from workers.cli import main  # noqa: PLC0415 # its excepthook is looked at here alone

    def breaks(_: object) -> int:
        raise KeyError(BUYER)

    told: list[str] = []
    monkeypatch.setattr(main, "run", breaks)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("click.echo", lambda text, **_: told.append(text))
    error = raised(lambda: main.main([]))
    sys.excepthook(type(error), error, error.__traceback__)

    assert "KeyError" in told[0]
    assert BUYER not in told[0]
