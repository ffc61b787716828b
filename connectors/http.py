"""HTTP to vendors, and the only user of requests: guarded addresses, limits, shared waits, errors in our own words.

It knows no vendor and tries nothing twice: when to try again is for the rules.
"""

import http.client
import http.cookiejar
import importlib.metadata
import io
import logging
import socket
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.poolmanager import pool_classes_by_scheme

from connectors import json_text
from connectors.addresses import public_addresses, shop_url
from connectors.auths import Anonymous, EitherAuth, HeaderAuth, RenewedAuth, basic_auth, oauth1
from connectors.error_answers import ErrorAnswer, error_of, not_json
from connectors.errors import ConnectorError, CredentialsRefused, RateLimited, Rejected, TooLarge, Unavailable, Unsafe
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
for _signer in ("oauthlib", "requests_oauthlib"):  # at their lowest level they tell what is signed, and with which key
    logging.getLogger(_signer).setLevel(logging.WARNING)

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 20
DEADLINE_SECONDS: Final = 60  # for a whole exchange, however slowly it drips
SIZE_LIMIT: Final = 20 * 1024 * 1024

_CHUNK: Final = 65536
_ERROR_SIZE: Final = 16384
_OTHER_KEYS: Final = 2
_MOST_ADDRESSES: Final = 3  # of a name, that are tried

Params = Mapping[str, str | int]
ManyParams = Mapping[str, str | int | Sequence[str]]  # a sequence is one name several times


class Waits(Protocol):
    """The moment before which a store must not be asked, shared by everybody who asks it."""

    def until(self) -> datetime | None:
        """When the store may be asked again; None for now."""

    def wait(self, until: datetime) -> None:
        """Nobody asks the store before this moment."""

    def called(self) -> None:
        """The store is asked something."""

    def left(self, share: float) -> None:
        """What the store said is left of its budget of calls, from 0 to 1."""


class NoWaits:
    """No wait is known or kept: for a store that is not connected yet."""

    def until(self) -> datetime | None:
        """Now."""
        return None

    def wait(self, until: datetime) -> None:
        """There is nobody to tell."""

    def called(self) -> None:
        """Nobody counts."""

    def left(self, share: float) -> None:
        """Nobody watches."""


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
        self._ends = _Ends()
        self._session = _session(self._ends, allow_insecure=allow_insecure)

    def get(self, path: str, params: Params | ManyParams | None = None, *, answers: Collection[int] = ()) -> Answer:
        """Ask for something; `answers` as for put. Raises a ConnectorError."""
        return self._ask("GET", path, {"params": params}, answers=answers)

    def post(self, path: str, body: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        """Send JSON that makes something, or asks; `answers` as for put. Raises a ConnectorError."""
        return self._ask("POST", path, _json(body), answers=answers)

    def patch(self, path: str, body: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        """Send JSON that changes a part of something; `answers` as for put. Raises a ConnectorError."""
        return self._ask("PATCH", path, _json(body), answers=answers)

    def delete(self, path: str, params: Params | None = None, *, answers: Collection[int] = ()) -> Answer:
        """Take something away; `answers` as for put. Raises a ConnectorError."""
        return self._ask("DELETE", path, {"params": params}, answers=answers)

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
        return self._ask("PUT", path, _json(body), answers=answers)

    def _ask(self, method: str, path: str, sent: Mapping[str, Any], *, answers: Collection[int] = ()) -> Answer:
        url = f"{self._base_url}/{path}"
        request = f"{method} {url}"
        self._look_at_waits(request)
        self.calls += 1
        self._waits.called()
        try:
            answer = self._renewing(lambda: self._exchange(method, url, sent, answers=answers))
        except _NO_ANSWER as error:
            raise _no_answer(error, request) from error
        if isinstance(answer, ErrorAnswer):
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

    def _renewing(self, exchange: "Callable[[], _Success | ErrorAnswer]") -> "_Success | ErrorAnswer":
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
    ) -> "_Success | ErrorAnswer":
        self._ends.begin()
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
                return _Success(response.headers, _body(response, SIZE_LIMIT), response.status_code)
            body = b""
            with suppress(*_NO_ANSWER, _TooLarge):  # what it says is only for people; that it says no is the answer
                body = _body(response, _ERROR_SIZE)
            return ErrorAnswer(response.headers, body, response.status_code)


def _json(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": json_text.write(body).encode(), "headers": {"Content-Type": "application/json"}}


def more_than(most: int) -> str:
    """The words for a list that is no page of what was asked for: it is not worked on."""
    return f"the shop gave more entries than the {most} that were asked for, which is no page of its list"


# -- the session -------------------------------------------------------------------------------------------------


def credential(credentials: Mapping[str, str], name: str) -> str:
    """A credential that can travel in a header. Raises CredentialsRefused, naming it."""
    value = credentials.get(name, "").strip()
    if not value or not value.isascii() or not value.isprintable():
        raise CredentialsRefused(f"the credential {name} is missing or holds signs that no key has")
    return value


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: requests reads the address even where it is not to follow, and may break on it."""


def _session(ends: "_Ends", *, allow_insecure: bool) -> requests.Session:
    session = _Session()
    session.trust_env = False  # no proxy, no .netrc: only what the store was connected with
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": f"storesync/{_version()}", "Accept": "application/json"})
    session.adapters.clear()
    if allow_insecure:
        session.mount("http://", _Adapter(ends, http=HTTPConnection))
        session.mount("https://", _Adapter(ends, https=HTTPSConnection))
    else:
        session.mount("https://", _Adapter(ends, https=_PublicOnly))
    return session


@cache
def _version() -> str:
    try:
        return importlib.metadata.version("storesync")
    except importlib.metadata.PackageNotFoundError:
        return "0"  # run from a checkout that is not installed


class _Ends:
    """When an exchange must be over, its address, head and body included, however slowly they drip."""

    def __init__(self) -> None:
        self._at = 0.0

    def begin(self) -> None:
        """An exchange begins."""
        self._at = time.monotonic() + DEADLINE_SECONDS

    def left(self) -> float:
        """For how many seconds the next bytes may be waited for. Raises TimeoutError where none is left."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, READ_SECONDS)


class _TimedBytes(io.RawIOBase):
    """What comes over a socket, waited for no longer than the exchange may take."""

    def __init__(self, connected: socket.socket, ends: _Ends) -> None:
        self._socket, self._ends = connected, ends
        self._bytes = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._ends.left())
        return self._bytes.readinto(buffer)

    def close(self) -> None:
        self._bytes.close()
        super().close()


def _timed(connected: socket.socket, *args: Any, ends: _Ends, **kwargs: Any) -> http.client.HTTPResponse:
    """An answer as a connection makes it, whose bytes are timed."""
    answer = http.client.HTTPResponse(connected, *args, **kwargs)
    answer.fp.close()
    answer.fp = io.BufferedReader(_TimedBytes(connected, ends))
    return answer


class _PublicOnly(HTTPSConnection):
    """A name is asked for its addresses once, and one of those that were looked at is called, no other.

    The name stays what the certificate must be of, and what the server is told.
    """

    def _new_conn(self) -> socket.socket:
        host, refused = self.host, None
        for address in public_addresses(host, self.port)[:_MOST_ADDRESSES]:
            try:
                self._dns_host = address
                return super()._new_conn()
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
                refused = error
            finally:
                self._dns_host = host
        raise refused or OSError("no address")


class _Adapter(HTTPAdapter):
    """Opens connections of its own kinds, which all know when the exchange at work must be over."""

    def __init__(self, ends: _Ends, **kinds: type[HTTPConnection]) -> None:
        self._pools = {scheme: _pool(scheme, kind, ends) for scheme, kind in kinds.items()}
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def _pool(scheme: str, kind: type[HTTPConnection], ends: _Ends) -> type[HTTPConnectionPool]:
    """A pool of connections whose answers must end in time."""
    timed = type(kind.__name__, (kind,), {"response_class": staticmethod(partial(_timed, ends=ends))})
    return type("_Pool", (pool_classes_by_scheme[scheme],), {"ConnectionCls": timed})


# -- answers -----------------------------------------------------------------------------------------------------


class _TooLarge(Exception):
    """An answer beyond the size limit."""


@dataclass(frozen=True, slots=True)
class _Success:
    headers: Mapping[str, str]
    body: bytes
    status: int


def _body(response: requests.Response, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    # read1 returns what has come: waiting for full chunks would let one byte every 19 seconds pass every limit.
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise _TooLarge
    return b"".join(chunks)


def _read(answer: _Success, request: str) -> Answer:
    try:
        # Some plugins put a byte order mark before everything.
        return Answer(request, answer.headers, answer.body.decode("utf-8-sig"), answer.status)
    except UnicodeDecodeError as error:
        raise Unavailable("the answer is not UTF-8", request=request) from error


_NO_ANSWER: Final = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, _TooLarge)


def _no_answer(error: Exception, request: str) -> ConnectorError:
    match error:
        case _TooLarge():
            return TooLarge(f"the answer is larger than {SIZE_LIMIT // 1024 // 1024} MB", request=request)
        case requests.exceptions.InvalidURL():
            return Rejected("this is no address", request=request)
        case requests.Timeout() | TimeoutError() | urllib3.exceptions.TimeoutError():
            words = "did not answer in time"
        case requests.exceptions.SSLError():
            words = "has no https connection that can be trusted"
        case requests.ConnectionError():
            words = "cannot be reached"
        case _:
            words = "broke off its answer"
    return Unavailable(f"the store {words}", request=request)
