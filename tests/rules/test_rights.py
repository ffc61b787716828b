"""Which rights a store's settings need, and what a person reads where one is missing (DOR-4)."""

from dataclasses import replace

import pytest

from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.bigcommerce.platform import STITCH
from schemas.rights import Grants, Lack, Right
from schemas.settings import with_defaults
from schemas.woocommerce.platform import PLATFORM
from tasks.rules.rights import added, decide_needs, is_stopped_by, missing_words, withheld_words


def needed(**chosen: bool) -> dict[Right, tuple[str, ...]]:
    """The rights of a store with these switches, `stock_sync` for stock.sync; all others off."""
    settings = {**with_defaults(PLATFORM, {}), "fulfillment.sync": False}
    needs = decide_needs(PLATFORM, {**settings, **{key.replace("_", ".", 1): on for key, on in chosen.items()}})
    return {need.right: need.settings for need in needs}


@pytest.mark.parametrize(
    ("on", "rights"),
    [
        pytest.param({}, set(), id="nothing but orders"),
        pytest.param({"fulfillment_sync": True}, {Right.WRITE_ORDERS}, id="fulfillments"),
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
    silent = with_defaults(BIGCOMMERCE, {"profile": "stitch", "fulfillment.sync": True})

    assert [need.right for need in decide_needs(STITCH, silent)] == [Right.READ_ORDERS]
    needs = decide_needs(STITCH, {**silent, "stitch.push_order_info": True})
    assert [need.settings for need in needs if need.right is Right.WRITE_ORDERS] == [("stitch.push_order_info",)]


def test_DOR_4_what_a_change_of_settings_adds_is_what_was_not_needed_before() -> None:
    before = decide_needs(PLATFORM, {"products.import_on_connect": True})
    after = decide_needs(PLATFORM, {"products.import_on_connect": True, "stock.sync": True})

    assert [need.right for need in added(before, after)] == [Right.WRITE_STOCK]
    assert added(after, before) == ()


@pytest.mark.parametrize(
    ("lacks", "expected"),
    [
        ((), False),
        ((Right.WRITE_STOCK,), False),
        ((Right.READ_ORDERS,), True),
        ((Right.WRITE_STOCK, Right.READ_ORDERS), True),
    ],
    ids=["nothing", "what a setting needs", "what every store needs", "both"],
)
def test_DOR_4_only_a_right_that_every_store_needs_stops_it(lacks: tuple[Right, ...], expected: bool) -> None:
    needs = decide_needs(PLATFORM, {"stock.sync": True})

    assert is_stopped_by([Lack(right, ("Read",)) for right in lacks], needs) is expected


def test_DOR_4_what_is_missing_is_said_with_its_name_its_setting_and_where_to_click() -> None:
    needs = decide_needs(PLATFORM, {"stock.sync": True, "products.import_on_connect": True})
    lacks = [Lack(Right.READ_PRODUCTS, ("Read", "Items")), Lack(Right.WRITE_STOCK, ("Read/Write",))]

    assert missing_words(lacks, needs, replace(PLATFORM, grants=Grants(where="Settings"))) == (
        "the credentials lack Read, Items (for stock.sync and products.import_on_connect); Read/Write (for stock.sync)."
        " Give it in the shop (Settings), or do without: products.import_on_connect=off stock.sync=off"
    )


def test_DOR_4_no_store_can_do_without_reading_orders() -> None:
    needs = decide_needs(PLATFORM, {})

    words = missing_words(
        [Lack(Right.READ_ORDERS, ("Read",))], needs, replace(PLATFORM, grants=Grants(where="Settings"))
    )

    assert words == "the credentials lack Read (for reading orders). Give it in the shop (Settings)"


def test_DOR_5_what_is_kept_from_us_of_buyers_is_said_with_what_it_takes() -> None:
    platform = replace(PLATFORM, grants=Grants(buyers="a click"))

    assert withheld_words(["name", "email"], platform) == (
        "The shop does not let us read who orders (name, email): orders come in without that, noted with"
        " buyer_withheld. It takes a click."
    )
