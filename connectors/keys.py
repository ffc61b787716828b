"""Keys that credentials are locked with, and Flower's login: where they are, and whether they can be any."""

import hashlib
import hmac
import os
import tempfile
from base64 import b64decode, urlsafe_b64encode
from functools import lru_cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from connectors.config import Config, ConfigError

VARIABLE: Final = "STORESYNC_SECRET_KEY"

_LEAST: Final = 16
_RANDOM_BYTES: Final = 32


def keys_of(config: Config) -> list[str]:
    """The configured keys, or the one of embedded servers, made once. Raises ConfigError where one is none."""
    keys = [key.strip() for key in config.secret_key.split(",") if key.strip()]
    if not keys and not config.is_embedded:
        raise ConfigError(f"{VARIABLE} must be set where the servers are your own: storesync secrets make prints one")
    if any(len(key) < _LEAST for key in keys):
        raise ConfigError(f"{VARIABLE} must have {_LEAST} signs or more")
    return keys or [_kept_key(config.home)]


def new_key() -> str:
    """A random key."""
    return urlsafe_b64encode(os.urandom(_RANDOM_BYTES)).decode()


def is_random(key: str) -> bool:
    """Whether a key has the form of a random one; any other is a passphrase."""
    try:
        return len(key) == 44 and len(b64decode(key.encode(), altchars=b"-_", validate=True)) == _RANDOM_BYTES
    except ValueError:
        return False


def derived(config: Config, purpose: str) -> list[bytes]:
    """Keys for another purpose, one for each configured one: none tells anything of what it was made from.

    A passphrase is stretched first, as where it locks credentials: what is signed with it is seen by strangers.
    """
    return [hmac.digest(_strong(key), purpose.encode(), "sha256") for key in keys_of(config)]


def first_key(config: Config) -> str:
    """What the one-time link to the console proves: that who has it sees what this installation prints."""
    return derived(config, "console: the first admin")[0].hex()


@lru_cache(maxsize=8)
def _strong(key: str) -> bytes:
    if is_random(key):
        return key.encode()
    return hashlib.scrypt(key.encode(), salt=b"storesync", n=2**15, r=8, p=1, maxmem=2**26)


def flower_login(config: Config) -> str:
    """Flower's login, name:password: the one that was chosen, else one that is made once and kept in the home."""
    if config.flower_login:
        return config.flower_login
    path = config.home / "flower_login"
    if not path.exists():
        _keep(path, f"storesync:{token_urlsafe(18)}")
    return path.read_text().strip()


def _kept_key(home: Path) -> str:
    path = home / "secret_key"
    if not path.exists():
        _keep(path, new_key())
    key = path.read_text().strip()
    if len(key) < _LEAST:
        raise ConfigError(f"{path} holds no key; the credentials it locked are lost: remove it and connect again")
    return key


def _keep(path: Path, secret: str) -> None:
    """Put a new secret in place whole: of two processes that start at once, one wins and both read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret.encode())
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            os.unlink(draft)
    except FileExistsError:
        pass  # the other process was first
    except OSError as problem:
        raise ConfigError(f"cannot keep {path.name} in STORESYNC_HOME: {problem}") from problem
