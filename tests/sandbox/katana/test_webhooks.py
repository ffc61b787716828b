"""What is told to whom: signed, tried again, doubled and out of order on demand."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import KatanaAccount
from sandbox.katana.deliveries import RETRIES, signature
from tests.sandbox.client import Receiver
from tests.sandbox.katana.client import Katana

ORDERS = [f"sales_order.{event}" for event in ("created", "updated", "packed", "delivered", "deleted", "invoiced")]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Somebody who is told."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def hook(katana: Katana, receiver: Receiver) -> Any:
    """A subscription to all that happens to orders."""
    katana.control("/oddities", {"webhooks_need_https": False})
    return katana.post("/webhooks", {"url": receiver.url, "subscribed_events": ORDERS})


def told(receiver: Receiver) -> list[Any]:
    return [json.loads(one.body) for one in receiver.received]


def actions(receiver: Receiver) -> list[str]:
    return [one["action"] for one in told(receiver)]


def send(katana: Katana, account: KatanaAccount) -> int:
    """Let go of what is held back and wait until it is told: how many that were."""
    sent = int(katana.control("/webhooks/send", {})["sent"])
    assert account.deliveries.courier.wait_idle()
    return sent


def test_an_event_is_signed_with_the_webhook_s_token(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    order = katana.order(("TABLE", 1))
    assert send(katana, account) == 1

    (one,) = receiver.received
    assert len(hook["token"]) == 16
    assert katana.get(f"/webhooks/{hook['id']}")["token"] == hook["token"]
    assert one.headers["x-sha2-signature"] == signature(hook["token"], one.body)
    assert "x-katana-retry-num" not in one.headers
    assert told(receiver) == [
        {
            "resource_type": "sales_order",
            "action": "sales_order.created",
            "webhook_id": hook["id"],
            "object": {"id": order["id"], "status": "NOT_SHIPPED", "href": f"/sales_orders/{order['id']}"},
        }
    ]


def test_what_happens_to_an_order_is_told(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    order = katana.order(("TABLE", 2))
    katana.fulfill(order, 1)
    katana.fulfill(order, 1)
    katana.send("DELETE", f"/sales_orders/{order['id']}")
    send(katana, account)

    names = [action.removeprefix("sales_order.") for action in actions(receiver)]
    assert names == ["created", "updated", "updated", "delivered", "deleted"]
    assert "href" not in told(receiver)[-1]["object"]
    assert hook["enabled"] is True


def test_a_failed_delivery_is_tried_again_three_times(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    katana.control("/oddities", {"webhook_pace": 0})
    receiver.status = 500
    katana.order(("TABLE", 1))

    assert send(katana, account) == 1

    assert RETRIES == (30, 120, 900)
    assert [one.headers.get("x-katana-retry-num") for one in receiver.received] == [None, "1", "2", "3"]
    assert len({one.body for one in receiver.received}) == 1
    assert [one["status"] for one in katana.control("/state")["deliveries"]] == [500] * 4
    assert katana.get(f"/webhooks/{hook['id']}")["enabled"] is True


def test_events_come_several_times_out_of_order_and_merged(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    katana.control("/oddities", {"webhook_copies": 3, "webhooks_backwards": True})
    katana.fulfill(katana.order(("TABLE", 1)), 1)
    send(katana, account)
    assert actions(receiver) == [
        f"sales_order.{event}" for event in ("delivered", "updated", "created") for _ in range(3)
    ]

    receiver.received.clear()
    katana.control("/oddities", {"webhook_copies": 1, "webhooks_merge_bursts": True, "webhook_ids_as_text": True})
    order = katana.order(("TABLE", 1))
    for _ in range(3):
        katana.patch(f"/sales_orders/{order['id']}", {"customer_ref": "x"})
    send(katana, account)
    assert sorted(actions(receiver)) == ["sales_order.created", "sales_order.updated"]
    assert told(receiver)[0]["object"]["id"] == str(order["id"])
    assert hook["id"] == told(receiver)[0]["webhook_id"]


def test_who_is_switched_off_or_gone_is_told_nothing(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    katana.patch(f"/webhooks/{hook['id']}", {"enabled": False})
    katana.order(("TABLE", 1))
    katana.patch(f"/webhooks/{hook['id']}", {"enabled": True})
    katana.order(("TABLE", 1))
    katana.send("DELETE", f"/webhooks/{hook['id']}")

    send(katana, account)

    assert receiver.received == []
    assert katana.get("/webhooks", url=receiver.url) == []


def test_an_account_s_webhooks_may_be_few_and_switched_off(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    katana.control("/oddities", {"webhooks_at_most": 1, "webhooks_give_up": True, "webhook_pace": 0})
    body = {"url": receiver.url, "subscribed_events": ORDERS}
    assert katana.refused("POST", "/webhooks", body)[0] == 422
    receiver.status = 500
    katana.order(("TABLE", 1))
    send(katana, account)

    assert katana.get(f"/webhooks/{hook['id']}")["enabled"] is False


def test_the_test_button_sends_no_action(katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any) -> None:
    katana.control(f"/webhooks/{hook['id']}/test", {})
    send(katana, account)

    assert "action" not in told(receiver)[0]


def test_new_events_are_refused_where_the_server_is_older(katana: Katana) -> None:
    katana.control("/oddities", {"october_events": False})
    body = {"url": "https://shop.example.test/", "subscribed_events": ["sales_order.updated", "sales_order.invoiced"]}

    assert katana.details("POST", "/webhooks", body) == [("/subscribed_events/1", "enum")]
    assert katana.send("POST", "/webhooks", body | {"subscribed_events": ["sales_order.updated"]}).status_code == 200


def test_stock_items_and_what_is_made_are_told_too(katana: Katana, account: KatanaAccount, receiver: Receiver) -> None:
    katana.control("/oddities", {"webhooks_need_https": False})
    wanted = ["current_inventory.product_updated", "variant.updated", "manufacturing_order.done", "product.created"]
    katana.post("/webhooks", {"url": receiver.url, "subscribed_events": wanted})
    katana.post("/products", {"name": "A", "variants": [{}]})
    katana.control(f"/records/variants/{katana.variant('ENGRAVE')}", {"sku": "CARVE"})
    row = katana.order(("TABLE", 1))["sales_order_rows"][0]["id"]
    made = katana.post("/manufacturing_order_make_to_order", {"sales_order_row_id": row})
    katana.patch(f"/manufacturing_orders/{made['id']}", {"status": "DONE"})
    katana.control(f"/records/variants/{katana.variant('TABLE')}", {"sku": "DESK"})
    send(katana, account)

    assert sorted(actions(receiver)) == sorted(wanted)


def test_events_leave_by_themselves_where_nobody_holds_them_back(
    katana: Katana, account: KatanaAccount, receiver: Receiver, hook: Any
) -> None:
    katana.control("/oddities", {"webhooks_by_hand": False})
    order = katana.order(("TABLE", 1))
    assert account.deliveries.courier.wait_idle()

    assert [(one["webhook_id"], one["object"]["id"]) for one in told(receiver)] == [(hook["id"], order["id"])]
