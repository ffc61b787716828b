"""How programs log: text for a terminal or JSON lines; never a credential, a payload or a personal detail."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any, Final

from connectors.config import ConfigError
from tasks.session import UnknownStore
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


class TextLines(logging.Formatter):
    """A line for people per record."""

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
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_to(form: str, *, level: int) -> None:
    """Log to stderr in a form, `text` or `json`."""
    handler = logging.StreamHandler()
    text = TextLines("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING if form == "text" else level)
