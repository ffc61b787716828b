"""schemas.bigcommerce: BigCommerce's own examples, and its amounts, read as orders that add up."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.sandbox import BigCommerceShop
from schemas.bigcommerce import PLATFORM, STATUS_IDS, digest, needs_parts, read_order
from schemas.errors import Unreadable
from schemas.hub import DraftOrder
from schemas.orders import Kind, StoreOrder
from tests import recorded
from tests.makers import account, money, store
from tests.rules.building import draft

STORE = store(PLATFORM)


def example(**changes: Any) -> dict[str, Any]:
    """BigCommerce's example order, with its example product and addresses beside it."""
    order = recorded.bigcommerce("order_awaiting_fulfillment_doc")
    product = recorded.bigcommerce("order_product_plain")
    money_of_line = {name: product[name] for name in ("total_ex_tax", "total_inc_tax", "total_tax")}
    return {
        "order": order | money_of_line | changes,
        "products": [product],
        "shipping_addresses": recorded.bigcommerce("shipping_addresses"),
        "fees": [],
    }


def line(number: int = 1, **changes: Any) -> dict[str, Any]:
    product: dict[str, Any] = recorded.bigcommerce("order_product_plain")
    return product | {"id": number, "sku": f"SKU-{number}"} | changes


def amounts(ex_tax: str, inc_tax: str, tax: str, **more: Any) -> dict[str, Any]:
    return {"total_ex_tax": ex_tax, "total_inc_tax": inc_tax, "total_tax": tax, **more}


def read(*lines: dict[str, Any], fees: Any = (), **order: Any) -> StoreOrder:
    """An order in USD of these lines."""
    return read_order(example(**order) | {"products": list(lines), "fees": list(fees)})


def built(order: StoreOrder) -> DraftOrder:
    return draft(order, at=STORE, account=account(base_currency=order.currency))


def assert_adds_up(order: StoreOrder) -> DraftOrder:
    made = built(order)
    assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)
    assert not made.total_mismatch
    return made


# -- the examples ------------------------------------------------------------------------------------------------


def test_the_example_order_is_read() -> None:
    order = read_order(example())

    assert (order.external_id, order.number, order.status) == ("100", "100", "awaiting_fulfillment")
    assert order.created_at == datetime(2018, 1, 10, 21, 5, 30, tzinfo=UTC)
    assert order.updated_at == datetime(2018, 12, 5, 20, 16, 55, tzinfo=UTC)
    assert (order.buyer.name, order.buyer.email, order.buyer.external_id) == ("Jane Doe", "janedoe@example.com", "20")
    assert (order.bill_to.line_1, order.bill_to.country) == ("455 Main Street", "US")
    assert (order.currency, order.exchange_rate, order.is_paid) == ("USD", None, False)


def test_MAP_6_the_example_line_adds_up_to_the_cent() -> None:
    made = assert_adds_up(read_order(example()))

    assert (made.total, made.total_with_tax, made.rows[0].sku) == (money("31.95"), money("37.23"), "DUST1")


def test_MAP_6_the_example_as_printed_contradicts_itself_and_is_flagged() -> None:
    printed = recorded.bigcommerce("order_awaiting_fulfillment_doc")

    assert built(read_order(example() | {"order": printed})).total_mismatch


def test_MAP_7_the_first_of_several_addresses_is_used() -> None:
    order = read_order(example())

    assert (order.ship_to.line_1, order.ship_to_count) == ("666 Sussex St", 2)


def test_every_status_of_the_shop_is_known_by_its_id() -> None:
    documented = {one["id"] for one in recorded.bigcommerce("order_statuses")}

    assert documented == set(STATUS_IDS.values()) == set(range(15))
    assert {read_order(example(status_id=id_)).status for id_ in documented} == set(STATUS_IDS)


def test_ORD_1_a_status_is_told_by_id_whatever_the_shop_calls_it() -> None:
    order = read_order(example(status_id=7, status="Awaiting Fulfillment", custom_status="Awaiting Fulfillment"))

    assert order.status == "awaiting_payment"
    assert dict(PLATFORM.imports) == {"awaiting_fulfillment": None, "awaiting_payment": "orders.awaiting_payment"}


def test_a_status_that_is_not_documented_keeps_its_number() -> None:
    assert read_order(example(status_id=99)).status == "99"
    assert "99" not in PLATFORM.statuses


def test_CHG_5_an_archived_order_is_deleted_whatever_its_status() -> None:
    order = read_order(example(is_deleted=True))

    assert order.status == "deleted"
    assert order.status in PLATFORM.cancelled_statuses


# -- discounts ---------------------------------------------------------------------------------------------------


def test_MAP_4_a_discount_that_lines_report_with_tax_is_taken_off_once() -> None:
    """A recorded order: 10 × 250.00 with tax, 100.00 off, 125.12 of the 2400.00 are tax."""
    discounts = [{"id": "manual-discount", "amount": "100.0000", "target": "order"}]
    order = read(
        line(quantity=10, applied_discounts=discounts, **amounts("2369.6667", "2500.0000", "125.1200")),
        is_tax_inclusive_pricing=True,
        discount_amount="100.0000",
        **amounts("2274.8800", "2400.0000", "125.1200"),
    )

    (row,) = assert_adds_up(order).rows

    assert (order.order_discount, order.lines[0].discount) == (0, 100)
    assert (row.total, row.tax, row.tax_rate, row.discount_percent) == (money("2274.88"), money("125.12"), 5.5, 4)
    assert order.lines[0].tax_rate == Decimal("5.5")


def test_MAP_4_discount_and_coupon_both_come_off() -> None:
    """67.84 + 12.00 - 5.00 - 5.00 = 69.84."""
    order = read(
        line(**amounts("67.84", "67.84", "0")),
        fees=[{"id": 1, "cost_ex_tax": 12, "cost_inc_tax": 12, "display_name_customer": "Insurance"}],
        discount_amount="5.0000",
        coupon_discount="5.0000",
        **amounts("69.84", "69.84", "0"),
    )

    assert order.order_discount == 10
    assert assert_adds_up(order).total == money("69.84")


def test_MAP_4_of_two_discounts_the_one_that_no_line_reports_is_spread() -> None:
    coupon = [{"id": "coupon", "amount": "2.50", "target": "order"}]
    lines = [line(number, applied_discounts=coupon, **amounts("50", "50", "0")) for number in (1, 2)]

    order = read(*lines, discount_amount="7.77", coupon_discount="5", **amounts("87.23", "87.23", "0"))

    assert order.order_discount == money("7.77")
    assert_adds_up(order)


def test_MAP_4_where_lines_report_a_promotion_of_their_own_the_total_decides() -> None:
    """The order's 10.00 are not the 8.00 of the line's promotion."""
    promotion = [{"id": "promotion", "amount": "8.00", "target": "product"}]
    order = read(
        line(1, applied_discounts=promotion, **amounts("50", "50", "0")),
        line(2, **amounts("50", "50", "0")),
        discount_amount="10.00",
        **amounts("82", "82", "0"),
    )

    assert order.order_discount == 10
    assert_adds_up(order)


def test_MAP_4_shares_with_fractions_of_a_cent_leave_no_discount_over() -> None:
    share = [{"id": "manual-discount", "amount": "3.3333", "target": "order"}]
    lines = [line(number, applied_discounts=share, **amounts("10", "10", "0")) for number in (1, 2, 3)]

    order = read(*lines, discount_amount="10", **amounts("20", "20", "0"))

    assert order.order_discount == 0
    assert_adds_up(order)


# -- taxes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ex_tax", "tax", "rate"),
    [("868.36", "71.64", "8.25"), ("31.95", "5.28", "16.53"), ("10000", "1547.40", "15.474"), ("10", "0", "0")],
)
def test_a_rate_is_read_off_the_amounts_with_as_few_digits_as_give_the_tax(ex_tax: str, tax: str, rate: str) -> None:
    inc_tax = str(Decimal(ex_tax) + Decimal(tax))

    order = read(line(**amounts(ex_tax, inc_tax, tax)), **amounts(ex_tax, inc_tax, tax))

    assert order.lines[0].tax_rate == Decimal(rate)


def test_a_small_amount_takes_the_rate_of_a_large_one() -> None:
    """0.02 of 0.10 could be 15 to 25 %."""
    small, large = line(1, **amounts("0.10", "0.12", "0.02")), line(2, **amounts("100", "119", "19"))

    order = read(small, large, **amounts("100.10", "119.12", "19.02"))

    assert [one.tax_rate for one in order.lines] == [19, 19]


def test_MAP_6_line_taxes_from_before_a_discount_do_not_stand() -> None:
    order = read(line(**amounts("100", "119", "19")), discount_amount="10", **amounts("90", "107.10", "17.10"))

    (row,) = assert_adds_up(order).rows

    assert (row.total, row.tax, row.tax_rate) == (90, money("17.10"), 19)


# -- charges, refunds, currencies --------------------------------------------------------------------------------


def test_MAP_9_charges_are_rows_and_payments_are_none() -> None:
    order = read(
        line(**amounts("10", "11.90", "1.90"), wrapping_name="Silk paper"),
        fees=[{"id": 4, "cost_ex_tax": "8.5", "cost_inc_tax": "10.115", "display_name_merchant": "Insurance"}],
        shipping_cost_ex_tax="4.90",
        shipping_cost_inc_tax="5.831",
        handling_cost_ex_tax="1",
        handling_cost_inc_tax="1.19",
        wrapping_cost_ex_tax="2",
        wrapping_cost_inc_tax="2.38",
        store_credit_amount="10.0000",
        gift_certificate_amount="5.0000",
        **amounts("26.40", "31.416", "5.016"),
    )

    charges = [(one.external_id, one.name, one.kind, one.tax_rate) for one in order.charges]

    assert charges == [
        ("fee:4", "Insurance", Kind.SERVICE, 19),
        ("wrapping", "Silk paper", Kind.SERVICE, 19),
        ("handling", "Handling", Kind.SERVICE, 19),
        ("shipping", "None", Kind.SHIPPING, 19),
    ]
    assert_adds_up(order)


def test_MAP_8_refunded_pieces_come_off_with_their_money() -> None:
    order = read(
        line(1, quantity=3, quantity_refunded=1, **amounts("30", "35.70", "5.70")),
        line(2, quantity=1, quantity_refunded=1, **amounts("5", "5.95", "0.95")),
        **amounts("35", "41.65", "6.65"),
    )

    assert [one.quantity for one in order.lines] == [2, 0]
    assert (order.total_with_tax, order.total_tax) == (money("23.80"), money("3.80"))
    assert_adds_up(order)


def test_MAP_3_a_line_without_a_product_is_custom_and_a_gift_certificate_is_not() -> None:
    custom, gift = line(1, product_id=0), line(2, product_id=0, type="giftcertificate")

    order = read(custom, gift, line(3))

    assert [one.is_custom for one in order.lines] == [True, False, False]
    assert order.lines[0].item_key == "name:Dustpan & Brush"


def test_ORD_8_the_shops_rate_is_turned_round() -> None:
    """One USD is 150 JPY, so one JPY is a 150th of a USD. What the buyer was shown is no matter."""
    order = read(
        line(**amounts("3000", "3000", "0")),
        default_currency_code="JPY",
        currency_code="USD",
        store_default_currency_code="USD",
        store_default_to_transactional_exchange_rate="150.0000000000",
        **amounts("3000", "3000", "0"),
    )

    assert (order.currency, order.exchange_base) == ("JPY", "USD")
    assert order.exchange_rate == money("0.0066666667")


@pytest.mark.parametrize(("base", "rate"), [("", "1.5"), ("EUR", "1.0000000000"), ("EUR", None), ("USD", "1.0")])
def test_ORD_8_what_is_no_rate_is_left_to_the_table(base: str, rate: str | None) -> None:
    order = read(
        line(),
        store_default_currency_code=base,
        store_default_to_transactional_exchange_rate=rate,
        **amounts("1", "1", "0"),
    )

    assert (order.exchange_rate, order.exchange_base) == (None, None)


@pytest.mark.parametrize(
    ("status", "is_paid"), [("captured", True), ("paid", True), ("authorized", False), ("", False), (None, False)]
)
def test_an_order_is_paid_when_the_money_was_taken(status: str | None, is_paid: bool) -> None:
    assert read_order(example(payment_status=status)).is_paid is is_paid


def test_MAP_2_a_guest_has_no_id_and_both_notes_are_kept() -> None:
    order = read_order(example(customer_id=0, staff_notes="Fragile", customer_message="Ring twice"))

    assert (order.buyer.external_id, order.note) == (None, "Fragile\nRing twice")


# -- where the parts are -----------------------------------------------------------------------------------------


def whole(**given: Any) -> dict[str, Any]:
    """An order that carries its parts itself."""
    shop = BigCommerceShop()
    basket = {"products": [{"sku": "A", "product_id": 1, "price": "10.00", "quantity": 2}], **given}
    order: dict[str, Any] = json.loads(shop.body(shop.place_order(basket), with_parts=True), parse_float=Decimal)
    return order


def test_lines_of_every_kind_of_consignment_are_read() -> None:
    kinds = ("physical", "digital", "giftcertificate")
    products = [{"sku": kind, "product_id": 1, "price": "10.00", "type": kind} for kind in kinds]

    order = read_order(whole(products=products))

    assert [one.sku for one in order.lines] == list(kinds)
    assert [one.is_physical for one in order.lines] == [True, False, False]


def test_an_order_that_carries_its_parts_needs_none() -> None:
    assert not needs_parts(whole())


@pytest.mark.parametrize("name", ["consignments", "fees"])
def test_an_order_with_links_in_place_of_parts_needs_them(name: str) -> None:
    order = whole() | {name: {"url": "https://…", "resource": "/orders/100/x"}}

    assert needs_parts(order)
    with pytest.raises(Unreadable, match="products"):
        read_order(order)


def test_an_order_with_links_in_place_of_lines_needs_parts() -> None:
    order = whole()
    order["consignments"]["shipping"][0]["line_items"] = [{"url": "https://…", "resource": "/orders/100/products/1"}]

    assert needs_parts(order)


def test_an_order_that_counts_more_pieces_than_it_shows_needs_parts() -> None:
    assert needs_parts(whole() | {"items_total": 3})


def test_the_same_order_is_read_from_its_parts() -> None:
    order = whole(fees=[{"cost": "3.00"}])
    parts = {
        "order": order,
        "products": order["consignments"]["shipping"][0]["line_items"],
        "shipping_addresses": order["consignments"]["shipping"],
        "fees": order["fees"],
    }

    assert read_order(parts) == read_order(order)


# -- what cannot be read (SPEC chapter 11) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": None}, "id"),
        ({"id": 0}, "id"),
        ({"status_id": "open"}, "status_id"),
        ({"default_currency_code": "XXQ"}, "currency"),
        ({"default_currency_code": "", "currency_code": ""}, "default_currency_code"),
        ({"date_modified": "soon"}, "date_modified"),
        ({"date_created": "Wed, 99 Jan 2018 21:05:30 +0000"}, "date_created"),
        ({"total_inc_tax": "much"}, "total_inc_tax"),
        ({"total_inc_tax": "NaN"}, "total_inc_tax"),
        ({"billing_address": []}, "billing_address"),
    ],
)
def test_an_order_that_breaks_the_schema_is_unreadable_at_its_path(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_order(example(**changes))

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"quantity": -1}, "quantity"), ({"id": "x"}, "id"), ({"applied_discounts": [{}]}, "applied_discounts.0.amount")],
)
def test_a_line_that_breaks_the_schema_is_named(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(line(1), line(2, **changes))

    assert caught.value.path == f"products.1.{path}"


@pytest.mark.parametrize("payload", [None, [], "x", 5, {}, {"order": None}, {"order": []}, {"order": {}}, {"id": 5}])
def test_what_is_no_order_is_unreadable(payload: Any) -> None:
    with pytest.raises(Unreadable):
        read_order(payload)


# -- the digest --------------------------------------------------------------------------------------------------


def test_the_digest_changes_with_the_meaning_and_with_nothing_else() -> None:
    order = whole()
    same = copy.deepcopy(order) | {"date_modified": "Thu, 01 Jan 2026 00:00:00 +0000", "ip_address": "1.2.3.4"}
    changed = copy.deepcopy(order)
    changed["consignments"]["shipping"][0]["line_items"][0]["quantity"] = 3

    assert digest(order) == digest(same) == digest({"order": order, "products": []})
    assert digest(changed) != digest(order)
    assert digest(order | {"status_id": 10}) != digest(order)


@pytest.mark.parametrize("value", [None, [], {}, {"consignments": [1]}, {"fees": {"url": {}}}])
def test_a_digest_is_made_of_any_JSON(value: Any) -> None:
    assert len(digest(value)) == 64
