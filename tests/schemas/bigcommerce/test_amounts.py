"""schemas.bigcommerce.amounts: discounts, taxes, charges, refunds and rates, as orders that add up."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.bigcommerce.order import read_order
from schemas.errors import Unreadable
from schemas.orders import Kind
from tests.makers import money
from tests.schemas.bigcommerce.orders import amounts, assert_adds_up, built, example, line, read

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


@pytest.mark.parametrize(
    "cost",
    [
        pytest.param({"cost_ex_tax": "10", "cost_inc_tax": "11.9", "cost_tax": "1.9"}, id="as documented"),
        pytest.param({"cost_exc_tax": "10", "cost_inc_tax": "11.9"}, id="spelled as in half of the examples"),
        pytest.param({"cost_ex_tax": None, "cost_inc_tax": "11.9", "cost_tax": "1.9"}, id="without tax left out"),
    ],
)
def test_MAP_9_a_fee_is_read_however_its_cost_is_given(cost: dict[str, Any]) -> None:
    fee = {"id": 4, "display_name_customer": "Insurance", **cost}
    order = read(line(**amounts("10", "11.90", "1.90")), fees=[fee], **amounts("20", "23.80", "3.80"))

    (charge,) = order.charges

    assert (charge.amount, charge.tax, charge.tax_rate) == (10, money("1.9"), 19)
    assert_adds_up(order)


@pytest.mark.parametrize(
    ("cost", "missing"),
    [({"cost_inc_tax": "11.9"}, "cost_ex_tax"), ({"cost_ex_tax": "10"}, "cost_inc_tax"), ({}, "cost_inc_tax")],
)
def test_a_fee_without_its_cost_is_named(cost: dict[str, str], missing: str) -> None:
    """SPEC chapter 11."""
    with pytest.raises(Unreadable) as caught:
        read(line(), fees=[{"id": 4, **cost}])

    assert caught.value.path == f"fees.0.{missing}"


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
    ("status", "is_paid"),
    [("captured", True), ("paid", True), ("refunded", True), ("authorized", False), ("", None), (None, None)],
)
def test_an_order_is_paid_when_the_money_was_taken(status: str | None, is_paid: bool | None) -> None:
    assert read_order(example(payment_status=status)).is_paid is is_paid


def test_MAP_2_a_guest_has_no_id_and_both_notes_are_kept() -> None:
    order = read_order(example(customer_id=0, staff_notes="Fragile", customer_message="Ring twice"))

    assert (order.buyer.external_id, order.note) == (None, "Fragile\nRing twice")


def test_MAP_8_what_went_back_takes_its_share_of_a_discount_that_no_line_reports() -> None:
    """4 × 50.00 and 1 × 50.00 with 100.00 off; one of each went back: 3 × 50.00 less 60.00 are left."""
    order = read(
        line(1, quantity=4, quantity_refunded=1, **amounts("200", "238", "22.80")),
        line(2, quantity=1, quantity_refunded=1, **amounts("50", "59.50", "5.70")),
        discount_amount="100.0000",
        **amounts("150", "178.50", "28.50"),
    )

    (row,) = assert_adds_up(order).rows

    assert order.order_discount == 60
    assert (row.quantity, row.discount_percent, row.total, row.tax) == (3, 40, 90, money("17.10"))


# -- what is given away, large quantities, a coarser unit, payments ------------------------------------------------

OFF = [{"id": "manual-discount", "amount": "1000.0000", "target": "order"}]


@pytest.mark.parametrize(
    ("sold", "order"),
    [
        pytest.param(
            {"quantity": 100, "applied_discounts": OFF, **amounts("23696.6670", "25000.0000", "1251.1800")},
            {"discount_amount": "1000.0000", **amounts("22748.82", "24000.00", "1251.18")},
            id="a recorded order ten times",
        ),
        pytest.param(
            {"quantity": 10, **amounts("2369.6667", "2500.0000", "0.0000")},
            {"coupon_discount": "2500.0000", **amounts("0", "0", "0")},
            id="given away",
        ),
        pytest.param(
            {"quantity": 10, **amounts("2369.6667", "2500.0000", "130.3300")},
            amounts("2369.67", "2500.00", "130.33"),
            id="paid",
        ),
    ],
)
def test_MAP_10_a_rate_is_what_was_charged_and_not_the_noise_of_a_division(
    sold: dict[str, Any], order: dict[str, Any]
) -> None:
    made = assert_adds_up(read(line(**sold), is_tax_inclusive_pricing=True, **order))

    (row,) = made.rows
    assert (row.tax_rate, row.price_per_unit) == (money("5.5"), money("236.9668246445"))


@pytest.mark.parametrize(
    ("ex_tax", "tax"),
    [
        pytest.param("836.1345", "158.87", id="exact"),
        pytest.param("836.1300", "158.87", id="in cents"),
        pytest.param("836.1500", "158.85", id="each piece to four decimals"),
    ],
)
def test_MAP_10_five_hundred_pieces_have_the_rate_of_one(ex_tax: str, tax: str) -> None:
    order = read(
        line(quantity=500, **amounts(ex_tax, "995.0000", tax)),
        is_tax_inclusive_pricing=True,
        **amounts(str(995 - Decimal(tax)), "995.00", tax),
    )

    assert assert_adds_up(order).rows[0].tax_rate == 19


def test_MAP_10_a_paid_line_without_tax_is_exempt_and_one_of_a_hundredth_is_not() -> None:
    exempt, small = line(1, **amounts("10.0000", "12.0000", "0")), line(2, **amounts("0.0167", "0.0200", "0"))

    order = read(exempt, small, is_tax_inclusive_pricing=True, **amounts("12.02", "12.02", "0"))

    assert [one.tax_rate for one in order.lines] == [0, 20]


@pytest.mark.parametrize(("nets", "cost"), [(("79.2000", "119.2000"), "31.2000"), (("79", "119"), "31")])
def test_MAP_5_a_shop_without_decimals_is_measured_by_whole_amounts(nets: tuple[str, str], cost: str) -> None:
    order = read(
        line(1, **amounts(nets[0], "99.0000", "20.0000")),
        line(2, quantity=2, **amounts(nets[1], "149.0000", "30.0000")),
        default_currency_code="DKK",
        is_tax_inclusive_pricing=True,
        shipping_cost_ex_tax=cost,
        shipping_cost_inc_tax="39.0000",
        **amounts("229", "287", "58"),
    )

    assert [row.tax_rate for row in assert_adds_up(order).rows] == [25, 25, 25]


@pytest.mark.parametrize(
    ("total", "is_off"), [("119", False), ("109", False), ("114", False), ("104", False), ("100", True)]
)
def test_MAP_11_credit_and_certificates_are_payments_whether_the_total_is_before_or_after_them(
    total: str, is_off: bool
) -> None:
    order = read(
        line(**amounts("100", "119", "19")),
        store_credit_amount="10.0000",
        gift_certificate_amount="5.0000",
        **amounts("100", total, "19"),
    )

    made = built(order)

    assert (made.total_with_tax, made.total_mismatch) == (119, is_off)


@pytest.mark.parametrize("credit", [None, "", "much", [], {}, True, "-10"])
def test_a_payment_that_cannot_be_read_is_none(credit: Any) -> None:
    order = read(line(**amounts("100", "119", "19")), store_credit_amount=credit, **amounts("100", "119", "19"))

    assert_adds_up(order)
