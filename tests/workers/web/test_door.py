"""The door, over real HTTP: what is true is noted and rung for once, what is not learns nothing (DOR-1, DOR-2)."""

import dataclasses
import json
import logging
import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.webhooks import MOST_BYTES
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process, configure
from tasks.orders.import_order import change_order
from tasks.stores import NewStore, connect_store, set_state
from tasks.upkeep import ring_due
from tests.connectors import signing
from tests.tasks.conftest import acme, held, import_all, shop
from tests.tasks.orders.looking import Shop, all_orders, do, messages, rung, store_of
from tests.waiting import wait_until
from tests.workers.web.doors import ORDER, Door, connected, door, hinted, news, secret_of
from workers.web import create_app

__all__ = ["acme", "door", "held", "shop"]


@pytest.fixture
def tell(held: Process, acme: int, door: Door) -> Callable[..., int]:
    """Say something true to the door: the status of its answer."""

    def say(topic: str = "order.updated", body: bytes = ORDER) -> int:
        return door.post(door.url(held, acme), news(held, acme, topic, body))[0]

    return say


# -- what is true ------------------------------------------------------------------------------------------------------


def test_DOR_1_a_true_message_is_noted_and_rung_for(held: Process, acme: int, tell: Callable[..., int]) -> None:
    rung(held.redis, "fetch")

    assert tell() == 200
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([[acme]], True)


def test_DOR_1_shopify_is_heard_once_for_one_delivery(held: Process, door: Door) -> None:
    with connected(held, "shopify", api_secret="hush") as row:
        sent = signing.shopify("hush", "orders/updated", b'{"id": 7}', shop=row.shop or "")
        url = door.url(held, row.id)
        held.redis.flushdb()

        assert [door.post(url, sent)[0] for _ in range(3)] == [200] * 3
        fetch_orders(row.id)
        assert door.post(url, sent)[0] == 200
        assert rung(held.redis, "fetch") == [[row.id]]

        another = signing.shopify("hush", "orders/updated", b'{"id": 7}', shop=row.shop or "", delivery="d-2")
        assert door.post(url, another)[0] == 200
        assert rung(held.redis, "fetch") == [[row.id]]


def test_DOR_1_bigcommerce_is_heard_by_signature_and_by_header(held: Process, door: Door) -> None:
    with connected(held, "bigcommerce", client_id="c", client_secret="hush") as row:
        said = {"scope": "store/order/updated", "producer": f"stores/{row.shop}", "data": {"id": 7}}
        url = door.url(held, row.id)
        old = signing.bigcommerce("hush", said, ago=timedelta(minutes=10))
        own = {"X-Storesync-Secret": secret_of(held, row.id)}
        sents = [signing.bigcommerce("hush", said), old, (own, old[1]), ({"X-Storesync-Secret": "no"}, old[1])]

        assert [door.post(url, sent)[0] for sent in sents] == [200, 401, 200, 401]


def test_DOR_1_many_messages_ring_once_until_a_fetch_begins(
    held: Process, acme: int, tell: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.bells._UNANSWERED_SECONDS", 600)  # however long they take to come
    rung(held.redis, "fetch")

    assert {tell() for _ in range(20)} == {200}
    assert rung(held.redis, "fetch") == [[acme]]

    def is_put_off() -> bool:
        fetch_orders(acme)
        tell()
        return bool(messages(held.redis, "fetch")[-1]["headers"]["eta"])

    wait_until(is_put_off, seconds=60, what="a bell that is a second behind another, as in a storm")


def test_DOR_2_what_moves_while_a_fetch_is_on_its_way_is_rung_for_at_its_end(
    held: Process, shop: Shop, acme: int, tell: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[list[Any]] = []  # each would find somebody at it

    def meanwhile(*_: object) -> list[object]:
        assert (tell(), tell()) == (200, 200)
        lost.extend(rung(held.redis, "fetch"))
        return []

    rung(held.redis, "fetch")
    monkeypatch.setattr("tasks.fetch._keep", meanwhile)

    assert fetch_orders(acme) == "fetched"
    assert (lost, rung(held.redis, "fetch"), hinted(held, acme)) == ([], [[acme]], True)

    monkeypatch.undo()
    fetch_orders(acme)
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([], False)


def test_DOR_1_what_is_noted_and_rung_for_in_vain_is_rung_for_again(
    held: Process, acme: int, tell: Callable[..., int]
) -> None:
    tell()
    held.redis.flushdb()

    ring_due()
    assert [acme] in rung(held.redis, "fetch")


def test_DOR_1_a_hint_waits_as_long_as_the_store_must(held: Process, acme: int, tell: Callable[..., int]) -> None:
    do(held, "UPDATE stores SET fetch_due_at = now() + interval '1 hour' WHERE id = %s", acme)
    tell()
    rung(held.redis, "fetch")

    assert fetch_orders(acme) == "waiting"
    ring_due()
    assert rung(held.redis, "fetch") == []
    assert hinted(held, acme)


def test_DOR_1_an_order_in_the_trash_is_looked_at(
    held: Process, shop: Shop, acme: int, tell: Callable[..., int]
) -> None:
    order = str(shop.merchant.sell("TRASH", 1))
    assert import_all(held, acme) == ["imported"]
    shop.shop.trash_order(int(order))
    held.redis.flushdb()

    assert tell("order.deleted", json.dumps({"id": int(order)}).encode()) == 200

    assert (rung(held.redis, "orders.few"), rung(held.redis, "fetch")) == ([[acme, order]], [])
    change_order(acme, order)
    with held.pool.connection() as connection:
        row = connection.execute(
            "SELECT snapshot ->> 'status' AS status, changed, order_settled FROM store_orders"
        ).fetchone()
    assert row is not None
    assert (row["status"], row["changed"]) == ("trash", row["order_settled"])


def test_DOR_1_an_unknown_order_in_the_trash_is_a_reason_to_fetch(
    held: Process, acme: int, tell: Callable[..., int]
) -> None:
    rung(held.redis, "fetch")

    assert tell("order.deleted", b'{"id":999}') == 200
    assert (rung(held.redis, "fetch"), all_orders(held, acme)) == ([[acme]], {})


def test_DOR_1_a_paused_store_is_answered_and_fetched_once_it_goes_on(
    held: Process, acme: int, tell: Callable[..., int]
) -> None:
    set_state(held, store_of(held, acme), StoreState.PAUSED)

    assert tell() == 200
    assert fetch_orders(acme) == "store_paused"

    set_state(held, store_of(held, acme), StoreState.ACTIVE)
    rung(held.redis, "fetch")
    ring_due()
    assert [acme] in rung(held.redis, "fetch")


@pytest.mark.parametrize("topic", ["", "product.updated", "customer.created"])
def test_DOR_1_other_topics_are_answered_and_nothing_is_noted(
    held: Process, acme: int, tell: Callable[..., int], topic: str
) -> None:
    rung(held.redis, "fetch")

    assert tell(topic) == 200
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([], False)


def test_DOR_2_the_sandbox_tells_of_an_order_and_it_is_fetched(
    held: Process, shop: Shop, acme: int, door: Door
) -> None:
    where = {"topic": "order.created", "delivery_url": door.url(held, acme), "secret": secret_of(held, acme)}
    shop.shop.webhooks.subscribe(where)
    order = str(shop.merchant.sell("HEARD", 1))

    assert shop.shop.webhooks.wait_idle()
    assert {sent.status for sent in shop.shop.webhooks.sent} == {200}
    assert [acme] in rung(held.redis, "fetch")
    assert import_all(held, acme) == ["imported"]
    assert order in all_orders(held, acme)


# -- what is not -------------------------------------------------------------------------------------------------------


def test_DOR_1_whoever_is_not_believed_learns_nothing(held: Process, acme: int, door: Door) -> None:
    url, (headers, body) = door.url(held, acme), news(held, acme)
    token = url.rpartition("/")[2]
    rung(held.redis, "fetch")
    tries = [
        (url, ({}, body)),
        (url, (headers, body + b" ")),
        (url, signing.woocommerce("another", "order.updated", body)),
        (url, signing.woocommerce("", "order.updated", body)),
        (url.replace(token, "0" * 32), (headers, body)),
        (url.replace(token, token.upper()), (headers, body)),
        (url.replace(token, "%00"), (headers, body)),
        (url.replace("woocommerce", "shopify"), (headers, body)),
        (url.replace("woocommerce", "none"), (headers, body)),
    ]

    assert {door.post(*one) for one in tries} == {(401, b"")}
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([], False)


def test_DOR_1_a_disconnected_store_is_as_unknown_as_any(held: Process, acme: int, door: Door) -> None:
    url, sent = door.url(held, acme), news(held, acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert door.post(url, sent) == (401, b"")
    assert not hinted(held, acme)


def test_DOR_1_a_secret_ends_with_its_connection(held: Process, shop: Shop, acme: int, door: Door) -> None:
    before = news(held, acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)
    connect_store(held, NewStore("woocommerce", "acme", shop.url, shop.credentials, allow_insecure=True))

    assert door.post(door.url(held, acme), before)[0] == 401
    assert door.post(door.url(held, acme), news(held, acme))[0] == 200


def test_DOR_1_a_ping_is_answered_whoever_it_is_for(held: Process, acme: int, door: Door) -> None:
    url, ping = door.url(held, acme), ({"Content-Type": "application/x-www-form-urlencoded"}, b"webhook_id=1")
    rung(held.redis, "fetch")

    assert {door.post(url, ping), door.post(f"{url[:-8]}00000000", ping)} == {(200, b"")}
    assert (rung(held.redis, "fetch"), hinted(held, acme)) == ([], False)


def test_DOR_1_what_is_too_large_is_refused_before_it_is_read(held: Process, acme: int, door: Door) -> None:
    with door.caller() as caller:
        caller.putrequest("POST", urlsplit(door.url(held, acme)).path)
        caller.putheader("Content-Length", str(MOST_BYTES + 1))
        caller.endheaders()  # and not a byte of it

        assert caller.getresponse().status == 413
    assert door.post(door.url(held, acme), news(held, acme, body=b" " * MOST_BYTES))[0] == 200


def test_DOR_1_a_body_of_no_length_is_counted(held: Process, acme: int, door: Door) -> None:
    chunks = iter([b" " * 1_000_000] * 3)

    with door.caller() as caller:
        with suppress(OSError):  # it hangs up on us, its answer is sent
            caller.request("POST", urlsplit(door.url(held, acme)).path, chunks, encode_chunked=True)
        assert caller.getresponse().status == 413


def test_DOR_1_it_is_only_posted_to(held: Process, acme: int, door: Door) -> None:
    with door.caller() as caller:
        caller.request("GET", urlsplit(door.url(held, acme)).path)

        assert caller.getresponse().status == 405


# -- what cannot be noted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("away", [{"redis_url": "redis://127.0.0.1:1"}, {"database_url": "postgresql://127.0.0.1:1/n"}])
def test_DOR_2_what_cannot_be_noted_is_to_come_again(
    held: Process, acme: int, door: Door, away: dict[str, Any]
) -> None:
    url, sent = door.url(held, acme), news(held, acme)
    here = held.config
    configure(dataclasses.replace(here, **away))

    assert door.post(url, sent) == (503, b"")

    configure(here)
    assert door.post(url, sent) == (200, b"")


def test_DOR_2_a_delivery_that_was_not_noted_is_no_duplicate(held: Process, door: Door) -> None:
    with connected(held, "shopify", api_secret="hush") as row:
        sent = signing.shopify("hush", "orders/updated", b'{"id": 7}', shop=row.shop or "")
        url = door.url(held, row.id)
        do(held, "ALTER TABLE stores ADD CONSTRAINT is_full CHECK (hinted_at IS NULL)")
        held.redis.flushdb()
        assert door.post(url, sent)[0] == 503

        do(held, "ALTER TABLE stores DROP CONSTRAINT is_full")
        assert door.post(url, sent)[0] == 200
        assert rung(held.redis, "fetch") == [[row.id]]


# -- privacy -----------------------------------------------------------------------------------------------------------


def test_BEY_9_nothing_of_a_message_is_kept_or_logged(
    held: Process, acme: int, door: Door, tell: Callable[..., int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tell()
    tell("order.deleted")
    door.post(door.url(held, acme), ({}, ORDER))
    tell("order.updated", ORDER + b"<")

    kept = repr([(key, held.redis.dump(key)) for key in held.redis.scan_iter()]) + caplog.text
    with held.pool.connection() as connection:
        kept += repr([connection.execute(f"SELECT * FROM {name}").fetchall() for name in ("stores", "store_orders")])

    assert [word for word in ("joerg", "424242", secret_of(held, acme)) if word in kept] == []


# -- anything ----------------------------------------------------------------------------------------------------------


@pytest.mark.long
@settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "40")), deadline=None, suppress_health_check=[*HealthCheck])
@given(
    path=st.one_of(
        st.builds(
            "/webhooks/{}/{}".format, st.sampled_from(["shopify", "woocommerce", "ebay", ""]), st.text(max_size=40)
        ),
        st.text(max_size=20).map(lambda text: f"/webhooks/{text}"),
        st.just(""),
    ),
    headers=st.dictionaries(
        st.sampled_from(["X-WC-Webhook-Signature", "X-Shopify-Hmac-Sha256", "webhook-signature", "Content-Type"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ),
    body=st.binary(max_size=80),
)
def test_DOR_1_nothing_that_is_sent_to_the_door_breaks_it(
    held: Process, acme: int, path: str, headers: dict[str, str], body: bytes
) -> None:
    row = store_of(held, acme)
    web = create_app(held.config).test_client()

    answer = web.post(path or f"/webhooks/{row.platform}/{row.webhook_token}", headers=headers, data=body)

    is_ping = re.fullmatch(rb"webhook_id=[0-9]{1,20}", body)
    assert answer.status_code in ({200} if is_ping else {308, 401, 404, 405})
    assert not hinted(held, acme)
