"""A store that is set up before anything of it travels: inactive, brought in by hand, looked at, activated (STG-1)."""

from typing import Any

import pytest

from connectors.errors import CredentialsRefused
from connectors.hubs import our_hub
from connectors.postgres import stores
from schemas.actions import AddProduct
from schemas.errors import SettingRefused
from schemas.groups import Group
from schemas.reasons import Reason
from schemas.stores import StoreState
from tasks.activation import foretell
from tasks.catalogue import fetch_catalogue
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.lanes import LANES
from tasks.orders.preview import preview_orders
from tasks.products import import_products
from tasks.stock.importing import import_stock, want_stock
from tasks.stores import NewStore, activate_store, change_store, connect_store, set_state
from tasks.upkeep import ring_due
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, all_orders, asked, do, journal_of, rung, store_of
from tests.tasks.test_stores import saved


@pytest.fixture
def inactive(held: Process, shop: Shop) -> int:
    """The shop, connected and not activated."""
    return connected(held, shop, {})


def connected(held: Process, shop: Shop, settings: dict[str, Any]) -> int:
    connect_store(held, NewStore("woocommerce", "acme", shop.url, shop.credentials, settings, True, inactive=True))
    with held.pool.connection() as connection:
        row = stores.find_store(connection, "acme")
    assert row is not None
    return row.id


def test_STG_1_nothing_of_an_inactive_store_travels_by_itself(held: Process, shop: Shop, inactive: int) -> None:
    shop.merchant.sell("HELD", 1)
    held.redis.flushdb()
    before = asked(shop)
    by_hand = {"fetch_catalogue", "import_products"}

    assert {fetch_orders(inactive), import_stock(inactive)} == {"store_inactive"}
    assert {name for name, lane in LANES.items() if StoreState.INACTIVE in lane.states} == by_hand
    with held.pool.connection() as connection:
        assert stores.schedule(connection) == []
    ring_due()

    assert [rung(held.redis, queue) for queue in ("fetch", "orders", "orders.few", "stock")] == [[]] * 4
    assert (asked(shop), all_orders(held, inactive)) == (before, {})
    assert store_of(held, inactive).state is StoreState.INACTIVE


def test_STG_1_a_dry_run_says_what_an_activation_would_bring(held: Process, shop: Shop, inactive: int) -> None:
    sold = str(shop.merchant.sell("SEEN", 1))

    foretold = {one.external_id: one.outcome for one in preview_orders(held, store_of(held, inactive), None)}

    assert foretold[sold] == "create"
    assert all_orders(held, inactive) == {}


def test_STG_1_products_are_brought_in_by_hand(held: Process, shop: Shop, inactive: int) -> None:
    with held.pool.connection() as connection:
        stores.want_products(connection, inactive, wanted=True)

    held.redis.flushdb()
    ring_due()  # what a worker lost is rung for again
    assert fetch_catalogue(inactive) == "walked"
    assert "made" in import_products(inactive)

    assert store_of(held, inactive).state is StoreState.INACTIVE
    assert do(held, "SELECT FROM hub.variants") > 0


def test_STG_1_products_wait_for_the_activation_where_only_the_setting_wants_them(held: Process, shop: Shop) -> None:
    store_id = connected(held, shop, {"products.import_on_connect": "on"})
    assert not store_of(held, store_id).wants_products

    activate_store(held, store_of(held, store_id))

    assert store_of(held, store_id).wants_products


def test_STG_1_a_count_waits_for_the_activation(held: Process, shop: Shop, inactive: int) -> None:
    want_stock(held, store_of(held, inactive), is_again=False, is_trial=False)
    assert import_stock(inactive) == "store_inactive"

    activate_store(held, store_of(held, inactive))

    assert import_stock(inactive) != "store_inactive"


def test_STG_1_an_import_by_hand_that_is_refused_rests_and_the_store_stays_inactive(
    held: Process, shop: Shop, inactive: int
) -> None:
    with held.pool.connection() as connection:
        stores.want_products(connection, inactive, wanted=True)
    shop.faults.set_rates({"unauthorized": 1})

    assert fetch_catalogue(inactive) == "put_off"

    row = store_of(held, inactive)
    assert (row.state, row.catalogue_reason) == (StoreState.INACTIVE, Reason.CREDENTIALS_REFUSED)
    assert fetch_catalogue(inactive) == "waiting"
    assert journal_of(held, inactive) == [("fetch_catalogue", "failed", Reason.CREDENTIALS_REFUSED)]


def test_STG_1_an_activation_begins_as_a_connection_does(held: Process, shop: Shop, inactive: int) -> None:
    shop.merchant.sell("TOLD", 1)

    activate_store(held, store_of(held, inactive))

    assert store_of(held, inactive).state is StoreState.ACTIVE
    assert "imported" in import_all(held, inactive)
    assert ("set_state", "active", None) in journal_of(held, inactive)


def test_STG_1_settings_change_and_a_check_answers_while_it_is_inactive(
    held: Process, shop: Shop, inactive: int
) -> None:
    change_store(held, store_of(held, inactive), {"fetch.every": "30s"}, {})
    check_store(held, store_of(held, inactive))

    row = store_of(held, inactive)
    assert (row.state, row.settings["fetch.every"]) == (StoreState.INACTIVE, 30)


@pytest.mark.parametrize("state", [StoreState.ACTIVE, StoreState.PAUSED])
def test_STG_1_what_was_never_active_is_neither_paused_nor_resumed(
    held: Process, shop: Shop, inactive: int, state: StoreState
) -> None:
    with pytest.raises(SettingRefused, match="store activate acme"):
        set_state(held, store_of(held, inactive), state)

    assert store_of(held, inactive).state is StoreState.INACTIVE


def test_STG_1_only_an_inactive_store_is_activated(held: Process, shop: Shop, acme: int) -> None:
    set_state(held, store_of(held, acme), StoreState.PAUSED)

    with pytest.raises(SettingRefused, match="store resume acme"):
        activate_store(held, store_of(held, acme))


def test_STG_1_a_store_is_not_activated_twice(held: Process, shop: Shop, inactive: int) -> None:
    row = store_of(held, inactive)
    activate_store(held, row)

    with pytest.raises(SettingRefused, match="changed meanwhile"):
        activate_store(held, row)


def test_STG_1_a_shop_that_refuses_us_is_not_activated(held: Process, shop: Shop, inactive: int) -> None:
    shop.faults.set_rates({"unauthorized": 1})

    with pytest.raises(CredentialsRefused):
        activate_store(held, store_of(held, inactive))

    assert store_of(held, inactive).state is StoreState.INACTIVE


def test_STG_1_it_is_parted_from_and_comes_back(held: Process, shop: Shop, inactive: int) -> None:
    set_state(held, store_of(held, inactive), StoreState.DISCONNECTED)

    assert connected(held, shop, {}) == inactive
    assert store_of(held, inactive).state is StoreState.INACTIVE


def test_STG_3_what_an_activation_would_bring_is_foretold(held: Process, shop: Shop, inactive: int) -> None:
    with held.pool.connection() as connection:
        hub = our_hub(connection)
        for sku in ("KNOWN", "ONLY-HERE"):
            hub.apply([Group("product", (AddProduct(sku, sku),))])
    for sku in ("KNOWN", "TWICE", "TWICE"):
        shop.shop.add_product({"sku": sku, "name": sku, "manage_stock": True}, is_sku_free=True)
    comes, stays = shop.merchant.sell("NEW", 1), shop.merchant.sell_again("NEW", 1)
    shop.shop.edit_order(int(stays), {"status": "failed"})
    before = saved(held)

    found = foretell(held, store_of(held, inactive))

    outcomes = {one.external_id: (one.outcome, one.reason) for one in found.orders}
    assert (outcomes[str(comes)], outcomes[str(stays)]) == (("create", None), ("skip", "status_not_imported"))
    assert "KNOWN" in found.skus.both
    assert "NEW" in found.skus.new
    assert (found.skus.doubled, found.skus.missing, found.stock) == (("TWICE",), ("ONLY-HERE",), None)
    assert saved(held) == before
