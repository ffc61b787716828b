"""One shop is one store, however its address is spelled (MUL-4)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from sandbox import open_sandbox
from schemas.errors import SettingRefused
from schemas.stores import StoreState
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stores import NewStore, change_store, connect_store, set_state
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import Shop, all_orders, do, store_of

SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "another host name": lambda url: url.replace("127.0.0.1", "localhost"),
    "capitals": lambda url: url.replace("http://127.0.0.1", "HTTP://LOCALHOST"),
    "a trailing slash": lambda url: f"{url}/",
    "a dot after the host": lambda url: url.replace("127.0.0.1", "localhost."),
}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> str:
    """Every platform."""
    return str(request.param)


@pytest.fixture
def shop(platform: str) -> Iterator[Shop]:
    """A shop of the platform without orders."""
    with open_sandbox(platform, orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def bench(held: Process, shop: Shop, platform: str) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, platform, name="acme")


def connect_as(held: Process, shop: Shop, platform: str, name: str, url: str) -> None:
    """Connect a shop by an address."""
    connect_store(held, NewStore(platform, name, url, shop.credentials, allow_insecure=True))


def names(held: Process) -> list[str]:
    """All stores there are."""
    with held.pool.connection() as connection:
        return [row["name"] for row in connection.execute("SELECT name FROM stores ORDER BY id")]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_MUL_4_a_second_connection_is_refused_with_the_firsts_name(
    held: Process, shop: Shop, bench: Bench, platform: str, spelling: str
) -> None:
    with pytest.raises(SettingRefused, match="connected already, as 'acme'") as refused:
        connect_as(held, shop, platform, "twin", SPELLINGS[spelling](shop.url))

    assert refused.value.key == "url"
    assert names(held) == ["acme"]


def test_MUL_4_a_shop_that_comes_back_by_another_address_is_the_store_of_before(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    bench.place()
    assert import_all(held, bench.store_id) == ["imported"]
    set_state(held, store_of(held, bench.store_id), StoreState.DISCONNECTED)
    other = SPELLINGS["another host name"](shop.url)

    connect_as(held, shop, platform, "again", other)

    assert names(held) == ["again"]
    assert store_of(held, bench.store_id).url == other
    import_all(held, bench.store_id)
    assert len(all_orders(held, bench.store_id)) == 1


def test_MUL_4_another_address_of_the_same_shop_may_be_set(held: Process, shop: Shop, bench: Bench) -> None:
    other = SPELLINGS["another host name"](shop.url)

    change_store(held, store_of(held, bench.store_id), {}, {}, url=other)

    assert store_of(held, bench.store_id).url == other


def test_MUL_4_the_address_of_another_stores_shop_may_not_be_set(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    with open_sandbox(platform, orders=0) as second:
        store = open_bench(held, second, platform, name="second").store_id

        with pytest.raises(SettingRefused, match="known already, as 'acme'"):
            change_store(
                held, store_of(held, store), {}, shop.credentials, url=SPELLINGS["another host name"](shop.url)
            )


@pytest.mark.parametrize("look", ["fetch", "check"])
def test_MUL_4_a_store_of_before_learns_what_its_shop_is_called(
    held: Process, shop: Shop, bench: Bench, platform: str, look: str
) -> None:
    called = store_of(held, bench.store_id).shop
    do(held, "UPDATE stores SET shop = NULL")

    if look == "fetch":
        fetch_orders(bench.store_id)
    else:
        check_store(held, store_of(held, bench.store_id))

    assert called
    assert store_of(held, bench.store_id).shop == called


def test_MUL_4_stores_that_were_one_shop_already_go_on_and_one_has_the_name(
    held: Process, shop: Shop, bench: Bench, platform: str
) -> None:
    do(held, "UPDATE stores SET shop = NULL, url = %s", "http://elsewhere.invalid")
    connect_as(held, shop, platform, "twin", shop.url)
    do(held, "UPDATE stores SET url = %s WHERE name = 'acme'", SPELLINGS["another host name"](shop.url))

    assert fetch_orders(bench.store_id) == "fetched"

    assert store_of(held, bench.store_id).shop is None


def test_MUL_4_two_at_once_make_one_store(held: Process, shop: Shop, platform: str) -> None:
    urls = [shop.url, SPELLINGS["another host name"](shop.url)]

    def connect(number: int) -> bool:
        try:
            connect_as(held, shop, platform, f"acme-{number}", urls[number])
        except SettingRefused:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(connect, range(2))) == [False, True]
    assert len(names(held)) == 1


# -- WooCommerce ---------------------------------------------------------------------------------------------------


def test_MUL_4_shops_in_folders_of_one_host_are_different_shops(held: Process) -> None:
    with open_sandbox("woocommerce", orders=0) as first, open_sandbox("woocommerce", orders=0) as second:
        first.shop.home, second.shop.home = "https://shops.example/a", "https://shops.example/b/"

        connect_as(held, first, "woocommerce", "first", first.url)
        connect_as(held, second, "woocommerce", "second", second.url)

    assert names(held) == ["first", "second"]


@pytest.mark.parametrize("home", ["https://WWW.Shop.example/", "http://shop.example:80", "shop.example"])
def test_MUL_4_what_a_shop_calls_itself_is_compared_without_its_spelling(held: Process, home: str) -> None:
    with open_sandbox("woocommerce", orders=0) as first, open_sandbox("woocommerce", orders=0) as second:
        first.shop.home, second.shop.home = "https://shop.example", home
        connect_as(held, first, "woocommerce", "first", first.url)

        with pytest.raises(SettingRefused, match="as 'first'"):
            connect_as(held, second, "woocommerce", "second", second.url)


def test_MUL_4_where_a_shop_does_not_say_its_address_is_compared(held: Process) -> None:
    with open_sandbox("woocommerce", orders=0) as shop:
        shop.shop.hides_index = True
        connect_as(held, shop, "woocommerce", "acme", shop.url)

        with pytest.raises(SettingRefused, match="as 'acme'"):
            connect_as(held, shop, "woocommerce", "twin", f"{shop.url}//")
