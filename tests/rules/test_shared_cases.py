"""Orders that were reported, with the figures that are right of each (MAP-4…6, MAP-9…11)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from schemas.hub import DraftOrder
from schemas.money import round_money
from schemas.orders import ZERO, StoreOrder
from schemas.platform import Platform
from schemas.shopify import order as shopify
from schemas.shopify.platform import PLATFORM as SHOPIFY_SHOP
from schemas.woocommerce import order as woocommerce
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE_SHOP
from tests import makers
from tests.makers import money
from tests.rules.building import draft
from tests.shared_cases import case, shopify_case


def mapped(order: StoreOrder, platform: Platform) -> DraftOrder:
    return draft(order, at=makers.store(platform), account=makers.account(base_currency=order.currency))


def woo(payload: Any) -> DraftOrder:
    return mapped(woocommerce.read_order(payload), WOOCOMMERCE_SHOP)


def assert_is(made: DraftOrder, with_tax: str, rates: Sequence[str]) -> None:
    assert made.total_with_tax == made.store_total_with_tax == money(with_tax)
    assert made.total == made.store_total
    assert [row.tax_rate for row in made.rows] == [money(rate) for rate in rates]
    assert not made.total_mismatch
    for row in made.rows:
        paid = row.price_per_unit * row.quantity * (1 - row.discount_percent / 100)
        assert round_money(paid, made.currency) == row.total


# Each with its right total with tax and the rates of its rows.
WOOCOMMERCE = [
    ("w1_zero_decimals", "287", ("25", "25", "25")),
    ("w2_four_decimals", "54.36", ("19", "19")),
    ("w4_bundle", "71.40", ("19", "19", "19")),
    ("w5_fraction", "18.09", ("19",)),
    ("w9_reverse_charge", "252.10", ("0",)),
    ("woocommerce_round_at_subtotal", "168.20", ("19", "19")),
]
SHOPIFY = [
    ("h2_zero_rated", "84.99", ("0", "20", "20")),
    ("h3_duties_tip_fee", "149.50", ("20", "20", "0", "0", "0")),
    ("h4_edited_up", "54.00", ("20", "20")),
    ("h6_bundle_components", "72.00", ("20", "0")),
]


@pytest.mark.parametrize(("name", "with_tax", "rates"), WOOCOMMERCE)
def test_MAP_6_a_reported_woocommerce_order_is_what_was_paid(name: str, with_tax: str, rates: Sequence[str]) -> None:
    assert_is(woo(case(name)), with_tax, rates)


@pytest.mark.parametrize(("name", "with_tax", "rates"), SHOPIFY)
def test_MAP_6_a_reported_shopify_order_is_what_was_paid(name: str, with_tax: str, rates: Sequence[str]) -> None:
    assert_is(mapped(shopify.read_order(shopify_case(name)), SHOPIFY_SHOP), with_tax, rates)


@pytest.mark.parametrize(
    ("nets", "taxes"),
    [
        pytest.param(("79.00", "119.00", "32.00"), ("20.00", "30.00", "7.00"), id="whole amounts with two decimals"),
        pytest.param(("79.20", "119.20", "31.20"), ("20.00", "30.00", "8.00"), id="exact to two decimals"),
        pytest.param(("79.200000", "119.200000", "31.200000"), ("20.000000", "30.000000", "8.000000"), id="to six"),
        pytest.param(("79.2", "119.2", "31.2"), ("19.8", "29.8", "7.8"), id="taxes rounded in the total alone"),
    ],
)
def test_MAP_5_a_shop_without_decimals_is_measured_by_whole_amounts(nets: Sequence[str], taxes: Sequence[str]) -> None:
    order = case("w1_zero_decimals")
    tax = sum(map(Decimal, taxes), ZERO).quantize(Decimal(1))
    items = [*order["line_items"], *order["shipping_lines"]]
    for item, net, part in zip(items, nets, taxes, strict=True):
        item |= {"total": net, "subtotal": net, "total_tax": part, "subtotal_tax": part}

    made = woo(order | {"total": "287.00", "total_tax": f"{tax}.00"})

    assert_is(made, "287", ("25", "25", "25"))


def test_MAP_6_tax_rounded_in_the_total_alone_is_settled_with_it_and_without() -> None:
    made = woo(case("woocommerce_round_at_subtotal"))

    assert (made.total, made.total_with_tax - made.total) == (money("141.34"), money("26.86"))
    assert [(row.total, row.tax) for row in made.rows] == [
        (money("136.44"), money("25.93")),
        (money("4.90"), money("0.93")),
    ]


def test_MAP_9_duties_tip_and_fee_are_a_row_each_once() -> None:
    made = mapped(shopify.read_order(shopify_case("h3_duties_tip_fee")), SHOPIFY_SHOP)

    assert [row.name for row in made.rows] == ["DT-A", "Cash on delivery", "Tip", "Duties", "Standard"]


def test_MAP_5_a_length_is_a_quantity() -> None:
    (row,) = woo(case("w5_fraction")).rows

    assert (row.quantity, row.price_per_unit) == (money("1.52"), 10)


def test_MAP_5_with_four_decimals_each_row_is_within_a_cent() -> None:
    payload = case("w2_four_decimals")
    rows = {row.external_id: row for row in woo(payload).rows}

    for line in payload["line_items"]:
        assert abs(rows[str(line["id"])].total - Decimal(line["total"])) < money("0.01")


def test_MAP_10_a_chair_given_away_has_the_rate_and_price_of_the_one_that_was_paid() -> None:
    """65.00 with 20 % tax in it, twice, one of them free; whether its taxes are named or not."""
    order = shopify_case("h4_edited_up")
    bought = order["lineItems"]["nodes"][0]
    paid = bought | {"originalUnitPriceSet": _bag("65.00"), "taxLines": [_tax("10.83")]}
    given = paid | {"id": "gid://shopify/LineItem/900", "discountAllocations": [{"allocatedAmountSet": _bag("65.00")}]}
    for taxes in ([_tax("0.00")], []):
        payload = order | {
            "currentTotalPriceSet": _bag("65.00"),
            "totalPriceSet": _bag("65.00"),
            "currentTotalTaxSet": _bag("10.83"),
            "lineItems": {"nodes": [paid, given | {"taxLines": taxes}]},
        }

        made = mapped(shopify.read_order(payload), SHOPIFY_SHOP)

        assert_is(made, "65.00", ("20", "20"))
        assert [(row.price_per_unit, row.discount_percent, row.total) for row in made.rows] == [
            (money("54.1666666667"), 0, money("54.17")),
            (money("54.1666666667"), 100, 0),
        ]


def _bag(amount: str) -> dict[str, Any]:
    money_ = {"amount": amount, "currencyCode": "EUR"}
    return {"shopMoney": money_, "presentmentMoney": money_}


def _tax(amount: str) -> dict[str, Any]:
    return {"title": "VAT", "rate": Decimal("0.2"), "priceSet": _bag(amount)}


def test_an_order_that_was_edited_up_is_no_longer_paid() -> None:
    assert not shopify.read_order(shopify_case("h4_edited_up")).is_paid
