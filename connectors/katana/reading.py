"""Katana's answers as records, or an error of ours where one cannot be read: no list is half known."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from connectors.errors import Unavailable
from schemas.errors import Unreadable

T = TypeVar("T")


def readable(read: Callable[[Any], T], said: Any) -> T:
    """What an answer says. Raises Unavailable."""
    try:
        return read(said)
    except Unreadable as error:
        raise Unavailable(f"Katana's answer cannot be read: {error}") from error


def all_readable(read: Callable[[Any], T], entries: Iterable[Any]) -> list[T]:
    """What all entries of a list say. Raises Unavailable."""
    return [readable(read, entry) for entry in entries]
