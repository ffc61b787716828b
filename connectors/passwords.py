"""Passwords as argon2: made, and compared. It takes a moment and memory on purpose, so few are worked at at a time."""

from functools import cache
from secrets import token_urlsafe
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()  # RFC 9106, the profile for less memory: 64 MiB
_AT_ONCE: Final = BoundedSemaphore(2)


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one of which `kept` was made; None is nobody's, and takes as long."""
    nobody = _nobodys()
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys() -> str:
    """What a name that nobody has is compared with, so that it takes as long as one that somebody has."""
    return hashed(token_urlsafe())
