"""What is done about a shop's subscriptions: each topic once, at the address of today, nothing of others (BEY-5)."""

import pytest

from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.platform import Platform
from schemas.shopify.platform import PLATFORM as SHOPIFY
from schemas.webhooks import Mend, Step, Subscribe, Unsubscribe, Webhook
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE
from tasks.rules.subscribing import decide_subscriptions, decide_topics

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
