"""What a change of a store's settings makes due: stock, orders of both sides, what was skipped (SPEC chapter 2)."""

from dataclasses import replace
from typing import Any, Final

import pytest

from schemas.bigcommerce.platform import PLATFORM, STITCH
from schemas.reasons import Reason
from schemas.shopify.platform import PLATFORM as SHOPIFY
from schemas.stores import Skipped
from tasks.rules.settings import MadeDue, decide_due

WITH_STITCH: Final = {"profile": "stitch"}


def due(before: dict[str, Any], changed: dict[str, Any]) -> MadeDue:
    """What a change makes due at a shop of BigCommerce."""
    return decide_due(before, {**before, **changed}, platform=PLATFORM)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"fetch.every": 30}, id="how often it is asked"),
        pytest.param({"stock.buffer": 3}, id="the same again"),
    ],
)
def test_what_no_rule_looks_at_makes_nothing_due(changed: dict[str, Any]) -> None:
    assert due({"stock.buffer": 3}, changed) == MadeDue()


@pytest.mark.parametrize(
    ("changed", "is_shown_known"),
    [
        ({"stock.quantity": "in_stock"}, True),
        ({"stock.tell_uncounted": True}, True),
        ({"stock.buffer": 3}, True),
        ({"location": "berlin"}, True),
        ({"stock.sync": True}, False),
        ({"location_map": {"1": "main"}}, False),
        ({"stock.buffer": 3, "stock.sync": False}, False),
    ],
    ids=str,
)
def test_STK_5_a_setting_of_stock_makes_all_of_it_due(changed: dict[str, Any], is_shown_known: bool) -> None:
    assert due({}, changed) == MadeDue(stock=True, is_shown_known=is_shown_known)


# -- what was skipped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_on", [True, False])
def test_ORD_5_what_a_switch_of_a_status_kept_out_is_looked_at_again(is_on: bool) -> None:
    found = due({"orders.awaiting_payment": not is_on}, {"orders.awaiting_payment": is_on})

    assert found == MadeDue(skipped=Skipped(statuses=("awaiting_payment",)))


def test_ORD_5_orders_of_nothing_but_custom_items_are_looked_at_again() -> None:
    assert due({}, {"orders.custom_items": True}).skipped == Skipped(reasons=(Reason.CUSTOM_ITEMS_LEFT_OUT,))


def test_ORD_5_a_switch_that_was_on_before_ends_no_skip() -> None:
    on = {"orders.awaiting_payment": True}

    assert due(on, {**on, "stock.buffer": 1}).skipped == Skipped()


# -- another profile -----------------------------------------------------------------------------------------------


def test_STI_1_another_profile_may_see_open_orders_otherwise_and_leaves_those_that_were_over() -> None:
    found = due({}, WITH_STITCH)

    assert found.statuses == ("awaiting_fulfillment", "awaiting_payment", "awaiting_shipment")
    assert "completed" in STITCH.imports  # … of new orders


def test_STI_1_the_profile_that_there_is_without_flags_sees_all_that_it_imports() -> None:
    assert due(WITH_STITCH, {"profile": "katana"}).statuses == tuple(PLATFORM.imports)


@pytest.mark.parametrize(("before", "changed"), [({}, {"profile": "katana"}), (WITH_STITCH, WITH_STITCH)])
def test_STI_1_the_same_profile_sees_the_same(before: dict[str, Any], changed: dict[str, Any]) -> None:
    assert due(before, changed).statuses is None


def test_ORD_5_a_switch_counts_by_the_profile_that_is_there_now() -> None:
    found = due({}, {**WITH_STITCH, "orders.awaiting_payment": True})

    assert found.skipped == Skipped()  # this profile imports them without a switch


# -- fulfilments ---------------------------------------------------------------------------------------------------


def test_FUL_10_what_happened_while_fulfilments_were_not_followed_is_looked_at_on_both_sides() -> None:
    assert due({"fulfillment.sync": False}, {"fulfillment.sync": True}) == MadeDue(fulfillments=True)


@pytest.mark.parametrize(
    ("before", "changed"),
    [({}, {"fulfillment.sync": False}), ({}, {"fulfillment.sync": True}), ({"fulfillment.sync": False}, {})],
    ids=["turned off", "on by default", "still off"],
)
def test_FUL_10_a_switch_that_is_not_turned_on_looks_at_nothing(
    before: dict[str, Any], changed: dict[str, Any]
) -> None:
    assert due(before, changed) == MadeDue()


def test_STI_1_flags_that_are_told_from_now_on_are_told_of_delivered_orders_too() -> None:
    found = due(WITH_STITCH, {"stitch.push_order_info": True})

    assert found == MadeDue(fulfillments=True, also_delivered=True)


def test_STI_1_of_a_profile_without_flags_the_switch_tells_nothing() -> None:
    assert due({}, {"stitch.push_order_info": True}) == MadeDue()


def test_FUL_10_of_fulfilments_alone_delivered_orders_are_not_told_again() -> None:
    found = due({**WITH_STITCH, "fulfillment.sync": False}, {"fulfillment.sync": True})

    assert found == MadeDue(fulfillments=True)


def test_a_switch_of_another_platform_is_none() -> None:
    assert decide_due({}, {"orders.payment_pending": True}, platform=replace(SHOPIFY, imports={})) == MadeDue()
