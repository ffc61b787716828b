"""What went out of a Shopify order, what is left to send, and when that means a change."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from connectors import json_text
from connectors.shopify.documents import ONE_ORDER
from sandbox import ShopifyShop
from sandbox.shopify.documents import read
from sandbox.shopify.model import Order
from schemas.actions import SendFulfillment
from schemas.orders import StoreOrder, StoreReturn, ToSend
from schemas.shopify.fulfillments import fulfillment_json
from schemas.shopify.meaning import digest
from schemas.shopify.order import read_order
from schemas.shopify.platform import PLATFORM

Json = Any


def told(shop: ShopifyShop, number: int) -> Json:
    """An order as the API tells it, parsed as the connector does."""
    asked = {"id": f"gid://shopify/Order/{number}", "lines": 250, "parts": 250}
    return json_text.read(json.dumps(read(ONE_ORDER, asked).answer(shop.root())["order"]))


def line(**changes: Any) -> Json:
    return {"name": "Hook", "sku": "HOOK", "price": "10.00", "quantity": 3, **changes}


def order_after(act: Callable[[ShopifyShop, Order], object], **given: Any) -> StoreOrder:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line(), line(sku="BOARD", location="102")], **given})
    act(shop, order)
    return read_order(told(shop, order.id))


def nothing(shop: ShopifyShop, order: Order) -> None:
    """Leave the order as it was placed."""


# -- what is left to send ----------------------------------------------------------------------------------------


def test_FUL_10_each_place_has_what_is_left_of_it_to_send() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line(), line(sku="BOARD", location="102")]})
    first, second = order.lines
    shop.fulfill(order.id, {first.id: 1})

    to_send = read_order(told(shop, order.id)).to_send

    assert to_send == (
        ToSend(
            f"gid://shopify/FulfillmentOrder/{order.id * 1000 + 1}",
            "101",
            ((f"gid://shopify/FulfillmentOrderLineItem/{first.id}", str(first.id), Decimal(2)),),
        ),
        ToSend(
            f"gid://shopify/FulfillmentOrder/{order.id * 1000 + 2}",
            "102",
            ((f"gid://shopify/FulfillmentOrderLineItem/{second.id}", str(second.id), Decimal(3)),),
        ),
    )


@pytest.mark.parametrize(
    ("act", "can_be_sent"),
    [
        (nothing, [True, True]),
        (lambda shop, order: shop.hold(order.id, "102"), [True, False]),
        (lambda shop, order: shop.hold(order.id), [False, False]),
        (lambda shop, order: shop.hand_over(order.id, "101"), [False, True]),
        (lambda shop, order: shop.fulfill(order.id), []),
        (lambda shop, order: shop.cancel(order.id), []),
    ],
    ids=["placed", "held at one place", "held", "handed over", "sent", "cancelled"],
)
def test_FUL_10_only_what_the_shop_lets_be_fulfilled_can_be_sent(
    act: Callable[[ShopifyShop, Order], object], can_be_sent: list[bool]
) -> None:
    assert [one.can_be_sent for one in order_after(act).to_send] == can_be_sent


def plain() -> Json:
    shop = ShopifyShop()
    return told(shop, shop.place_order({"lines": [line()]}).id)


@pytest.mark.parametrize("status", ["CLOSED", "CANCELLED", "INCOMPLETE"])
def test_FUL_10_of_a_part_that_is_over_nothing_is_sent_whatever_it_says(status: str) -> None:
    payload = plain()
    payload["fulfillmentOrders"]["nodes"][0]["status"] = status

    assert read_order(payload).to_send == ()


def test_FUL_10_a_part_of_which_nothing_is_left_is_not_to_be_sent() -> None:
    payload = plain()
    payload["fulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"][0]["remainingQuantity"] = 0

    assert read_order(payload).to_send == ()


@pytest.mark.parametrize("status", ["CANCELLED", "INCOMPLETE"])
def test_FUL_6_what_was_called_off_does_not_say_how_an_order_reaches_its_buyer(status: str) -> None:
    payload = plain()
    shipped = payload["fulfillmentOrders"]["nodes"][0]
    fetched = copy.deepcopy(shipped) | {"deliveryMethod": {"methodType": "PICK_UP"}}
    payload["fulfillmentOrders"]["nodes"] = [shipped | {"status": status}, fetched]

    assert read_order(payload).is_pickup


@pytest.mark.parametrize(
    ("given", "is_pickup"),
    [
        ({}, False),
        ({"delivery": "PICK_UP"}, True),
        ({"delivery": "RETAIL"}, True),
        ({"delivery": "LOCAL"}, False),
        ({"delivery": "PICKUP_POINT"}, False),
        ({"delivery": None}, False),
        ({"delivery": None, "source": "pos"}, True),
        ({"delivery": "SHIPPING", "source": "pos"}, False),
    ],
)
def test_FUL_6_what_the_buyer_fetches_is_said_to_be(given: Json, is_pickup: bool) -> None:
    """Also FUL_11."""
    order = order_after(nothing, **given)

    assert order.is_pickup is is_pickup
    assert {one.is_pickup for one in order.to_send} == {is_pickup}


def test_FUL_6_an_order_without_parts_is_fetched_where_it_was_sold_at_the_counter() -> None:
    shop = ShopifyShop()
    payload = told(shop, shop.place_order({"lines": [line()]}).id) | {"fulfillmentOrders": {"nodes": []}}

    assert not read_order(payload).is_pickup
    assert read_order(payload | {"sourceName": "pos"}).is_pickup


# -- what went out -----------------------------------------------------------------------------------------------


def cancelled(shop: ShopifyShop, order: Order) -> None:
    shop.cancel_fulfillment(order.id, shop.fulfill(order.id)["id"])


def picked_up(shop: ShopifyShop, order: Order) -> None:
    shop.ready_for_pickup(order.id)
    shop.pick_up(order.id)


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda shop, order: shop.fulfill(order.id), "SUCCESS"),
        (lambda shop, order: shop.ready_for_pickup(order.id), "READY_FOR_PICKUP"),
        (lambda shop, order: shop.pick_up(order.id), "SUCCESS"),
        (picked_up, "SUCCESS"),
        (cancelled, "CANCELLED"),
    ],
    ids=["sent", "on the counter", "picked up at once", "picked up", "called off"],
)
def test_FUL_1_only_what_is_with_the_buyer_counts(act: Callable[[ShopifyShop, Order], object], status: str) -> None:
    """Also FUL_6."""
    (sent,) = order_after(act, delivery="PICK_UP").fulfillments

    assert sent.status == status
    assert (sent.status in PLATFORM.fulfilled_statuses) is (status == "SUCCESS")
    assert [count for _, count in sent.lines] == [3, 3]


def test_FUL_6_what_waits_at_the_counter_is_delivered_when_it_is_picked_up() -> None:
    waiting, done = (order_after(act, delivery="PICK_UP") for act in (lambda s, o: s.ready_for_pickup(o.id), picked_up))

    assert [line.delivered_quantity for line in waiting.lines] == [0, 0]
    assert (waiting.delivery, done.delivery) == ("in_progress", "fulfilled")
    assert [line.delivered_quantity for line in done.lines] == [3, 3]


def test_FUL_1_a_fulfilment_that_waits_at_the_carriers_went_out() -> None:
    shop, order = sent_order()
    shop.track(order.id, order.fulfillments[0]["id"], "READY_FOR_PICKUP")

    (sent,) = read_order(told(shop, order.id)).fulfillments

    assert sent.status == "SUCCESS"


def test_FUL_5_what_was_called_off_is_left_to_send_again() -> None:
    order = order_after(cancelled)

    assert order.delivery == "unfulfilled"
    assert [pieces for one in order.to_send for _, _, pieces in one.lines] == [3, 3]


# -- returns -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "counts"),
    [("OPEN", True), ("CLOSED", True), ("REQUESTED", False), ("DECLINED", False), ("CANCELED", False)],
)
def test_CHG_9_only_a_return_that_was_agreed_to_counts(status: str, counts: bool) -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line()]})
    shop.fulfill(order.id)
    made = shop.take_back(order.id, {order.lines[0].id: 2}, status)

    expected = StoreReturn(made["id"].rpartition("/")[2], ((str(order.lines[0].id), Decimal(2)),))
    assert read_order(told(shop, order.id)).returns == ((expected,) if counts else ())


def test_CHG_9_each_return_is_told_apart_and_each_line_of_it_once() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line(quantity=5), line(sku="B")]})
    shop.fulfill(order.id)
    one, other = (each.id for each in order.lines)
    first = shop.take_back(order.id, {one: 1, other: 2})
    first["returnLineItems"].append({**first["returnLineItems"][0], "quantity": 3})
    shop.take_back(order.id, {one: 1})

    returns = read_order(told(shop, order.id)).returns

    assert [dict(each.lines) for each in returns] == [{str(one): 4, str(other): 2}, {str(one): 1}]


def test_CHG_9_what_came_back_without_having_been_sold_is_left_out() -> None:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line()]})
    shop.fulfill(order.id)
    made = shop.take_back(order.id, {order.lines[0].id: 1})
    made["returnLineItems"][0]["fulfillmentLineItem"] = None

    assert [each.lines for each in read_order(told(shop, order.id)).returns] == [()]


# -- when it means a change --------------------------------------------------------------------------------------


def sent_order() -> tuple[ShopifyShop, Order]:
    shop = ShopifyShop()
    order = shop.place_order({"lines": [line(), line(sku="BOARD", location="102")]})
    shop.fulfill(order.id, {order.lines[0].id: 1}, number="JD1")
    return shop, order


@pytest.mark.parametrize(
    "act",
    [
        lambda shop, order: shop.fulfill(order.id, {order.lines[0].id: 1}),
        lambda shop, order: shop.cancel_fulfillment(order.id, order.fulfillments[0]["id"]),
        lambda shop, order: shop.ready_for_pickup(order.id),
        lambda shop, order: shop.track(order.id, order.fulfillments[0]["id"], "READY_FOR_PICKUP"),
        lambda shop, order: shop.take_back(order.id, {order.lines[0].id: 1}),
        lambda shop, order: shop.hold(order.id, "102"),
        lambda shop, order: shop.hand_over(order.id, "102"),
    ],
    ids=["sent", "called off", "made ready", "on the counter", "returned", "held", "handed over"],
)
def test_what_goes_out_or_comes_back_changes_the_digest(act: Callable[[ShopifyShop, Order], object]) -> None:
    shop, order = sent_order()
    before = digest(told(shop, order.id))

    act(shop, order)

    assert digest(told(shop, order.id)) != before


@pytest.mark.parametrize("shown", ["FULFILLED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"])
def test_CHG_6_a_tracking_edit_does_not_change_the_digest(shown: str) -> None:
    shop, order = sent_order()
    before = digest(told(shop, order.id))

    shop.track(order.id, order.fulfillments[0]["id"], shown, number="JD2", company="DHL", url="https://t.example/JD2")

    assert digest(told(shop, order.id)) == before


def test_what_else_the_shop_allows_does_not_change_the_digest() -> None:
    shop, order = sent_order()
    payload = told(shop, order.id)
    before = digest(payload)

    payload["fulfillmentOrders"]["nodes"][0]["supportedActions"] = [
        {"action": "MERGE"},
        {"action": "CREATE_FULFILLMENT"},
    ]

    assert digest(payload) == before


@pytest.mark.parametrize(
    "payload",
    [
        {"fulfillments": 7},
        {"fulfillments": [7, None, {"displayStatus": []}]},
        {"fulfillmentOrders": {"nodes": [7, {"supportedActions": [7, {"action": {}}]}]}},
        {"fulfillmentOrders": []},
    ],
)
def test_the_digest_takes_fulfilments_of_any_shape(payload: Json) -> None:
    assert len(digest(payload)) == 64


# -- what is sent ------------------------------------------------------------------------------------------------


def test_FUL_10_a_fulfilment_has_the_tracking_that_is_known() -> None:
    sent = SendFulfillment("5001", (("gid://FO/1", (("gid://L/2", Decimal(3)),)),), (("2", Decimal(3)),), "JD1")

    assert fulfillment_json(sent) == {
        "lineItemsByFulfillmentOrder": [
            {"fulfillmentOrderId": "gid://FO/1", "fulfillmentOrderLineItems": [{"id": "gid://L/2", "quantity": 3}]}
        ],
        "notifyCustomer": True,
        "trackingInfo": {"number": "JD1"},
    }
