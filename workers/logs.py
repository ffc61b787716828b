"""How programs log: text for a terminal or JSON lines; never a credential, a payload or a personal detail."""

import io
import json
import logging
import os
import sys
import threading
import traceback
from copy import copy
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

from kombu.exceptions import OperationalError

from connectors.bare import bare
from connectors.config import ConfigError
from connectors.errors import ConnectorError
from schemas.errors import Unreadable
from tasks.trouble import UnknownStore
from workers.failing import TaskFailed

_OUR_WORDS: Final = (TaskFailed, ConfigError, UnknownStore)


def tell(error: BaseException) -> str:
    """The traceback of an error, and of those it came from, with their types and without their words."""
    parts = []
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        words = f": {at}" if isinstance(at, _OUR_WORDS) else ""
        parts.append("".join([*traceback.format_tb(at.__traceback__), type(at).__name__ + words]))
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "\nafter\n".join(parts)


def _without_words(record: logging.LogRecord) -> logging.LogRecord:
    """Celery, for one, logs an error that ends beat or a worker as a part of the message."""
    plain = copy(record)
    plain.exc_text = None  # another handler may have kept its own
    if isinstance(record.args, tuple):
        plain.args = tuple(_said(part) if isinstance(part, BaseException) else part for part in record.args)
    return plain


def _said(error: BaseException) -> object:
    return error if isinstance(error, (*_OUR_WORDS, ConnectorError, Unreadable, OperationalError)) else bare(error)


class TextLines(logging.Formatter):
    """A line for people per record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record, without the words of errors that it is made of."""
        return super().format(_without_words(record))

    def formatException(self, ei: Any) -> str:  # logging's name
        """What went wrong, in no words of its own."""
        return tell(ei[1])


class JsonLines(TextLines):
    """One JSON object per record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with its time in UTC."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _without_words(record).getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _PrintedLines(io.TextIOBase):
    """Stands in for a stream of a program that logs JSON: what is printed to it becomes a line of the log.

    Celery prints its banner and its last words, Python what ends a program; none of it asks for a logger.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self._begun = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Keep what is printed until its line is whole; several lines that come at once are one."""
        with self._lock:
            self._begun += text
            if not self._begun.endswith("\n"):
                return len(text)
            words, self._begun = self._begun.strip(), ""
        if words:
            record = logging.LogRecord("printed", logging.INFO, "", 0, words, None, None)
            self.stream.write(f"{JsonLines().format(record)}\n")
            self.stream.flush()
        return len(text)

    def say_at_once(self, words: str, *_: object) -> None:
        """For handlers of signals, which may have interrupted anything, writing to this stream included."""
        record = logging.LogRecord("printed", logging.INFO, "", 0, words, None, None)
        os.write(self.fileno(), f"{JsonLines().format(record)}\n".encode())

    def flush(self) -> None:
        """What is begun waits for its end."""
        self.stream.flush()

    def fileno(self) -> int:
        """The stream's own."""
        return self.stream.fileno()


def log_to(form: str, *, level: int) -> None:
    """Log to stderr in a form, `text` or `json`."""
    stream = sys.stderr
    handler = logging.StreamHandler(stream.stream if isinstance(stream, _PrintedLines) else stream)
    text = TextLines("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING if form == "text" else level)


def begin_log(form: str) -> None:
    """Log from the first word of a program to its last, whoever says it: Celery, Flower, Python itself."""
    if form == "json" and not isinstance(sys.stderr, _PrintedLines):
        sys.stdout = sys.__stdout__ = _PrintedLines(sys.stdout)  # type: ignore[assignment, misc]
        sys.stderr = sys.__stderr__ = _PrintedLines(sys.stderr)  # type: ignore[assignment, misc]
    log_to(form, level=logging.INFO)
    sys.excepthook = _log_end
    threading.excepthook = lambda end: _log_end(end.exc_type, end.exc_value or end.exc_type(), end.exc_traceback)


def begin_worker_log() -> None:
    """Celery writes what a worker says to a signal past every stream, so that must be told apart."""
    if isinstance(sys.stderr, _PrintedLines):
        vars(sys.modules["celery.apps.worker"])["safe_say"] = sys.stderr.say_at_once


def _log_end(kind: type[BaseException], error: BaseException, raised: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, raised)
        return
    logging.getLogger(__name__).critical("ended by an error", exc_info=(kind, error, raised))
