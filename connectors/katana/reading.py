"""Katana's answers as records, or an error of ours where one cannot be read."""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from connectors.errors import Unavailable
from schemas.errors import Unreadable
from schemas.text import clean

T = TypeVar("T")
_LOG: Final = logging.getLogger(__name__)


def readable(read: Callable[[Any], T], said: Any) -> T:
    """What an answer says. Raises Unavailable."""
    try:
        return read(said)
    except Unreadable as error:
        raise Unavailable(f"Katana's answer cannot be read: {error}") from error


def all_readable(read: Callable[[Any], T], entries: Iterable[Any]) -> list[T]:
    """What all entries of a list say: it is not half known. Raises Unavailable."""
    return [readable(read, entry) for entry in entries]


def those_readable(read: Callable[[Any], T], entries: Iterable[Any], what: str) -> list[T]:
    """What entries of a list say; one that cannot be read is logged by its id, and holds up no other."""
    found = []
    for entry in entries:
        try:
            found.append(read(entry))
        except Unreadable as error:
            id_ = str(entry.get("id"))[:40] if isinstance(entry, dict) else "?"
            _LOG.warning("%s %s in Katana is left out, it cannot be read: %s", what, clean(id_), error)
    return found
