"""Credentials in and out of storage, encrypted. It keeps no credentials and logs none."""

import base64
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from connectors.config import Config, ConfigError
from connectors.keys import VARIABLE, is_random, keys_of

Credentials = dict[str, str]

_STRETCHED: Final = "scrypt:"  # what a passphrase locked begins with; the salt and a Fernet token follow
_SALT_BYTES: Final = 16


class Secrets:
    """Locks credentials with the first of its keys and opens what any of them has locked.

    A random key is used as it is. A passphrase is stretched: whoever steals what is stored tries few of them a second.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = list(keys)
        self._salt: bytes | None = None  # of what was opened last: stretching costs a tenth of a second for each

    def lock(self, credentials: Credentials) -> str:
        """The credentials as a text to store; without any it is empty."""
        if not credentials:
            return ""
        content, first = json.dumps(credentials).encode(), self._keys[0]
        if is_random(first):
            return Fernet(first.encode()).encrypt(content).decode()
        self._salt = self._salt or os.urandom(_SALT_BYTES)
        salt = base64.urlsafe_b64encode(self._salt).decode()
        return f"{_STRETCHED}{salt}:{Fernet(_stretched(first, self._salt)).encrypt(content).decode()}"

    def unlock(self, text: str) -> Credentials:
        """The credentials of a stored text. Raises ConfigError if no key opens it."""
        if not text:  # of a store that was disconnected
            return {}
        try:
            credentials: Credentials = json.loads(self._opened(text))
        except (InvalidToken, ValueError) as error:
            raise _wrong_key() from error
        return credentials

    def rotate(self, text: str) -> str:
        """The same credentials, locked with the first key. Raises ConfigError if no key opens them."""
        return self.lock(self.unlock(text))

    def _opened(self, text: str) -> bytes:
        if not text.startswith(_STRETCHED):
            return MultiFernet([Fernet(_unstretched(key)) for key in self._keys]).decrypt(text.encode())
        written, _, token = text.removeprefix(_STRETCHED).partition(":")
        salt = base64.urlsafe_b64decode(written)
        for key in self._keys:
            with suppress(InvalidToken):
                content = Fernet(_stretched(key, salt)).decrypt(token.encode())
                self._salt = salt
                return content
        raise InvalidToken


def open_secrets(config: Config) -> Secrets:
    """Secrets with the keys of a configuration. Raises ConfigError."""
    return Secrets(keys_of(config))


def _wrong_key() -> ConfigError:
    return ConfigError(f"the stored credentials were locked with another key: put it behind a comma in {VARIABLE}")


@lru_cache(maxsize=64)
def _stretched(key: str, salt: bytes) -> bytes:
    """A Fernet key of a passphrase, dear on purpose: 32 MB and some hundredths of a second of a processor."""
    made = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(key.encode())
    return base64.urlsafe_b64encode(made)


def _unstretched(key: str) -> bytes:
    """A random key as it is; of a passphrase what once locked without stretching, which opens for ever."""
    if is_random(key):
        return key.encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"storesync credentials").derive(key.encode())
    return base64.urlsafe_b64encode(derived)
