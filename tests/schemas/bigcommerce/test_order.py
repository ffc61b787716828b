"""schemas.bigcommerce.order: BigCommerce's own examples read as orders, and what cannot be read."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox import BigCommerceShop
from schemas.bigcommerce.order import digest, needs_parts, read_order
from schemas.bigcommerce.platform import PLATFORM, STATUS_IDS
from schemas.errors import Unreadable
from tests import recorded
from tests.makers import money
from tests.schemas.bigcommerce.orders import amounts, assert_adds_up, built, example, line, read

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
        ({"default_currency_code": "XXQ"}, "default_currency_code"),
        ({"default_currency_code": "", "currency_code": ""}, "default_currency_code"),
        ({"date_modified": "soon"}, "date_modified"),
        ({"date_created": "Wed, 99 Jan 2018 21:05:30 +0000"}, "date_created"),
        ({"total_inc_tax": "much"}, "total_inc_tax"),
        ({"total_inc_tax": "NaN"}, "total_inc_tax"),
        ({"billing_address": "Berlin"}, "billing_address"),
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


@pytest.mark.parametrize(
    "changes",
    [
        {"billing_address": []},
        {"billing_address": None},
        {"staff_notes": {"by": "ada"}, "customer_message": []},
        {"fees": {}},
        {"shipping_addresses": {}},
        {"payment_status": False, "customer_id": []},
    ],
    ids=str,
)
def test_ch_11_part_that_nobody_needs_sets_no_order_aside(changes: dict[str, Any]) -> None:
    assert read(line(1, applied_discounts={}), **changes).lines == read(line(1, applied_discounts=[])).lines


def test_MAP_12_line_that_is_listed_twice_is_one_line() -> None:
    assert read(line(1), line(2), line(1)) == read(line(1), line(2))


def test_MAP_12_two_lines_with_one_id_are_named_by_their_path() -> None:
    with pytest.raises(Unreadable) as caught:
        read(line(1), line(2), line(1, quantity=9))

    assert caught.value.path == "products.2.id"


def test_ch_11_numbers_that_lead_nowhere_together_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="do not go together"):
        read(line(**amounts("10", "0", "-10")), is_tax_inclusive_pricing=True, **amounts("10", "0", "5"))


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
