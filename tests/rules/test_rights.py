"""Which rights a store's settings need, and what a person reads where one is missing (DOR-4)."""

import pytest

from schemas.bigcommerce import STITCH
from schemas.rights import Lack, Right
from schemas.settings import with_defaults
from schemas.woocommerce import PLATFORM
from tasks.rules.rights import added, decide_needs, missing_words


def needed(**chosen: bool) -> dict[Right, tuple[str, ...]]:
    """The rights of a store with these switches, `stock_sync` for stock.sync; all others off."""
    settings = {**with_defaults("woocommerce", {}), "fulfillment.sync": False}
    needs = decide_needs(PLATFORM, {**settings, **{key.replace("_", ".", 1): on for key, on in chosen.items()}})
    return {need.right: need.settings for need in needs}


@pytest.mark.parametrize(
    ("on", "rights"),
    [
        pytest.param({}, set(), id="nothing but orders"),
        pytest.param({"fulfillment_sync": True}, {Right.WRITE_ORDERS}, id="parcels"),
        pytest.param({"stock_sync": True}, {Right.READ_PRODUCTS, Right.WRITE_STOCK}, id="stock"),
        pytest.param({"products_import_on_connect": True}, {Right.READ_PRODUCTS}, id="products"),
    ],
)
def test_DOR_4_each_setting_needs_its_rights_and_every_store_reads_orders(
    on: dict[str, bool], rights: set[Right]
) -> None:
    assert set(needed(**on)) == {Right.READ_ORDERS, *rights}


def test_DOR_4_a_right_knows_every_setting_that_needs_it() -> None:
    asked = needed(stock_sync=True, products_import_on_connect=True)

    assert asked[Right.READ_PRODUCTS] == ("stock.sync", "products.import_on_connect")


def test_DOR_4_a_profile_that_tells_flags_writes_orders_for_its_own_switch() -> None:
    silent = with_defaults("bigcommerce", {"profile": "stitch", "fulfillment.sync": True})

    assert [need.right for need in decide_needs(STITCH, silent)] == [Right.READ_ORDERS]
    needs = decide_needs(STITCH, {**silent, "stitch.push_order_info": True})
    assert [need.settings for need in needs if need.right is Right.WRITE_ORDERS] == [("stitch.push_order_info",)]


def test_DOR_4_what_a_change_of_settings_adds_is_what_was_not_needed_before() -> None:
    before = decide_needs(PLATFORM, {"products.import_on_connect": True})
    after = decide_needs(PLATFORM, {"products.import_on_connect": True, "stock.sync": True})

    assert [need.right for need in added(before, after)] == [Right.WRITE_STOCK]
    assert added(after, before) == ()


def test_DOR_4_what_is_missing_is_said_with_its_name_its_setting_and_where_to_click() -> None:
    needs = decide_needs(PLATFORM, {"stock.sync": True})

    words = missing_words([Lack(Right.WRITE_STOCK, ("Read/Write",))], needs, PLATFORM)

    assert "Read/Write (for stock.sync)" in words
    assert "Settings → Advanced → REST API" in words
    assert "stock.sync=off" in words
