"""schemas.woocommerce.order: recorded orders, refunds, tax, and JSON that no shop should send."""

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Unreadable
from schemas.orders import Address, Kind, StoreOrder
from schemas.platform import Platform
from schemas.woocommerce.order import FIELDS, digest, needs_refunds, read_order
from schemas.woocommerce.platform import PLATFORM
from tests import recorded

Json = dict[str, Any]


@pytest.fixture
def order() -> Json:
    """A recorded order: 100.00 + 42.00 + 4.90 shipping, each at 19 %, in a shop whose prices include tax."""
    payload: Json = recorded.woocommerce("01_incl_tax_plain")
    return payload


def residual(order: StoreOrder) -> Decimal:
    """What the store's total has more than lines and charges together."""
    lines = sum(line.amount - line.discount + (line.tax or 0) for line in order.lines)
    return order.total_with_tax - lines - sum(charge.amount + (charge.tax or 0) for charge in order.charges)


def refund(order: Json, *, amount: str, **items: list[Json]) -> Json:
    """A payload with one refund on the order."""
    order["refunds"] = [{"id": 90, "reason": "", "total": f"-{amount}"}]
    return {"order": order, "refunds": [{"id": 90, "amount": amount, **items}]}


def part(item_id: int, quantity: int, total: str, tax: str) -> Json:
    """A refund line, negative as the shop sends it."""
    meta = [{"id": 1, "key": "_other", "value": {}}, {"id": 2, "key": "_refunded_item_id", "value": str(item_id)}]
    return {"id": 91, "quantity": quantity, "subtotal": total, "total": total, "total_tax": tax, "meta_data": meta}


# -- recorded orders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", recorded.WOOCOMMERCE_ORDERS)
def test_MAP_6_lines_and_charges_of_a_recorded_order_make_its_total(name: str) -> None:
    assert residual(read_order(recorded.woocommerce(name))) == 0


def test_a_recorded_order_is_read_field_by_field(order: Json) -> None:
    read = read_order(order)

    assert (read.external_id, read.number, read.status, read.currency) == ("24", "24", "processing", "EUR")
    assert read.created_at == datetime(2026, 11, 22, 4, 42, 14, tzinfo=UTC)
    assert read.is_paid
    assert read.note == "Bitte klingeln 🛎"
    assert (read.buyer.name, read.buyer.email, read.buyer.external_id) == ("Lena Vogel", "lena.vogel@example.test", "2")
    assert read.bill_to.line_2 == "2. OG"
    assert read.bill_to.zip == read.ship_to.zip == "10115"
    assert (read.total_with_tax, read.total_tax) == (Decimal("174.81"), Decimal("27.91"))


def test_amounts_are_net_although_the_shop_shows_prices_with_tax(order: Json) -> None:
    table = read_order(order).lines[0]

    assert order["prices_include_tax"] is True
    assert not read_order(order).prices_include_tax
    assert (table.amount, table.tax, table.tax_rate) == (Decimal("100.00"), Decimal("19.00"), 19)


def test_MAP_9_shipping_and_fees_become_charges(order: Json) -> None:
    order["fee_lines"] = [{"id": 9, "name": "Gift <b>wrap</b>", "total": "-3.00", "total_tax": "-0.57", "taxes": []}]

    shipping, fee = read_order(order).charges

    assert (shipping.name, shipping.kind, shipping.amount) == ("DHL Paket", Kind.SHIPPING, Decimal("4.90"))
    assert (fee.name, fee.kind, fee.amount, fee.tax) == ("Gift wrap", Kind.SERVICE, Decimal(-3), Decimal("-0.57"))


def test_MAP_1_a_line_names_its_product_whatever_is_missing(order: Json) -> None:
    line = order["line_items"][0]

    def key(**changes: Any) -> str | None:
        order["line_items"] = [line | changes]
        return read_order(order).lines[0].product_key

    assert key(product_id=10, variation_id=0) == "product:10"
    assert key(product_id=10, variation_id=12) == "variation:12"
    assert key(product_id=0, variation_id=0, name="Book &amp; Guide <em>") == "name:Book & Guide"


@pytest.mark.parametrize(("sent", "read"), [(" A-1 ", "A-1"), ("a-1", "a-1"), ("", None), (None, None), (7, "7")])
def test_MAP_1_a_sku_is_trimmed_and_keeps_its_case(order: Json, sent: Any, read: str | None) -> None:
    order["line_items"][0]["sku"] = sent

    assert read_order(order).lines[0].sku == read


def test_a_coupon_is_the_difference_between_subtotal_and_total(order: Json) -> None:
    order["line_items"][0] |= {"subtotal": "100.00", "total": "90.00", "total_tax": "17.10"}

    line = read_order(order).lines[0]

    assert (line.amount, line.discount, line.tax, line.tax_rate) == (100, 10, Decimal("17.10"), 19)


def test_a_tax_that_does_not_apply_to_an_item_is_not_in_its_rate(order: Json) -> None:
    order["shipping_lines"][0]["taxes"].append({"id": 2, "total": "", "subtotal": ""})

    # 0.93 of 4.90 would be 18.98 %, were the second tax taken for one of an unknown rate.
    assert read_order(order).charges[0].tax_rate == 19


def test_compound_taxes_are_one_on_the_other(order: Json) -> None:
    order["tax_lines"] = [
        {"rate_id": 6, "rate_percent": 5, "compound": False},
        {"rate_id": 7, "rate_percent": 10, "compound": True},
    ]
    taxes = [{"id": 6, "total": "5.00", "subtotal": "5.00"}, {"id": 7, "total": "10.50", "subtotal": "10.50"}]
    order["line_items"][0] |= {"taxes": taxes, "total_tax": "15.50"}

    assert read_order(order).lines[0].tax_rate == Decimal("15.5")


def test_a_rate_that_was_deleted_since_is_worked_out(order: Json) -> None:
    order["tax_lines"] = []

    assert read_order(order).lines[0].tax_rate == 19


def test_a_guest_is_a_buyer_without_id(order: Json) -> None:
    order["customer_id"] = 0
    order["billing"]["email"] = ""

    buyer = read_order(order).buyer

    assert (buyer.external_id, buyer.email) == (None, None)


@pytest.mark.parametrize(
    ("billing", "shipping", "name"),
    [
        ({"first_name": "Ada"}, {}, "Ada"),
        ({"company": "Ada Ltd"}, {"first_name": "Bo"}, "Ada Ltd"),
        ({}, {"first_name": "Bo", "last_name": "Ek"}, "Bo Ek"),
        ({}, {}, ""),
    ],
)
def test_MAP_2_a_buyer_has_the_best_name_there_is(order: Json, billing: Json, shipping: Json, name: str) -> None:
    order |= {"billing": billing, "shipping": shipping}

    assert read_order(order).buyer.name == name


def test_without_a_shipping_address_it_ships_to_the_billing_address(order: Json) -> None:
    order["shipping"] = dict.fromkeys(order["shipping"], "") | {"country": "DE"}

    read = read_order(order)

    assert read.ship_to == read.bill_to != Address()


def test_ORD_4_only_processing_imports_and_nothing_switches_more_on() -> None:
    expected: Platform = PLATFORM

    assert dict(expected.imports) == {"processing": None}
    assert "on-hold" in expected.statuses
    assert "shipped" not in expected.statuses


# -- refunds -----------------------------------------------------------------------------------------------------


def test_MAP_8_a_refunded_piece_is_off_its_line_and_the_totals(order: Json) -> None:
    payload = refund(order, amount="24.99", line_items=[part(2, -1, "-21.00", "-3.99")])

    read = read_order(payload)

    oil = read.lines[1]
    assert (oil.quantity, oil.amount, oil.tax, oil.tax_rate) == (1, Decimal("21.00"), Decimal("3.99"), 19)
    assert (read.total_with_tax, read.total_tax) == (Decimal("149.82"), Decimal("23.92"))
    assert read.refunded_apart == 0
    assert residual(read) == 0


def test_MAP_8_a_line_that_was_refunded_whole_is_gone(order: Json) -> None:
    payload = refund(order, amount="119.00", line_items=[part(1, -1, "-100.00", "-19.00")])

    read = read_order(payload)

    assert [line.external_id for line in read.lines] == ["2"]
    assert residual(read) == 0


def test_MAP_8_money_alone_lowers_the_amount_and_no_quantity(order: Json) -> None:
    read = read_order(refund(order, amount="11.90", line_items=[part(1, 0, "-10.00", "-1.90")]))

    assert (read.lines[0].quantity, read.lines[0].amount) == (1, 90)
    assert residual(read) == 0


def test_MAP_8_refunded_shipping_is_off_the_charge(order: Json) -> None:
    read = read_order(refund(order, amount="5.83", shipping_lines=[part(3, 0, "-4.90", "-0.93")]))

    assert read.charges[0].amount == 0
    assert residual(read) == 0


def test_MAP_8_money_that_names_no_line_is_told_apart(order: Json) -> None:
    read = read_order(refund(order, amount="30.00", line_items=[part(2, -1, "-21.00", "-3.99")]))

    assert read.refunded_apart == Decimal("5.01")
    assert read.total_with_tax == Decimal("149.82")
    assert residual(read) == 0


def test_MAP_8_a_refund_of_an_unknown_line_takes_nothing_off(order: Json) -> None:
    read = read_order(refund(order, amount="11.90", line_items=[part(77, -1, "-10.00", "-1.90")]))

    assert read.refunded_apart == Decimal("11.90")
    assert read.total_with_tax == Decimal("174.81")


def test_MAP_9_money_the_shop_keeps_of_a_returned_line_is_a_charge(order: Json) -> None:
    read = read_order(refund(order, amount="107.10", line_items=[part(1, -1, "-90.00", "-17.10")]))

    kept = read.charges[-1]
    assert (kept.external_id, kept.kind, kept.amount, kept.tax) == ("1", Kind.SERVICE, 10, Decimal("1.90"))
    assert residual(read) == 0


def test_more_pieces_given_back_than_sold_leave_none(order: Json) -> None:
    read = read_order(refund(order, amount="119.00", line_items=[part(1, -3, "-100.00", "-19.00")]))

    assert [line.external_id for line in read.lines] == ["2"]


def test_an_order_with_refunds_needs_to_be_asked_for(order: Json) -> None:
    assert not needs_refunds(order)

    assert needs_refunds(refund(order, amount="1.00")["order"])


def test_without_its_refunds_an_order_tells_only_their_sum(order: Json) -> None:
    assert read_order(refund(order, amount="3.50")["order"]).refunded_apart == Decimal("3.50")


# -- what cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", None),
        ("id", "24/../1"),
        ("status", ""),
        ("currency", "XXQ"),
        ("currency", None),
        ("date_modified_gmt", "yesterday"),
        ("total", "many"),
        ("total", None),
        ("total_tax", "NaN"),
        ("billing", "Berlin"),
        ("line_items", None),
        ("line_items", {"first": {}}),
        ("line_items.0.id", 0),
        ("line_items.1.quantity", -1),
        ("line_items.1.quantity", "two"),
        ("line_items.0.total", "1e400"),
        ("shipping_lines.0.total_tax", []),
    ],
)
def test_what_breaks_the_schema_is_named_by_its_path(order: Json, path: str, value: Any) -> None:
    """SPEC chapter 11, first row."""
    _put(order, path, value)

    with pytest.raises(Unreadable) as caught:
        read_order(order)

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, []) for path in ("billing", "shipping", "customer_note", "billing.phone", "line_items.0.name")),
        *((path, {}) for path in ("shipping_lines", "fee_lines", "tax_lines", "refunds", "coupon_lines", "meta_data")),
        *((path, None) for path in ("billing", "shipping", "shipping_lines", "tax_lines", "refunds", "meta_data")),
        *((path, False) for path in ("customer_note", "billing.company", "line_items.0.sku", "number")),
        ("billing.phone", {"mobile": "1"}),
        ("customer_note", ["one", "two"]),
        ("line_items.0.taxes", {}),
        ("line_items.0.taxes", "none"),
        ("line_items.0.taxes.0", "19"),
        ("line_items.0.taxes.0.total", {}),
        ("line_items.0.subtotal_tax", "much"),
        ("line_items.0.meta_data", {}),
        ("tax_lines.0.rate_percent", "19 %"),
        ("tax_lines.0.compound", "perhaps"),
        ("tax_lines.0", 7),
    ],
    ids=str,
)
def test_ch_11_part_that_nobody_needs_sets_no_order_aside(order: Json, path: str, value: Any) -> None:
    """SPEC chapter 11: PHP's empty arrays where an object belongs and the other way round, and hints that are none."""
    before = read_order(order)
    _put(order, path, value)

    after = read_order(order)

    assert [(line.external_id, line.quantity, line.amount) for line in after.lines] == [
        (line.external_id, line.quantity, line.amount) for line in before.lines
    ]
    assert after.total_with_tax == before.total_with_tax


@pytest.mark.parametrize("path", ["line_items", "tax_lines", "line_items.0.taxes", "shipping_lines"])
def test_ch_11_list_that_php_wrote_as_an_object_is_that_list(order: Json, path: str) -> None:
    """A plugin that takes an entry out of an array leaves a gap, and PHP writes its places as keys."""
    before = read_order(order)
    _put(order, path, {str(7 * place): one for place, one in enumerate(_get(order, path))})

    assert read_order(order) == before


def _get(order: Json, path: str) -> Any:
    found: Any = order
    for step in path.split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


def _put(order: Json, path: str, value: Any) -> None:
    way, _, last = path.rpartition(".")
    target: Any = _get(order, way) if way else order
    target[int(last) if isinstance(target, list) else last] = value


@pytest.mark.parametrize("kind", ["line_items", "shipping_lines"])
def test_MAP_12_line_that_is_listed_twice_is_one_line(order: Json, kind: str) -> None:
    once = read_order(copy.deepcopy(order))
    order[kind].append(copy.deepcopy(order[kind][0]))

    assert read_order(order) == once


def test_MAP_12_two_lines_with_one_id_are_named_by_their_path(order: Json) -> None:
    order["line_items"].append({**order["line_items"][0], "quantity": 7})

    with pytest.raises(Unreadable) as caught:
        read_order(order)

    assert caught.value.path == f"line_items.{len(order['line_items']) - 1}.id"


def test_order_that_a_migration_left_without_a_change_was_changed_when_it_was_made(order: Json) -> None:
    order["date_modified_gmt"] = None

    read = read_order(order)

    assert read.updated_at == read.created_at


def test_order_without_any_date_is_named_by_the_first(order: Json) -> None:
    order |= {"date_created_gmt": None, "date_modified_gmt": None}

    with pytest.raises(Unreadable) as caught:
        read_order(order)

    assert caught.value.path == "date_created_gmt"


@pytest.mark.parametrize("status", ["draft", "auto-draft", "checkout-draft"])
def test_ORD_4_draft_needs_no_dates(order: Json, status: str) -> None:
    order |= {"status": status, "date_created_gmt": None, "date_modified_gmt": None}

    assert read_order(order).status == status


@pytest.mark.parametrize("path", ["id", "status", "currency", "line_items", "total"])
def test_what_is_missing_is_named(order: Json, path: str) -> None:
    del order[path]

    with pytest.raises(Unreadable) as caught:
        read_order(order)

    assert caught.value.path == path


def test_a_refund_that_cannot_be_read_is_named_by_its_path(order: Json) -> None:
    payload = refund(order, amount="1.00", line_items=[part(1, 1, "-1.00", "0")])

    with pytest.raises(Unreadable) as caught:
        read_order(payload)

    assert caught.value.path == "refunds.0.line_items.0.quantity"


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "1e999999999", "-1", "NaN", "2026-13-01", "EUR", 0, 10**40, Decimal("1e-19")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value, as its container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [spot for key in keys for spot in ((value, key), *spots(value[key]))]


@given(data=st.data(), name=st.sampled_from(recorded.WOOCOMMERCE_ORDERS), is_refunded=st.booleans())
def test_any_json_is_an_order_or_unreadable(data: st.DataObject, name: str, is_refunded: bool) -> None:
    payload = copy.deepcopy(recorded.woocommerce(name))
    if is_refunded:
        line = payload["line_items"][0]
        payload = refund(payload, amount="1.00", line_items=[part(line["id"], -1, "-1.00", "-0.19")])
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(spots(payload)))
        container[key] = data.draw(JUNK)

    try:
        read = read_order(payload)
    except Unreadable as error:
        assert error.problem
    else:
        assert all(line.quantity > 0 for line in read.lines)
    assert len(digest(payload)) == 64


@given(JUNK)
def test_any_junk_at_all_is_unreadable(junk: Any) -> None:
    with pytest.raises(Unreadable):
        read_order(junk)


# -- the meaning of an order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["date_modified", "date_modified_gmt", "meta_data", "_links", "payment_url"])
def test_ORD_5_a_digest_ignores_what_is_not_read(order: Json, field: str) -> None:
    before = digest(order)

    order[field] = "changed"

    assert digest(order) == before


@pytest.mark.parametrize("field", ["status", "total", "customer_note", "number", "refunds", "date_paid_gmt"])
def test_ORD_5_a_digest_changes_with_the_order(order: Json, field: str) -> None:
    before = digest(order)

    order[field] = "changed"

    assert digest(order) != before


def test_a_digest_is_the_same_with_and_without_the_refunds_beside_the_order(order: Json) -> None:
    payload = refund(order, amount="3.50")

    assert digest(payload) == digest(payload["order"])


@pytest.mark.parametrize("name", recorded.WOOCOMMERCE_ORDERS)
def test_the_fields_that_are_asked_for_are_all_that_is_read(name: str) -> None:
    order = recorded.woocommerce(name)

    asked_for = {field: order[field] for field in FIELDS if field in order}  # a plugin's fields are not in every shop

    assert read_order(asked_for) == read_order(order)
    assert digest(asked_for) == digest(order)
