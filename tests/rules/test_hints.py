"""What a shop's word that something moved makes us look at."""

import pytest

from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.platform import Platform
from schemas.shopify.platform import PLATFORM as SHOPIFY
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE
from tasks.rules.hints import Fetch, Follow, LookAt, decide_bell


@pytest.mark.parametrize(
    ("platform", "topic"),
    [(WOOCOMMERCE, "order.updated"), (SHOPIFY, "orders/edited"), (BIGCOMMERCE, "store/shipment/created")],
)
def test_DOR_1_what_a_list_shows_is_fetched(platform: Platform, topic: str) -> None:
    assert decide_bell(platform, topic, "24") == Fetch()
    assert decide_bell(platform, topic, None) == Fetch()


@pytest.mark.parametrize(
    ("platform", "topic"),
    [(WOOCOMMERCE, "order.deleted"), (SHOPIFY, "orders/delete"), (BIGCOMMERCE, "store/order/archived")],
)
def test_DOR_1_what_a_list_leaves_out_is_looked_at_by_its_id(platform: Platform, topic: str) -> None:
    assert decide_bell(platform, topic, "24") == LookAt("24")
    assert decide_bell(platform, topic, None) == Fetch()


@pytest.mark.parametrize("platform", [WOOCOMMERCE, SHOPIFY, BIGCOMMERCE])
@pytest.mark.parametrize("topic", ["", "coupon.updated", "app/uninstalled", "store/cart/updated", "Order.Updated"])
def test_DOR_1_other_topics_are_no_hint(platform: Platform, topic: str) -> None:
    assert decide_bell(platform, topic, "24") is None


@pytest.mark.parametrize(
    ("platform", "topic", "by_name"),
    [
        (WOOCOMMERCE, "product.updated", False),
        (SHOPIFY, "products/update", False),
        (SHOPIFY, "inventory_levels/update", True),
        (BIGCOMMERCE, "store/sku/updated", False),
        (BIGCOMMERCE, "store/product/inventory/updated", True),
    ],
)
def test_BEY_5_what_is_sold_is_followed_and_what_a_list_may_not_show_by_name(
    platform: Platform, topic: str, by_name: bool
) -> None:
    assert decide_bell(platform, topic, "24") == Follow(by_name)
