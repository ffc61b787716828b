"""Faults on demand for every stand-in: by rate, for the next N requests, or over a limit of requests per second.

Faults stand before the vendor's own code, so one list serves all platforms. `lost`, `truncated`, `timeout_done` and
`html_done` do the work and spoil the answer; all others but `slow` leave the shop untouched.
"""

import io
import random
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from waitress.channel import ClientDisconnected
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL: Final = "/_sandbox"
FAULT: Final = "sandbox.fault"  # in a request's environment: what the vendor's own code does to its answer


class Fault(StrEnum):
    """What can go wrong on purpose."""

    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After
    RATE_LIMIT_BARE = "rate_limit_bare"  # 429 that does not say how long
    UNAUTHORIZED = "unauthorized"  # in the vendor's own words
    WRITE_REFUSED = "write_refused"  # the same, to calls that write; others go on
    FIREWALL = "firewall"  # 403 with the page of somebody before the shop
    HTML = "html"  # 200 with a maintenance page
    HTML_DONE = "html_done"  # the work is done and 200 comes with such a page
    TIMEOUT = "timeout"  # no answer, then the connection closes
    TIMEOUT_DONE = "timeout_done"  # the work is done, and no answer all the same
    RESET = "reset"  # the connection breaks before anything was done
    LOST = "lost"  # the work is done and the connection breaks before the answer
    TRUNCATED = "truncated"  # the work is done and half the answer comes
    SLOW = "slow"
    PARTIAL = "partial"  # Shopify: errors in place of a part of one order, beside the data or in its place
    NO_BUYERS = "no_buyers"  # Shopify: the app may not read who ordered


class FaultError(ValueError):
    """A fault that does not exist or a rate that cannot be; the message says which."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The times and limits of faults."""

    retry_after_seconds: int = 1
    timeout_seconds: float = 30.0
    slow_seconds: float = 0.5
    requests_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer word for word, in place of the vendor's own: for what no fault of the list says."""

    status: int
    body: str | bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    mimetype: str = "application/json"

    def response(self) -> Response:
        """As it is sent."""
        return Response(self.body, self.status, dict(self.headers), self.mimetype)


@dataclass(slots=True)
class _Planned:
    fault: Fault | Said
    left: int
    only: str


class Faults:
    """Decides for each request whether and how it fails; may be changed at any time from any thread."""

    def __init__(self, rates: Mapping[str, float] | None = None, *, seed: int = 0, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self.happened: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._rates: dict[Fault, float] = {}
        self._planned: list[_Planned] = []
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()
        self._released = threading.Event()
        self.set_rates(rates or {})

    def set_rates(self, rates: Mapping[str, float]) -> None:
        """From now on each fault happens with its probability. Raises FaultError."""
        known = {_fault(name): _rate(name, rate) for name, rate in rates.items()}
        if sum(known.values()) > 1:
            raise FaultError("the rates of all faults together may not be more than 1")
        with self._lock:
            self._rates = known

    def fail_next(self, times: int, fault: str, *, only: str = "") -> None:
        """The next requests fail; `only` those whose "METHOD /path" contains a text. Raises FaultError."""
        with self._lock:
            self._planned.append(_Planned(_fault(fault), times, only))

    def answer_next(self, times: int, said: Said, *, only: str = "") -> None:
        """The next requests get this very answer; `only` as for fail_next."""
        with self._lock:
            self._planned.append(_Planned(said, times, only))

    def set_pace(self, **changes: Any) -> None:
        """Change times and limits."""
        try:
            self.pace = replace(self.pace, **changes)
        except TypeError as error:
            raise FaultError(str(error)) from error

    def next(self, asked: str) -> Fault | Said | None:
        """What happens to a request ("METHOD /path")."""
        with self._lock:
            fault = self._of_plan(asked) or self._over_limit() or self._by_chance()
            if fault is not None:
                self.happened[_name(fault)] += 1
            return fault

    def release(self) -> None:
        """Let go of every request that is being held back, now and later: the server is stopping."""
        self._released.set()

    def hold(self, seconds: float, is_gone: Callable[[], bool]) -> None:
        """Wait, but no longer than the client or the server does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not is_gone():
            if self._released.wait(min(0.05, max(0.0, until - time.monotonic()))):
                return

    def summary(self) -> dict[str, Any]:
        """The faults as they are set, and how often each happened."""
        with self._lock:
            return {
                "rates": {fault.value: rate for fault, rate in self._rates.items()},
                "next": [{"fault": _name(p.fault), "times": p.left, "only": p.only} for p in self._planned],
                "requests_per_second": self.pace.requests_per_second,
                "happened": dict(self.happened),
            }

    def _of_plan(self, asked: str) -> Fault | Said | None:
        for planned in self._planned:
            if planned.only in asked:
                planned.left -= 1
                if planned.left <= 0:
                    self._planned.remove(planned)
                return planned.fault
        return None

    def _over_limit(self) -> Fault | None:
        if self.pace.requests_per_second is None:
            return None
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        if len(self._recent) >= self.pace.requests_per_second:
            return Fault.RATE_LIMIT
        self._recent.append(now)
        return None

    def _by_chance(self) -> Fault | None:
        draw = self._random.random() if self._rates else 1.0
        for fault, rate in self._rates.items():
            if draw < rate:
                return fault
            draw -= rate
        return None


@dataclass(frozen=True, slots=True)
class Voice:
    """How a vendor itself refuses credentials, and refuses to be written to."""

    unauthorized: Said
    write_refused: Said


def with_faults(app: "WSGIApplication", faults: Faults, voice: Voice) -> "WSGIApplication":
    """The same application behind the faults; its control end points are spared."""

    def faulty(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        fault = None if path.startswith(CONTROL) else faults.next(f"{environ['REQUEST_METHOD']} {path}")
        if fault is Fault.UNAUTHORIZED:
            fault = voice.unauthorized
        if fault is Fault.WRITE_REFUSED:
            fault = voice.write_refused if _writes(environ) else None
        if isinstance(fault, Said):
            return fault.response()(environ, start_response)
        if fault in (Fault.TIMEOUT, Fault.TIMEOUT_DONE, Fault.RESET, Fault.LOST):
            _drop(fault, app, environ, faults)
        if fault is Fault.HTML_DONE:
            Response.from_app(app, environ, buffered=True)
        if fault is Fault.TRUNCATED:
            return _truncated(app, environ, start_response)
        if fault is Fault.SLOW:
            faults.hold(faults.pace.slow_seconds, _is_gone(environ))
        environ[FAULT] = fault
        answer = app if fault in _ANSWERED else _answer(fault, faults)
        return answer(environ, start_response)

    return faulty


_ANSWERED: Final = (None, Fault.SLOW, Fault.PARTIAL, Fault.NO_BUYERS)


def fault_routes(faults: Faults) -> Blueprint:
    """`/_sandbox/faults`: GET shows them; POST sets "rates", "next" and the times and limits of Pace."""
    routes = Blueprint("faults", __name__)

    @routes.get(f"{CONTROL}/faults")
    def show() -> ResponseReturnValue:
        return jsonify(faults.summary())

    @routes.post(f"{CONTROL}/faults")
    def change() -> ResponseReturnValue:
        given = dict(request.get_json())
        planned = given.pop("next", None)
        rates = given.pop("rates", None)
        try:
            if rates is not None:
                faults.set_rates(rates)
            if planned is not None:
                faults.fail_next(planned.get("times", 1), planned["fault"], only=planned.get("only", ""))
            faults.set_pace(**given)
        except FaultError as error:
            return jsonify(error=str(error)), 400
        return jsonify(faults.summary())

    return routes


def _name(fault: Fault | Said) -> str:
    return f"answer_{fault.status}" if isinstance(fault, Said) else fault.value


def _fault(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise FaultError(f"there is no fault {name!r}; there are {', '.join(Fault)}") from None


def _rate(name: str, rate: float) -> float:
    if not 0 <= rate <= 1:
        raise FaultError(f"the rate of {name} must be between 0 and 1")
    return rate


def _answer(fault: Fault | None, faults: Faults) -> Response:
    retry = {"Retry-After": str(faults.pace.retry_after_seconds)}
    match fault:
        case Fault.RATE_LIMIT:
            return _json(429, "too_many_requests", "Too many requests.", retry)
        case Fault.RATE_LIMIT_BARE:
            return _json(429, "too_many_requests", "Too many requests.")
        case Fault.FIREWALL:
            page = "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>403 Forbidden</body></html>"
            return Response(page, 403, mimetype="text/html")
        case Fault.HTTP_503:
            return Response("<html><body>Service Unavailable</body></html>", 503, retry, "text/html")
        case Fault.HTML | Fault.HTML_DONE:
            page = "<!DOCTYPE html><html><body><h1>Briefly unavailable for scheduled maintenance.</h1></body></html>"
            return Response(page, 200, mimetype="text/html")
        case _:
            return _json(500, "internal_server_error", "There has been a critical error on this website.")


def _json(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    body = f'{{"code":"{code}","message":"{message}","data":{{"status":{status}}}}}'
    return Response(body, status, headers, "application/json")


def _drop(fault: Fault, app: "WSGIApplication", environ: "WSGIEnvironment", faults: Faults) -> None:
    """End the connection without an answer."""
    if fault in (Fault.LOST, Fault.TIMEOUT_DONE):
        Response.from_app(app, environ, buffered=True)
    if fault in (Fault.TIMEOUT, Fault.TIMEOUT_DONE):
        faults.hold(faults.pace.timeout_seconds, _is_gone(environ))
    else:
        # Closing with a linger of zero sends RST in place of FIN. The channel is known only through this callable.
        channel = environ["waitress.client_disconnected"].__self__
        channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ClientDisconnected


def _truncated(app: "WSGIApplication", environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """The whole length promised, half of it sent; waitress closes the connection after it."""
    answer = Response.from_app(app, environ, buffered=True)
    body = answer.get_data()
    answer.headers["Content-Length"] = str(len(body))
    start_response(answer.status, list(answer.headers))
    return [body[: len(body) // 2]]


def _writes(environ: "WSGIEnvironment") -> bool:
    """Whether a call writes; of GraphQL, whose every call is a POST, whether it is a mutation."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return False
    if not environ["PATH_INFO"].endswith("graphql.json"):
        return True
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return b'"mutation' in body.replace(b" ", b"").replace(b"\\n", b"")


def _is_gone(environ: "WSGIEnvironment") -> Callable[[], bool]:
    gone: Callable[[], bool] = environ.get("waitress.client_disconnected", lambda: False)
    return gone
