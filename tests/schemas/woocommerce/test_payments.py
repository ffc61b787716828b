"""What WooCommerce's plugins call a payment, as orders that are what was sold (MAP-9, MAP-11)."""

from typing import Any

import pytest

from schemas.hub import DraftOrder
from schemas.woocommerce.order import read_order
from schemas.woocommerce.payments import payments
from schemas.woocommerce.platform import PLATFORM
from tests import makers, recorded
from tests.makers import money
from tests.rules.building import draft

ORDER = recorded.woocommerce("01_incl_tax_plain")  # a table, two tins of oil and the parcel: 174.81


def mapped(**changes: Any) -> DraftOrder:
    order = read_order(ORDER | changes)
    return draft(order, at=makers.store(PLATFORM), account=makers.account(base_currency=order.currency))


def meta(key: str, value: Any) -> dict[str, Any]:
    return {"meta_data": [{"id": 1, "key": "_other", "value": {"a": ["b"]}}, {"id": 2, "key": key, "value": value}]}


CARDS = [
    pytest.param({"gift_cards": [{"id": 1, "code": "X", "amount": 50}]}, id="Gift Cards"),
    pytest.param({"pw_gift_cards_redeemed": [{"number": "X", "amount": "50.00"}]}, id="PW Gift Cards"),
    pytest.param({"pw_gift_cards_redeemed": [{"amount": "20"}, {"amount": "30"}]}, id="two cards"),
    pytest.param(meta("_ywgc_applied_gift_cards_totals", "50"), id="YITH Gift Cards"),
    pytest.param(meta("acfw_store_credits_order_paid", {"amount": "50"}), id="Advanced Coupons"),
    pytest.param(meta("smart_coupons_contribution", {"x1": 50}), id="Smart Coupons"),
    pytest.param({"coupon_lines": [{"id": 1, "code": "x1", "discount": "50", "discount_tax": "0"}]}, id="a coupon"),
    pytest.param(
        {"coupon_lines": [{"discount": "50", "discount_tax": "0"}], **meta("smart_coupons_contribution", {"x": "50"})},
        id="named twice",
    ),
]


@pytest.mark.parametrize("named", CARDS)
@pytest.mark.parametrize("total", ["124.81", "174.81"])
def test_MAP_11_a_named_payment_is_no_row_and_no_mismatch(named: dict[str, Any], total: str) -> None:
    """Whether the plugin takes it off the order's total or leaves that as it was."""
    made = mapped(total=total, **named)

    assert (made.total_with_tax, made.store_total_with_tax) == (money("174.81"), money("174.81"))
    assert [row.name for row in made.rows] == ["Oak Table 120", "Hard-wax oil 1 l", "DHL Paket"]
    assert not made.total_mismatch


def test_MAP_11_an_order_that_a_gift_card_paid_whole_is_what_was_sold() -> None:
    made = mapped(total="0.00", pw_gift_cards_redeemed=[{"amount": "174.81"}])

    assert (made.store_total_with_tax, made.total_mismatch) == (money("174.81"), False)


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({}, id="nothing named"),
        pytest.param({"gift_cards": [{"amount": "49"}]}, id="another amount"),
        pytest.param({"gift_cards": {}, "pw_gift_cards_redeemed": "50", "meta_data": {}}, id="nothing readable"),
        pytest.param({"coupon_lines": [{"discount": "7.00", "discount_tax": "0"}]}, id="a coupon of another amount"),
    ],
)
def test_MAP_6_a_difference_that_nothing_names_stays_a_mismatch(named: dict[str, Any]) -> None:
    assert mapped(total="124.81", **named).total_mismatch


def test_MAP_6_a_coupon_that_lines_show_explains_no_difference_beside_it() -> None:
    """The lines are 50.00 less already."""
    line = ORDER["line_items"][0] | {"subtotal": "142.02", "subtotal_tax": "26.98"}
    coupon = {"discount": "42.02", "discount_tax": "7.98"}

    lines = [line, *ORDER["line_items"][1:]]

    assert mapped(total="124.81", line_items=lines, coupon_lines=[coupon]).total_mismatch
    assert not mapped(total="174.81", line_items=lines, coupon_lines=[coupon]).total_mismatch


def test_MAP_9_a_wallets_negative_fee_is_a_payment() -> None:
    fee = {"id": 77, "name": "Via wallet", "total": "-50.00", "total_tax": "0.00", "taxes": []}
    wallet = {"meta_data": [{"id": 3, "key": "_legacy_fee_key", "value": "_via_wallet_partial_payment"}]}

    made, discounted = mapped(total="124.81", fee_lines=[fee | wallet]), mapped(total="124.81", fee_lines=[fee])

    assert (made.total_with_tax, made.total_mismatch) == (money("174.81"), False)
    assert (discounted.total_with_tax, discounted.total_mismatch) == (money("124.81"), False)


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"order": None}, {"gift_cards": [[1], None, {"amount": {}}]}])
def test_what_is_no_payment_is_none(payload: Any) -> None:
    assert payments(payload) == []
