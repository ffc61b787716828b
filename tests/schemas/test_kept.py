"""What is kept of an order: what is read of it and nothing else; whoever reads it later finds the same (DOR-6)."""

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

import pytest

import schemas.bigcommerce.order_json as bigcommerce
import schemas.shopify.meaning as shopify
import schemas.woocommerce.order as woocommerce
import schemas.woocommerce.payments as cards
from connectors import json_text, platforms
from connectors.platforms import open_store
from sandbox import open_sandbox
from schemas.errors import Unreadable
from tests.schemas.test_short_way import spoiled

KEPT: Final[dict[str, Callable[[Any], Any]]] = {
    "bigcommerce": bigcommerce.kept,
    "shopify": shopify.kept,
    "woocommerce": woocommerce.kept,
}
UNREAD: Final = {"ip_address": "MARKED", "device": {"fingerprint": ["MARKED"]}}

Read = Callable[[str], Any]


@pytest.fixture(scope="module", params=sorted(KEPT))
def orders(request: pytest.FixtureRequest) -> tuple[str, Read, list[str]]:
    """A platform, how its orders are read, and what is kept of orders of its stand-in."""
    with open_sandbox(request.param, orders=8) as shop:
        store = open_store(request.param, shop.url, shop.credentials, allow_insecure=True)
        ids = [one.external_id for page in store.changed_orders(None) for one in page.snapshots]
        found = [store.snapshot(external_id).payload for external_id in ids]
    return request.param, store.read, [payload for payload in found if payload]


def said(read: Read, value: Any) -> Any:
    """What an order is read as, or where it is wrong."""
    try:
        return read(json_text.write(value))
    except Unreadable as error:
        return "unreadable", error.path


def with_unread(value: Any) -> Any:
    """The same JSON with things in each of its objects that nobody reads."""
    if isinstance(value, dict):
        return {key: with_unread(part) for key, part in value.items()} | UNREAD
    return [with_unread(part) for part in value] if isinstance(value, list) else value


def test_every_platform_says_what_it_keeps() -> None:
    assert set(KEPT) == set(platforms.PLATFORMS)


def test_DOR_6_what_nobody_reads_is_not_kept(orders: tuple[str, Read, list[str]]) -> None:
    platform, _, payloads = orders
    for payload in payloads:
        kept = KEPT[platform](with_unread(json_text.read(payload)))

        assert json_text.write(kept) == payload
        assert "MARKED" not in str(kept)


def test_DOR_6_what_is_kept_reads_as_what_was_sent(orders: tuple[str, Read, list[str]]) -> None:
    platform, read, payloads = orders
    broken = spoiled(with_unread(json_text.read(payloads[0])))
    for value in islice(broken, 0, None, 11):  # what is wrong comes in eights: each place, and each kind of it
        assert said(read, KEPT[platform](value)) == said(read, value)


@pytest.mark.parametrize("value", [None, True, 7, "MARKED", [], ["MARKED"], {}, {"0": "MARKED"}, {"order": "MARKED"}])
@pytest.mark.parametrize("platform", sorted(KEPT))
def test_DOR_6_of_what_is_no_order_nothing_is_kept(platform: str, value: Any) -> None:
    assert "MARKED" not in str(KEPT[platform](value))


def test_DOR_6_a_card_s_code_and_other_notes_of_plugins_are_not_kept() -> None:
    meta = [
        {"key": "_ywgc_applied_gift_cards_totals", "value": {"MARKED-CODE": "5.00"}},
        {"key": "_billing_birthday", "value": "MARKED"},
    ]
    kept = woocommerce.kept({"id": 1, "meta_data": meta, "gift_cards": [{"amount": "5.00", "code": "MARKED"}]})

    assert "MARKED" not in str(kept)
    assert cards.payments(kept) == cards.payments({"meta_data": meta, "gift_cards": [{"amount": "5.00"}]})
