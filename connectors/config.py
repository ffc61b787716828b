"""The only reader of the environment: where the servers are, where data is kept (INTERFACE, configuration)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import platformdirs

from connectors.redis_url import SENTINEL_SCHEME, read_sentinels, read_tls


class ConfigError(Exception):
    """An environment variable with a value that cannot work; the message names it."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the environment says. An empty URL stands for the embedded server."""

    database_url: str
    redis_url: str
    home: Path
    secret_key: str
    log: str
    embedded: frozenset[str] = frozenset()  # servers of our own that were found or started for an empty URL
    start_command: str = "storesync up"  # what people type to start the programs; messages name it
    alive_file: Path | None = None  # touched by workers and beat, for health checks of containers
    flower_login: str = ""  # name:password that Flower asks for; empty: one is made and kept in the home
    metrics_token: str = ""  # whoever asks for metrics has to know it; empty: anybody may ask
    public_url: str = ""  # where shops reach the web process, without a slash at its end; empty: they do not

    @property
    def is_embedded(self) -> bool:
        """Whether any server is our own, or ours to start."""
        return bool(self.embedded) or not self.has_servers

    @property
    def has_servers(self) -> bool:
        """Whether both servers are known."""
        return bool(self.database_url and self.redis_url)


def read_config(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration from the environment. Raises ConfigError with the variable's name."""
    database_url = environ.get("DATABASE_URL", "").strip()
    redis_url = environ.get("REDIS_URL", "").strip()
    log = environ.get("STORESYNC_LOG", "").strip() or "text"
    if database_url and not database_url.startswith(("postgresql://", "postgres://")):
        raise ConfigError("DATABASE_URL must start with postgresql://")
    if redis_url:
        _refuse_redis_url(redis_url)
    if log not in {"text", "json"}:
        raise ConfigError("STORESYNC_LOG must be text or json")
    metrics_token = environ.get("METRICS_TOKEN", "").strip()
    if not metrics_token.isascii() or any(sign.isspace() for sign in metrics_token):
        raise ConfigError("METRICS_TOKEN must be of letters, digits and signs that a header can carry, without a space")
    home = environ.get("STORESYNC_HOME", "").strip() or platformdirs.user_data_dir("storesync", appauthor=False)
    alive_file = environ.get("STORESYNC_ALIVE_FILE", "").strip()
    return Config(
        database_url=database_url,
        redis_url=redis_url,
        home=_absolute(home),
        secret_key=environ.get("STORESYNC_SECRET_KEY", "").strip(),
        log=log,
        start_command=environ.get("STORESYNC_START_COMMAND", "").strip() or "storesync up",
        alive_file=Path(alive_file) if alive_file else None,
        flower_login=environ.get("FLOWER_BASIC_AUTH", "").strip(),
        metrics_token=metrics_token,
        public_url=_public_url(environ.get("PUBLIC_URL", "").strip()),
    )


def log_form(environ: Mapping[str, str] = os.environ) -> str:
    """How to log, before anything else is looked at; what is wrong in it `read_config` says."""
    return "json" if environ.get("STORESYNC_LOG", "").strip() == "json" else "text"


def _public_url(url: str) -> str:
    """An address that can be asked below of: without user, query and fragment."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
        is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        is_address = is_plain = False
    if url and not (is_address and is_plain and url.isascii() and not any(sign.isspace() for sign in url)):
        raise ConfigError("PUBLIC_URL must be like https://HOST, the address that shops reach the web process at")
    return url.rstrip("/")


def _absolute(home: str) -> Path:
    try:
        return Path(home).expanduser().absolute()
    except RuntimeError as unknown:
        raise ConfigError("STORESYNC_HOME begins with ~ and a user that is not known here: give a path") from unknown


def _refuse_redis_url(url: str) -> None:
    """Raise ConfigError where redis-py or kombu cannot read it, or the two of them would read it differently."""
    if not url.startswith(("redis://", "rediss://", "unix://", f"{SENTINEL_SCHEME}://")):
        raise ConfigError(f"REDIS_URL must start with redis://, rediss://, unix:// or {SENTINEL_SCHEME}://")
    try:
        if read_sentinels(url):
            return
    except ValueError:
        raise ConfigError(
            f"REDIS_URL must be like {SENTINEL_SCHEME}://:PASSWORD@HOST:26379,HOST:26379,HOST:26379/MASTER/0, with"
            " ?sentinel_password=PASSWORD behind it where the sentinels have one; in a password write %40 for @,"
            " %2F for / and %3A for :"
        ) from None
    try:
        parts = urlsplit(url)
        _ = parts.port
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        is_read = False
    else:
        is_socket = parts.scheme == "unix"
        number = options.get("db", "0") if is_socket else parts.path.removeprefix("/")
        is_read = (not number or number.isdecimal()) and all(
            name in {"db", "username", "password"} if is_socket else name.startswith("ssl_") for name in options
        )
    if not is_read:  # the password may stand anywhere in it: no part of it is shown
        raise ConfigError(
            "REDIS_URL must be like redis://:PASSWORD@HOST:6379/0 or unix:///PATH?password=PASSWORD&db=0; in user name"
            " and password write %40 for @, %2F for / and %3A for :"
        )
    try:
        read_tls(url)
    except ValueError as wrong:
        raise ConfigError(f"REDIS_URL {wrong}") from None
