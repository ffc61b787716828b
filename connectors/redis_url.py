"""What REDIS_URL says of TLS and of sentinels, read once for all who connect: our own client, Celery's and Flower.

Left to themselves they read it differently, and one of them does not look at the server's certificate by default.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

SENTINEL_SCHEME: Final = "redis+sentinel"
_SENTINEL_PORT: Final = 26379
_OF_SENTINELS: Final = {"sentinel_username": "username", "sentinel_password": "password"}
_MASTER: Final = re.compile("/([^/]+)(?:/([0-9]+))?")

_CERTIFICATE: Final = {
    "required": ssl.CERT_REQUIRED,
    "optional": ssl.CERT_OPTIONAL,
    "none": ssl.CERT_NONE,
}
_SWITCH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def without_tls(url: str) -> str:
    """The URL without the options that `read_tls` has read."""
    return urlsplit(url)._replace(query="").geturl() if is_tls(url) else url


def is_tls(url: str) -> bool:
    """Whether the connection is encrypted."""
    return url.startswith("rediss://")


def read_tls(url: str) -> dict[str, Any]:
    """The options of redis-py and kombu for this URL: a certificate is verified unless it says otherwise.

    Empty where the connection is not encrypted. Raises ValueError with what to write.
    """
    given = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if not is_tls(url):
        if any(name.startswith("ssl_") for name in given):
            raise ValueError("must start with rediss:// where it has options ssl_…")
        return {}
    unknown = sorted(given.keys() - _READERS.keys())
    if unknown:
        raise ValueError(f"has an option that is not known, {unknown[0]}: there are {', '.join(_READERS)}")
    options: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    options |= {name: _READERS[name](name, value) for name, value in given.items()}
    # Python's own rule: who looks at no certificate looks at no name in it.
    options["ssl_check_hostname"] = (
        options.get("ssl_check_hostname", True) and options["ssl_cert_reqs"] is not ssl.CERT_NONE
    )
    return options


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Who says which Redis is the master, and how that one is entered; a name or password that is empty is none."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    db: int
    username: str
    password: str
    own: dict[str, str]  # username and password that the sentinels themselves ask for


def read_sentinels(url: str) -> Sentinels | None:
    """The sentinels of a URL redis+sentinel://:PASSWORD@HOST:26379,HOST:26379/MASTER/0; None where it names a Redis.

    Raises ValueError where it cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme != SENTINEL_SCHEME:
        return None
    who, _, hosts = parts.netloc.rpartition("@")
    username, _, password = who.partition(":")
    where = _MASTER.fullmatch(parts.path)
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    if not where or options.keys() - _OF_SENTINELS.keys():
        raise ValueError("it names no master, no database, or what is not known")
    return Sentinels(
        hosts=tuple(_address(urlsplit(f"//{host}")) for host in hosts.split(",")),
        master=unquote(where[1]),
        db=int(where[2] or 0),
        username=unquote(username),
        password=unquote(password),
        own={_OF_SENTINELS[name]: value for name, value in options.items()},
    )


def _address(host: SplitResult) -> tuple[str, int]:
    if not host.hostname:
        raise ValueError("a host is missing")
    return host.hostname, host.port or _SENTINEL_PORT


def _certificate(name: str, value: str) -> ssl.VerifyMode:
    known = _CERTIFICATE.get(value.lower().removeprefix("cert_"))
    if known is None:
        raise ValueError(f"has an option {name} that must be {', '.join(_CERTIFICATE)}")
    return known


def _switch(name: str, value: str) -> bool:
    known = _SWITCH.get(value.lower())
    if known is None:
        raise ValueError(f"has an option {name} that must be true or false")
    return known


def _file(name: str, value: str) -> str:
    if not Path(value).is_file():
        raise ValueError(f"has an option {name} that names no file: {value}")
    return value


def _folder(name: str, value: str) -> str:
    if not Path(value).is_dir():
        raise ValueError(f"has an option {name} that names no folder: {value}")
    return value


def _text(_: str, value: str) -> str:
    return value


_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "ssl_cert_reqs": _certificate,
    "ssl_ca_certs": _file,
    "ssl_ca_path": _folder,
    "ssl_check_hostname": _switch,
    "ssl_certfile": _file,
    "ssl_keyfile": _file,
    "ssl_password": _text,
}
