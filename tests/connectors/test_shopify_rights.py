"""What a Shopify app may do is asked of the shop by its scopes (DOR-4)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import Refused
from connectors.sandbox import RunningSandbox, ShopifyShop, run_shopify
from connectors.sandbox.shopify_app import ALL_SCOPES, App
from connectors.shopify import Shopify
from schemas.rights import Lack, Right
from tests.connectors.raw_server import RawServer, http_answer

Sandbox = RunningSandbox[ShopifyShop]
EVERYTHING = tuple(Right)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with run_shopify(ShopifyShop(), with_app=True) as sandbox:
        yield sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> App:
    return sandbox.shop.app


def connect(sandbox: Sandbox) -> Shopify:
    return Shopify(sandbox.url, sandbox.credentials, allow_insecure=True)


@pytest.mark.parametrize(
    ("missing", "lacks"),
    [
        ("write_inventory", {Right.READ_PRODUCTS: ("read_inventory",), Right.WRITE_STOCK: ("write_inventory",)}),
        ("write_orders", {Right.READ_ORDERS: ("read_orders",)}),
        ("read_returns", {Right.READ_ORDERS: ("read_returns",)}),
        ("write_products", {Right.READ_ORDERS: ("read_products",), Right.READ_PRODUCTS: ("read_products",)}),
        ("read_all_orders", {}),
        ("write_third_party_fulfillment_orders", {}),
        (
            "read_locations",
            {right: ("read_locations",) for right in (Right.READ_ORDERS, Right.READ_PRODUCTS, Right.WRITE_STOCK)},
        ),
        (
            "write_merchant_managed_fulfillment_orders",
            {
                Right.READ_ORDERS: ("read_merchant_managed_fulfillment_orders",),
                Right.WRITE_ORDERS: ("write_merchant_managed_fulfillment_orders",),
            },
        ),
    ],
)
def test_DOR_4_a_scope_that_is_missing_is_named_with_the_right_that_it_gives(
    sandbox: Sandbox, app: App, missing: str, lacks: dict[Right, tuple[str, ...]]
) -> None:
    app.scopes = ALL_SCOPES - {missing}

    assert connect(sandbox).check(EVERYTHING).lacks == tuple(Lack(*one) for one in lacks.items())


def test_DOR_4_what_nobody_needs_is_not_asked_for(sandbox: Sandbox, app: App) -> None:
    app.scopes = ALL_SCOPES - {"write_inventory", "write_merchant_managed_fulfillment_orders"} | {
        "read_merchant_managed_fulfillment_orders"
    }

    assert connect(sandbox).check([Right.READ_ORDERS]).lacks == ()


def test_DOR_4_a_scope_to_write_is_one_to_read(sandbox: Sandbox) -> None:
    facts = connect(sandbox).check(EVERYTHING)

    assert "read_orders" not in ALL_SCOPES
    assert (facts.lacks, facts.unproved) == ((), ())


def test_DOR_4_a_scope_that_was_added_counts_at_once(
    sandbox: Sandbox, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.tokens.LEAST", timedelta(0))  # as if the token had been given some time ago
    store = connect(sandbox)
    app.scopes = ALL_SCOPES - {"write_inventory"}
    assert store.check([Right.WRITE_STOCK]).lacks

    app.scopes = ALL_SCOPES

    assert store.check([Right.WRITE_STOCK]).lacks == ()


def test_DOR_4_the_scopes_of_a_token_that_lasts_are_asked_for_as_well(sandbox: Sandbox, app: App) -> None:
    app.scopes = ALL_SCOPES - {"write_inventory"}
    store = Shopify(sandbox.url, {"access_token": sandbox.shop.token}, allow_insecure=True)

    assert store.check([Right.WRITE_STOCK]).lacks == (Lack(Right.WRITE_STOCK, ("write_inventory",)),)


@pytest.mark.parametrize("scopes", [None, {}, {"accessScopes": None}, {"accessScopes": 7}])
def test_DOR_4_where_the_shop_does_not_tell_scopes_they_are_unproved(scopes: Any) -> None:
    told = {"data": {"shop": {"currencyCode": "EUR"}, "currentAppInstallation": scopes}}

    with RawServer(http_answer(200, json.dumps(told))) as server:
        facts = Shopify(server.url, {"access_token": "shpat_1"}, allow_insecure=True).check(EVERYTHING)

    assert facts.lacks == ()
    assert facts.unproved == (Right.WRITE_ORDERS, Right.READ_PRODUCTS, Right.WRITE_STOCK)


def test_DOR_4_where_the_shop_does_not_tell_scopes_orders_are_asked_for() -> None:
    told = http_answer(200, '{"data":{"shop":{"currencyCode":"EUR"},"currentAppInstallation":null}}')
    denied = http_answer(200, '{"errors":[{"message":"Access denied","extensions":{"code":"ACCESS_DENIED"}}]}')

    with RawServer(told, denied) as server, pytest.raises(Refused, match="ACCESS_DENIED"):
        Shopify(server.url, {"access_token": "shpat_1"}, allow_insecure=True).check(EVERYTHING)
