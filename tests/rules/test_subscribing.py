"""What is done about a shop's subscriptions: each topic once, at the address of today, nothing of others (BEY-5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.platform import Platform
from schemas.shopify.platform import PLATFORM as SHOPIFY
from schemas.webhooks import Mend, Step, Subscribe, Unsubscribe, Webhook
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE
from tasks.rules.subscribing import AskedToTell, decide_silence, decide_subscriptions, decide_topics

PATH = "/webhooks/woocommerce/0123"
HERE = f"https://here.example{PATH}"


def ours(id: str, topic: str = "a", address: str = HERE, *, is_well: bool = True) -> Webhook:
    return Webhook(id, topic, address, is_well)


@pytest.mark.parametrize(
    ("found", "steps"),
    [
        pytest.param([ours("1"), ours("2", "b")], [], id="all is well"),
        pytest.param([], [Subscribe("a"), Subscribe("b")], id="nothing is there"),
        pytest.param([ours("1", is_well=False), ours("2", "b")], [Mend("1", "a")], id="switched off"),
        pytest.param([ours("1"), ours("2"), ours("3", "b")], [Unsubscribe("2", "a")], id="doubled"),
        pytest.param(
            [ours("1", is_well=False), ours("2"), ours("3", "b")],
            [Unsubscribe("1", "a")],
            id="the one that is well",
        ),
        pytest.param(
            [ours("1", address=f"https://old.example{PATH}"), ours("2", "b")],
            [Subscribe("a"), Unsubscribe("1", "a")],
            id="of an old address, once the new one is there",
        ),
        pytest.param([ours("1"), ours("2", "b"), ours("3", "c")], [Unsubscribe("3", "c")], id="a topic nobody needs"),
        pytest.param(
            [ours("1"), ours("2", "b"), ours("3", address="https://here.example/webhooks/woocommerce/4567")],
            [],
            id="of another store of ours",
        ),
        pytest.param([ours("1"), ours("2", "b"), ours("3", address="https://else.example/")], [], id="of others"),
        pytest.param(
            [ours("1"), ours("2", "b"), ours("3", address=f"https://else.example/?to={PATH}")],
            [],
            id="of others, alike",
        ),
    ],
)
def test_BEY_5_each_topic_is_told_once_to_todays_address(found: list[Webhook], steps: list[Step]) -> None:
    assert list(decide_subscriptions(found, ("a", "b"), address=HERE, path=PATH)) == steps


@pytest.mark.parametrize("platform", [WOOCOMMERCE, SHOPIFY, BIGCOMMERCE])
def test_BEY_5_what_is_asked_for_is_heard_and_goods_only_for_stock(platform: Platform) -> None:
    few, all_of_them = (decide_topics(platform, with_goods=goods) for goods in (False, True))

    assert set(few) < set(all_of_them) <= platform.hears.keys()


NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


UNHEARD = AskedToTell(since=ago(600), heard_at=None, changed_at=ago(21), first_seen_at=ago(20))


@pytest.mark.parametrize(
    ("told", "is_silent"),
    [
        pytest.param(UNHEARD, True, id="an order came by asking alone"),
        pytest.param(replace(UNHEARD, heard_at=ago(36)), True, id="it told other things before"),
        pytest.param(replace(UNHEARD, heard_at=ago(34)), False, id="it told before it was asked"),
        pytest.param(replace(UNHEARD, heard_at=ago(1)), False, id="it told since"),
        pytest.param(replace(UNHEARD, first_seen_at=ago(14)), False, id="it may still tell"),
        pytest.param(replace(UNHEARD, changed_at=ago(601)), False, id="an order of before comes late"),
        pytest.param(replace(UNHEARD, first_seen_at=ago(601)), False, id="an order that was here"),
        pytest.param(replace(UNHEARD, since=None), False, id="it was not asked"),
        pytest.param(replace(UNHEARD, changed_at=None, first_seen_at=None), False, id="it has no order"),
    ],
)
def test_BEY_5_a_shop_is_silent_that_told_nothing_of_an_order(told: AskedToTell, is_silent: bool) -> None:
    assert decide_silence(told, now=NOW) is is_silent
