"""What a shop sends is its own, or it is nothing: each vendor's signature, the raw body, the right shop (DOR-1)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from connectors import json_text
from connectors.webhooks import Addressee, Forged, Heard, Message, reader
from tests.connectors import signing
from tests.connectors.signing import Sent

SECRET: Final = "s3cr3t-wc-hook"
HASH: Final = "abc12"
SHOP: Final = "acme.myshopify.com"
ORDER: Final = b'{"id": 24, "note": "J\xc3\xb6rg"}'

WOOCOMMERCE: Final = Addressee({"webhook_secret": SECRET}, "https://acme.example")
SHOPIFY: Final = Addressee({"client_id": "c", "client_secret": SECRET}, "https://shop.acme.example", SHOP)
TOKEN_SHOPIFY: Final = Addressee({"access_token": "t", "api_secret": SECRET}, f"https://{SHOP}")
BIGCOMMERCE: Final = Addressee(
    {"access_token": "t", "client_secret": SECRET, "webhook_secret": "own"},
    f"https://api.bigcommerce.com/stores/{HASH}",
)
UNSIGNED: Final = Addressee({"access_token": "t", "webhook_secret": SECRET}, shop=HASH)


def said(**changes: object) -> dict[str, object]:
    """What BigCommerce says of an order."""
    about = {"scope": "store/order/updated", "producer": f"stores/{HASH}", "data": {"type": "order", "id": 24}}
    return about | changes


def by_header(secret: str = SECRET, **changes: object) -> Sent:
    """A message of a BigCommerce shop that signs with nothing that we know."""
    headers, body = signing.bigcommerce("unknown", said(**changes))
    return headers | {"X-Storesync-Secret": secret}, body


def message(sent: Sent) -> Message:
    """What the door makes of it."""
    headers, body = sent
    return Message({name.lower(): value for name, value in headers.items()}, body)


def is_forged(platform: str, sent: Message, to: Addressee) -> bool:
    """Whether a message is refused."""
    try:
        reader(platform)(sent, to)
    except Forged:
        return True
    return False


Case = tuple[str, Addressee, Callable[[], Sent], Heard]
CASES: Final[dict[str, Case]] = {
    "woocommerce": (
        "woocommerce",
        WOOCOMMERCE,
        lambda: signing.woocommerce(SECRET, "order.updated", ORDER),
        Heard("order.updated", "24"),
    ),
    "shopify, an app": (
        "shopify",
        SHOPIFY,
        lambda: signing.shopify(SECRET, "orders/updated", ORDER, shop=SHOP),
        Heard("orders/updated", "24", "d-1"),
    ),
    "shopify, a token": (
        "shopify",
        TOKEN_SHOPIFY,
        lambda: signing.shopify(SECRET, "orders/updated", ORDER, shop=SHOP),
        Heard("orders/updated", "24", "d-1"),
    ),
    "bigcommerce, signed": (
        "bigcommerce",
        BIGCOMMERCE,
        lambda: signing.bigcommerce(SECRET, said()),
        Heard("store/order/updated", "24", "msg_1"),
    ),
    "bigcommerce, our header": ("bigcommerce", UNSIGNED, by_header, Heard("store/order/updated", "24", "msg_1")),
}
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@each
def test_DOR_1_a_message_of_the_shop_is_heard(case: Case) -> None:
    platform, to, send, heard = case

    assert reader(platform)(message(send()), to) == heard


@each
@pytest.mark.parametrize("secret", [None, "", "another", "sécret"])
def test_DOR_1_a_message_is_nothing_without_its_secret(case: Case, secret: str | None) -> None:
    platform, to, send, _ = case
    kept = {} if secret is None else {key: secret for key in to.credentials}

    assert is_forged(platform, message(send()), replace(to, credentials=kept))


@each
def test_DOR_1_no_header_that_proves_may_lack_or_differ(case: Case) -> None:
    platform, to, send, _ = case
    sent = message(send())
    proof = [name for name in sent.headers if any(word in name for word in ("signature", "hmac", "secret"))]
    spoiled = [{**sent.headers, name: value} for name in proof for value in ("", "x", "v1", "v1,", "v1,é", "\x80" * 44)]
    lacking = [{name: value for name, value in sent.headers.items() if name not in proof}]

    assert [
        headers for headers in spoiled + lacking if not is_forged(platform, replace(sent, headers=headers), to)
    ] == (
        # what is proved by our header is so whatever else the message carries
        [headers for headers in spoiled if headers.get("x-storesync-secret") == SECRET]
    )


@pytest.mark.parametrize("name", [name for name in CASES if "header" not in name])
def test_DOR_1_the_raw_body_is_what_is_signed(name: str) -> None:
    platform, to, send, _ = CASES[name]
    sent = message(send())

    for body in (sent.body + b" ", sent.body.replace(b"24", b"25"), b"", b"\xff\xfe"):
        assert is_forged(platform, replace(sent, body=body), to)


@pytest.mark.parametrize("name", ["webhook_order_created", "webhook_order_updated"])
def test_DOR_1_a_message_of_a_real_shop_is_heard(name: str) -> None:
    kept = json_text.read((Path(__file__).parents[1] / "data" / "woocommerce" / f"{name}.json").read_text())

    heard = reader("woocommerce")(message((kept["headers"], kept["body"].encode())), WOOCOMMERCE)

    assert heard == Heard(kept["headers"]["X-WC-Webhook-Topic"], "24")


@pytest.mark.parametrize(
    ("body", "headers", "is_ping"),
    [
        (b"webhook_id=1", {}, True),
        (b"webhook_id=1&x=2", {}, False),
        (b"webhook_id=", {}, False),
        (b"webhook_id=1", {"x-wc-webhook-signature": ""}, False),
        (b"", {}, False),
    ],
)
def test_DOR_1_only_a_ping_is_taken_unsigned(body: bytes, headers: dict[str, str], is_ping: bool) -> None:
    assert is_forged("woocommerce", Message(headers, body), WOOCOMMERCE) is not is_ping


@pytest.mark.parametrize(
    "body", [b'{"code":"woocommerce_rest_shop_order_invalid_id"}', b"<html>", b"[1]", b"\xff", b""]
)
def test_DOR_1_a_signed_body_that_names_no_order_is_still_heard(body: bytes) -> None:
    sent = message(signing.woocommerce(SECRET, "order.updated", body))

    assert reader("woocommerce")(sent, WOOCOMMERCE) == Heard("order.updated")


@pytest.mark.parametrize("shop", ["", "other.myshopify.com", f"{SHOP}.evil.example"])
def test_DOR_1_an_app_of_two_shops_does_not_mix_them_up(shop: str) -> None:
    sent = message(signing.shopify(SECRET, "orders/updated", ORDER, shop=shop))

    assert is_forged("shopify", sent, SHOPIFY)
    assert is_forged("bigcommerce", message(signing.bigcommerce(SECRET, said(producer="stores/zzz99"))), BIGCOMMERCE)


@pytest.mark.parametrize(("minutes", "is_taken"), [(4, True), (6, False), (-4, True), (-6, False)])
def test_DOR_1_a_message_of_another_time_is_none(minutes: int, is_taken: bool) -> None:
    sent = signing.bigcommerce(SECRET, said(), ago=timedelta(minutes=minutes))

    assert is_forged("bigcommerce", message(sent), BIGCOMMERCE) is not is_taken


@pytest.mark.parametrize("at", ["", "x", "nan", "inf", "1e400", "-1"])
def test_DOR_1_a_message_of_no_time_is_none(at: str) -> None:
    headers, body = signing.bigcommerce(SECRET, said())

    assert is_forged("bigcommerce", message((headers | {"webhook-timestamp": at}, body)), BIGCOMMERCE)
