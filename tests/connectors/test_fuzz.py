"""Whatever a shop answers or sends, its readers say what it is or that it is none: nothing else comes out of them.

A few tries each in the suite; many by hand: FUZZ_EXAMPLES=20000 make test ARGS=tests/connectors/test_fuzz.py
"""

import copy
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from threading import Thread
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors import json_text, platforms
from connectors.errors import ConnectorError
from connectors.platforms import open_store
from connectors.store import StoreConnector
from connectors.webhooks import Forged, Message, reader
from sandbox import open_sandbox
from schemas.errors import Unreadable
from tests.connectors import signing
from tests.connectors.store_contract_case import following
from tests.connectors.test_webhooks import BIGCOMMERCE, SECRET, SHOP, SHOPIFY, WOOCOMMERCE
from tests.schemas.test_kept import KEPT
from tests.schemas.test_short_way import places

EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "25"))
fuzzed: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PLATFORMS: Final = sorted(platforms.PLATFORMS)
CREDENTIALS: Final = {
    "woocommerce": {"consumer_key": "ck_1", "consumer_secret": "cs_1"},
    "shopify": {"access_token": "shpat_1"},
    "bigcommerce": {"access_token": "t"},
}
ADDRESSEES: Final = {"woocommerce": WOOCOMMERCE, "shopify": SHOPIFY, "bigcommerce": BIGCOMMERCE}

# Words that readers look for, so that what is made up comes further than to the first of them.
WORDS: Final = (
    *("data", "orders", "nodes", "edges", "pageInfo", "hasNextPage", "endCursor", "id", "errors", "message", "order"),
    *("productVariants", "locations", "meta", "pagination", "variants", "inventory_level", "sku", "type", "extensions"),
    *("line_items", "date_modified_gmt", "updatedAt", "date_modified", "quantity", "code", "customer", "attributes"),
)
ODD: Final = ("gid://shopify/Order/1", "2026-01-05T10:00:00", "0", "-1", "1e999999999", "\ud800", "\x00", "=1", "")
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(ODD),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), inner, max_size=5),
    ),
    max_leaves=20,
)


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=PLATFORMS)
def orders(request: pytest.FixtureRequest) -> tuple[str, list[Any]]:
    """A platform, and orders of its stand-in as they are kept."""
    with open_sandbox(request.param, orders=12) as shop:
        store = open_store(request.param, shop.url, shop.credentials, allow_insecure=True)
        ids = [one.external_id for page in store.changed_orders(None) for one in page.snapshots]
        payloads = [store.snapshot(external_id).payload for external_id in ids]
    return request.param, [json_text.read(payload) for payload in payloads if payload]


@pytest.mark.long
@fuzzed
@given(data=st.data())
def test_ch_11_an_order_with_anything_in_any_place_is_read_or_unreadable(
    orders: tuple[str, list[Any]], data: st.DataObject
) -> None:
    platform, known = orders
    value = copy.deepcopy(data.draw(st.sampled_from(known)))
    for path in data.draw(st.lists(st.sampled_from(list(places(value, 5))), min_size=1, max_size=3)):
        _put(value, path, data.draw(values))

    for one in (value, KEPT[platform](value)):
        with suppress(Unreadable):
            platforms.read_order(platform, json_text.write(one))


def _put(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step] if _has(value, step) else None
    if _has(value, path[-1]):
        value[path[-1]] = new


def _has(value: Any, step: Any) -> bool:
    return step in value if isinstance(value, dict) else isinstance(value, list) and step in range(len(value))


@pytest.mark.parametrize("platform", PLATFORMS)
@fuzzed
@given(text=st.one_of(values.map(json_text.write), st.text()))
def test_ch_11_anything_is_an_order_or_unreadable(platform: str, text: str) -> None:
    with suppress(Unreadable):
        platforms.read_order(platform, text)


@fuzzed
@given(value=values)
def test_DOR_6_JSON_that_is_written_is_read_as_the_same(value: Any) -> None:
    text = json_text.write(value)

    assert json_text.write(json_text.read(text)) == text
    assert json_text.write_again(json_text.read(text)) == text
    assert text.encode()


# -- pages -------------------------------------------------------------------------------------------------------------


class Liar(ThreadingHTTPServer):
    """Answers everything with what is to be said next."""

    body = b""
    status = 200
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Liar

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.status)
        for name, value in self.server.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_PUT = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    """A shop that says anything."""
    with Liar() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


CALLS: Final[dict[str, Callable[[StoreConnector], object]]] = {
    "orders": lambda store: list(islice(store.changed_orders(following(datetime.now(UTC) - timedelta(days=1))), 3)),
    "catalogue": lambda store: list(islice(store.catalogue(), 3)),
    "order": lambda store: store.snapshot("5001"),
    "items": lambda store: store.find_items(["CHAIR-1"]),
    "locations": lambda store: store.locations(),
    "check": lambda store: store.check(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(fuzzed, max_examples=max(6, EXAMPLES // 4))
@given(
    body=st.one_of(values.map(lambda value: json_text.write(value).encode()), st.binary(max_size=40)),
    status=st.sampled_from([200, 200, 200, 204, 301, 400, 401, 404, 429, 500]),
    header=st.tuples(
        st.sampled_from(["X-WP-Total", "X-WP-TotalPages", "Retry-After", "X-Rate-Limit-Time-Reset-Ms", "Location"]),
        st.sampled_from(["", "-1", "1", "99999999999999999999", "soon", "http://[", "//x@y"]),
    ),
)
@example(body=b"", status=301, header=("Location", "http://["))
def test_ch_11_any_answer_is_read_or_an_error_of_ours(
    liar: Liar, platform: str, call: str, body: bytes, status: int, header: tuple[str, str]
) -> None:
    liar.body, liar.status, liar.headers = (b"" if status == 204 else body), status, (header,)
    url = f"{liar.url}/stores/abc12" if platform == "bigcommerce" else liar.url
    store = open_store(platform, url, CREDENTIALS[platform], allow_insecure=True)

    with suppress(ConnectorError, Unreadable):
        CALLS[call](store)


# -- webhooks ----------------------------------------------------------------------------------------------------------

NAMES: Final = (
    *("x-wc-webhook-signature", "x-wc-webhook-topic", "x-shopify-hmac-sha256", "x-shopify-topic", "content-type"),
    *("x-shopify-shop-domain", "webhook-id", "webhook-timestamp", "webhook-signature", "x-storesync-secret"),
)
names = st.sampled_from(NAMES)
bodies = st.one_of(values.map(lambda value: json_text.write(value).encode()), st.binary(max_size=60))


@pytest.mark.parametrize("platform", PLATFORMS)
@fuzzed
@given(headers=st.dictionaries(names, st.text(max_size=30), max_size=6), body=st.binary(max_size=60))
def test_DOR_1_what_is_not_signed_is_forged_and_never_parsed(
    platform: str, headers: dict[str, str], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(text: str) -> Any:
        pytest.fail(f"parsed before it was verified: {text!r}")

    with monkeypatch.context() as tripwire:
        tripwire.setattr(json_text, "read", parse)
        with suppress(Forged):
            assert reader(platform)(Message(headers, body), ADDRESSEES[platform]) is None  # a ping


@pytest.mark.parametrize("platform", PLATFORMS)
@fuzzed
@given(body=bodies, topic=st.text())
def test_DOR_1_whatever_is_signed_is_heard_or_forged(platform: str, body: bytes, topic: str) -> None:
    match platform:
        case "shopify":
            headers, sent = signing.shopify(SECRET, topic, body, shop=SHOP)
        case "woocommerce":
            headers, sent = signing.woocommerce(SECRET, topic, body)
        case _:
            headers, sent = {"X-Storesync-Secret": SECRET}, body
            with suppress(ValueError):
                headers, sent = signing.bigcommerce(SECRET, json.loads(body.decode()))

    with suppress(Forged):
        reader(platform)(Message({name.lower(): value for name, value in headers.items()}, sent), ADDRESSEES[platform])
