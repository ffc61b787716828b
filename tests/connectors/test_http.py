"""connectors.http: what a vendor may answer, and what we make of it (SPEC chapter 11)."""

import gzip
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import http, json_text
from connectors.errors import (
    ConnectorError,
    CredentialsRefused,
    NotFound,
    RateLimited,
    Rejected,
    TooLarge,
    Unavailable,
    Unsafe,
)
from connectors.http import HttpClient, NoWaits, Waits, basic_auth, oauth1
from tests.connectors.raw_server import Answer, RawServer, http_answer

KEY, SECRET = "ck_0123456789abcdef0123456789abcdef01234567", "cs_secret"


@dataclass
class KeptWaits:
    """Waits in memory."""

    moment: datetime | None = None
    asked: int = field(default=0)

    def until(self) -> datetime | None:
        self.asked += 1
        return self.moment

    def wait(self, until: datetime) -> None:
        self.moment = until

    def called(self) -> None:
        pass

    def left(self, share: float) -> None:
        pass


def client(server: RawServer, waits: Waits | None = None) -> HttpClient:
    return HttpClient(server.url, auth=basic_auth(KEY, SECRET), waits=waits or NoWaits(), allow_insecure=True)


def error_for(answer: Answer) -> ConnectorError:
    """The error that an answer becomes."""
    with RawServer(answer) as server, pytest.raises(ConnectorError) as caught:
        client(server).get("orders", {"page": 1, "token": "in-the-query"}).json()
    message = str(caught.value)
    assert message.startswith(f"GET {server.url}/orders: ")
    assert not any(secret in message for secret in (KEY, SECRET, "in-the-query", "\n"))
    return caught.value


# -- answers -----------------------------------------------------------------------------------------------------


def test_an_answer_is_read_with_its_headers() -> None:
    with RawServer(http_answer(200, '[{"total":1.10}]', "X-WP-Total: 1")) as server:
        answer = client(server).get("orders", {"page": 1})

    assert answer.entries(1)[0][1] == '{"total":1.10}'
    assert answer.headers["x-wp-total"] == "1"
    assert server.requests[0].startswith("GET /orders?page=1 HTTP/1.1")
    assert "User-Agent: storesync/" in server.requests[0]


def test_a_packed_answer_with_a_byte_order_mark_is_read() -> None:
    body = gzip.compress(b"\xef\xbb\xbf[]")

    with RawServer(http_answer(200, body, "Content-Encoding: gzip")) as server:
        assert client(server).get("orders").json() == []


def test_calls_are_counted() -> None:
    with RawServer(http_answer(200, "[]")) as server:
        asking = client(server)
        for _ in range(3):
            asking.get("orders")

    assert asking.calls == 3


def test_JSON_is_sent_where_a_vendor_wants_it() -> None:
    with RawServer(http_answer(200, "{}")) as server:
        asking = client(server)
        asking.post("graphql.json", {"query": "{ shop { name } }"})

    assert server.requests[0].startswith("POST /graphql.json HTTP/1.1")
    assert "Content-Type: application/json" in server.requests[0]
    assert "Authorization: Basic" in server.requests[0]
    assert asking.calls == 1


@pytest.mark.parametrize("answer", [http_answer(200, "{}"), http_answer(204)])
def test_JSON_takes_the_place_of_what_was_there(answer: Answer) -> None:
    with RawServer(answer) as server:
        asking = client(server)
        asking.put("orders/5", {"status_id": 10})

    assert server.requests[0].startswith("PUT /orders/5 HTTP/1.1")
    assert "Content-Type: application/json" in server.requests[0]
    assert "Authorization: Basic" in server.requests[0]
    assert asking.calls == 1


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (422, Rejected), (429, RateLimited), (500, Unavailable)])
def test_what_is_put_is_refused_and_waits_like_everything_else(status: int, kind: type[ConnectorError]) -> None:
    waits = KeptWaits()
    with RawServer(http_answer(status, "no")) as server, pytest.raises(kind) as caught:
        client(server, waits).put("orders/5", {"status_id": 10}, answers={409})

    assert str(caught.value).startswith(f"PUT {server.url}/orders/5: ")
    assert (waits.moment is not None) == (kind is RateLimited)


def test_nothing_is_put_while_the_store_asked_to_wait() -> None:
    waits = KeptWaits(datetime.now(UTC) + timedelta(minutes=1))
    with RawServer(http_answer(200, "{}")) as server, pytest.raises(RateLimited):
        client(server, waits).put("orders/5", {})

    assert server.requests == []


def test_a_refusal_in_which_a_vendor_says_more_is_an_answer_where_it_is_asked_for() -> None:
    body = '{"errors":{"items.0":"' + "no " * 10_000 + '"}}'
    with RawServer(http_answer(422, body)) as server:
        answer = client(server).put("stock", {}, answers={422})

    assert (answer.status, answer.text) == (422, body)


def test_what_a_refusal_says_under_errors_is_told() -> None:
    error = error_for(http_answer(401, '{"errors":"[API] Invalid API key or access token"}'))

    assert type(error) is CredentialsRefused
    assert "Invalid API key" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, CredentialsRefused),
        (403, CredentialsRefused),
        (404, NotFound),
        (408, Unavailable),
        (409, Rejected),
        (413, Rejected),
        (429, RateLimited),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_status_becomes_an_error(status: int, kind: type[ConnectorError]) -> None:
    error = error_for(http_answer(status, "no"))

    assert type(error) is kind
    assert error.status == status


@pytest.mark.parametrize(("status", "kind"), [(301, Rejected), (302, Unavailable), (307, Unavailable), (308, Rejected)])
def test_a_redirect_is_not_followed(status: int, kind: type[ConnectorError]) -> None:
    with RawServer(http_answer(200, "[]")) as elsewhere:
        error = error_for(http_answer(status, "", f"Location: {elsewhere.url}/?consumer_key={KEY}"))

    assert type(error) is kind
    assert elsewhere.requests == []


def test_the_vendors_own_words_are_in_the_error() -> None:
    body = '{"code":"rest_invalid_param","message":"Invalid <b>parameter</b>(s): per_page","data":{"status":400}}'

    assert "(rest_invalid_param: Invalid parameter (s): per_page)" in str(error_for(http_answer(400, body)))


def test_words_that_repeat_keys_or_people_are_cut() -> None:
    words = f"key {KEY} of ada@example.test " + "and more " * 100

    message = str(error_for(http_answer(400, f'{{"code":"x","message":"{words}"}}')))

    assert "ada@" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    "body",
    ["<html>down for maintenance</html>", "", '[{"id":1}', "\xff\xfe", "[NaN]", "[" * 50_000],
    ids=lambda b: b[:9],
)
def test_a_200_that_is_no_json_is_unavailable(body: str) -> None:
    assert type(error_for(http_answer(200, body.encode("latin-1")))) is Unavailable


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _chunk_that_ends_early(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n[1,")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]",
        _chunk_that_ends_early,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nxxxxx",
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        _reset,
    ],
    ids=["truncated", "chunk cut", "bad gzip", "nothing", "no http", "reset"],
)
def test_a_broken_answer_is_unavailable(answer: Answer) -> None:
    assert type(error_for(answer)) is Unavailable


def test_nobody_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    asking = HttpClient(f"http://127.0.0.1:{port}", auth=basic_auth("a", "b"), waits=NoWaits(), allow_insecure=True)

    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        asking.get("orders")

    assert caught.value.__cause__ is not None


def _wait_for_hang_up(connection: socket.socket) -> None:
    connection.settimeout(10)
    connection.recv(1)


def test_no_answer_in_time_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.05)

    assert "did not answer in time" in str(error_for(_wait_for_hang_up))


def _drip(*parts: bytes) -> Callable[[socket.socket], None]:
    """Bytes of an answer, then one more every now and then, each in good time, for ever."""

    def send(connection: socket.socket) -> None:
        connection.sendall(b"".join(parts))
        for _ in range(600):
            time.sleep(0.05)
            connection.sendall(b" ")

    return send


@pytest.mark.parametrize(
    "begun",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nX-Long: a",),
        (b"HTTP/1.1 200 ",),
        (b"HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n",),
    ],
    ids=["body", "head", "first line", "refusal"],
)
def test_ch_11_an_exchange_that_drips_ends_at_its_one_deadline(
    monkeypatch: pytest.MonkeyPatch, begun: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(http, "DEADLINE_SECONDS", 0.3)
    began = time.monotonic()

    error = error_for(_drip(*begun))

    assert time.monotonic() - began < 15  # of the 30 s that it would drip
    assert isinstance(error, Unavailable)
    assert "did not answer in time" in str(error) or error.status == 500


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "packed"])
def test_an_answer_that_is_too_large_is_rejected(monkeypatch: pytest.MonkeyPatch, is_packed: bool) -> None:
    monkeypatch.setattr(http, "SIZE_LIMIT", 100_000)
    body = b"[" + b" " * 200_000 + b"]"
    answer = http_answer(200, gzip.compress(body), "Content-Encoding: gzip") if is_packed else http_answer(200, body)

    error = error_for(answer)

    assert type(error) is TooLarge
    assert "larger than" in str(error)


# -- waits -------------------------------------------------------------------------------------------------------


def _http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 7", 7),
        ("Retry-After: {in_ten_minutes}", 600),
        ("Retry-After: 0", 1),
        ("Retry-After: 99999999999999999999", 3600),
        (f"Retry-After: {_http_date(datetime(2020, 1, 1, tzinfo=UTC))}", 1),
        ("Retry-After: soon", 30),
        ("X-Nothing: 1", 30),
    ],
)
def test_MUL_1_a_429_makes_everybody_wait_as_long_as_it_says(header: str, seconds: int) -> None:
    waits = KeptWaits()
    before = datetime.now(UTC)
    header = header.format(in_ten_minutes=_http_date(before + timedelta(seconds=600)))

    with RawServer(http_answer(429, "", header)) as server, pytest.raises(RateLimited) as caught:
        client(server, waits).get("orders")

    assert waits.moment == caught.value.until
    assert abs(caught.value.until - before - timedelta(seconds=seconds)) < timedelta(seconds=30)


def test_a_store_that_asked_to_wait_is_not_asked() -> None:
    waits = KeptWaits(datetime.now(UTC) + timedelta(seconds=30))

    with RawServer(http_answer(200, "[]")) as server:
        asking = client(server, waits)
        with pytest.raises(RateLimited) as caught:
            asking.get("orders")

    assert (asking.calls, server.requests) == (0, [])
    assert caught.value.until == waits.moment


def test_a_wait_that_is_over_stops_nobody() -> None:
    waits = KeptWaits(datetime.now(UTC) - timedelta(seconds=1))

    with RawServer(http_answer(200, "[]")) as server:
        assert client(server, waits).get("orders").json() == []


# -- safe addresses ----------------------------------------------------------------------------------------------


def guarded(url: str) -> HttpClient:
    return HttpClient(url, auth=basic_auth(KEY, SECRET), waits=NoWaits())


def test_plain_http_is_refused_before_anything_is_sent() -> None:
    with RawServer(http_answer(200, "[]")) as server, pytest.raises(Unsafe):
        guarded(server.url)

    assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_whether_anybody_is_there_or_not(host: str) -> None:
    with pytest.raises(Unsafe):
        guarded(f"https://{host}:9").get("orders")


def _resolving(*answers: tuple[str, int]) -> Callable[..., Any]:
    """A name that has one address after the other, and no more than these; addresses are what they are."""
    left = iter(answers)
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        if host != "shop.example":
            return real(host, *args, **kwargs)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", next(left))]

    return getaddrinfo


def test_ch_11_a_name_that_is_private_gets_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(b"") as server:
        monkeypatch.setattr(socket, "getaddrinfo", _resolving(("127.0.0.1", server.port)))
        with pytest.raises(Unsafe):
            guarded(f"https://shop.example:{server.port}").get("orders")
        monkeypatch.undo()

    assert server.requests == []


def test_ch_11_the_address_that_was_looked_at_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name has another address as soon as it is asked for again: nobody asks."""
    monkeypatch.setattr("connectors.addresses.is_public", lambda address: address == "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", _resolving(("127.0.0.2", 443), ("127.0.0.1", 443)))
    called: list[Any] = []

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        called.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    with pytest.raises(Unavailable):
        guarded("https://shop.example").get("orders")

    assert called == [("127.0.0.2", 443)]


def test_a_public_address_is_called_and_must_prove_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.addresses.is_public", lambda address: True)

    with RawServer(b"no TLS here") as server, pytest.raises(Unavailable) as caught:
        guarded(f"https://localhost:{server.port}").get("orders")

    assert "no https connection that can be trusted" in str(caught.value)
    assert server.requests  # the hello of TLS came


def test_environment_and_cookies_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    with RawServer(http_answer(200, "[]", "Set-Cookie: session=1; Path=/")) as server:
        asking = client(server)
        asking.get("orders")
        asking.get("orders")

    assert "Cookie" not in server.requests[1]


# -- credentials -------------------------------------------------------------------------------------------------


def test_over_plain_http_a_request_is_signed_and_the_secret_stays_here() -> None:
    with RawServer(http_answer(200, "[]")) as server:
        HttpClient(server.url, auth=oauth1(KEY, SECRET), waits=NoWaits(), allow_insecure=True).get(
            "orders", {"page": 1}
        )

    assert "oauth_signature=" in server.requests[0]
    assert "oauth_signature_method=HMAC-SHA256" in server.requests[0]
    assert "Authorization" not in server.requests[0]
    assert SECRET not in server.requests[0]


def test_an_answer_of_too_many_values_is_not_read() -> None:
    answer = http.Answer("GET /orders", {}, f"[{'1,' * json_text.MOST_VALUES}1]")

    for read in (answer.json, lambda: answer.entries(100)):
        with pytest.raises(TooLarge, match="holds more than"):
            read()
