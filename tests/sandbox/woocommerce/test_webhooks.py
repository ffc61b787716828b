"""Webhooks: when they leave, what they say, how they are signed, and when they end."""

import base64
import hashlib
import hmac
import json

import pytest

from sandbox import RunningSandbox, ShopSettings, WooCommerceShop, open_sandbox
from sandbox.woocommerce.webhooks import is_safe
from tests.sandbox.client import Api, Clock, Receiver, basket

SECRET = "s3cr3t"


def subscribe(shop: WooCommerceShop, receiver: Receiver, topic: str) -> int:
    """A webhook whose ping has arrived and is forgotten."""
    hook = shop.webhooks.subscribe({"topic": topic, "delivery_url": receiver.url, "secret": SECRET})
    shop.webhooks.run()
    receiver.received.clear()
    return hook.id


def test_a_new_webhook_pings_with_a_form_and_no_signature(
    api: Api, sandbox: RunningSandbox[WooCommerceShop], receiver: Receiver
) -> None:
    hook = api.send("POST", "/webhooks", {"topic": "order.updated", "delivery_url": receiver.url}).json()
    sandbox.shop.webhooks.run()

    (ping,) = receiver.received
    assert ping.body == f"webhook_id={hook['id']}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [name for name in ping.headers if name.startswith("x-wc-")]


def test_a_delivery_is_signed_over_its_raw_body(shop: WooCommerceShop, receiver: Receiver) -> None:
    number = subscribe(shop, receiver, "order.updated")
    order = shop.place_order(basket(("OIL", 1), customer_note="Bitte klingeln 🛎"))
    shop.webhooks.run()

    (got,) = receiver.received
    expected = base64.b64encode(hmac.new(SECRET.encode(), got.body, hashlib.sha256).digest()).decode()
    assert got.headers["x-wc-webhook-signature"] == expected
    assert got.headers["x-wc-webhook-id"] == str(number)
    assert json.loads(got.body)["id"] == order.id
    assert b"https:\\/\\/" in got.body or b"http:\\/\\/" in got.body
    assert got.body.isascii()


def test_a_new_order_is_told_twice_with_one_body(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "order.created")
    subscribe(shop, receiver, "order.updated")
    shop.place_order(basket(("OIL", 1)))
    shop.webhooks.run()

    assert sorted(receiver.topics) == ["order.created", "order.updated"]
    assert len({got.body for got in receiver.received}) == 1


def test_two_changes_before_the_queue_runs_are_one_delivery(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "order.updated")
    order = shop.place_order(basket(("OIL", 1)))
    shop.edit_order(order.id, {"status": "completed"})
    assert receiver.received == []

    shop.webhooks.run()

    assert [json.loads(got.body)["status"] for got in receiver.received] == ["completed"]


def test_deliveries_of_one_second_share_an_id(shop: WooCommerceShop, receiver: Receiver, clock: Clock) -> None:
    subscribe(shop, receiver, "order.updated")
    for _ in range(2):
        shop.place_order(basket(("OIL", 1)))
        shop.place_order(basket(("OIL", 1)))
        shop.webhooks.run()
        clock.tick()

    ids = [got.headers["x-wc-webhook-delivery-id"] for got in receiver.received]
    assert [ids[0], ids[2]] == [ids[1], ids[3]]
    assert len(set(ids)) == 2


def test_an_order_that_is_gone_is_told_as_a_signed_error(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "order.created")
    shop.delete_order(shop.place_order(basket(("OIL", 1))).id)
    shop.webhooks.run()

    (got,) = receiver.received
    assert json.loads(got.body)["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert got.headers["x-wc-webhook-topic"] == "order.created"
    assert got.headers["x-wc-webhook-signature"]


def test_trash_tells_only_the_id_and_restoring_the_order(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "order.deleted")
    subscribe(shop, receiver, "order.restored")
    order = shop.place_order(basket(("OIL", 1)))
    shop.trash_order(order.id)
    shop.webhooks.run()
    shop.restore_order(order.id)
    shop.webhooks.run()

    deleted, restored = receiver.received
    assert json.loads(deleted.body) == {"id": order.id}
    assert json.loads(restored.body)["status"] == "processing"


def test_deleting_for_good_tells_nobody(shop: WooCommerceShop, receiver: Receiver) -> None:
    order = shop.place_order(basket(("OIL", 1)))
    subscribe(shop, receiver, "order.deleted")
    shop.delete_order(order.id)
    shop.webhooks.run()

    assert receiver.received == []


def test_a_failed_delivery_is_not_repeated_but_pings_again(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "order.updated")
    receiver.status = 500
    shop.place_order(basket(("OIL", 1)))
    shop.webhooks.run()

    assert receiver.topics == ["order.updated", "ping"]


def test_more_than_five_failures_in_a_row_disable_a_webhook(shop: WooCommerceShop, receiver: Receiver) -> None:
    number = subscribe(shop, receiver, "order.updated")
    receiver.status = 500
    statuses = []
    for _ in range(4):
        shop.place_order(basket(("OIL", 1)))
        shop.webhooks.run()  # the delivery and its ping: two failures
        statuses.append(shop.webhooks.hooks[number].status)

    assert statuses == ["active", "active", "disabled", "disabled"]
    assert len(receiver.received) == 6


def test_a_success_forgets_the_failures(shop: WooCommerceShop, receiver: Receiver) -> None:
    number = subscribe(shop, receiver, "order.updated")
    for status in (500, 302):
        receiver.status = status
        shop.place_order(basket(("OIL", 1)))
        shop.webhooks.run()

    assert shop.webhooks.hooks[number].failures == 0


def test_a_stock_push_echoes_back_for_variations_too(shop: WooCommerceShop, api: Api, receiver: Receiver) -> None:
    subscribe(shop, receiver, "product.updated")
    red = shop.catalogue.by_sku("CHAIR-RED")[0]
    api.send("PUT", f"/products/{red.parent_id}/variations/{red.id}", {"stock_quantity": 3})  # no change
    shop.webhooks.run()

    (got,) = receiver.received
    assert (json.loads(got.body)["id"], json.loads(got.body)["type"]) == (red.id, "variation")


def test_an_order_that_takes_stock_tells_of_the_product(shop: WooCommerceShop, receiver: Receiver) -> None:
    subscribe(shop, receiver, "product.updated")
    shop.place_order(basket(("OIL", 2)))
    shop.webhooks.run()

    assert [json.loads(got.body)["stock_quantity"] for got in receiver.received] == [43]


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("http://127.0.0.1:8189/hook", True),  # the shop's own port
        ("http://127.0.0.1:8080/hook", True),
        ("http://127.0.0.1/hook", True),
        ("http://127.0.0.1:9191/hook", False),
        ("http://localhost/hook", False),
        ("http://127.0.0.2/hook", False),
        ("http://10.0.0.7/hook", False),
        ("https://hooks.example.test/hook", True),
    ],
)
def test_wordpress_calls_only_safe_targets(target: str, *, safe: bool) -> None:
    assert is_safe(target, "http://127.0.0.1:8189") == safe


class TestSafeTargetsOnly:
    @pytest.fixture
    def settings(self) -> ShopSettings:
        return ShopSettings(safe_targets_only=True, webhooks_by_hand=True)

    def test_an_unsafe_target_is_accepted_and_never_called(
        self, shop: WooCommerceShop, api: Api, receiver: Receiver
    ) -> None:
        answer = api.send("POST", "/webhooks", {"topic": "order.updated", "delivery_url": receiver.url})
        shop.webhooks.run()

        assert answer.status_code == 201
        assert receiver.received == []
        assert shop.webhooks.hooks[answer.json()["id"]].failures == 1


def test_without_a_secret_the_shop_takes_one_and_shows_none(shop: WooCommerceShop, api: Api) -> None:
    shown = api.send("POST", "/webhooks", {"topic": "order.updated", "delivery_url": "http://127.0.0.1:1/"}).json()

    assert len(shop.webhooks.hooks[shown["id"]].secret) >= 32
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"topic": "order.exploded"}, "woocommerce_rest_webhook_invalid_topic"),
        ({"delivery_url": "ftp://x"}, "woocommerce_rest_webhook_invalid_delivery_url"),
        ({"status": "asleep"}, "rest_invalid_param"),
        ({"topic": ""}, "rest_missing_callback_param"),
    ],
)
def test_wrong_webhooks_are_refused(api: Api, given: dict[str, str], code: str) -> None:
    right = {"topic": "order.updated", "delivery_url": "http://127.0.0.1:1/"}

    answer = api.send("POST", "/webhooks", right | given)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_webhooks_are_listed_changed_and_removed(api: Api) -> None:
    made = api.send("POST", "/webhooks", {"topic": "order.updated", "delivery_url": "http://127.0.0.1:1/"}).json()
    path = f"/webhooks/{made['id']}"

    api.send("PUT", path, {"status": "paused"})
    assert [hook["id"] for hook in api.get("/webhooks", status="paused").json()] == [made["id"]]
    assert api.send("DELETE", path).status_code == 501
    api.send("DELETE", path, force="true")
    assert api.get(path).status_code == 404


def test_webhooks_leave_by_themselves_after_the_answer(receiver: Receiver) -> None:
    with open_sandbox("woocommerce", orders=1, webhooks_to=receiver.url) as sandbox:
        order = sandbox.shop.place_order({"line_items": [{"sku": "HOOK-FRG"}]})
        assert sandbox.shop.webhooks.wait_idle()

        told = [json.loads(got.body)["id"] for got in receiver.received if got.body.startswith(b"{")]
        assert told == [order.id, order.id]
        assert receiver.topics.count("ping") == 3
        assert sandbox.credentials["webhook_secret"]
