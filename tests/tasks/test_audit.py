"""A store's list of orders beside ours: what is missing comes in, once, and what is older is read again (BEY-4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.postgres import auditing, journal
from sandbox import RunningSandbox, open_sandbox
from schemas.orders import ListedPage
from schemas.stores import StoreState
from tasks import audit as auditor
from tasks.audit import audit
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.stores import NewStore, connect_store
from tasks.upkeep import ring_due
from tests.connectors.toy.listed import toy
from tests.connectors.toy.sandbox import ToyShop
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all, import_due, show
from tests.tasks.orders.looking import Shop, all_orders, do, let_waits_pass, rung, store_of

__all__ = ["toy"]


@pytest.fixture
def bench(held: Process, shop: Shop) -> Bench:
    """A WooCommerce shop, connected as `acme`."""
    return open_bench(held, shop, "woocommerce", name="acme")


def sell(bench: Bench, orders: int, *, apart: timedelta = timedelta(minutes=1)) -> list[str]:
    """Orders of some hours ago, each a while after the one before: their ids."""
    ids = []
    for number in range(orders):
        with bench.shop.shop.at(datetime.now(UTC) - timedelta(hours=5) + number * apart):
            ids.append(bench.place())
    with bench.shop.shop.at(datetime.now(UTC) - timedelta(minutes=10)):
        bench.place()  # fetches have read up to here
    return ids


def read(held: Process, bench: Bench) -> None:
    """Fetched to its end, and all of it is seen."""
    import_all(held, bench.store_id)


def forget(held: Process, *external_ids: str) -> None:
    """As if no fetch had ever told of these orders."""
    for external_id in external_ids:
        do(held, "DELETE FROM hub.sales_orders WHERE external_id = %s", external_id)
        do(held, "DELETE FROM store_orders WHERE external_id = %s", external_id)


def age(held: Process, external_id: str) -> None:
    """As if no fetch had told of its last change."""
    earlier = "store_updated_at - interval '1 h'"
    do(held, f"UPDATE store_orders SET store_updated_at = {earlier} WHERE external_id = %s", external_id)


def want(held: Process, bench: Bench, days: int = 7) -> None:
    """A person wants it."""
    with held.pool.connection() as connection:
        auditing.want(connection, bench.store_id, held.now() - timedelta(days=days))


def found(held: Process, bench: Bench) -> dict[str, Any]:
    """What came of it."""
    audited = store_of(held, bench.store_id).audited
    assert audited is not None
    return {name: audited[name] for name in ("listed", "missing", "looked_again", "orders")}


def lines(held: Process) -> list[tuple[str, dict[str, Any]]]:
    """What the journal says of comparisons."""
    with held.pool.connection() as connection:
        every = journal.lines(connection, journal.Which())
    return [(line.outcome, line.detail) for line in every if line.action == "audit"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_BEY_4_an_order_that_no_fetch_told_of_comes_in_once_and_one_that_is_older_is_read_again(
    held: Process, platform: str
) -> None:
    with open_sandbox(platform, orders=0) as shop:
        bench = open_bench(held, shop, platform, name="acme")
        lost, stale, _ = sell(bench, 3)
        read(held, bench)
        forget(held, lost)
        age(held, stale)
        held.redis.flushdb()
        want(held, bench)

        assert audit("acme") == "audited"

        assert found(held, bench) == {"listed": 3, "missing": 1, "looked_again": 1, "orders": [lost]}
        assert {each for _, *some in rung(held.redis, "orders.few") for each in some} == {lost, stale}
        import_due(held, bench.store_id)
        assert show(held, lost)["state"] == "imported"
        assert [outcome for outcome, _ in lines(held)] == ["pending"]

        want(held, bench)
        assert audit("acme") == "audited"
        assert found(held, bench) == {"listed": 3, "missing": 0, "looked_again": 0, "orders": []}
        assert len(lines(held)) == 1


# -- in the toy, whose pages are small ---------------------------------------------------------------------------------


@pytest.fixture
def toys(held: Process, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSandbox[ToyShop]]:
    """A toy shop with seven orders of some hours ago that were read, a page of three at a time, and one of just now."""
    monkeypatch.setattr("tests.connectors.toy.connector.PER_PAGE", 3)
    with open_sandbox("toy", orders=0) as shop:
        connect_store(held, NewStore("toy", "acme", shop.url, shop.credentials, {}, allow_insecure=True))
        for number in range(8):
            with shop.shop.at(datetime.now(UTC) - timedelta(minutes=300 - 41 * number)):
                shop.shop.place_order([{"sku": "TOY", "name": "Toy", "pieces": 1, "price": 5}])
        yield shop


@pytest.fixture
def toy_bench(held: Process, toys: RunningSandbox[ToyShop]) -> Bench:
    """The same as a bench whose orders are in the hub."""
    bench = Bench(toys, 1)  # the first store of a fresh database
    read(held, bench)
    return bench


def test_BEY_4_a_long_list_goes_on_behind_its_last_page_and_is_counted_once(
    held: Process, toy_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "BUDGET_SECONDS", 0)
    forget(held, "2", "6")
    held.redis.flushdb()
    want(held, toy_bench)

    words = [audit("acme") for _ in range(4)]

    assert words == ["goes_on", "goes_on", "goes_on", "audited"]
    assert rung(held.redis, "fetch") == [[toy_bench.store_id]] * 3
    assert found(held, toy_bench) == {"listed": 7, "missing": 2, "looked_again": 0, "orders": ["2", "6"]}


def test_BEY_4_a_shop_that_goes_away_is_said_and_its_list_read_on_once_it_is_back(
    held: Process, toy_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "BUDGET_SECONDS", 0)
    forget(held, "2", "6")
    want(held, toy_bench)
    assert audit("acme") == "goes_on"
    toy_bench.shop.faults.fail_next(1, "http_500")

    assert audit("acme") == "put_off"

    row = store_of(held, toy_bench.store_id)
    assert (row.audited, row.audit_walk is None) == (None, False)
    let_waits_pass(held, toy_bench.store_id)
    monkeypatch.undo()
    assert audit("acme") == "audited"
    assert found(held, toy_bench)["missing"] == 2
    assert found(held, toy_bench)["listed"] == 7


@pytest.mark.parametrize("state", [StoreState.PAUSED, StoreState.NEEDS_ATTENTION])
def test_BEY_4_a_store_that_is_left_alone_is_compared_when_it_is_worked_on_again(
    held: Process, toy_bench: Bench, state: StoreState
) -> None:
    forget(held, "2")
    want(held, toy_bench)
    do(held, "UPDATE stores SET state = %s", state)
    held.redis.flushdb()

    ring_due()
    assert (rung(held.redis, "fetch"), audit("acme")) == ([], f"store_{state}")

    do(held, "UPDATE stores SET state = 'active'")
    ring_due()
    assert rung(held.redis, "fetch") == [[toy_bench.store_id]]
    assert audit("acme") == "audited"
    assert found(held, toy_bench)["missing"] == 1


def test_BEY_4_a_store_that_is_paused_in_the_middle_is_left_alone(
    held: Process, toy_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(held, "2")
    want(held, toy_bench)
    known = auditing.known

    def pause_meanwhile(*given: Any) -> dict[str, datetime | None]:
        do(held, "UPDATE stores SET state = 'paused'")
        return known(*given)

    monkeypatch.setattr(auditing, "known", pause_meanwhile)

    assert audit("acme") == "goes_on"

    assert "2" not in all_orders(held, toy_bench.store_id)
    assert store_of(held, toy_bench.store_id).audited is None


def test_BEY_4_what_a_fetch_is_still_to_bring_is_not_missing(held: Process, toys: RunningSandbox[ToyShop]) -> None:
    bench = Bench(toys, 1)
    want(held, bench)
    assert audit("acme") == "not_read_yet"

    assert fetch_orders("acme") == "fetched"
    toys.shop.place_order([{"sku": "TOY", "name": "Toy", "pieces": 1, "price": 5}])
    for moved in ("3", "8"):
        toys.shop.edit_order(moved, note="Mind the dog")

    assert audit("acme") == "audited"
    audited = found(held, bench)
    assert audited == {"listed": 6, "missing": 0, "looked_again": 0, "orders": []}


def test_BEY_4_a_change_without_a_meaning_is_no_older_one(held: Process, toy_bench: Bench) -> None:
    with toy_bench.shop.shop.at(datetime.now(UTC) - timedelta(minutes=12)):
        toy_bench.shop.shop.edit_order("3", colour="blue")
    for minutes in (4, 3):
        with toy_bench.shop.shop.at(datetime.now(UTC) - timedelta(minutes=minutes)):
            toy_bench.shop.shop.place_order([{"sku": "TOY", "name": "Toy", "pieces": 1, "price": 5}])
    assert [fetch_orders("acme") for _ in range(2)] == ["fetched"] * 2
    want(held, toy_bench)

    assert audit("acme") == "audited"
    assert found(held, toy_bench) == {"listed": 8, "missing": 0, "looked_again": 0, "orders": []}


def test_BEY_4_what_a_person_deleted_in_the_hub_stays_away(held: Process, toy_bench: Bench) -> None:
    do(held, "DELETE FROM hub.sales_orders WHERE external_id = '2'")
    age(held, "2")
    want(held, toy_bench)

    assert audit("acme") == "audited"
    assert found(held, toy_bench)["looked_again"] == 0
    assert show(held, "2")["state"] == "deleted"


def test_BEY_4_each_night_is_its_own_once_whatever_redis_forgot(held: Process, toy_bench: Bench) -> None:
    do(held, "UPDATE stores SET connected_at = now() - interval '3 days', activated_at = now() - interval '3 days'")
    forget(held, "2")
    for _ in range(2):
        held.redis.flushdb()
        ring_due()
        assert [toy_bench.store_id] in rung(held.redis, "fetch")

    assert audit("acme") == "audited"
    assert found(held, toy_bench)["missing"] == 1
    ring_due()
    assert (rung(held.redis, "fetch"), audit("acme")) == ([], "nothing_due")


def test_BEY_4_a_store_whose_fetch_fails_is_not_asked_for_its_list(held: Process, toy_bench: Bench) -> None:
    want(held, toy_bench)
    do(held, "UPDATE stores SET fetch_attempts = 1")
    held.redis.flushdb()

    ring_due()

    assert rung(held.redis, "fetch") == []


def test_BEY_4_what_no_order_can_be_called_is_counted_and_stops_nobody(
    held: Process, toy_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = held.connector(store_of(held, toy_bench.store_id))
    page = ListedPage({"1": None}, datetime.now(UTC), is_last=True, unread=1)
    monkeypatch.setattr(toy, "listed_orders", lambda _: iter([page]))
    want(held, toy_bench)

    assert audit("acme") == "audited"
    assert found(held, toy_bench) == {"listed": 1, "missing": 0, "looked_again": 0, "orders": []}
