"""What a Shopify app may do is asked of the shop by its scopes (DOR-4)."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from connectors.errors import CredentialsRefused
from connectors.shopify.connector import Shopify
from sandbox import RunningSandbox, ShopifyShop, run_shopify
from sandbox.shopify.tokens import ALL_SCOPES, App
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

    with RawServer(told, denied) as server, pytest.raises(CredentialsRefused, match="ACCESS_DENIED"):
        Shopify(server.url, {"access_token": "shpat_1"}, allow_insecure=True).check(EVERYTHING)


def test_DOR_4_whoever_asks_for_no_right_is_refused_where_orders_may_not_be_read(sandbox: Sandbox, app: App) -> None:
    app.scopes = ALL_SCOPES - {"read_returns"}

    with pytest.raises(CredentialsRefused, match="lacks scopes to read orders: read_returns"):
        connect(sandbox).check()


# -- buyers ----------------------------------------------------------------------------------------------------------


def place(sandbox: Sandbox) -> None:
    line = {"name": "Hook", "sku": "HOOK", "price": "3.00"}
    sandbox.shop.place_order({"lines": [line], "email": "bo@example.com"})


def test_DOR_5_an_app_without_protected_customer_data_is_told_at_once(sandbox: Sandbox) -> None:
    place(sandbox)
    sandbox.shop.troubles.grants_buyers = False

    facts = connect(sandbox).check(EVERYTHING)

    assert facts.withheld == ("billingAddress", "customer", "email", "shippingAddress")
    assert facts.lacks == ()


def test_DOR_5_a_missing_scope_of_customers_withholds_buyers_and_stops_nothing(sandbox: Sandbox, app: App) -> None:
    app.scopes = ALL_SCOPES - {"write_customers"}
    before_any_order = connect(sandbox).check(EVERYTHING)
    place(sandbox)

    facts = connect(sandbox).check(EVERYTHING)

    assert facts.withheld == before_any_order.withheld == ("customer",)
    assert facts.lacks == ()


def test_DOR_5_who_may_read_buyers_is_told_nothing_of_them(sandbox: Sandbox) -> None:
    place(sandbox)

    assert connect(sandbox).check(EVERYTHING).withheld == ()


def answers(*errors: dict[str, Any]) -> tuple[bytes, bytes]:
    """What the shop says of itself, without scopes, and of its newest order."""
    told = {"data": {"shop": {"currencyCode": "EUR"}, "currentAppInstallation": None}}
    newest = {"data": {"orders": {"nodes": [{"id": "gid://shopify/Order/7"}]}}, "errors": list(errors)}
    return http_answer(200, json.dumps(told)), http_answer(200, json.dumps(newest))


def trouble(message: str, *path: str | int, **extensions: str) -> dict[str, Any]:
    return {"message": message, "path": list(path), **({"extensions": extensions} if extensions else {})}


@pytest.mark.parametrize(
    ("error", "withheld"),
    [
        (trouble("This app is not approved to use the email field.", "orders", "nodes", 0, "email"), ("email",)),
        (
            trouble("This app is not approved to access the Customer object.", "orders", "nodes", 0, "customer"),
            ("customer",),
        ),
        (
            trouble("No.", "orders", "nodes", 0, "shippingAddress", "lastName", code="ACCESS_DENIED"),
            ("shippingAddress",),
        ),
        (trouble("Internal error.", "orders", "nodes", 0, "email", code="INTERNAL_SERVER_ERROR"), ()),
    ],
)
def test_DOR_5_what_shopify_says_beside_an_order_is_understood(
    error: dict[str, Any], withheld: tuple[str, ...]
) -> None:
    """Published examples have no code."""
    with RawServer(*answers(error)) as server:
        facts = Shopify(server.url, {"access_token": "shpat_1"}, allow_insecure=True).check(EVERYTHING)

    assert facts.withheld == withheld


@pytest.mark.parametrize(
    "error",
    [
        trouble("Access denied for orders field.", "orders", code="ACCESS_DENIED"),
        trouble("This app is not approved to access the Order object.", "orders", "nodes", 0),
        trouble("Access denied for returns field.", "orders", "nodes", 0, "returns", code="ACCESS_DENIED"),
    ],
)
def test_DOR_4_an_order_that_may_not_be_read_is_a_refusal(error: dict[str, Any]) -> None:
    with RawServer(*answers(error)) as server, pytest.raises(CredentialsRefused):
        Shopify(server.url, {"access_token": "shpat_1"}, allow_insecure=True).check(EVERYTHING)


@pytest.mark.parametrize(
    ("scope", "document", "field"),
    [
        ("write_orders", "{ orders(first: 1) { nodes { id } } }", "orders"),
        ("write_products", "{ productVariants(first: 1) { nodes { id } } }", "productVariants"),
        ("read_locations", "{ location { id } }", "location"),
        ("read_returns", "{ orders(first: 1) { nodes { id returns(first: 1) { nodes { id } } } } }", "returns"),
    ],
)
def test_the_stand_in_wants_the_scopes_that_it_names(
    sandbox: Sandbox, app: App, scope: str, document: str, field: str
) -> None:
    place(sandbox)
    app.scopes = ALL_SCOPES - {scope}

    with pytest.raises(CredentialsRefused, match=f"Access denied for {field} field. Required access: `read_"):
        connect(sandbox).graphql.ask(document)
