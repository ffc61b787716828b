"""A shop that reads for us and refuses to be written to loses only what writes (SPEC chapter 11)."""

from collections.abc import Iterator

import pytest

from sandbox import open_sandbox
from tasks.bells import ring_due_fulfillments
from tasks.catalogue import fetch_catalogue
from tasks.checks import check_store
from tasks.fetch import fetch_orders
from tasks.held import Process
from tasks.orders.fulfill import fulfill_order
from tasks.stock.push import push_stock
from tasks.stores import change_store
from tests.stock_shops import Shelf
from tests.tasks.bad_input import PLATFORMS, Bench, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.delivering import Desk
from tests.tasks.orders.looking import Shop, do, journal_of, store_of
from tests.tasks.stock.stocking import add, let_stock_wait_pass, stock_row

STOPPED = ("stop", "fulfillment", "write_refused")


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


def delivered(held: Process, bench: Bench) -> Desk:
    """An order that is imported, and delivered in the hub."""
    placed = bench.place()
    assert import_all(held, bench.store_id) == ["imported"]
    desk = Desk(held, bench.store_id, placed)
    desk.deliver()
    return desk


def refuse_writes(shop: Shop, *, on: bool = True) -> None:
    """The vendor's own refusal, of whatever writes."""
    shop.faults.set_rates({"write_refused": 1} if on else {})


def bells(held: Process) -> int:
    """How many orders are rung for that a store is to be told of."""
    with held.pool.connection() as connection:
        return ring_due_fulfillments(connection)


def test_ch_11_a_refused_fulfilment_stops_fulfilments_and_no_order(held: Process, shop: Shop, bench: Bench) -> None:
    desk = delivered(held, bench)
    refuse_writes(shop)

    assert desk.tell() == "put_off"

    row = store_of(held, bench.store_id)
    assert (row.state, row.fulfillment_reason) == ("active", "write_refused")
    assert "The right that is missing: " in (row.fulfillment_detail or "")
    assert journal_of(held, bench.store_id)[-1] == STOPPED
    bench.place()
    assert import_all(held, bench.store_id) == ["imported"]
    assert store_of(held, bench.store_id).state == "active"
    assert bells(held) == 0


def test_ch_11_every_order_that_waits_is_told_once_the_right_is_there(held: Process, shop: Shop, bench: Bench) -> None:
    refuse_writes(shop)
    desks = [delivered(held, bench) for _ in range(3)]
    assert [fulfill_order(desk.store_id, desk.external_id) for desk in desks] == ["put_off", "waiting", "waiting"]
    refuse_writes(shop, on=False)

    check_store(held, store_of(held, bench.store_id))

    assert bells(held) == 3
    assert [fulfill_order(desk.store_id, desk.external_id) for desk in desks] == ["sent"] * 3
    assert store_of(held, bench.store_id).fulfillment_reason is None
    assert journal_of(held, bench.store_id).count(STOPPED) == 1


def test_ch_11_it_is_tried_again_by_itself_and_said_once(held: Process, shop: Shop, bench: Bench) -> None:
    desk = delivered(held, bench)
    refuse_writes(shop)
    desk.tell()
    do(held, "UPDATE stores SET fulfillment_due_at = now()")
    desk.tell()
    refuse_writes(shop, on=False)
    do(held, "UPDATE stores SET fulfillment_due_at = now()")

    assert desk.tell() == "sent"

    assert store_of(held, bench.store_id).fulfillment_reason is None
    lines = journal_of(held, bench.store_id)
    assert (lines.count(STOPPED), lines.count(("go_on", "fulfillment", None))) == (1, 1)


def test_ch_11_new_credentials_let_it_go_on(held: Process, shop: Shop, bench: Bench) -> None:
    desk = delivered(held, bench)
    refuse_writes(shop)
    desk.tell()
    refuse_writes(shop, on=False)

    change_store(held, store_of(held, bench.store_id), {}, shop.credentials)

    assert fulfill_order(desk.store_id, desk.external_id) == "sent"


def test_ch_11_where_orders_are_not_read_either_the_store_stops(held: Process, shop: Shop, bench: Bench) -> None:
    desk = delivered(held, bench)
    shop.faults.set_rates({"unauthorized": 1})

    desk.tell()

    assert store_of(held, bench.store_id).state == "needs_attention"


def test_ch_11_refused_stock_stops_stock_and_no_order(held: Process, shop: Shop, platform: str) -> None:
    shelf = Shelf(platform, shop)
    bench = open_bench(held, shop, platform, name="acme", **{"stock.sync": "on"})
    shelf.offer("A-1", 2)
    add(held, "A-1", 7)
    fetch_catalogue(bench.store_id)
    refuse_writes(shop)

    push_stock(bench.store_id)

    row = store_of(held, bench.store_id)
    assert (row.state, row.stock_reason, row.stock_attempts) == ("active", "write_refused", 0)
    assert "The right that is missing: " in (row.stock_detail or "")
    assert journal_of(held, bench.store_id).count(("stop", "stock", "write_refused")) == 1
    assert push_stock(bench.store_id) == "nothing_due"
    assert fetch_orders(bench.store_id) == "fetched"
    refuse_writes(shop, on=False)
    check_store(held, row)
    free = stock_row(held, bench.store_id, "A-1")
    assert (free["due_at"], store_of(held, bench.store_id).stock_due_at) == (None, None)
    let_stock_wait_pass(held, bench.store_id)
    push_stock(bench.store_id)
    assert shelf.shown("A-1") == [7]
    assert store_of(held, bench.store_id).stock_reason is None


def test_ch_11_an_order_that_waits_says_why(held: Process, shop: Shop, bench: Bench) -> None:
    desks = [delivered(held, bench) for _ in range(2)]
    refuse_writes(shop)
    desks[0].tell()

    assert [show(held, desk.external_id)["hub_reason"] for desk in desks] == ["write_refused"] * 2
