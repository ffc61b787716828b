"""Keys: Basic over TLS only, OAuth 1.0a over plain http."""

import time
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1

from sandbox import RunningSandbox, ShopSettings, WooCommerceShop
from sandbox.woocommerce.auth import Key
from tests.sandbox.client import ROOT, Api, basket

Sandbox = RunningSandbox[WooCommerceShop]
TLS = {"X-Forwarded-Proto": "https"}


def signed(sandbox: Sandbox, **options: Any) -> OAuth1:
    keys = {"client_key": sandbox.credentials["consumer_key"], "client_secret": sandbox.credentials["consumer_secret"]}
    return OAuth1(**{**keys, "signature_type": "query", **options})


def ask(sandbox: Sandbox, path: str = "/orders", **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(options.pop("method", "GET"), f"{sandbox.url}{ROOT}{path}", timeout=30, **options)


def basic(sandbox: Sandbox) -> tuple[str, str]:
    return sandbox.credentials["consumer_key"], sandbox.credentials["consumer_secret"]


def test_basic_over_plain_http_is_as_good_as_nothing(sandbox: Sandbox) -> None:
    answer = ask(sandbox, auth=basic(sandbox))

    assert answer.status_code == 401
    assert answer.json() == {
        "code": "woocommerce_rest_cannot_view",
        "message": "Sorry, you cannot list resources.",
        "data": {"status": 401},
    }


def test_a_proxy_is_not_believed_unless_the_shop_is_told(sandbox: Sandbox) -> None:
    assert ask(sandbox, auth=basic(sandbox), headers=TLS).status_code == 401


class TestBehindAProxy:
    @pytest.fixture
    def settings(self) -> ShopSettings:
        return ShopSettings(trust_forwarded_proto=True, webhooks_by_hand=True)

    def test_basic_works_over_tls(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, auth=basic(sandbox), headers=TLS).status_code == 200

    def test_keys_in_the_query_work_over_tls(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, params=dict(sandbox.credentials), headers=TLS).status_code == 200

    def test_a_wrong_secret_is_named(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, auth=(sandbox.credentials["consumer_key"], "cs_wrong"), headers=TLS)

        assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_authentication_error")

    def test_an_unknown_key_may_not_view(self, sandbox: Sandbox) -> None:
        answer = ask(sandbox, auth=("ck_unknown", "cs_wrong"), headers=TLS)

        assert (answer.status_code, answer.json()["code"]) == (401, "woocommerce_rest_cannot_view")

    def test_plain_http_next_to_the_proxy_still_needs_a_signature(self, sandbox: Sandbox) -> None:
        assert ask(sandbox, auth=basic(sandbox)).status_code == 401


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize("place", ["query", "auth_header"])
def test_a_signature_opens_plain_http(sandbox: Sandbox, method: str, place: str) -> None:
    params = {"search": "Größe & Co. ~/+%=,:' 🛎", "status": "processing,completed", "per_page": "5", "empty": ""}

    answer = ask(sandbox, params=params, auth=signed(sandbox, signature_method=method, signature_type=place))

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("method", ["HMAC-SHA1", "HMAC-SHA256"])
def test_a_signed_write_works(sandbox: Sandbox, method: str) -> None:
    answer = ask(sandbox, method="POST", json=basket(("OIL", 1)), auth=signed(sandbox, signature_method=method))

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"client_secret": "cs_wrong"}, "Invalid signature - provided signature does not match."),
        ({"client_key": "ck_wrong"}, "Consumer key is invalid."),
        ({"timestamp": str(int(time.time()) - 60 * 60)}, "Invalid timestamp."),
        ({"timestamp": str(int(time.time()) + 60 * 60)}, "Invalid timestamp."),
        ({"signature_method": "PLAINTEXT"}, "Invalid signature - signature method is invalid."),
    ],
)
def test_wrong_signatures_are_refused(sandbox: Sandbox, wrong: dict[str, str], sentence: str) -> None:
    answer = ask(sandbox, auth=signed(sandbox, **wrong))

    assert (answer.status_code, answer.json()["message"]) == (401, sentence)


def test_a_clock_that_is_ten_minutes_off_is_fine(sandbox: Sandbox) -> None:
    assert ask(sandbox, auth=signed(sandbox, timestamp=str(int(time.time()) - 600))).status_code == 200


def test_a_parameter_added_after_signing_is_noticed(sandbox: Sandbox) -> None:
    request = requests.Request("GET", f"{sandbox.url}{ROOT}/orders", auth=signed(sandbox)).prepare()
    path = str(request.url).removeprefix(f"{sandbox.url}{ROOT}")

    assert ask(sandbox, f"{path}&per_page=100").status_code == 401


def test_a_nonce_works_once(sandbox: Sandbox) -> None:
    once = signed(sandbox, nonce="42")

    assert ask(sandbox, auth=once).status_code == 200
    assert ask(sandbox, auth=once).json()["message"] == "Invalid nonce - nonce has already been used."


def test_half_a_signature_names_what_is_missing(sandbox: Sandbox) -> None:
    answer = ask(sandbox, params={"oauth_consumer_key": "ck", "oauth_nonce": "1", "oauth_timestamp": "1"})

    assert answer.status_code == 401
    assert answer.json()["code"] == "woocommerce_rest_authentication_missing_parameter"
    assert answer.json()["message"] == "Missing OAuth parameters oauth_signature, oauth_signature_method"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/orders/5", "cannot_view"),
        ("POST", "/orders", "cannot_create"),
        ("PUT", "/orders/5", "cannot_edit"),
        ("DELETE", "/orders/5", "cannot_delete"),
        ("POST", "/products/batch", "cannot_batch"),
    ],
)
def test_without_a_key_everything_has_its_own_refusal(sandbox: Sandbox, method: str, path: str, code: str) -> None:
    assert ask(sandbox, path, method=method).json()["code"] == f"woocommerce_rest_{code}"


def test_a_key_that_may_only_read(sandbox: Sandbox, shop: WooCommerceShop) -> None:
    shop.keys["ck_reader"] = Key("ck_reader", "cs_reader", may_write=False)
    reader = {"consumer_key": "ck_reader", "consumer_secret": "cs_reader"}

    with Api(sandbox.url, reader) as api:
        assert api.get("/orders").status_code == 200
        assert api.send("POST", "/orders", {}).status_code == 401
    assert shop.book.orders == {}
