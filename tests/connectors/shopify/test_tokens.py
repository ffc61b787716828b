"""Shopify's tokens of a day: fetched, renewed before their end and after a refusal, and who may say no (DOR-3)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, CredentialsRefused, RateLimited, Revoked, Unavailable
from connectors.shopify.connector import Shopify
from connectors.tokens import Token
from sandbox import Faults, RunningSandbox, ShopifyShop, run_shopify
from sandbox.faults import Said
from sandbox.shopify.tokens import GRANT, App
from tests.connectors.raw_server import RawServer, http_answer
from tests.waiting import wait_until

Sandbox = RunningSandbox[ShopifyShop]

APP = {"client_id": "5e1f4f0a9c5d2f6b7e8a9b0c5a4d0b0c", "client_secret": "shpss_secret"}
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A shop that is connected by an app, at the time of its own that `at` sets."""
    with run_shopify(ShopifyShop(), with_app=True) as sandbox:
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> App:
    """The app, as its merchant has it in the Dev Dashboard."""
    return sandbox.shop.app


def connect(sandbox: Sandbox) -> Shopify:
    """A connector that nobody shares anything with."""
    return Shopify(sandbox.url, sandbox.credentials, allow_insecure=True)


def test_DOR_3_one_token_serves_until_it_ends(sandbox: Sandbox, app: App) -> None:
    store = connect(sandbox)

    for _ in range(5):
        store.check()

    assert app.given == 1


def test_DOR_3_a_token_is_renewed_before_its_end(sandbox: Sandbox, app: App) -> None:
    app.said_life = 1  # it lives on: who used it to its end would never be refused
    store = connect(sandbox)
    store.check()

    wait_until(lambda: store.check() and app.given > 1, what="another token")
    assert app.refused == 0


@pytest.mark.parametrize("said", [86_399, 600], ids=["said to live on", "said to live ten minutes more"])
def test_DOR_3_a_token_that_ended_sooner_than_was_said_is_renewed_after_the_refusal(
    sandbox: Sandbox, app: App, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.tokens.LEAST", timedelta(0))  # as if it had been given some time ago
    app.said_life = said
    store = connect(sandbox)
    store.check()

    app.end_tokens()

    assert store.check().currency == "EUR"
    assert app.given == 2


@pytest.mark.parametrize("apart", [TEN_MINUTES, -TEN_MINUTES], ids=["the shop is ahead", "the shop is behind"])
def test_DOR_3_a_clock_that_is_off_by_ten_minutes_costs_no_token(apart: timedelta) -> None:
    shop = ShopifyShop(now=lambda: datetime.now(UTC) + apart)
    shop.app.token_life = 300
    with run_shopify(shop, with_app=True) as sandbox:
        store = connect(sandbox)

        for _ in range(3):
            store.check()

        assert (shop.app.given, shop.app.refused) == (1, 0)


def test_DOR_3_a_store_that_refuses_what_it_just_gave_is_in_trouble_and_asked_for_no_more(
    sandbox: Sandbox, app: App
) -> None:
    store = connect(sandbox)
    sandbox.faults.fail_next(100, "unauthorized", only="graphql")

    for _ in range(3):
        with pytest.raises(Unavailable, match="gave a moment ago"):
            store.check()

    assert app.given == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"client_secret": "another"},
            "answered 400 \\(Oauth error invalid_client: The client_secret is not the app's",
        ),
        ({"client_id": "0" * 32}, "application_cannot_be_found: Could not find Shopify API application with api_key …"),
        ({"is_installed": False}, "app_not_installed.*Dev Dashboard"),
        ({"is_permitted": False}, "shop_not_permitted: Client credentials cannot be performed on this shop"),
    ],
)
def test_DOR_3_a_refusal_of_what_renews_is_told_with_shopify_s_words(
    sandbox: Sandbox, app: App, change: dict[str, Any], words: str
) -> None:
    credentials = dict(sandbox.credentials)
    for name, value in change.items():
        setattr(app, name, value)

    with pytest.raises(CredentialsRefused, match=words) as caught:
        Shopify(sandbox.url, credentials, allow_insecure=True).check()

    assert all(secret not in str(caught.value) for secret in credentials.values())


def page(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{'x' * 3000}</body></html>"


TOKEN = http_answer(200, '{"access_token":"shpat_1","scope":"read_orders","expires_in":86399}')


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http_answer(400, page("400 - Oauth error app_not_installed")), Revoked),
        (http_answer(400, page("400 - Oauth error invalid_request")), Revoked),
        (http_answer(401, '{"error":"invalid_client","error_description":"Bad <b>secret</b>"}'), Revoked),
        (http_answer(403, '{"error":"unauthorized_client"}'), Revoked),
        (http_answer(400, page("Bad Request")), Unavailable),
        (http_answer(400, '{"error":"temporarily_unavailable"}'), Unavailable),
        (http_answer(400, '{"error":7}'), Unavailable),
        (http_answer(400, "[]"), Unavailable),
        (http_answer(401, ""), Unavailable),
        (http_answer(403, page("Attention Required! | Firewall")), Unavailable),
        (http_answer(402, "{}"), Unavailable),
        (http_answer(404, "{}"), Unavailable),
        (http_answer(301, "", "Location: https://elsewhere.example/"), Unavailable),
        (http_answer(423, "{}"), Unavailable),
        (http_answer(429, "{}", "Retry-After: 2"), RateLimited),
        (http_answer(500, page("Oauth error invalid_client")), Unavailable),
        (http_answer(503, ""), Unavailable),
        (http_answer(200, page("Maintenance")), Unavailable),
        (http_answer(200, "{}"), Unavailable),
        (http_answer(200, '{"access_token":7,"expires_in":5}'), Unavailable),
        (http_answer(200, '{"access_token":"","expires_in":5}'), Unavailable),
        (http_answer(200, '{"access_token":"a\\nb","expires_in":5}'), Unavailable),
        (http_answer(200, '"shpat_1"'), Unavailable),
    ],
)
def test_DOR_3_what_the_token_s_end_point_answers_is_understood(answer: bytes, kind: type[ConnectorError]) -> None:
    with RawServer(answer) as server, pytest.raises(ConnectorError) as caught:
        Shopify(server.url, APP, allow_insecure=True).check()

    assert type(caught.value) is kind
    assert "/admin/oauth/access_token" in str(caught.value)
    assert APP["client_secret"] not in str(caught.value)


@pytest.mark.parametrize("ends", ['"soon"', "null", "true", "-5", "0", "1e9", "99999999999999999999"])
def test_DOR_3_a_token_whose_end_cannot_be_read_is_used_all_the_same(ends: str) -> None:
    token = http_answer(200, f'{{"access_token":"shpat_1","expires_in":{ends}}}')
    answer = http_answer(200, '{"data":{"shop":{"currencyCode":"EUR"}}}')

    with RawServer(token, answer) as server:
        store = Shopify(server.url, APP, allow_insecure=True)
        store.check()
        store.check()

    assert [request.split()[1].rpartition("/")[2] for request in server.requests].count("access_token") == 1


def test_DOR_3_the_grant_is_a_form_and_the_secret_travels_in_no_address() -> None:
    with RawServer(TOKEN, http_answer(200, '{"data":{"shop":{"currencyCode":"EUR"}}}')) as server:
        Shopify(server.url, APP, allow_insecure=True).check()

    grant, call, *_ = server.requests
    assert grant.startswith(f"POST {GRANT} HTTP/1.1")
    assert "Content-Type: application/x-www-form-urlencoded" in grant
    assert APP["client_secret"] not in grant.partition("\r\n")[0]
    assert "X-Shopify-Access-Token: shpat_1" in call


def test_DOR_3_an_access_token_alone_is_used_and_never_renewed(sandbox: Sandbox, app: App) -> None:
    Shopify(sandbox.url, {"access_token": sandbox.shop.token}, allow_insecure=True).check()
    with pytest.raises(CredentialsRefused):
        Shopify(sandbox.url, {"access_token": "shpat_old"}, allow_insecure=True).check()

    assert app.given == 0


def test_DOR_3_a_grant_that_fails_for_now_is_no_refusal(sandbox: Sandbox, app: App) -> None:
    sandbox.faults.answer_next(1, Said(503, "<html>"), only=GRANT)
    store = connect(sandbox)

    with pytest.raises(Unavailable):
        store.check()

    assert store.check().currency == "EUR"
    assert app.given == 1


@pytest.mark.parametrize(
    ("left", "age", "spare"),
    [(86_399, 0, 85_799), (100, 0, 90), (10, 90, 0), (5, 95, 0)],
)
def test_DOR_3_a_token_is_renewed_ten_minutes_or_a_tenth_of_its_life_before_its_end(
    left: int, age: int, spare: int
) -> None:
    token = Token("key", timedelta(seconds=left), timedelta(seconds=age))

    assert token.is_fresh is (spare > 0)
    assert token.use_for.total_seconds() == (spare or left)


def test_a_token_is_in_no_text_about_it() -> None:
    assert "key" not in repr(Token("key", timedelta(1))).replace("key=", "")


def test_faults_stand_before_the_grant_as_well() -> None:
    with run_shopify(ShopifyShop(), Faults({"http_500": 1.0}), with_app=True) as sandbox, pytest.raises(Unavailable):
        connect(sandbox).check()
