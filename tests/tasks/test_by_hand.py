"""What people ask by hand of a store that is read: nothing it has not read yet is passed over (ORD-9)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.postgres import stores
from sandbox import open_sandbox
from schemas.stores import StoreState
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stores import NewStore, connect_store, set_state
from tests.connectors.store_contract_case import following
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.looking import all_orders, do, order_of, store_of

DAY = timedelta(days=1)


@pytest.fixture(params=PLATFORMS)
def bench(held: Process, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A shop without orders, connected and not read yet."""
    with open_sandbox(request.param, orders=0) as shop:
        yield open_bench(held, shop, request.param, name="acme")


def place(bench: Bench, ago: timedelta) -> str:
    with bench.shop.shop.at(datetime.now(UTC) - ago):
        return bench.place()


def read_again(held: Process, bench: Bench, ago: timedelta) -> None:
    with held.pool.connection() as connection:
        stores.read_again(connection, bench.store_id, datetime.now(UTC) - ago)


def move(held: Process, bench: Bench, state: StoreState) -> None:
    set_state(held, store_of(held, bench.store_id), state)


def stands(held: Process, ago: timedelta) -> None:
    """The store was last read so long ago."""
    do(held, "UPDATE stores SET cursor = %s", following(datetime.now(UTC) - ago))


def test_ORD_9_since_before_the_first_import_leaves_no_open_order_behind(held: Process, bench: Bench) -> None:
    placed = [place(bench, ago) for ago in (13 * DAY, 5 * DAY, timedelta(hours=1))]

    read_again(held, bench, 2 * DAY)
    import_all(held, bench.store_id)

    assert all_orders(held, bench.store_id) == dict.fromkeys(placed, "imported")


def test_ORD_9_since_after_a_pause_leaves_nothing_behind(held: Process, bench: Bench) -> None:
    before = place(bench, 9 * DAY)
    import_all(held, bench.store_id)
    stands(held, 9 * DAY)
    move(held, bench, StoreState.PAUSED)
    meanwhile = place(bench, 5 * DAY)
    move(held, bench, StoreState.ACTIVE)

    read_again(held, bench, 2 * DAY)
    import_all(held, bench.store_id)

    assert set(all_orders(held, bench.store_id)) == {before, meanwhile}


def test_ORD_9_since_then_reads_what_lies_before_the_cursor(held: Process, bench: Bench) -> None:
    old = place(bench, 10 * DAY)
    stands(held, DAY)

    read_again(held, bench, 2 * DAY)
    assert fetch_orders(bench.store_id) == "fetched"
    assert old not in all_orders(held, bench.store_id)

    read_again(held, bench, 11 * DAY)
    assert fetch_orders(bench.store_id) == "fetched"
    assert old in all_orders(held, bench.store_id)


def test_ORD_9_a_pause_does_not_end_a_first_import_early(held: Process, bench: Bench) -> None:
    placed = [place(bench, ago) for ago in (13 * DAY, timedelta(hours=1))]
    for moment in ("connected_at", "activated_at"):
        do(held, f"UPDATE stores SET {moment} = {moment} - interval '1 minute'")

    move(held, bench, StoreState.PAUSED)
    move(held, bench, StoreState.ACTIVE)
    assert fetch_orders(bench.store_id) == "fetched"
    move(held, bench, StoreState.PAUSED)  # read, and not yet looked at
    move(held, bench, StoreState.ACTIVE)
    import_due(held, bench.store_id)

    assert all_orders(held, bench.store_id) == dict.fromkeys(placed, "imported")


def test_ORD_9_a_shop_that_is_connected_again_tells_what_changed_meanwhile(held: Process, bench: Bench) -> None:
    platform, shop = store_of(held, bench.store_id).platform, bench.shop.shop
    order = place(bench, 60 * DAY)
    stands(held, 61 * DAY)
    import_all(held, bench.store_id)
    stands(held, 60 * DAY)
    move(held, bench, StoreState.DISCONNECTED)
    with shop.at(datetime.now(UTC) - 45 * DAY):
        (shop.fulfill if platform == "shopify" else shop.complete_order)(int(order))
    before = order_of(held, bench.store_id, order).changed

    connect_store(held, NewStore(platform, "again", bench.shop.url, bench.shop.credentials, allow_insecure=True))
    assert fetch_orders(bench.store_id) == "fetched"

    assert order_of(held, bench.store_id, order).changed > before
