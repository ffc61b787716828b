"""A store's order as a sales order, field by field (SPEC chapter 4)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import Note
from schemas.bigcommerce.platform import PLATFORM as BIGCOMMERCE
from schemas.hub import Customer, ExchangeRate, NewCustomer, NewItem
from schemas.orders import Buyer, Kind
from schemas.platform import Platform
from schemas.reasons import Reason
from tests import makers
from tests.makers import (
    INSIDE,
    PERCENT,
    matches,
    money,
    plain_line,
    store,
    store_charge,
    store_line,
    store_order,
    variant,
)
from tests.rules.building import build, draft, notes_of

# -- the order's own fields --------------------------------------------------------------------------------------


def test_a_plain_order_maps_field_by_field() -> None:
    order = store_order(customer_reference="PO-9", note="Ring twice")

    made = draft(order, at=store(id=7), location="berlin")

    assert (made.order_no, made.external_id, made.store_id) == ("5001", "5001", 7)
    assert (made.created_at, made.currency, made.location) == (makers.CREATED_AT, "EUR", "berlin")
    assert (made.bill_to, made.ship_to) == (order.bill_to, order.ship_to)
    assert (made.customer_reference, made.notes, made.is_paid) == ("PO-9", "Ring twice", True)
    assert (made.total, made.total_with_tax) == (money("146.90"), money("174.81"))
    assert {row.location for row in made.rows} == {"berlin"}


def test_a_plain_order_needs_no_note() -> None:
    assert notes_of(store_order()) == []


def test_the_order_number_is_the_stores_and_else_its_id() -> None:
    assert draft(store_order(number="#1001")).order_no == "#1001"
    assert draft(store_order(number="")).order_no == "5001"


@pytest.mark.parametrize(
    ("platform", "own_days", "expected"),
    [
        pytest.param(INSIDE, [30, None], date(2026, 1, 19), id="the platform's fixed time, whatever the items say"),
        pytest.param(BIGCOMMERCE, [30, None], date(2026, 1, 12), id="the account's, whatever the items say"),
        pytest.param(PERCENT, [None, None], date(2026, 1, 12), id="the account's"),
        pytest.param(PERCENT, [30, None], date(2026, 2, 4), id="the longest of the rows"),
        pytest.param(PERCENT, [2, None], date(2026, 1, 12), id="a row without its own takes the account's"),
        pytest.param(PERCENT, [2, 0], date(2026, 1, 7), id="all rows have their own"),
    ],
)
def test_delivery_date(platform: Platform, own_days: list[int | None], expected: date) -> None:
    known = matches(*(variant(str(n), f"SKU-{n}", delivery_days=days) for n, days in enumerate(own_days)))
    order = store_order(lines=tuple(plain_line(str(n), 1, 10) for n in range(len(own_days))))

    made = draft(order, at=store(platform), account=makers.account(default_delivery_days=7), known=known)

    assert made.delivery_date == expected


def test_what_is_left_out_of_an_order_does_not_delay_it() -> None:
    lines = (plain_line("1", 1, 10), plain_line("2", 1, 10, is_custom=True))
    known = matches(variant("v1", "SKU-1", delivery_days=2), variant("v2", "SKU-2", delivery_days=30))
    at = store(PERCENT, {"orders.custom_items": False})

    assert draft(store_order(lines=lines), at=at, known=known).delivery_date == date(2026, 1, 7)


def test_delivery_date_counts_from_the_day_in_utc() -> None:
    late = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)

    assert draft(store_order(created_at=late)).delivery_date == date(2026, 2, 14)


def test_MAP_2_the_customer_is_matched_or_created_and_linked() -> None:
    known = matches(linked_customer=Customer("c1", "Ada"))

    assert draft(store_order(), known=known).customer == Customer("c1", "Ada")
    assert draft(store_order()).customer == NewCustomer("Ada Lovelace", "ada@example.com")
    assert draft(store_order()).customer_key == "7"
    assert draft(store_order(buyer=Buyer("Ada"))).customer_key is None


def test_MUL_3_the_same_order_number_in_two_stores_makes_two_orders() -> None:
    first, second = (draft(store_order(), at=store(id=id)) for id in (1, 2))

    assert first.order_no == second.order_no
    assert (first.store_id, first.external_id) != (second.store_id, second.external_id)


def test_ORD_8_at_home_the_rate_is_one_of_the_day_created() -> None:
    made = draft(store_order())

    assert (made.exchange_rate, made.exchange_rate_date) == (money(1), makers.CREATED_AT.date())
    assert (made.total_base, made.base_currency) == (money("146.90"), "EUR")


def test_ORD_8_a_foreign_order_keeps_its_currency_rate_and_base_total() -> None:
    rate = ExchangeRate(Decimal("0.9"), date(2026, 1, 2))

    made = draft(store_order(currency="USD"), known=matches(rate=rate))

    assert (made.currency, made.exchange_rate, made.exchange_rate_date) == ("USD", Decimal("0.9"), date(2026, 1, 2))
    assert (made.total_base, made.base_currency) == (money("132.21"), "EUR")


def test_ORD_8_an_order_without_rate_is_never_built() -> None:
    with pytest.raises(ValueError, match=r"^order 5001 has no exchange rate: it is skipped, not built$"):
        draft(store_order(currency="USD"))


# -- rows --------------------------------------------------------------------------------------------------------


def test_MAP_1_rows_point_to_variants_or_items_to_create() -> None:
    table, oil, shipping = draft(store_order(), known=matches(variant("v1", "OIL-1"))).rows

    assert oil.item == "v1"
    assert table.item == NewItem("Oak Table 120", Kind.PRODUCT, sku="TBL-120")
    assert shipping.item is None
    assert [row.kind for row in (table, oil, shipping)] == [Kind.PRODUCT, Kind.PRODUCT, Kind.SHIPPING]


def test_MAP_1_a_row_is_of_its_items_kind() -> None:
    setup = variant("v1", "OIL-1", kind=Kind.SERVICE)

    (row,) = draft(store_order(lines=(store_line(),), charges=()), known=matches(setup)).rows

    assert row.kind is Kind.SERVICE


@pytest.mark.parametrize(("name", "expected"), [("Oil, 1 litre", "Oil, 1 litre"), ("", "Oil")])
def test_MAP_1_a_row_is_called_as_its_line_and_else_as_its_item(name: str, expected: str) -> None:
    (row,) = draft(store_order(lines=(store_line(name=name),), charges=()), known=matches(variant("v1", "OIL-1"))).rows

    assert row.name == expected


@pytest.mark.parametrize("batch_tracked", [True, False])
def test_FUL_4_a_row_knows_whether_its_item_is_in_batches(batch_tracked: bool) -> None:
    order = store_order(lines=(store_line(), store_line("12", sku="NEW")), charges=())

    made = draft(order, known=matches(variant("v1", "OIL-1", batch_tracked=batch_tracked)))

    assert [row.batch_tracked for row in made.rows] == [batch_tracked, False]


def test_MUL_2_the_same_sku_from_two_stores_is_one_variant() -> None:
    known = matches(variant("v1", "OIL-1"))

    items = [draft(store_order(), at=store(id=id), known=known).rows[1].item for id in (1, 2)]

    assert items == ["v1", "v1"]


def test_MAP_1_a_line_without_sku_imports_and_is_told() -> None:
    order = store_order(lines=(store_line(sku=" ", name="Lamp"), store_line("12")))

    made, notes = build(order)

    assert made.rows[0].item == NewItem("Lamp", Kind.PRODUCT, key="31")
    assert made.rows[0].sku is None
    assert notes == [Note(Reason.LINE_WITHOUT_SKU, {"names": ["Lamp"]})]


@pytest.mark.parametrize(
    ("kind", "is_physical", "expected"),
    [("service", False, Kind.SERVICE), ("product", False, Kind.PRODUCT), ("service", True, Kind.PRODUCT)],
)
def test_MAP_3_a_custom_item_is_what_the_setting_says(kind: str, is_physical: bool, expected: Kind) -> None:
    line = store_line(sku=None, product_key=None, is_custom=True, is_physical=is_physical)

    made = draft(store_order(lines=(line,)), at=store(settings={"orders.custom_item_kind": kind}))

    assert made.rows[0].kind is expected


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        pytest.param(
            {"orders.custom_item_kind": "service"}, {"is_physical": False}, id="a download of the catalogue's"
        ),
        pytest.param({}, {"is_physical": False, "is_custom": True}, id="a store without the setting"),
    ],
)
def test_MAP_3_all_else_is_a_product(settings: dict[str, Any], line: dict[str, Any]) -> None:
    at = store()
    at = replace(at, settings={key: at.settings[key] for key in ("location", "orders.shipping_fee_line")} | settings)

    assert draft(store_order(lines=(store_line(sku=None, **line),)), at=at).rows[0].kind is Kind.PRODUCT


def test_rows_are_lines_then_charges_then_one_shipping_row() -> None:
    fee = store_charge("22", name="Rush", kind=Kind.SERVICE)
    order = store_order(charges=(store_charge("21"), fee))

    assert [row.external_id for row in draft(order).rows] == ["12", "11", "22", "21"]


def test_rows_that_ship_are_the_lines() -> None:
    fee = store_charge("22", name="Rush", kind=Kind.SERVICE)

    made = draft(store_order(charges=(fee, store_charge("21"))))

    assert [row.ships for row in made.rows] == [True, True, False, False]


def test_MAP_8_what_is_refunded_is_no_row_and_what_is_fulfilled_is_delivered() -> None:
    lines = (plain_line("1", 0, 0), plain_line("2", 3, 30, delivered_quantity=money(1)))

    (row,) = draft(store_order(lines=lines, charges=())).rows

    assert (row.external_id, row.quantity, row.delivered_quantity) == ("2", money(3), money(1))


def test_MAP_8_no_more_is_delivered_than_is_left() -> None:
    lines = (plain_line("2", 1, 10, delivered_quantity=money(3)),)

    assert draft(store_order(lines=lines, charges=())).rows[0].delivered_quantity == 1


@pytest.mark.parametrize("amount", ["5.00", "-5.00", "0"])
def test_MAP_9_other_charges_become_service_rows_with_their_name(amount: str) -> None:
    fee = store_charge("22", name="Loyalty", kind=Kind.SERVICE, amount=Decimal(amount), tax_rate=money(0), tax=None)
    order = store_order(charges=(fee,))

    made = draft(order, known=matches(by_name={"loyalty": variant("s1", None, kind=Kind.SERVICE)}))

    row = made.rows[-1]
    assert (row.kind, row.name, row.item) == (Kind.SERVICE, "Loyalty", "s1")
    assert (row.quantity, row.price_per_unit, row.total) == (money(1), Decimal(amount), Decimal(amount))
    assert not made.total_mismatch


def test_MAP_9_a_service_that_has_a_sku_gives_it_to_its_row() -> None:
    fee = store_charge("22", name="Rush", kind=Kind.SERVICE)

    made = draft(store_order(charges=(fee,)), known=matches(by_name={"rush": variant("s1", "RUSH", kind=Kind.SERVICE)}))

    assert made.rows[-1].sku == "RUSH"


def test_MAP_9_an_unknown_service_is_created_and_a_nameless_one_is_a_fee() -> None:
    fee = store_charge("22", name="", kind=Kind.SERVICE)

    assert draft(store_order(charges=(fee,))).rows[-1].item == NewItem("Fee", Kind.SERVICE)


def test_a_nameless_shipping_charge_is_called_shipping() -> None:
    assert draft(store_order(charges=(store_charge(name=""),))).rows[-1].name == "Shipping"


def test_several_shipping_charges_are_one_row() -> None:
    charges = (store_charge("21"), store_charge("22", name="Pallet", amount=money("30.00"), tax=money("5.70")))

    row = draft(store_order(charges=charges)).rows[-1]

    assert (row.external_id, row.kind, row.item) == ("shipping", Kind.SHIPPING, None)
    assert (row.name, row.total, row.tax) == ("DHL Paket, Pallet", money("34.90"), money("6.63"))


def test_several_shipping_charges_with_tax_in_them_are_one_row() -> None:
    charges = tuple(store_charge(id_, amount=money("11.90"), tax=money("1.90")) for id_ in ("21", "22"))

    row = draft(store_order(lines=(), charges=charges, prices_include_tax=True)).rows[-1]

    assert (row.price_per_unit, row.total, row.tax) == (money("20"), money("20.00"), money("3.80"))


def test_shipping_of_which_only_the_tax_is_left_is_a_row() -> None:
    made = draft(store_order(charges=(store_charge(amount=money(0), tax=money("0.01")),)))

    assert (made.rows[-1].total, made.rows[-1].tax) == (money(0), money("0.01"))


@pytest.mark.parametrize("charges", [(), (store_charge(amount=money(0), tax=money("0.00")),)], ids=["none", "free"])
def test_no_shipping_cost_is_no_row(charges: tuple[Any, ...]) -> None:
    assert [row.kind for row in draft(store_order(charges=charges)).rows] == [Kind.PRODUCT, Kind.PRODUCT]


def test_a_free_shipping_method_beside_a_paid_one_changes_nothing() -> None:
    free = store_charge("20", name="Pick-up", amount=money(0), tax=money(0))

    row = draft(store_order(charges=(free, store_charge("21")))).rows[-1]

    assert (row.external_id, row.name) == ("21", "DHL Paket")


def test_without_the_shipping_row_its_money_is_not_expected() -> None:
    made, notes = build(store_order(), at=store(settings={"orders.shipping_fee_line": False}))

    assert [row.kind for row in made.rows] == [Kind.PRODUCT, Kind.PRODUCT]
    assert (made.total, made.total_with_tax) == (made.store_total, made.store_total_with_tax)
    assert (made.total_with_tax, notes) == (money("168.98"), [])


# -- what is told -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("addresses", [2, 3])
def test_MAP_7_the_first_ship_to_is_used_and_the_others_are_told(addresses: int) -> None:
    assert notes_of(store_order(ship_to_count=addresses)) == [Note(Reason.SEVERAL_SHIP_TO, {"addresses": addresses})]


def test_DOR_5_what_the_store_keeps_from_us_of_the_buyer_is_told() -> None:
    note = Note(Reason.BUYER_WITHHELD, {"fields": ["email", "name"]})

    assert notes_of(store_order(withheld=("email", "name"))) == [note]


def test_MAP_8_money_given_back_for_no_line_is_told() -> None:
    note = Note(Reason.REFUNDED_APART, {"amount": "5.00", "currency": "EUR"})

    assert notes_of(store_order(refunded_apart=money(5))) == [note]


def test_the_same_order_builds_the_same_draft() -> None:
    order = store_order(order_discount=money("7.77"))

    assert build(order, at=store(PERCENT)) == build(replace(order), at=store(PERCENT))
