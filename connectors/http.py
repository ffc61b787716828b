"""HTTP to vendors, and the only user of requests: guarded addresses, limits, shared waits, errors in our own words.

It knows no vendor and tries nothing twice: when to try again is for the rules.
"""

import http.cookiejar
import importlib.metadata
import logging
import socket
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from connectors import json_text
from connectors.addresses import refuse_private_address, refuse_private_host, shop_url
from connectors.auths import Anonymous, EitherAuth, HeaderAuth, RenewedAuth, basic_auth, oauth1
from connectors.errors import ConnectorError, RateLimited, Refused, Rejected, TooLarge, Unavailable, Unsafe
from connectors.refusals import Refusal, error_of, not_json
from connectors.tokens import OwnTokens, Tokens
from schemas.refusals import IsOwn, anybody

__all__ = [
    "Anonymous",
    "Answer",
    "EitherAuth",
    "AuthBase",
    "HeaderAuth",
    "HttpClient",
    "NoWaits",
    "RenewedAuth",
    "Shared",
    "Waits",
    "basic_auth",
    "credential",
    "oauth1",
    "shop_url",
]

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # its warnings repeat addresses with the keys in their query

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
DEADLINE_SECONDS: Final = 60  # for a whole answer, however slowly it drips
SIZE_LIMIT: Final = 20 * 1024 * 1024

_CHUNK: Final = 65536
_REFUSAL_SIZE: Final = 16384
_OTHER_KEYS: Final = 2

Params = Mapping[str, str | int]


class Waits(Protocol):
    """The moment before which a store must not be asked, shared by everybody who asks it."""

    def until(self) -> datetime | None:
        """When the store may be asked again; None for now."""

    def wait(self, until: datetime) -> None:
        """Nobody asks the store before this moment."""


class NoWaits:
    """No wait is known or kept: for a store that is not connected yet."""

    def until(self) -> datetime | None:
        """Now."""
        return None

    def wait(self, until: datetime) -> None:
        """There is nobody to tell."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all who ask one store share; by itself as good as nothing, for a store that is not connected yet."""

    waits: Waits = field(default_factory=NoWaits)
    tokens: Tokens = field(default_factory=OwnTokens)


@dataclass(frozen=True, slots=True)
class Answer:
    """A vendor's answer with a status of success. `request` is method and address, for messages."""

    request: str
    headers: Mapping[str, str]
    text: str
    status: int = 200

    def json(self) -> Any:
        """The JSON value, with decimals. Raises Unavailable: no vendor sends anything else but in trouble."""
        self._refuse_bulk()
        try:
            return json_text.read(self.text)
        except json_text.NotJson as error:
            raise not_json(self.text, self.request) from error

    def entries(self, most: int) -> list[tuple[Any, str]]:
        """The entries of a JSON list, each with its own text. Raises Unavailable, for more than were asked for too."""
        self._refuse_bulk()
        try:
            return json_text.entries(self.text, most)
        except json_text.TooMany as error:
            raise Unavailable(more_than(most), request=self.request) from error
        except json_text.NotJson as error:
            raise not_json(self.text, self.request, "a JSON list") from error

    def _refuse_bulk(self) -> None:
        if json_text.holds_too_much(self.text):
            raise TooLarge(f"the answer holds more than {json_text.MOST_VALUES} values", request=self.request)


class HttpClient:
    """Calls to one store below one address. Keeps its connection; belongs to one thread."""

    def __init__(
        self, base_url: str, *, auth: AuthBase, waits: Waits, is_own: IsOwn = anybody, allow_insecure: bool = False
    ) -> None:
        if not allow_insecure and not base_url.startswith("https://"):
            raise Unsafe("the store URL must start with https://")
        self.calls = 0
        self._base_url = base_url
        self._auth = auth
        self._waits = waits
        self._is_own = is_own
        self._session = _session(allow_insecure=allow_insecure)

    def get(self, path: str, params: Params | None = None) -> Answer:
        """Ask for something. Raises a ConnectorError."""
        return self._ask("GET", path, {"params": params})

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Send JSON, for what a vendor lets be asked no other way. Raises a ConnectorError."""
        return self._ask("POST", path, {"json": body})

    def post_form(self, path: str, form: Mapping[str, str], *, answers: Collection[int] = ()) -> Answer:
        """Send a form, as those who give tokens want it; `answers` as for put. Raises a ConnectorError."""
        return self._ask("POST", path, {"data": form}, answers=answers)

    def renew(self) -> None:
        """Take another key from now on, which proves what renews it; where that cannot be had now, go on with the old.

        Raises Revoked.
        """
        if isinstance(self._auth, RenewedAuth):
            with suppress(Unavailable):
                self._auth.renew_anyway()

    def put(self, path: str, body: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        """Send JSON that takes the place of something. Raises a ConnectorError.

        `answers` are statuses beyond 2xx in whose body the vendor says what the caller must read: no errors.
        """
        return self._ask("PUT", path, {"json": body}, answers=answers)

    def _ask(self, method: str, path: str, sent: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        url = f"{self._base_url}/{path}"
        request = f"{method} {url}"
        self._look_at_waits(request)
        self.calls += 1
        try:
            answer = self._renewing(lambda: self._exchange(method, url, sent, answers=answers))
        except _NO_ANSWER as error:
            raise _no_answer(error, request) from error
        if isinstance(answer, Refusal):
            said_no = error_of(answer, request, now=datetime.now(UTC), is_own=self._is_own)
            if isinstance(said_no, RateLimited):
                self._waits.wait(said_no.until)
            raise said_no
        return _read(answer, request)

    def _look_at_waits(self, request: str) -> None:
        until = self._waits.until()
        if until is not None and until > datetime.now(UTC):
            words = f"the store asked to wait until {until:%H:%M:%S} UTC"
            raise RateLimited(words, until=until, request=request, status=429)

    def _renewing(self, exchange: "Callable[[], _Success | Refusal]") -> "_Success | Refusal":
        """What a key that ends was refused is asked again: with that of others, then with a new one (DOR-3)."""
        answer = exchange()
        if isinstance(self._auth, EitherAuth) and self._auth.is_other_worth_it(answer.status):
            answer = exchange()
            self._auth.keep(is_better=answer.status != 401)
        for _ in range(_OTHER_KEYS):
            if answer.status != 401 or not isinstance(self._auth, RenewedAuth):
                break
            self._auth.renew()
            answer = exchange()
        return answer

    def _exchange(
        self, method: str, url: str, sent: Mapping[str, Any], *, answers: Collection[int]
    ) -> "_Success | Refusal":
        deadline = time.monotonic() + DEADLINE_SECONDS
        with self._session.request(
            method,
            url,
            **sent,
            auth=self._auth,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,  # a redirect would take the credentials to wherever it points
            stream=True,
        ) as response:
            if 200 <= response.status_code < 300 or response.status_code in answers:
                return _Success(response.headers, _body(response, SIZE_LIMIT, deadline), response.status_code)
            body = b""
            with suppress(*_NO_ANSWER, _TooLarge):  # what it says is only for people; that it says no is the answer
                body = _body(response, _REFUSAL_SIZE, deadline)
            return Refusal(response.headers, body, response.status_code)


def more_than(most: int) -> str:
    """The words for a list that is no page of what was asked for: it is not worked on."""
    return f"the shop gave more entries than the {most} that were asked for, which is no page of its list"


# -- the session -------------------------------------------------------------------------------------------------


def credential(credentials: Mapping[str, str], name: str) -> str:
    """A credential that can travel in a header. Raises Refused, naming it."""
    value = credentials.get(name, "").strip()
    if not value or not value.isascii() or not value.isprintable():
        raise Refused(f"the credential {name} is missing or holds signs that no key has")
    return value


def _session(*, allow_insecure: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc: only what the store was connected with
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": f"storesync/{_version()}", "Accept": "application/json"})
    if not allow_insecure:
        session.adapters.clear()
        session.mount("https://", _PublicOnly())
    return session


def _version() -> str:
    try:
        return importlib.metadata.version("storesync")
    except importlib.metadata.PackageNotFoundError:
        return "0"  # run from a checkout that is not installed


class _PublicConnection(HTTPSConnection):
    """Refuses a private address at the moment of connecting: a name may point elsewhere than when it was checked."""

    def _new_conn(self) -> socket.socket:
        refuse_private_host(self.host, self.port)
        connected = super()._new_conn()
        try:
            refuse_private_address(str(connected.getpeername()[0]), self.host)
        except (Unsafe, OSError):
            connected.close()
            raise
        return connected


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicOnly(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": _PublicPool}


# -- answers -----------------------------------------------------------------------------------------------------


class _TooLarge(Exception):
    """An answer beyond the size limit."""


class _TooSlow(Exception):
    """An answer beyond the deadline."""


@dataclass(frozen=True, slots=True)
class _Success:
    headers: Mapping[str, str]
    body: bytes
    status: int


def _body(response: requests.Response, limit: int, deadline: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    # read1 returns what has come: waiting for full chunks would let one byte every 19 seconds pass every limit.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise _TooLarge
        if time.monotonic() > deadline:
            raise _TooSlow
    return b"".join(chunks)


def _read(answer: _Success, request: str) -> Answer:
    try:
        # Some plugins put a byte order mark before everything.
        return Answer(request, answer.headers, answer.body.decode("utf-8-sig"), answer.status)
    except UnicodeDecodeError as error:
        raise Unavailable("the answer is not UTF-8", request=request) from error


_NO_ANSWER: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, _TooSlow, _TooLarge)


def _no_answer(error: Exception, request: str) -> ConnectorError:
    match error:
        case _TooLarge():
            return TooLarge(f"the answer is larger than {SIZE_LIMIT // 1024 // 1024} MB", request=request)
        case requests.exceptions.InvalidURL():
            return Rejected("this is no address", request=request)
        case requests.Timeout() | TimeoutError() | urllib3.exceptions.TimeoutError() | _TooSlow():
            words = "did not answer in time"
        case requests.exceptions.SSLError():
            words = "has no https connection that can be trusted"
        case requests.ConnectionError():
            words = "cannot be reached"
        case _:
            words = "broke off its answer"
    return Unavailable(f"the store {words}", request=request)
