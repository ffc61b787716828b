"""Whatever comes to the door but a true message of today, over HTTP; and a true one is answered behind it (DOR-1)."""

import gzip
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from connectors import counters
from connectors.postgres.rows import StoreRow
from sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stores import set_state
from tests.connectors import signing
from tests.connectors.signing import Sent
from tests.tasks.conftest import acme, connect, held, shop
from tests.tasks.orders.looking import do, rung
from tests.workers.web.doors import ORDER, Door, connected, door, hinted, news, secret_of

__all__ = ["acme", "door", "held", "shop"]

MANY: Final = 1000  # wrong signatures
CALLERS: Final = 8  # at a time
CREDENTIALS: Final[dict[str, dict[str, str]]] = {
    "woocommerce": {"webhook_secret": "hush"},
    "shopify": {"api_secret": "hush"},
    "bigcommerce": {"client_id": "c", "client_secret": "hush"},
}


@dataclass
class Sender:
    """A connected shop of a platform, and the door that it sends to."""

    held: Process
    door: Door
    row: StoreRow

    @property
    def url(self) -> str:
        """The address of its webhooks."""
        return self.door.url(self.held, self.row.id)

    def says(self, secret: str = "hush", *, shop: str | None = None, delivery: str = "d-1") -> Sent:
        """A message that an order moved; true, unless it is of another secret or shop."""
        shop = shop or self.row.shop or ""
        match self.row.platform:
            case "shopify":
                return signing.shopify(secret, "orders/updated", b'{"id": 7}', shop=shop, delivery=delivery)
            case "bigcommerce":
                said = {"scope": "store/order/updated", "producer": f"stores/{shop}", "data": {"id": 7}}
                return signing.bigcommerce(secret, said, delivery=delivery)
            case _:
                return signing.woocommerce(secret, "order.updated", b'{"id": 7}')

    def post(self, sent: Sent) -> int:
        """The status of the answer."""
        return self.door.post(self.url, sent)[0]

    @property
    def noted(self) -> tuple[list[list[Any]], bool]:
        """The bells that ring for it, and whether it is noted that something moved."""
        return rung(self.held.redis, "fetch"), hinted(self.held, self.row.id)

    @property
    def refused(self) -> dict[str, int]:
        """What people see of what was refused."""
        return {one.reason: one.times for one in counters.refused(self.held.redis, self.row.id)}


@pytest.fixture(params=sorted(CREDENTIALS))
def sender(held: Process, door: Door, request: pytest.FixtureRequest) -> Iterator[Sender]:
    """A shop of each platform."""
    with connected(held, request.param, **CREDENTIALS[request.param]) as row:
        held.redis.flushdb()
        yield Sender(held, door, row)


UNHEARD: Final[tuple[list[list[Any]], bool]] = ([], False)


# -- not the shop's ----------------------------------------------------------------------------------------------------


def test_DOR_1_what_is_forged_is_refused_and_people_see_it(sender: Sender) -> None:
    headers, body = sender.says()
    bare = {name: value for name, value in headers.items() if "sign" not in name.lower() and "hmac" not in name.lower()}
    sents = [sender.says("guess"), (bare, body), ({}, body), (headers, body + b" "), (headers, b""), ({}, b"")]

    assert {sender.post(sent) for sent in sents} == {401}

    assert (sender.noted, sender.refused) == (UNHEARD, {"webhook_unproved": len(sents)})
    assert (sender.post(sender.says()), sender.noted[1]) == (200, True)


def test_DOR_1_what_is_of_another_shop_is_refused_and_people_see_it(sender: Sender) -> None:
    names_its_shop = sender.row.platform != "woocommerce"  # where each store has a secret of its own

    assert sender.post(sender.says(shop="other.myshopify.com")) == (401 if names_its_shop else 200)
    assert (sender.noted[1], sender.refused) == ((False, {"webhook_other_shop": 1}) if names_its_shop else (True, {}))


def test_DOR_1_a_message_of_one_store_is_none_of_another_s(held: Process, acme: int, door: Door) -> None:
    with open_sandbox("woocommerce", orders=0) as other:
        beta = connect(held, other, "beta")
        sent = news(held, acme)

        assert door.post(door.url(held, beta), sent) == (401, b"")
        assert (hinted(held, acme), hinted(held, beta)) == (False, False)


def test_DOR_1_a_store_that_was_left_is_as_silent_as_none(sender: Sender) -> None:
    sent = sender.says()
    set_state(sender.held, sender.row, StoreState.DISCONNECTED)
    sender.held.redis.flushdb()

    unknown = sender.door.post(f"{sender.url[:-8]}00000000", sent)

    assert (sender.door.post(sender.url, sent), unknown) == ((401, b""), (401, b""))
    assert (sender.noted, sender.refused) == (UNHEARD, {})


# -- not of now --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (-4, 200), (6, 401), (-6, 401), (24 * 60, 401)])
def test_DOR_1_clocks_may_differ_by_five_minutes_and_what_is_beyond_is_seen(
    held: Process, door: Door, minutes: int, status: int
) -> None:
    with connected(held, "bigcommerce", **CREDENTIALS["bigcommerce"]) as row:
        held.redis.flushdb()
        sender = Sender(held, door, row)
        said = {"scope": "store/order/updated", "producer": f"stores/{row.shop}", "data": {"id": 7}}

        assert sender.post(signing.bigcommerce("hush", said, ago=timedelta(minutes=minutes))) == status
        assert sender.post(signing.bigcommerce("guess", said, ago=timedelta(minutes=minutes))) == 401

        expected = {"webhook_unproved": 1} | ({"webhook_other_time": 1} if status == 401 else {})
        assert (sender.refused, sender.noted[1]) == (expected, status == 200)


def test_DOR_1_what_is_sent_again_rings_once_until_a_fetch_begins(sender: Sender) -> None:
    sent = sender.says()

    assert {sender.post(sent) for _ in range(10)} == {200}
    assert sender.noted == ([[sender.row.id]], True)

    fetch_orders(sender.row.id)
    rung(sender.held.redis, "fetch")
    assert sender.post(sent) == 200
    assert len(sender.noted[0]) == (1 if sender.row.platform == "woocommerce" else 0)  # which names no delivery


def test_DOR_1_what_comes_many_times_at_once_rings_once(sender: Sender) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        statuses = [*callers.map(sender.post, [sender.says()] * 4 * CALLERS)]

    assert (set(statuses), sender.noted) == ({200}, ([[sender.row.id]], True))


# -- not whole, not plain ----------------------------------------------------------------------------------------------


def raw(door: Door, sent: bytes, *, is_over: bool = True) -> bytes:
    """What the door answers to bytes, and to the end of them."""
    with closing(socket.create_connection(("127.0.0.1", door.port), timeout=20)) as caller:
        caller.sendall(sent)
        if is_over:
            caller.shutdown(socket.SHUT_WR)
        said = b""
        while part := caller.recv(4096):
            said += part
        return said


def head_of(sender: Sender, **more: str) -> bytes:
    """The head of a true message."""
    headers = {"Host": "here", "Connection": "close", **sender.says()[0], **more}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {urlsplit(sender.url).path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1")


@pytest.mark.parametrize("said", [b'{"id"', b""], ids=["broken off", "nothing came"])
def test_DOR_1_what_is_broken_off_is_not_heard(sender: Sender, said: bytes) -> None:
    answer = raw(sender.door, head_of(sender, **{"Content-Length": "500"}) + said)

    assert answer == b"" or answer.split(b" ")[1].startswith(b"4")
    assert sender.noted == UNHEARD
    assert sender.post(sender.says()) == 200


@pytest.mark.parametrize("length", ["-1", "x", "5, 6", "99999999999999999999"])
def test_DOR_1_a_length_that_is_none_is_refused(sender: Sender, length: str) -> None:
    answer = raw(sender.door, head_of(sender, **{"Content-Length": length}) + sender.says()[1])

    assert answer.split(b" ")[1] in (b"400", b"401", b"413")
    assert sender.noted == UNHEARD
    assert sender.post(sender.says()) == 200


def test_DOR_1_a_true_message_may_come_in_chunks(sender: Sender) -> None:
    headers, body = sender.says()
    with sender.door.caller() as caller:
        caller.request("POST", urlsplit(sender.url).path, iter([body[:3], body[3:]]), headers, encode_chunked=True)

        assert caller.getresponse().status == 200
    assert sender.noted[1]


@pytest.mark.parametrize("chunks", [b"zz\r\n{}\r\n0\r\n\r\n", b"ffffffffff\r\n{}", b"2\r\n{}"])
def test_DOR_1_chunks_that_are_none_are_not_heard(sender: Sender, chunks: bytes) -> None:
    answer = raw(sender.door, head_of(sender, **{"Transfer-Encoding": "chunked"}) + chunks)

    assert answer == b"" or answer.split(b" ")[1].startswith(b"4")
    assert sender.noted == UNHEARD
    assert sender.post(sender.says()) == 200


def test_DOR_1_what_is_packed_is_taken_as_it_is_signed_and_never_unpacked(held: Process, acme: int, door: Door) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    packed = {"Content-Encoding": "gzip"}
    headers, body = signing.woocommerce(secret_of(held, acme), "order.updated", bomb)
    plain, _ = news(held, acme)  # signed before it was packed
    rung(held.redis, "fetch")

    assert door.post(door.url(held, acme), (plain | packed, gzip.compress(ORDER))) == (401, b"")
    assert not hinted(held, acme)
    assert door.post(door.url(held, acme), (headers | packed, body)) == (200, b"")
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([[acme]], True)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_DOR_1_a_message_is_believed_for_its_signature_whatever_its_type(sender: Sender, kind: str) -> None:
    headers, body = sender.says()

    assert sender.post((headers | {"Content-Type": kind}, body)) == 200
    assert sender.post((sender.says("guess")[0] | {"Content-Type": kind}, body)) == 401
    assert sender.noted == ([[sender.row.id]], True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_DOR_1_a_message_is_posted_or_not_heard(sender: Sender, method: str) -> None:
    headers, body = sender.says()
    with sender.door.caller() as caller:
        caller.request(method, urlsplit(sender.url).path, body, headers)
        answer = caller.getresponse()
        answer.read()

    assert answer.status == (200 if method == "OPTIONS" else 405)  # which says that it is posted to, and no more
    assert answer.headers["Allow"] == "OPTIONS, POST" or set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert sender.noted == UNHEARD


# -- by the thousand ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_DOR_1_a_thousand_wrong_signatures_leave_a_number_and_hold_nobody_up(
    held: Process, acme: int, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    url, unknown = door.url(held, acme), door.url(held, acme)[:-8] + "00000000"
    wrong = signing.woocommerce("guess", "order.updated", ORDER)
    held.redis.flushdb()
    before = everything(held)

    def knock(number: int) -> int:
        if number % 100 == 99:
            return door.post(url, news(held, acme))[0]
        return door.post(unknown if number % 2 else url, wrong)[0]

    with ThreadPoolExecutor(CALLERS) as callers:
        statuses = [*callers.map(knock, range(MANY))]

    true = range(99, MANY, 100)
    assert {statuses[number] for number in true} == {200}
    assert {status for number, status in enumerate(statuses) if number not in true} == {401}
    do(held, "UPDATE stores SET hinted_at = NULL, heard_at = NULL")
    assert everything(held) == before
    (kept,) = counters.refused(held.redis, acme)
    assert (kept.reason, kept.times) == ("webhook_unproved", MANY // 2)
    assert len([*held.redis.scan_iter()]) < 20
    assert len(caplog.records) < 20, caplog.text


TABLES: Final = """SELECT oid::regclass::text AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'hub'::regnamespace) ORDER BY 1"""
SUM: Final = "SELECT count(*) AS rows, coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS sum FROM {} t"


def everything(held: Process) -> list[tuple[str, int, str]]:
    """Every table with how many rows it has, and their sum."""
    with held.pool.connection() as connection:
        names = [row["name"] for row in connection.execute(TABLES)]
        sums = {name: connection.execute(SUM.format(name).encode()).fetchall()[0] for name in names}
    return [(name, row["rows"], row["sum"]) for name, row in sums.items()]
