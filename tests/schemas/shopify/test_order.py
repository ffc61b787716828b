"""schemas.shopify.order: GraphQL's JSON as a StoreOrder, and the money of it to the cent (SPEC chapter 4)."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors import json_text
from connectors.shopify.documents import ONE_ORDER
from sandbox import ShopifyShop, seed_shopify
from sandbox.shopify.documents import read
from schemas.errors import Unreadable
from schemas.orders import Kind, StoreFulfillment, StoreOrder, StoreReturn
from schemas.shopify.meaning import digest
from schemas.shopify.order import read_order
from schemas.shopify.platform import PLATFORM
from tests import makers
from tests.rules.building import build

Json = Any
DATA = Path(__file__).parents[2] / "data" / "shopify"
WHOLE = {"lines": 250, "parts": 250}


def sample(name: str) -> Json:
    return json_text.read((DATA / f"{name}.json").read_text())


def told(shop: ShopifyShop, number: int) -> Json:
    """An order as the API tells it, parsed as the connector does."""
    asked = {"id": f"gid://shopify/Order/{number}", **WHOLE}
    return json_text.read(json.dumps(read(ONE_ORDER, asked).answer(shop.root())["order"]))


def line(**changes: Any) -> Json:
    return {"name": "Hook", "sku": "HOOK", "price": "10.00", "quantity": 2, "taxes": ["0.19"], **changes}


def placed(*lines: Json, **given: Any) -> StoreOrder:
    shop = ShopifyShop()
    return read_order(told(shop, shop.place_order({"lines": lines or (line(),), **given}).id))


def assert_adds_up(order: StoreOrder) -> None:
    """MAP_6: both totals, exactly."""
    account = makers.account(base_currency=order.currency)
    draft, _ = build(order, at=makers.store(PLATFORM), account=account)
    assert draft.total == draft.store_total == order.total_with_tax - order.total_tax
    assert draft.total_with_tax == draft.store_total_with_tax == order.total_with_tax
    assert not draft.total_mismatch


# -- samples -----------------------------------------------------------------------------------------------------


def test_a_plain_order_is_read_field_by_field() -> None:
    order = read_order(sample("plain_ex_tax"))

    assert (order.external_id, order.number, order.status, order.delivery) == ("5010001", "#1", "paid", "unfulfilled")
    assert (order.currency, order.prices_include_tax, order.is_paid, order.is_on_hold) == ("USD", False, True, False)
    assert (order.total_with_tax, order.total_tax) == (Decimal("586.38"), Decimal("41.58"))
    assert (order.buyer.name, order.buyer.email, order.buyer.external_id) == (
        "Rosa Fields",
        "rosa@example.test",
        "7001",
    )
    assert (order.ship_to.line_1, order.ship_to.state, order.ship_to.country) == ("12 Elm St", "OR", "US")
    table, oil = order.lines
    assert (table.external_id, table.sku, table.quantity, table.amount) == ("11", "TABLE-OAK", 1, Decimal("480.00"))
    assert (oil.tax_rate, oil.tax, oil.location, oil.product_key) == (8, Decimal("3.18"), "101", "variant:3")
    assert not oil.is_custom
    assert [(one.name, one.kind, one.amount) for one in order.charges] == [
        ("Standard", Kind.SHIPPING, Decimal("25.00"))
    ]
    assert_adds_up(order)


def test_ORD_2_a_pending_order_says_so() -> None:
    order = read_order(sample("payment_pending"))

    assert (order.status, order.is_paid) == ("pending", False)
    assert_adds_up(order)


@pytest.mark.long
def test_MAP_6_every_made_up_order_adds_up_to_the_cent() -> None:
    """Also MAP_5: JPY and KWD are among them."""
    shop = ShopifyShop()
    seed_shopify(shop, orders=130, seed=11)
    orders = [read_order(told(shop, number)) for number in shop.orders]

    assert {order.currency for order in orders} == {"EUR", "USD", "JPY", "KWD"}
    for order in orders:
        if order.lines:
            assert_adds_up(order)


# -- money -------------------------------------------------------------------------------------------------------


def test_MAP_4_discounts_stay_on_their_line_and_are_counted_once() -> None:
    order = placed(line(discounts=["1.00", "2.50"]), line(sku="B"))

    assert [one.discount for one in order.lines] == [Decimal("3.50"), 0]
    assert order.order_discount == 0
    assert_adds_up(order)


@pytest.mark.parametrize("is_gross", [True, False])
def test_MAP_4_a_line_for_nothing_is_a_hundred_percent_off(is_gross: bool) -> None:
    order = placed(line(discounts=["20.00"]), taxes_included=is_gross)

    draft, _ = build(order, at=makers.store(PLATFORM))
    assert draft.rows[0].discount_percent == 100
    assert_adds_up(order)


def test_MAP_5_prices_that_include_tax_are_said_to() -> None:
    order = placed(line(quantity=1, price="11.90"), taxes_included=True)

    draft, _ = build(order, at=makers.store(PLATFORM))
    assert order.prices_include_tax
    assert (draft.total, draft.total_with_tax) == (Decimal("10.00"), Decimal("11.90"))


def test_several_taxes_are_one_rate() -> None:
    order = placed(line(taxes=["0.05", "0.09975"]))

    assert order.lines[0].tax_rate == Decimal("14.975")
    assert order.lines[0].tax == Decimal("3.00")
    assert_adds_up(order)


def test_ORD_8_amounts_are_the_buyers_and_the_rate_is_the_stores() -> None:
    order = placed(line(price="1833", quantity=3, taxes=["0.1"]), currency="JPY", rate="0.006123")

    assert (order.currency, order.exchange_base) == ("JPY", "EUR")
    assert (order.lines[0].amount, order.total_with_tax) == (5499, 6049)
    assert order.exchange_rate == (Decimal("37.04") / 6049).quantize(Decimal("1e-10"))


def test_ORD_8_at_home_there_is_no_rate() -> None:
    order = placed()

    assert (order.exchange_rate, order.exchange_base) == (None, None)


def test_ORD_8_amounts_in_another_currency_than_the_orders_are_unreadable() -> None:
    payload = sample("plain_ex_tax") | {"presentmentCurrencyCode": "CAD"}

    with pytest.raises(Unreadable, match="totalPriceSet"):
        read_order(payload)


def test_MAP_9_a_tip_is_a_service_row_and_no_product() -> None:
    order = placed(line(), {"name": "Tip", "price": "4.00", "is_tip": True}, tip="4.00")

    assert [one.sku for one in order.lines] == ["HOOK"]
    assert [(one.name, one.kind, one.amount) for one in order.charges] == [("Tip", Kind.SERVICE, Decimal("4.00"))]
    assert_adds_up(order)


def test_MAP_9_a_line_that_comes_to_the_same_as_the_tip_is_what_it_is() -> None:
    gift_note = {"name": "Gift note", "price": "4.00", "is_custom": True, "is_physical": False}
    order = placed(line(), gift_note, {"name": "Trinkgeld", "price": "4.00", "is_tip": True}, tip="4.00")

    assert "Gift note" in [one.name for one in order.lines]
    assert [(one.name, one.amount) for one in order.charges] == [("Trinkgeld", Decimal("4.00"))]
    assert_adds_up(order)


def test_MAP_9_a_tip_in_several_lines_is_on_each() -> None:
    tips = [{"name": "Tip", "price": price, "is_tip": True} for price in ("3.00", "1.00")]
    order = placed(line(), *tips, tip="4.00")

    assert [(one.name, one.amount) for one in order.charges] == [("Tip", Decimal("3.00")), ("Tip", Decimal("1.00"))]
    assert_adds_up(order)


def test_MAP_12_line_that_is_listed_twice_is_one_line() -> None:
    shop = ShopifyShop()
    told_once = told(shop, shop.place_order({"lines": (line(), line(sku="PEG"))}).id)
    twice = copy.deepcopy(told_once)
    twice["lineItems"]["nodes"].append(copy.deepcopy(twice["lineItems"]["nodes"][0]))

    assert read_order(twice) == read_order(told_once)


def test_MAP_9_fees_and_duties_are_service_rows() -> None:
    order = placed(fees=[{"name": "Gift wrapping", "price": "2.50", "taxes": ["0.19"]}], duties="7.35")

    assert [(one.name, one.amount) for one in order.charges] == [
        ("Gift wrapping", Decimal("2.50")),
        ("Duties", Decimal("7.35")),
    ]
    assert_adds_up(order)


def test_MAP_9_duties_that_are_a_fee_already_are_not_counted_twice() -> None:
    shop = ShopifyShop()
    payload = told(shop, shop.place_order({"lines": [line()], "fees": [{"name": "Duties", "price": "7.35"}]}).id)
    payload["currentTotalDutiesSet"] = payload["additionalFees"][0]["price"]

    order = read_order(payload)

    assert [one.amount for one in order.charges] == [Decimal("7.35")]
    assert_adds_up(order)


def test_shipping_that_was_given_back_is_off() -> None:
    order = placed(shipping=[{"title": "Parcel", "price": "4.90", "taxes": ["0.19"], "is_refunded": True}])

    assert (order.charges[0].amount, order.charges[0].tax) == (0, 0)
    assert_adds_up(order)


# -- quantities --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_gross", [True, False])
def test_MAP_8_what_was_removed_is_off_with_its_money(is_gross: bool) -> None:
    shop = ShopifyShop()
    lines = [line(quantity=3, price="3.33", discounts=["1.00"]), line(sku="B", quantity=1)]
    order = shop.place_order({"lines": lines, "taxes_included": is_gross})
    shop.refund(order.id, pieces={order.lines[0].id: 1, order.lines[1].id: 1})

    read_ = read_order(told(shop, order.id))

    assert [(one.sku, one.quantity) for one in read_.lines] == [("HOOK", 2)]
    assert read_.status == "partially_refunded"
    assert read_.refunded_apart == 0
    assert_adds_up(read_)


def test_MAP_8_what_was_sent_is_delivered() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line(quantity=5)]})
    one = order.lines[0].id
    shop.refund(order.id, pieces={one: 1})
    made = shop.fulfill(order.id, {one: 2}, number="JD1", company="DHL", url="https://track.example/JD1")

    read_ = read_order(told(shop, order.id))

    assert (read_.lines[0].quantity, read_.lines[0].delivered_quantity) == (4, 2)
    assert read_.delivery == "partially_fulfilled"
    assert read_.fulfillments == (
        StoreFulfillment(
            made["id"].split("/")[-1], "SUCCESS", ((str(one), Decimal(2)),), "JD1", "DHL", "https://track.example/JD1"
        ),
    )


def test_money_given_back_for_no_line_is_apart() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line()]})
    shop.refund(order.id, amount="3.50")

    assert read_order(told(shop, order.id)).refunded_apart == Decimal("3.50")


def test_CHG_9_returns_are_told_by_line_and_only_when_agreed() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line()]})
    shop.fulfill(order.id)
    one = order.lines[0].id
    made = shop.take_back(order.id, {one: 1})
    shop.take_back(order.id, {one: 1}, status="REQUESTED")

    read_ = read_order(told(shop, order.id))

    assert read_.returns == (StoreReturn(made["id"].split("/")[-1], ((str(one), Decimal(1)),)),)


# -- what an order is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"displayFinancialStatus": "AUTHORIZED"}, "authorized"),
        ({"displayFinancialStatus": None}, ""),
        ({"displayFinancialStatus": "BARTERED"}, "bartered"),
        ({"closed": True}, "archived"),
        ({"closed": True, "displayFinancialStatus": "REFUNDED"}, "refunded"),
        ({"closed": True, "cancelledAt": "2026-07-02T10:00:00Z"}, "cancelled"),
    ],
)
def test_ORD_3_one_word_says_what_an_order_is(changes: Json, status: str) -> None:
    assert read_order(sample("plain_ex_tax") | changes).status == status


def test_ORD_3_a_hold_on_one_part_is_a_hold_whatever_is_displayed() -> None:
    payload = sample("plain_ex_tax")
    payload["fulfillmentOrders"]["nodes"][0]["status"] = "ON_HOLD"

    order = read_order(payload)

    assert order.is_on_hold
    assert order.delivery == "unfulfilled"


@pytest.mark.parametrize("is_physical", [True, False])
def test_MAP_3_a_custom_item_says_whether_it_can_be_touched(is_physical: bool) -> None:
    custom = line(name="Engraving", sku=None, is_custom=True, is_physical=is_physical)

    (read_,) = placed(custom).lines

    assert (read_.is_custom, read_.is_physical, read_.item_key) == (True, is_physical, "name:Engraving")


def test_MAP_1_a_line_without_SKU_is_known_by_its_variant() -> None:
    (read_,) = placed(line(sku=None, variant=77)).lines

    assert (read_.sku, read_.item_key, read_.is_custom) == (None, "variant:77", False)


def test_CHG_7_a_line_is_where_it_will_be_sent_from() -> None:
    order = placed(line(), line(sku="B", location="102"))

    assert [one.location for one in order.lines] == ["101", "102"]


def test_CHG_7_what_is_still_to_be_sent_says_where_a_line_is() -> None:
    payload = sample("plain_ex_tax")
    (sent,) = payload["fulfillmentOrders"]["nodes"]
    moved = copy.deepcopy(sent)
    moved["assignedLocation"]["location"]["id"] = "gid://shopify/Location/102"
    for part in sent["lineItems"]["nodes"]:
        part["remainingQuantity"] = 0
    payload["fulfillmentOrders"]["nodes"].append(moved)

    assert {one.location for one in read_order(payload).lines} == {"102"}


def test_MAP_2_a_guest_without_addresses_is_read() -> None:
    payload = sample("plain_ex_tax") | {"customer": None, "billingAddress": None, "shippingAddress": None}

    order = read_order(payload)

    assert (order.buyer.name, order.buyer.email, order.buyer.external_id) == (
        "rosa@example.test",
        "rosa@example.test",
        None,
    )
    assert order.bill_to == order.ship_to


def test_the_buyers_reference_and_note_are_read() -> None:
    order = placed(po_number="PO-77", note="Ring twice 🛎")

    assert (order.customer_reference, order.note) == ("PO-77", "Ring twice 🛎")


# -- what cannot be read -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("id",), None, "id"),
        (("id",), "5001", "id"),
        (("id",), "gid://shopify/Order/0", "id"),
        (("createdAt",), None, "createdAt"),
        (("closed",), None, "closed"),
        (("presentmentCurrencyCode",), "XXX", "presentmentCurrencyCode"),
        (("currentTotalPriceSet",), {}, "currentTotalPriceSet"),
        (("currentTotalPriceSet", "presentmentMoney", "amount"), "NaN", "currentTotalPriceSet"),
        (("lineItems",), None, "lineItems"),
        (("lineItems", "nodes"), 7, "lineItems"),
        (("lineItems", "nodes", 0, "currentQuantity"), -1, "lineItems.0.currentQuantity"),
        (("lineItems", "nodes", 1, "quantity"), "two", "lineItems.1.quantity"),
        (("lineItems", "nodes", 0, "originalUnitPriceSet"), None, "lineItems.0.originalUnitPriceSet"),
    ],
)
def test_a_broken_field_is_named_by_its_path(path: tuple[Any, ...], value: Json, named: str) -> None:
    """SPEC chapter 11."""
    payload = sample("plain_ex_tax")
    _set(payload, path, value)

    with pytest.raises(Unreadable) as caught:
        read_order(payload)

    assert caught.value.path == named


def _set(payload: Json, path: tuple[Any, ...], value: Json) -> None:
    for key in path[:-1]:
        payload = payload[key]
    payload[path[-1]] = value


@pytest.mark.parametrize("payload", [None, [], 7, "text", {}, {"nodes": []}])
def test_what_is_no_order_is_unreadable(payload: Json) -> None:
    with pytest.raises(Unreadable):
        read_order(payload)


# -- the digest --------------------------------------------------------------------------------------------------


def test_CHG_8_the_digest_does_not_see_when_but_what() -> None:
    payload = sample("plain_ex_tax")

    same = payload | {"updatedAt": "2026-08-01T10:00:00Z", "tags": ["vip"]}

    assert digest(same) == digest(payload)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("note",), "hello"),
        (("displayFulfillmentStatus",), "FULFILLED"),
        (("cancelledAt",), "2026-07-02T10:00:00Z"),
        (("lineItems", "nodes", 0, "currentQuantity"), 0),
        (("lineItems", "nodes", 0, "taxLines", 0, "priceSet", "presentmentMoney", "amount"), "1.00"),
        (("fulfillmentOrders", "nodes", 0, "status"), "ON_HOLD"),
        (("fulfillmentOrders", "nodes", 0, "assignedLocation", "location", "id"), "gid://shopify/Location/7"),
        (("totalPriceSet", "shopMoney", "amount"), "1.00"),
    ],
)
def test_the_digest_sees_every_field_that_is_read(path: tuple[Any, ...], value: Json) -> None:
    payload = sample("plain_ex_tax")
    changed = copy.deepcopy(payload)
    _set(changed, path, value)

    assert digest(changed) != digest(payload)


@pytest.mark.parametrize("payload", [None, 7, [], {"lineItems": [[]]}])
def test_the_digest_takes_anything(payload: Json) -> None:
    assert len(digest(payload)) == 64
