"""Passwords as argon2: made, and compared. It takes a moment and memory on purpose, so few are worked at at a time."""

from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER: Final = PasswordHasher()  # RFC 9106, the profile for less memory: 64 MiB
_AT_ONCE: Final = BoundedSemaphore(2)
# What a name that nobody has is compared with, so that it takes as long as one that somebody has.
_NOBODY: Final = "$argon2id$v=19$m=65536,t=3,p=4$4zzkqHOYfBoKoB7INiweDg$khTh/gOCt7UPfJ/8pBP7Iu+c3t2M/CKWK1lX+OCV3+4"


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether a password is the one of which `kept` was made; None is nobody's, and takes as long."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or _NOBODY, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether it was made with less than is asked for today."""
    return _HASHER.check_needs_rehash(kept)
