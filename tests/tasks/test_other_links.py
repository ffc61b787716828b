"""Katana's own link to a shop beside ours: it is said before a shop's orders come by both ways (ORD-6)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.postgres import stores
from sandbox import KatanaAccount, Oddities, RunningSandbox, open_sandbox, run_katana
from sandbox.woocommerce.generator import random_order
from schemas.errors import SettingRefused
from tasks import hub_choice
from tasks.account import reconfigure_account
from tasks.held import Process
from tasks.stores import NewStore, activate_store, connect_store
from tests.tasks.conftest import import_all, show

Katana = RunningSandbox[KatanaAccount]
Shop = RunningSandbox[Any]


@pytest.fixture
def katana() -> Iterator[Katana]:
    """An account."""
    with run_katana(KatanaAccount(Oddities(webhooks_by_hand=True, limit=100_000))) as running:
        yield running


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop with one order."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        random_order(sandbox.shop, {"status": "processing", "line_items": [{"sku": "STOOL-CHE", "quantity": 1}]})
        yield sandbox


@pytest.fixture
def new(shop: Shop) -> NewStore:
    """What a person says of it."""
    return NewStore("woocommerce", "acme", shop.url, shop.credentials, allow_insecure=True)


def choose(held: Process, katana: Katana, *, beside_another: bool = False) -> None:
    """The account becomes the hub."""
    values: dict[str, Any] = {"hub": "katana", "katana.url": katana.url, "katana.allow_insecure": True}
    values |= {"katana.api_key": katana.credentials["api_key"]}
    values |= hub_choice.prove_choice(held, values, beside_another=beside_another)
    with held.pool.connection() as connection:
        reconfigure_account(held, connection, values)


def bring(katana: Katana, shop: Shop, order_no: str) -> None:
    """Katana's own link brought the shop's order."""
    account = katana.shop
    order = account.orders.create(
        {
            "customer_id": account.customers.create({"name": "Ada"})["id"],
            "ecommerce_order_type": "wooCommerce",
            "ecommerce_store_name": shop.url.removeprefix("http://"),
            "ecommerce_order_id": order_no,
            "sales_order_rows": [{"variant_id": account.add_product("STOOL-CHE")["id"], "quantity": 1}],
        }
    )
    account.fees.create({"sales_order_id": order["id"], "amount": "4.90"})


def first(shop: Shop) -> str:
    return str(next(iter(shop.shop.book.orders)))


def test_ORD_6_a_shop_that_katana_has_its_own_link_to_is_connected_only_where_somebody_says_so(
    held: Process, katana: Katana, shop: Shop, new: NewStore
) -> None:
    choose(held, katana)
    bring(katana, shop, first(shop))

    with pytest.raises(SettingRefused, match=r"url: katana has 1 order\(s\) of this shop .* --yes goes on"):
        connect_store(held, new)
    connect_store(held, replace(new, beside_another=True))

    with held.pool.connection() as connection:
        (row,) = stores.stores(connection)
    held.redis.delete("storesync:katana:asked")
    assert import_all(held, row.id) == ["imported"]
    assert len(list(katana.shop.orders.table.view())) == 1
    assert [len(list(room.view())) for room in (katana.shop.rows.table, katana.shop.fees.table)] == [1, 1]
    assert "found_otherwise" in {line["reason"] for line in show(held, first(shop))["journal"]}


def test_STG_1_a_store_that_begins_inactive_is_asked_about_when_it_is_activated(
    held: Process, katana: Katana, shop: Shop, new: NewStore
) -> None:
    choose(held, katana)
    bring(katana, shop, first(shop))
    connect_store(held, replace(new, inactive=True))
    with held.pool.connection() as connection:
        (row,) = stores.stores(connection)

    with pytest.raises(SettingRefused, match="its own link"):
        activate_store(held, row)
    activate_store(held, row, beside_another=True)


def test_KAT_3_katana_is_chosen_only_where_none_of_its_links_is_in_the_way(
    held: Process, katana: Katana, shop: Shop, new: NewStore
) -> None:
    connect_store(held, new)
    bring(katana, shop, first(shop))

    with pytest.raises(SettingRefused, match="hub: katana has 1"):
        choose(held, katana)
    choose(held, katana, beside_another=True)
