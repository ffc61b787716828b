"""sandbox.shopify.parcels: what of an order is to be sent, who may send it, and what was sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox import RunningSandbox, ShopifyShop, open_sandbox, run_shopify
from sandbox.shopify.state import NoSuchOrder

Shop = RunningSandbox[ShopifyShop]
Json = dict[str, Any]
FULFILL = """mutation($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id displayStatus } userErrors { field message } }
}"""


@pytest.fixture
def sandbox() -> Iterator[Shop]:
    with run_shopify(ShopifyShop()) as sandbox:
        yield sandbox


def placed(sandbox: Shop, *locations: str, **given: Any) -> int:
    lines = [{"name": place, "price": "1.00", "quantity": 2, "location": place} for place in locations or ("101",)]
    return sandbox.shop.place_order({"lines": lines, **given}).id


def parts(sandbox: Shop, number: int) -> list[Json]:
    found: list[Json] = sandbox.shop.order_json(sandbox.shop.order(number))["fulfillmentOrders"]
    return found


def words_of(sandbox: Shop, number: int, key: str) -> Any:
    return sandbox.shop.order_json(sandbox.shop.order(number))[key]


def actions(part: Json) -> set[str]:
    return {one["action"] for one in part["supportedActions"]}


def fulfill(sandbox: Shop, *wanted: tuple[str, list[Json] | None], **more: Any) -> Any:
    given = [{"fulfillmentOrderId": part, "fulfillmentOrderLineItems": lines} for part, lines in wanted]
    body = {"query": FULFILL, "variables": {"fulfillment": {"lineItemsByFulfillmentOrder": given, **more}}}
    headers = {"X-Shopify-Access-Token": sandbox.shop.token}
    address = f"{sandbox.url}/admin/api/2026-10/graphql.json"
    said = requests.post(address, json=body, headers=headers, timeout=30).json()
    return said.get("data", said).get("fulfillmentCreate", said)


def control(sandbox: Shop, path: str, body: Any) -> Any:
    return requests.post(f"{sandbox.url}/_sandbox/{path}", json=body, timeout=30).json()


# -- parts -------------------------------------------------------------------------------------------------------


def test_every_part_of_every_order_has_an_id_of_its_own(sandbox: Shop) -> None:
    places = [str(number) for number in range(101, 140)]
    orders = [placed(sandbox, *places) for _ in range(3)]

    ids = [part["id"] for number in orders for part in parts(sandbox, number)]

    assert len(set(ids)) == 3 * len(places)


def test_a_part_is_held_and_released_alone(sandbox: Shop) -> None:
    number = placed(sandbox, "101", "102")

    sandbox.shop.hold(number, "102")

    first, second = parts(sandbox, number)
    assert (first["status"], second["status"]) == ("OPEN", "ON_HOLD")
    assert "CREATE_FULFILLMENT" not in actions(second)
    assert words_of(sandbox, number, "displayFulfillmentStatus") == "UNFULFILLED"
    sandbox.shop.release(number, "102")
    assert {one["status"] for one in parts(sandbox, number)} == {"OPEN"}


def test_an_order_that_is_held_as_a_whole_is_shown_so(sandbox: Shop) -> None:
    number = placed(sandbox, "101", "102")

    sandbox.shop.hold(number)

    assert words_of(sandbox, number, "displayFulfillmentStatus") == "ON_HOLD"


def test_what_somebody_else_sends_cannot_be_fulfilled_here(sandbox: Shop) -> None:
    number = placed(sandbox)
    sandbox.shop.hand_over(number, "101")
    (part,) = parts(sandbox, number)

    assert actions(part) == {"REQUEST_FULFILLMENT"}
    assert "unfulfillable" in fulfill(sandbox, (part["id"], None))["userErrors"][0]["message"]


# -- fulfilments -------------------------------------------------------------------------------------------------


def test_no_lines_mean_all_that_is_left(sandbox: Shop) -> None:
    number = placed(sandbox)
    line = sandbox.shop.order(number).lines[0].id
    sandbox.shop.fulfill(number, {line: 1})

    said = fulfill(sandbox, (parts(sandbox, number)[0]["id"], None), trackingInfo={"number": "JD1"})

    made = sandbox.shop.fulfillments_of(number)[-1]
    assert said["fulfillment"] == {"id": made["id"], "displayStatus": "FULFILLED"}
    assert made["fulfillmentLineItems"][0]["quantity"] == 1
    assert made["trackingInfo"] == [{"number": "JD1", "company": None, "url": None}]
    assert words_of(sandbox, number, "displayFulfillmentStatus") == "FULFILLED"
    assert sandbox.shop.notified == 0


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"id": "gid://shopify/FulfillmentOrderLineItem/7", "quantity": 1}], "line item does not exist"),
        ([{"quantity": 3}], "quantity requested"),
        ([{"quantity": 0}], "quantity requested"),
    ],
)
def test_a_fulfilment_that_cannot_be_is_refused(sandbox: Shop, lines: list[Json], words: str) -> None:
    number = placed(sandbox)
    (part,) = parts(sandbox, number)
    wanted = [{"id": part["lineItems"][0]["id"], **line} for line in lines]

    said = fulfill(sandbox, (part["id"], wanted))

    assert words in said["userErrors"][0]["message"]
    assert said["fulfillment"] is None
    assert sandbox.shop.fulfillments_of(number) == []


def test_one_call_is_for_one_order_and_one_location(sandbox: Shop) -> None:
    number, other = placed(sandbox, "101", "102"), placed(sandbox)
    first, second = (part["id"] for part in parts(sandbox, number))

    wrong = [[first, second], [first, parts(sandbox, other)[0]["id"]], ["gid://shopify/FulfillmentOrder/7"], ["x"]]
    said = [fulfill(sandbox, *((part, None) for part in some))["userErrors"][0]["message"] for some in wrong]

    assert [words.split()[-1] for words in said] == ["location.", "order.", "exist.", "exist."]


def test_a_part_has_only_so_many_lines(sandbox: Shop) -> None:
    (part,) = parts(sandbox, placed(sandbox))

    said = fulfill(sandbox, (part["id"], [{"id": part["lineItems"][0]["id"], "quantity": 1}] * 513))

    assert "maximum allowed of 512" in said["errors"][0]["message"]


def test_what_was_called_off_can_be_sent_again(sandbox: Shop) -> None:
    number = placed(sandbox)
    made = sandbox.shop.fulfill(number)

    sandbox.shop.cancel_fulfillment(number, made["id"])

    assert words_of(sandbox, number, "displayFulfillmentStatus") == "UNFULFILLED"
    assert parts(sandbox, number)[0]["lineItems"][0]["remainingQuantity"] == 2
    with pytest.raises(NoSuchOrder):
        sandbox.shop.cancel_fulfillment(number, "gid://shopify/Fulfillment/7")


def test_an_order_is_put_on_the_counter_and_picked_up(sandbox: Shop) -> None:
    number = placed(sandbox, delivery="PICK_UP")

    shown = []
    for act in (sandbox.shop.ready_for_pickup, sandbox.shop.pick_up):
        fulfilled = act(number)
        shown.append((fulfilled["displayStatus"], words_of(sandbox, number, "displayFulfillmentStatus")))

    assert shown == [("READY_FOR_PICKUP", "IN_PROGRESS"), ("PICKED_UP", "FULFILLED")]


def test_what_was_on_the_counter_and_called_off_was_never_sent(sandbox: Shop) -> None:
    number = placed(sandbox, delivery="PICK_UP")
    made = sandbox.shop.ready_for_pickup(number)

    sandbox.shop.cancel_fulfillment(number, made["id"])

    assert parts(sandbox, number)[0]["lineItems"][0]["remainingQuantity"] == 2
    assert parts(sandbox, number)[0]["status"] == "OPEN"


def test_a_merchant_works_parcels_by_hand(sandbox: Shop) -> None:
    number = placed(sandbox, "101", "102")
    line = str(sandbox.shop.order(number).lines[0].id)
    control(sandbox, f"orders/{number}", {"hold": "102", "fulfill": {line: 1}, "tracking": {"number": "JD1"}})
    held = control(sandbox, f"orders/{number}", {"note": "wait"})
    made = held["fulfillments"][0]

    gone = control(sandbox, f"orders/{number}", {"release": True, "cancel_fulfillment": made["id"]})

    assert [part["status"] for part in held["fulfillmentOrders"]] == ["IN_PROGRESS", "ON_HOLD"]
    assert made["trackingInfo"][0]["number"] == "JD1"
    assert gone["fulfillments"][0]["status"] == "CANCELLED"
    assert {part["status"] for part in gone["fulfillmentOrders"]} == {"OPEN"}
    picked = control(sandbox, f"orders/{number}", {"hand_over": "101", "ready_for_pickup": True, "pick_up": True})
    assert picked["fulfillments"][-1]["displayStatus"] == "PICKED_UP"


# -- what is made up ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_five_hundred_made_up_orders_are_as_varied_as_a_shops() -> None:
    with open_sandbox("shopify", orders=500, seed=7) as sandbox:
        shop = sandbox.shop
        orders = [shop.order_json(one) for one in shop.orders.values()]

    lines = [line for one in orders for line in one["lineItems"]]
    states = [{part["status"] for part in one["fulfillmentOrders"]} for one in orders]
    assert len(orders) == 500
    assert sum(any(line["discountAllocations"] for line in one["lineItems"]) for one in orders) > 30
    assert sum(one["currencyCode"] != one["presentmentCurrencyCode"] for one in orders) > 30
    assert sum(one["displayFulfillmentStatus"] == "PARTIALLY_FULFILLED" for one in orders) > 15
    assert sum(one["totalRefundedSet"]["shopMoney"]["amount"] != "0.00" for one in orders) > 30
    assert sum(line["variant"] is None for line in lines) > 30
    assert sum("ON_HOLD" in each for each in states) > 15
    assert any({"ON_HOLD", "OPEN"} <= each for each in states)
    assert any(part["deliveryMethod"]["methodType"] == "PICK_UP" for one in orders for part in one["fulfillmentOrders"])
    assert any(one["returns"] for one in orders)


def test_a_made_up_shop_stocks_what_its_orders_are_for() -> None:
    with open_sandbox("shopify", orders=60, seed=7) as sandbox:
        shop = sandbox.shop

    sold = {line.given["sku"] for order in shop.orders.values() for line in order.lines if line.given.get("sku")}
    assert all(shop.stock_of(sku) for sku in sold)
    assert len(shop.stock_of("HOOK-FRG")) == 3
    assert any(one.is_bundle for one in shop.stock.variants.values())
    assert any(not one.is_tracked for one in shop.stock.variants.values())
