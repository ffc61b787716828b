"""Connecting, changing and parting: nothing is kept that was not proved, and nothing is half-saved."""

import logging
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connectors.config import Config
from connectors.errors import ConnectorError, CredentialsRefused, Unavailable, Unsafe
from connectors.postgres import journal, order_view, stores
from sandbox import ShopSettings, WooCommerceShop, open_sandbox, run_woocommerce
from sandbox.woocommerce.generator import random_order
from schemas.errors import SettingRefused
from schemas.stores import StoreState
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process, close_process, configure, process
from tasks.stores import NewStore, change_store, connect_store, set_state
from tests.connectors.builtin_hub import reports
from tests.tasks.conftest import connect, import_all
from tests.tasks.orders.looking import Shop, all_orders, asked, do, journal_of, store_of


@pytest.fixture
def other_shop() -> Iterator[Shop]:
    """Another shop."""
    with open_sandbox("woocommerce", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def at_rest(config: Config) -> Iterator[Process]:
    """A process on a database that others use as well: nothing may come to be written."""
    configure(config)
    yield process()
    close_process()


def new_store(shop: Shop, **changes: Any) -> NewStore:
    """What a person says of a shop, but for what is changed."""
    values: dict[str, Any] = {
        "platform": "woocommerce",
        "name": "acme",
        "url": shop.url,
        "credentials": shop.credentials,
        "settings": {},
        "allow_insecure": True,
    }
    return NewStore(**values | changes)


def saved(held: Process) -> list[Any]:
    """Everything that connecting or changing a store may write."""
    with held.pool.connection() as connection:
        return [
            connection.execute("SELECT * FROM stores ORDER BY id").fetchall(),
            connection.execute("SELECT settings FROM account").fetchall(),
            connection.execute("SELECT * FROM journal ORDER BY id").fetchall(),
        ]


# -- connecting ----------------------------------------------------------------------------------------------------


def test_a_connected_store_is_active_and_its_settings_are_kept(held: Process, shop: Shop) -> None:
    connect_store(held, new_store(shop, settings={"fetch.every": "5m", "stock.buffer": "2"}))

    row = store_of(held, 1)
    assert (row.name, row.state, row.url) == ("acme", "active", shop.url)
    assert row.settings == {"fetch.every": 300, "stock.buffer": 2}


def test_BEY_3_with_which_settings_a_store_was_connected_is_journaled(held: Process, shop: Shop) -> None:
    connect_store(held, new_store(shop, settings={"orders.shipping_fee_line": "off"}))

    with held.pool.connection() as connection:
        (line,) = journal.lines(connection, journal.Which())
    assert line.detail == {"url": shop.url, "settings": {"orders.shipping_fee_line": False}}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        pytest.param({"platform": "etsy"}, "platform", id="unknown platform"),
        pytest.param({"name": "Acme"}, "name", id="capital letters"),
        pytest.param({"name": "7"}, "name", id="a name like an id"),
        pytest.param({"name": "acme\n"}, "name", id="a name with a line break"),
        pytest.param({"name": "a" * 64}, "name", id="a long name"),
        pytest.param({"name": ""}, "name", id="no name"),
        pytest.param({"credentials": {}}, "consumer_key", id="no credentials"),
        pytest.param({"credentials": {"consumer_key": "a"}}, "consumer_secret", id="one credential missing"),
        pytest.param({"credentials": {"consumer_key": "a", "consumer_secret": " "}}, "consumer_secret", id="empty"),
        pytest.param({"credentials": {"password": "a"}}, "password", id="unknown credential"),
        pytest.param({"settings": {"fetch.evry": "60"}}, "fetch.evry", id="unknown setting"),
        pytest.param({"settings": {"fetch.every": "soon"}}, "fetch.every", id="wrong type"),
        pytest.param({"settings": {"fetch.every": "5"}}, "fetch.every", id="too often"),
        pytest.param({"settings": {"stock.sync": "perhaps"}}, "stock.sync", id="no switch"),
        pytest.param({"settings": {"profile": "stitch"}}, "profile", id="setting of another platform"),
        pytest.param({"settings": {"location": "moon"}}, "location", id="unknown location"),
        pytest.param({"settings": {"stock.buffer": 1, "location": "moon"}}, "location", id="one of two is wrong"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_saved(
    at_rest: Process, shop: Shop, changes: dict[str, Any], key: str
) -> None:
    before = saved(at_rest)

    with pytest.raises(SettingRefused) as refused:
        connect_store(at_rest, new_store(shop, **changes))

    assert refused.value.key == key
    assert saved(at_rest) == before
    assert asked(shop) == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("http://shop.example", "must start with https", id="http"),
        pytest.param("ftp://shop.example", "must start with https", id="another scheme"),
        pytest.param("https://127.0.0.1:1", "not on the public internet", id="loopback"),
        pytest.param("https://[::1]:1", "not on the public internet", id="loopback in IPv6"),
        pytest.param("https://10.1.2.3", "not on the public internet", id="private network"),
        pytest.param("https://169.254.169.254", "not on the public internet", id="cloud metadata"),
        pytest.param("https://user:password@shop.example", "must not hold a user name", id="credentials in the URL"),
    ],
)
def test_ch_11_an_unsafe_address_is_refused_and_nothing_is_saved(
    at_rest: Process, shop: Shop, url: str, words: str
) -> None:
    before = saved(at_rest)

    with pytest.raises(Unsafe, match=words):
        connect_store(at_rest, new_store(shop, url=url, allow_insecure=False))

    assert saved(at_rest) == before


def test_credentials_the_shop_refuses_are_not_saved(at_rest: Process, shop: Shop) -> None:
    before = saved(at_rest)

    with pytest.raises(CredentialsRefused):
        connect_store(at_rest, new_store(shop, credentials={**shop.credentials, "consumer_secret": "cs_wrong"}))

    assert saved(at_rest) == before


@pytest.mark.parametrize("fault", ["http_500", "html", "reset"])
def test_a_shop_that_does_not_answer_is_not_saved(at_rest: Process, shop: Shop, fault: str) -> None:
    before = saved(at_rest)
    shop.faults.fail_next(1, fault)

    with pytest.raises(Unavailable):
        connect_store(at_rest, new_store(shop))

    assert saved(at_rest) == before


def test_ORD_6_a_shop_is_connected_once_however_its_address_is_written(held: Process, shop: Shop, acme: int) -> None:
    before = saved(held)

    with pytest.raises(SettingRefused, match="connected already, as 'acme'") as refused:
        connect_store(held, new_store(shop, name="again", url=f"  {shop.url.upper()}/ "))

    assert refused.value.key == "url"
    assert saved(held) == before


def test_a_name_is_given_once(held: Process, shop: Shop, acme: int, other_shop: Shop) -> None:
    before = saved(held)

    with pytest.raises(SettingRefused, match="there is a store 'acme' already"):
        connect_store(held, new_store(other_shop))

    assert saved(held) == before


def test_a_name_is_given_once_to_two_who_want_it_at_once(held: Process, shop: Shop, other_shop: Shop) -> None:
    for one in (shop, other_shop):  # both have looked whether the name is free before either has it
        one.faults.fail_next(1, "slow")

    with ThreadPoolExecutor() as people:
        asked_for = [people.submit(connect_store, held, new_store(one)) for one in (shop, other_shop)]

    (refused,) = [str(one.exception()) for one in asked_for if one.exception()]
    assert refused.startswith("name: there is a store 'acme' already")


# -- parting and coming back ---------------------------------------------------------------------------------------


def test_ORD_6_a_shop_that_comes_back_has_its_orders_and_gets_no_doubles(held: Process, shop: Shop, acme: int) -> None:
    known = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)
    missed = random_order(shop.shop, {"status": "processing"})

    again = connect(held, shop, "acme-again")
    words = import_all(held, again)

    assert again == acme
    assert words == ["imported"]
    assert all_orders(held, acme) == {str(known.id): "imported", str(missed.id): "imported"}
    with held.pool.connection() as connection:
        (money,) = reports.money(connection, acme)
    assert money.orders == 2


def test_ORD_7_a_shop_that_comes_back_keeps_its_tombstones(held: Process, shop: Shop, acme: int) -> None:
    order = random_order(shop.shop, {"status": "processing"})
    import_all(held, acme)
    do(held, "DELETE FROM hub.sales_orders")
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    connect(held, shop, "acme")
    shop.shop.edit_order(order.id, {"customer_note": "changed after that"})
    import_all(held, acme)

    assert all_orders(held, acme) == {str(order.id): "deleted"}
    with held.pool.connection() as connection:
        assert reports.money(connection, acme) == []


def test_a_shop_that_comes_back_is_fetched_at_once(held: Process, shop: Shop, acme: int) -> None:
    fetch_orders(acme)
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    connect(held, shop, "acme")

    assert store_of(held, acme).fetched_at is None


def test_BEY_9_credentials_are_forgotten_when_a_store_is_disconnected(held: Process, acme: int) -> None:
    set_state(held, store_of(held, acme), StoreState.DISCONNECTED)

    assert store_of(held, acme).credentials == ""
    assert fetch_orders(acme) == "store_disconnected"


# -- currency ------------------------------------------------------------------------------------------------------


def base_currency(held: Process) -> str:
    """The account's base currency."""
    with held.pool.connection() as connection:
        return stores.account(connection).base_currency


@pytest.fixture
def dollar_shop() -> Iterator[Shop]:
    """A shop that sells in dollars."""
    with run_woocommerce(WooCommerceShop(ShopSettings(currency="USD"))) as sandbox:
        yield sandbox


def test_the_first_stores_currency_becomes_the_base_currency(held: Process, shop: Shop, dollar_shop: Shop) -> None:
    connect(held, dollar_shop, "dollars")
    connect(held, shop, "euros")

    assert base_currency(held) == "USD"


def test_a_base_currency_that_was_chosen_stays(held: Process, dollar_shop: Shop) -> None:
    with held.pool.connection() as connection:
        stores.change_account(connection, {"base_currency": "GBP"})

    connect(held, dollar_shop, "dollars")

    assert base_currency(held) == "GBP"


# -- changing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "credentials", "error"),
    [
        pytest.param(
            {"stock.buffer": "3"}, {"consumer_secret": "cs_wrong"}, CredentialsRefused, id="refused credentials"
        ),
        pytest.param({"stock.buffer": "3"}, {"password": "x"}, SettingRefused, id="unknown credential"),
        pytest.param({"stock.buffer": "3", "nothing": "x"}, {}, SettingRefused, id="unknown setting"),
        pytest.param({"stock.buffer": "3", "location": "moon"}, {}, SettingRefused, id="unknown location"),
        pytest.param({"stock.buffer": "-1", "fetch.every": "30s"}, {}, SettingRefused, id="one of two is wrong"),
    ],
)
def test_a_change_that_is_refused_saves_nothing(
    held: Process, acme: int, settings: dict[str, str], credentials: dict[str, str], error: type[Exception]
) -> None:
    before = saved(held)

    with pytest.raises(error):
        change_store(held, store_of(held, acme), settings, credentials)

    assert saved(held) == before


def test_new_credentials_are_merged_with_the_old_ones_and_proved(held: Process, shop: Shop, acme: int) -> None:
    secret = shop.credentials["consumer_secret"]

    change_store(held, store_of(held, acme), {}, {"consumer_secret": f" {secret} ", "webhook_secret": "w"})

    kept = held.secrets.unlock(store_of(held, acme).credentials)
    assert kept == {**shop.credentials, "webhook_secret": "w"}


def test_a_check_that_succeeds_leaves_a_paused_store_paused(held: Process, acme: int) -> None:
    set_state(held, store_of(held, acme), StoreState.PAUSED)

    assert check_store(held, store_of(held, acme)).currency == "EUR"
    assert store_of(held, acme).state == "paused"


def test_a_check_of_a_shop_that_is_down_changes_nothing(held: Process, shop: Shop, acme: int) -> None:
    before = saved(held)
    shop.faults.fail_next(1, "http_503")

    with pytest.raises(Unavailable):
        check_store(held, store_of(held, acme))

    assert saved(held) == before


# -- secrets -------------------------------------------------------------------------------------------------------


def test_BEY_9_credentials_are_nowhere_but_locked_in_the_stores_row(
    held: Process, shop: Shop, acme: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    told = [_trouble(held, shop, acme, fault) for fault in ("unauthorized", "http_500", "reset", "html")]
    change_store(held, store_of(held, acme), {}, shop.credentials)
    fetch_orders(acme)
    dump = repr(saved(held)) + caplog.text + "".join(told)
    with held.pool.connection() as connection:
        dump += repr(journal.lines(connection, journal.Which())) + repr(order_view.orders(connection))

    for secret in shop.credentials.values():
        assert secret not in dump
    kept = held.secrets.unlock(store_of(held, acme).credentials)
    assert kept.pop("webhook_secret") not in dump
    assert kept == shop.credentials
    assert ("reconfigure", "saved", None) in journal_of(held, acme)


def _trouble(held: Process, shop: Shop, store_id: int, fault: str) -> str:
    """What a fetch that fails, and a check, leave for people to read."""
    do(held, "UPDATE stores SET state = 'active', fetch_due_at = NULL")
    shop.faults.fail_next(2, fault)
    fetch_orders(store_id)
    with pytest.raises(ConnectorError) as caught:
        check_store(held, store_of(held, store_id))
    return "".join(traceback.format_exception_only(caught.value))
