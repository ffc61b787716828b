"""An error without its words, which may repeat what a buyer typed: its type, and where in our code it arose.

Nobody's name, address or e-mail belongs into a log, Flower or the journal, and nobody can know what an error that was
not expected says.
"""

import traceback
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

import psycopg

from connectors.later import Later

if TYPE_CHECKING:
    import redis
else:
    redis = Later("redis")

_ROOT: Final = Path(__file__).parents[1]
_OURS: Final = tuple(str(_ROOT / folder) for folder in ("schemas", "connectors", "tasks", "workers", "sandbox"))


def bare(error: BaseException) -> str:
    """`KeyError at tasks/fetch.py:55`. What kept us from a server is safe to say, and says what to mend."""
    servers = (psycopg.OperationalError, redis.ConnectionError, redis.TimeoutError, ConnectionError, TimeoutError)
    if isinstance(error, servers):
        return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
    place = place_of(error.__traceback__)
    return f"{type(error).__name__} at {place}" if place else type(error).__name__


def place_of(raised: TracebackType | None) -> str:
    """File and line of the innermost code of ours, else of any; empty for an error that was never raised."""
    frames = traceback.extract_tb(raised)
    ours = [frame for frame in frames if frame.filename.startswith(_OURS)]
    if not frames:
        return ""
    frame = (ours or frames)[-1]
    name = Path(frame.filename)
    where = name.relative_to(_ROOT) if ours else name.name
    return f"{where}:{frame.lineno}"
