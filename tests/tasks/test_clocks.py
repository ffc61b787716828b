"""A shop's server whose clock is behind: what it saves is dated before what was read already, and comes in (ORD-1)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import open_sandbox
from tasks.fetch import fetch_orders
from tasks.held import Process
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all
from tests.tasks.orders.looking import all_orders, asked, do, store_of

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=PLATFORMS)
def bench(held: Process, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A shop without orders, connected."""
    with open_sandbox(request.param, orders=0) as shop:
        yield open_bench(held, shop, request.param, name="acme")


def place(bench: Bench, ago: timedelta) -> str:
    with bench.shop.shop.at(datetime.now(UTC) - ago):
        return bench.place()


def pass_time(held: Process, bench: Bench, time: timedelta) -> None:
    """The newest change that we know was seen so much longer ago."""
    cursor = json.loads(store_of(held, bench.store_id).cursor or "")
    cursor["at"] = (datetime.fromisoformat(cursor["at"]) - time).isoformat()
    do(held, "UPDATE stores SET cursor = %s", json.dumps(cursor))


@pytest.mark.parametrize("behind", [10, 55])
def test_an_order_of_a_server_whose_clock_is_behind_comes_in(held: Process, bench: Bench, behind: int) -> None:
    placed = [place(bench, 70 * MINUTE), place(bench, 20 * MINUTE), place(bench, MINUTE)]
    for _ in range(3):
        import_all(held, bench.store_id)
        pass_time(held, bench, 15 * MINUTE)

    late = place(bench, (behind + 1) * MINUTE)

    assert import_all(held, bench.store_id) == ["imported"]
    assert all_orders(held, bench.store_id) == dict.fromkeys([*placed, late], "imported")


@pytest.mark.long
def test_reading_the_last_changes_again_costs_no_call(held: Process, bench: Bench) -> None:
    with bench.shop.shop.at(datetime.now(UTC) - 20 * MINUTE):
        bench.seed(150)
    import_all(held, bench.store_id)
    pass_time(held, bench, 15 * MINUTE)
    assert fetch_orders(bench.store_id) == "fetched"

    for number in range(6):
        pass_time(held, bench, 15 * MINUTE)
        place(bench, 12 * MINUTE - number * MINUTE)
        before = asked(bench.shop)
        assert fetch_orders(bench.store_id) == "fetched"
        assert asked(bench.shop) == before + 1
