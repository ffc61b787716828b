"""What BigCommerce's and Shopify's stand-ins tell: what they take, how it is signed, tried again and given up."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from sandbox import BigCommerceShop, RunningSandbox, ShopifyShop, open_sandbox
from sandbox.bigcommerce.webhooks import RETRIES as BIG_RETRIES
from sandbox.shopify.webhooks import GIVE_UP_AFTER
from tests.sandbox.client import Receiver

Json = dict[str, Any]
NOWHERE: Final = "http://127.0.0.1:9/"


@pytest.fixture
def big() -> Iterator[RunningSandbox[BigCommerceShop]]:
    with open_sandbox("bigcommerce", orders=0) as sandbox:
        sandbox.shop.hooks.courier.pace = 0.0
        yield sandbox


@pytest.fixture
def shopify() -> Iterator[RunningSandbox[ShopifyShop]]:
    with open_sandbox("shopify", orders=0) as sandbox:
        sandbox.shop.hooks.courier.pace = 0.0
        yield sandbox


def hooks(sandbox: RunningSandbox[BigCommerceShop], method: str, path: str = "", body: Any = None) -> requests.Response:
    headers = {"X-Auth-Token": sandbox.credentials["access_token"]}
    return requests.request(method, f"{sandbox.url}/v3/hooks{path}", json=body, headers=headers, timeout=30)


def ask(sandbox: RunningSandbox[ShopifyShop], document: str) -> Json:
    url = f"{sandbox.url}/admin/api/2026-10/graphql.json"
    headers = {"X-Shopify-Access-Token": sandbox.credentials["access_token"]}
    answer: Json = requests.post(url, json={"query": document}, headers=headers, timeout=30).json()
    return answer


def create(topic: str, uri: str) -> str:
    return (
        f'mutation {{ webhookSubscriptionCreate(topic: {topic}, webhookSubscription: {{uri: "{uri}"}})'
        " { webhookSubscription { id topic uri } userErrors { field message } } }"
    )


# -- BigCommerce -------------------------------------------------------------------------------------------------------


def test_bigcommerce_keeps_hooks_and_says_what_is_wrong(big: RunningSandbox[BigCommerceShop]) -> None:
    made = hooks(big, "POST", "", {"scope": "store/order/*", "destination": NOWHERE, "headers": {"x-own": "1"}}).json()
    number = made["data"]["id"]

    assert (made["data"]["is_active"], made["data"]["headers"]) == (True, {"x-own": "1"})
    assert hooks(big, "PUT", f"/{number}", {"is_active": False}).json()["data"]["is_active"] is False
    assert [one["id"] for one in hooks(big, "GET").json()["data"]] == [number]
    assert hooks(big, "POST", "", {"scope": "store/order/*"}).json()["errors"] == {"destination": "error.path.missing"}
    assert hooks(big, "DELETE", f"/{number}").status_code == 200
    assert hooks(big, "DELETE", f"/{number}").status_code == 404


def test_bigcommerce_wants_the_scope_of_what_it_tells_and_a_public_address(
    big: RunningSandbox[BigCommerceShop],
) -> None:
    big.shop.settings.public_hooks_only = True
    assert hooks(big, "POST", "", {"scope": "store/order/*", "destination": NOWHERE}).status_code == 422

    big.shop.scopes -= {"store_v2_products"}
    wanted = {"scope": "store/product/updated", "destination": "https://hub.example/"}
    assert hooks(big, "POST", "", wanted).status_code == 403
    assert hooks(big, "POST", "", {**wanted, "scope": "store/order/updated"}).status_code == 200


def test_bigcommerce_signs_as_standard_webhooks_do(big: RunningSandbox[BigCommerceShop], receiver: Receiver) -> None:
    wanted = {"scope": "store/order/*", "destination": receiver.url, "headers": {"X-Own": "1"}}
    hooks(big, "POST", "", wanted)

    order = big.merchant.sell("CHAIR", 1)
    assert big.shop.hooks.courier.wait_idle()

    (got, *_) = receiver.received
    assert got.headers["x-own"] == "1"
    Webhook(big.shop.hooks.client_secret.encode()).verify(got.body, got.headers)
    assert json.loads(got.body)["data"] == {"type": "order", "id": int(order)}


def test_bigcommerce_deactivates_a_hook_after_its_last_try(big: RunningSandbox[BigCommerceShop]) -> None:
    hooks(big, "POST", "", {"scope": "store/order/created", "destination": NOWHERE})
    big.merchant.sell("CHAIR", 1)
    assert big.shop.hooks.courier.wait_idle(30)

    assert [one.status for one in big.shop.hooks.courier.sent] == [0] * (len(BIG_RETRIES) + 1)
    assert [one["is_active"] for one in hooks(big, "GET").json()["data"]] == [False]


# -- Shopify -----------------------------------------------------------------------------------------------------------


def test_shopify_signs_with_the_app_s_secret_and_cuts_to_the_fields_that_were_asked_for(
    shopify: RunningSandbox[ShopifyShop], receiver: Receiver
) -> None:
    shopify.shop.hooks.subscribe("ORDERS_CREATE", {"uri": receiver.url, "includeFields": ["id"]})

    order = shopify.merchant.sell("CHAIR", 1)
    assert shopify.shop.hooks.courier.wait_idle()

    (got,) = receiver.received
    digest = hmac.digest(shopify.shop.app.client_secret.encode(), got.body, hashlib.sha256)
    assert got.headers["x-shopify-hmac-sha256"] == base64.b64encode(digest).decode()
    assert (got.headers["x-shopify-topic"], json.loads(got.body)) == ("orders/create", {"id": int(order)})


@pytest.mark.parametrize(
    ("topic", "uri", "words"),
    [
        ("ORDERS_CREATE", "nowhere", "Address is invalid"),
        ("ORDERS_CREATE", NOWHERE, "Address for this topic has already been taken"),
        ("PRODUCTS_UPDATE", NOWHERE, "You cannot create a webhook subscription with the specified topic"),
    ],
)
def test_shopify_says_no_with_status_200(
    shopify: RunningSandbox[ShopifyShop], topic: str, uri: str, words: str
) -> None:
    assert ask(shopify, create("ORDERS_CREATE", NOWHERE))["data"]["webhookSubscriptionCreate"]["userErrors"] == []
    shopify.shop.app.asking = shopify.shop.app.scopes = frozenset({"read_orders"})
    hook = shopify.shop.hooks.subscribe(topic, {"uri": uri})

    assert [one["message"] for one in hook["userErrors"]] == [words]


def test_shopify_removes_what_fails_eight_times_in_a_row(
    shopify: RunningSandbox[ShopifyShop],
) -> None:
    ask(shopify, create("ORDERS_CREATE", NOWHERE))
    shopify.merchant.sell("CHAIR", 1)
    assert shopify.shop.hooks.courier.wait_idle(30)

    assert len(shopify.shop.hooks.courier.sent) == GIVE_UP_AFTER
    listed = ask(shopify, "{ webhookSubscriptions(first: 5) { nodes { id } pageInfo { hasNextPage endCursor } } }")
    assert listed["data"]["webhookSubscriptions"]["nodes"] == []
