"""Connecting, changing and checking a store prove the rights that its settings need (DOR-4)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import Lacking
from connectors.platforms import open_store
from sandbox import RunningSandbox, open_sandbox
from sandbox.bigcommerce.gate import ALL_SCOPES
from sandbox.faults import Said
from sandbox.shopify.tokens import ALL_SCOPES as SHOPIFY_SCOPES
from schemas.rights import Right
from schemas.stores import StoreState
from tasks.checks import check_store
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store
from tests.tasks.conftest import connect
from tests.tasks.orders.looking import Shop, do, store_of


def connect_big(held: Process, shop: RunningSandbox[Any], **settings: Any) -> int:
    """Connect a BigCommerce sandbox as acme."""
    connect_store(held, NewStore("bigcommerce", "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    return 1


def read_only(shop: Shop) -> None:
    """The merchant's key may read and nothing else."""
    shop.shop.set_permissions("read")


def test_DOR_4_a_key_that_may_only_read_is_refused_by_the_setting_that_writes(held: Process, shop: Shop) -> None:
    read_only(shop)

    with pytest.raises(Lacking, match=r"Read/Write \(for fulfillment.sync\).*REST API.*fulfillment.sync=off"):
        connect(held, shop, "acme")

    with held.pool.connection() as connection:
        assert connection.execute("SELECT FROM stores").fetchall() == []


def test_DOR_4_a_key_that_may_only_read_is_enough_where_nothing_is_written(held: Process, shop: Shop) -> None:
    read_only(shop)

    acme = connect(held, shop, "acme", **{"fulfillment.sync": "off"})

    assert store_of(held, acme).state == StoreState.ACTIVE


def test_DOR_4_proving_changes_nothing_in_the_shop(held: Process, shop: Shop) -> None:
    product = shop.shop.add_product({"sku": "A", "name": "A", "regular_price": "1", "stock_quantity": 5})
    order = shop.shop.place_order({"status": "processing", "line_items": [{"product_id": product.id, "quantity": 1}]})
    before = (order.modified, product.modified, shop.shop.summary()["stock"])

    connect(held, shop, "acme", **{"stock.sync": "on"})

    assert (order.modified, product.modified, shop.shop.summary()["stock"]) == before


@pytest.mark.parametrize("key", ["stock.sync", "fulfillment.sync"])
def test_DOR_4_switching_on_what_writes_is_refused_without_the_right(held: Process, shop: Shop, key: str) -> None:
    read_only(shop)
    acme = connect(held, shop, "acme", **{"fulfillment.sync": "off"})

    with pytest.raises(Lacking, match=f"for {key}"):
        change_store(held, store_of(held, acme), {key: "on"}, {})

    assert key not in store_of(held, acme).settings or store_of(held, acme).settings[key] is False


def test_DOR_4_a_new_key_with_less_rights_is_refused(held: Process, shop: Shop, acme: int) -> None:
    read_only(shop)
    before = store_of(held, acme)

    with pytest.raises(Lacking, match=r"for fulfillment\.sync"):
        change_store(held, before, {}, shop.credentials)

    assert store_of(held, acme) == before


def test_DOR_4_other_settings_of_a_store_that_lacks_a_right_are_saved(held: Process, shop: Shop, acme: int) -> None:
    read_only(shop)

    change_store(held, store_of(held, acme), {"fetch.every": "5m"}, {})

    assert store_of(held, acme).settings["fetch.every"] == 300


def test_DOR_4_a_check_names_what_is_missing(held: Process, shop: Shop, acme: int) -> None:
    read_only(shop)

    facts = check_store(held, store_of(held, acme))

    assert [lack.right for lack in facts.lacks] == [Right.WRITE_ORDERS]


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        pytest.param("store_v2_orders", "Orders: modify \\(for fulfillment.sync\\)", id="orders"),
        pytest.param("store_inventory", "Store Inventory: modify \\(for stock.sync\\)", id="inventory"),
        pytest.param("store_v2_products", "Products: read-only \\(for stock.sync\\)", id="products"),
        pytest.param("store_locations", "Store Locations: read-only \\(for stock.sync\\)", id="locations"),
    ],
)
def test_DOR_4_a_scope_of_bigcommerce_that_is_missing_is_named(held: Process, missing: str, words: str) -> None:
    reads = {f"{missing}_read_only"} if "modify" in words else set()
    with open_sandbox("bigcommerce", orders=1) as shop:
        shop.shop.scopes = ALL_SCOPES - {missing} | reads

        with pytest.raises(Lacking, match=words):
            connect_big(held, shop, **{"stock.sync": "on"})


def test_DOR_4_bigcommerce_works_with_the_scopes_that_the_docs_name(held: Process) -> None:
    reading = {"store_v2_orders", "store_v2_information_read_only", "store_v2_products_read_only"}
    with open_sandbox("bigcommerce", orders=1) as shop:
        shop.shop.scopes = frozenset({*reading, "store_inventory", "store_locations_read_only"})

        acme = connect_big(held, shop, **{"stock.sync": "on"})

        assert store_of(held, acme).state == StoreState.ACTIVE


def test_DOR_4_what_nothing_can_be_asked_about_is_no_lack_and_is_said() -> None:
    with open_sandbox("bigcommerce", orders=1) as shop:
        shop.faults.answer_next(1, Said(405, '{"status":405,"title":"Method not allowed"}'), only="PUT ")
        facts = open_store("bigcommerce", shop.url, shop.credentials, allow_insecure=True).check([Right.WRITE_ORDERS])

    assert (facts.lacks, facts.unproved) == ((), (Right.WRITE_ORDERS,))


# -- Shopify: by the app's scopes ------------------------------------------------------------------------------------


@pytest.fixture
def shopify() -> Iterator[Shop]:
    """A Shopify shop with an app."""
    with open_sandbox("shopify", orders=1, token_life=3600) as sandbox:
        yield sandbox


def connect_shopify(held: Process, shop: Shop, **settings: Any) -> int:
    """Connect a Shopify sandbox as acme."""
    connect_store(held, NewStore("shopify", "acme", shop.url, shop.credentials, settings, allow_insecure=True))
    return 1


def take(shop: Shop, *scopes: str) -> None:
    """The merchant releases a version without these scopes."""
    shop.shop.app.scopes = SHOPIFY_SCOPES - {*scopes}


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("write_inventory", r"write_inventory \(for stock\.sync\).*Dev Dashboard.*Versions.*stock\.sync=off"),
        ("write_merchant_managed_fulfillment_orders", r"write_merchant.* \(for fulfillment\.sync\)"),
        ("read_returns", r"read_returns \(for reading orders\)"),
        ("write_orders", r"read_orders \(for reading orders\)"),
    ],
)
def test_DOR_4_a_scope_of_shopify_that_is_missing_is_named_beside_its_setting(
    held: Process, shopify: Shop, missing: str, words: str
) -> None:
    take(shopify, missing)

    with pytest.raises(Lacking, match=words):
        connect_shopify(held, shopify, **{"stock.sync": "on"})


def test_DOR_4_all_scopes_that_are_missing_are_named_at_once(held: Process, shopify: Shop) -> None:
    take(shopify, "write_inventory", "read_returns")

    with pytest.raises(Lacking, match=r"read_returns.*write_inventory"):
        connect_shopify(held, shopify, **{"stock.sync": "on"})


def test_DOR_4_shopify_works_with_the_scopes_that_the_docs_name(held: Process, shopify: Shop) -> None:
    page = (Path(__file__).parents[2] / "docs" / "shopify.md").read_text()
    table = page.partition("| scope | for |")[2].partition("\n\n")[0]
    needed = [row for row in table.splitlines() if "optional" not in row]
    shopify.shop.app.scopes = frozenset(re.findall(r"`((?:read|write)_\w+)`", "\n".join(needed)))

    acme = connect_shopify(held, shopify, **{"stock.sync": "on"})

    assert store_of(held, acme).state == StoreState.ACTIVE
    assert check_store(held, store_of(held, acme)).lacks == ()


def test_DOR_4_a_check_does_not_set_a_store_going_that_may_not_read_orders(held: Process, shopify: Shop) -> None:
    acme = connect_shopify(held, shopify)
    take(shopify, "read_returns")
    do(held, "UPDATE store_tokens SET given_at = given_at - interval '1h'")

    facts = check_store(held, store_of(held, acme))

    assert [lack.right for lack in facts.lacks] == [Right.READ_ORDERS]
    stopped = store_of(held, acme)
    assert stopped.state == StoreState.NEEDS_ATTENTION
    assert "read_returns (for reading orders)" in (stopped.reason_detail or "")
    assert check_store(held, stopped).lacks
    assert store_of(held, acme).state == StoreState.NEEDS_ATTENTION
    take(shopify)
    do(held, "UPDATE store_tokens SET given_at = given_at - interval '1h'")
    assert check_store(held, store_of(held, acme)).lacks == ()
    assert store_of(held, acme).state == StoreState.ACTIVE
