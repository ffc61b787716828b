"""Credentials in and out of storage, encrypted. It keeps no credentials and logs none."""

import base64
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connectors.config import Config, ConfigError

_LEAST: Final = 16
_VARIABLE: Final = "STORESYNC_SECRET_KEY"

Credentials = dict[str, str]


class Secrets:
    """Locks credentials with the first of its keys and opens what any of them has locked."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = MultiFernet([Fernet(_fernet_key(key)) for key in keys])

    def lock(self, credentials: Credentials) -> str:
        """The credentials as a text to store; without any it is empty."""
        return self._keys.encrypt(json.dumps(credentials).encode()).decode() if credentials else ""

    def unlock(self, text: str) -> Credentials:
        """The credentials of a stored text. Raises ConfigError if no key opens it."""
        if not text:  # of a store that was disconnected
            return {}
        try:
            credentials: Credentials = json.loads(self._keys.decrypt(text.encode()))
        except InvalidToken as error:
            raise _wrong_key() from error
        return credentials

    def rotate(self, text: str) -> str:
        """The same credentials, locked with the first key. Raises ConfigError if no key opens them."""
        try:
            return self._keys.rotate(text.encode()).decode() if text else ""
        except InvalidToken as error:
            raise _wrong_key() from error


def open_secrets(config: Config) -> Secrets:
    """Secrets with the configured keys, or with the key of embedded servers, made once. Raises ConfigError."""
    keys = [key.strip() for key in config.secret_key.split(",") if key.strip()]
    if not keys and not config.is_embedded:
        raise ConfigError(f"{_VARIABLE} must be set where the servers are your own: a passphrase of 16 signs or more")
    return Secrets(keys or [_kept_key(config.home)])


def _wrong_key() -> ConfigError:
    return ConfigError(f"the stored credentials were locked with another key: put it behind a comma in {_VARIABLE}")


def _fernet_key(key: str) -> bytes:
    if len(key) < _LEAST:
        raise ConfigError(f"{_VARIABLE} must have {_LEAST} signs or more")
    if _is_fernet_key(key):
        return key.encode()
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"storesync credentials").derive(key.encode())
    return base64.urlsafe_b64encode(derived)


def _is_fernet_key(key: str) -> bool:
    try:
        return len(key) == 44 and len(base64.b64decode(key.encode(), altchars=b"-_", validate=True)) == 32
    except ValueError:
        return False


def _kept_key(home: Path) -> str:
    path = home / "secret_key"
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < _LEAST:
        raise ConfigError(f"{path} holds no key; the credentials it locked are lost: remove it and connect again")
    return key


def _make_key(path: Path) -> None:
    """Put a new key in place whole: of two processes that start at once, one key wins and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret_key-")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # the other process was first
    finally:
        os.unlink(draft)
