"""What a vendor's own refusal of credentials may look like: whoever else says 401 or 403 only stands before it."""

from collections.abc import Callable
from typing import Any

IsOwn = Callable[[int, Any, str], bool]  # of a status, the answer's JSON (None where it is none), and its text


def anybody(_status: int, _said: Any, _text: str) -> bool:
    """Where nobody is known to stand before the other side, a refusal is its own."""
    return True


def has_words(said: Any, *names: str) -> bool:
    """Whether an object has a sentence under each of these names."""
    return isinstance(said, dict) and all(isinstance(said.get(name), str) and said[name].strip() for name in names)


def repeats(status: int, said: Any) -> bool:
    """Whether an object repeats the answer's status."""
    return isinstance(said, dict) and said.get("status") == status
