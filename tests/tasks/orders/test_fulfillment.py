"""Fulfilment both ways between the hub and shops that know whole orders only (FUL-3…15)."""

from collections.abc import Iterator

import pytest

from sandbox import open_sandbox
from schemas.actions import DeleteOrder
from tasks.held import Process
from tasks.upkeep import ring_due
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.delivering import Desk, switch_sync
from tests.tasks.orders.looking import Shop, do, rung, store_of


@pytest.fixture(params=["bigcommerce", "woocommerce"])
def platform(request: pytest.FixtureRequest) -> str:
    """A platform whose orders are completed, or are not."""
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


@pytest.fixture
def desk(held: Process, bench: Bench) -> Desk:
    """An order of two pieces that stands in the hub."""
    bench.seed(1)
    assert import_all(held, bench.store_id) == ["imported"]
    with held.pool.connection() as connection:
        (row,) = connection.execute("SELECT external_id FROM store_orders").fetchall()
    do(held, "UPDATE hub.sales_order_rows SET quantity = 2 WHERE ships")
    do(held, "UPDATE stores SET settings = settings || '{\"orders.changes\": false}'")
    return Desk(held, bench.store_id, row["external_id"])


def status_of(shop: Shop, desk: Desk) -> str:
    """The shop's word, in small letters."""
    return str(shop.shop.status_of(desk.external_id)).lower()


def is_open(shop: Shop, desk: Desk) -> bool:
    return status_of(shop, desk) in {"processing", "awaiting fulfillment"}


def complete(shop: Shop, desk: Desk) -> None:
    shop.shop.complete_order(int(desk.external_id))


def reopen(shop: Shop, desk: Desk) -> None:
    """The merchant brings an order back."""
    is_woocommerce = "woocommerce" in store_of(desk.held, desk.store_id).platform
    opened = {"status": "processing"} if is_woocommerce else {"status_id": 11}
    shop.shop.edit_order(int(desk.external_id), opened)


def puts(shop: Shop) -> int:
    """How often anything of an order was written from outside."""
    return sum(count for route, count in shop.shop.calls.items() if "order" in route and not route.startswith("GET"))


def is_quiet(shop: Shop, desk: Desk) -> bool:
    """Whether another look from both sides finds nothing to do."""
    told, status = puts(shop), desk.order().status
    desk.hear()
    return (desk.tell(), puts(shop), desk.order().status, desk.is_settled()) == ("nothing_due", told, status, True)


# -- store to hub --------------------------------------------------------------------------------------------------


def test_FUL_3_completed_in_the_store_is_delivered_in_the_hub_and_stays_so(
    held: Process, shop: Shop, bench: Bench, desk: Desk
) -> None:
    complete(shop, desk)
    assert import_all(held, bench.store_id) == ["delivered"]
    assert (desk.order().status, desk.order().flags.shipped) == ("DELIVERED", True)
    assert desk.journal("deliver") == [("delivered", None)]

    do(held, "UPDATE stores SET settings = settings - 'orders.changes'")  # on again
    shop.shop.cancel_order(int(desk.external_id))
    import_all(held, bench.store_id)
    complete(shop, desk)
    import_all(held, bench.store_id)

    assert (desk.order().status, len(desk.journal("deliver"))) == ("DELIVERED", 1)
    assert (puts(shop), desk.is_settled()) == (0, True)


def test_FUL_3_what_the_hub_sent_in_part_is_not_delivered_again(
    held: Process, shop: Shop, bench: Bench, desk: Desk
) -> None:
    order = desk.order()
    (row, *_) = (row for row in order.rows if row.ships and row.sku)
    desk.deliver(None, **{str(row.sku): 1})
    complete(shop, desk)

    assert import_all(held, bench.store_id) == ["delivered"]

    assert [row.delivered_quantity for row in desk.order().rows if row.ships] == [
        row.quantity for row in order.rows if row.ships
    ]
    assert desk.tell() == "nothing_due"
    assert puts(shop) == 0


def test_FUL_13_what_came_from_the_store_is_not_sent_back(held: Process, shop: Shop, bench: Bench, desk: Desk) -> None:
    complete(shop, desk)
    import_all(held, bench.store_id)
    before = sum(shop.shop.calls.values())

    assert desk.due().hub_changed > 0
    assert desk.is_settled()
    assert desk.tell() == "nothing_due"
    assert sum(shop.shop.calls.values()) == before


# -- hub to store --------------------------------------------------------------------------------------------------


def test_FUL_12_delivered_in_the_hub_is_completed_in_the_store(shop: Shop, desk: Desk) -> None:
    desk.deliver()

    assert desk.tell() == "sent"

    assert status_of(shop, desk) == "completed"
    assert desk.journal("fulfill") == [("sent", None)]
    assert (puts(shop), is_quiet(shop, desk)) == (1, True)
    assert desk.journal("deliver") == []


@pytest.mark.parametrize("portion", ["packed", "packed_in_part", "delivered_in_part"])
def test_FUL_12_part_of_an_order_is_not_sent_and_said_once(held: Process, shop: Shop, desk: Desk, portion: str) -> None:
    (sku, *_) = (row.sku for row in desk.order().rows if row.ships and row.sku)
    part = {} if portion == "packed" else {sku: 1}
    desk.deliver(None, **part) if portion == "delivered_in_part" else desk.pack(**part)

    assert desk.tell() == "noted"

    do(held, "UPDATE store_orders SET hub_changed = hub_changed + 1")
    assert desk.tell() == "noted"
    assert (is_open(shop, desk), desk.journal("fulfill")) == (True, [("noted", "partial_not_sent")])
    desk.deliver()
    assert desk.tell() == "sent"
    assert (status_of(shop, desk), desk.due().hub_reason) == ("completed", None)


def test_FUL_12_what_the_store_took_back_is_not_brought_to_life(shop: Shop, desk: Desk) -> None:
    shop.shop.cancel_order(int(desk.external_id))
    desk.deliver()

    assert desk.tell() == "noted"

    assert (status_of(shop, desk), puts(shop)) == ("cancelled", 0)
    assert desk.journal("fulfill") == [("noted", "not_fulfillable")]


def test_FUL_12_an_order_that_the_store_opens_again_is_completed(held: Process, shop: Shop, desk: Desk) -> None:
    shop.shop.cancel_order(int(desk.external_id))
    import_all(held, desk.store_id)
    desk.deliver()
    assert desk.tell() == "noted"

    reopen(shop, desk)
    import_all(held, desk.store_id)

    assert desk.tell() == "sent"
    assert (status_of(shop, desk), puts(shop), is_quiet(shop, desk)) == ("completed", 1, True)


def test_FUL_13_two_people_who_complete_it_at_once_complete_it_once(shop: Shop, desk: Desk) -> None:
    desk.deliver()
    complete(shop, desk)

    assert desk.tell() == "nothing_to_tell"

    assert (puts(shop), is_quiet(shop, desk)) == (0, True)


@pytest.mark.parametrize("fault", ["lost", "html_done"])
def test_FUL_14_a_status_whose_answer_was_lost_is_not_given_again(shop: Shop, desk: Desk, fault: str) -> None:
    desk.deliver()
    shop.faults.fail_next(1, fault, only="PUT ")
    assert desk.tell() == "put_off"

    assert desk.tell() == "nothing_to_tell"

    assert (status_of(shop, desk), puts(shop), is_quiet(shop, desk)) == ("completed", 1, True)


def test_FUL_14_a_page_in_place_of_an_answer_is_no_status_that_was_given(shop: Shop, desk: Desk) -> None:
    desk.deliver()
    shop.faults.fail_next(1, "html", only="PUT ")
    assert desk.tell() == "put_off"
    assert (is_open(shop, desk), desk.journal("fulfill")) == (True, [])

    assert desk.tell() == "sent"

    assert (status_of(shop, desk), puts(shop), is_quiet(shop, desk)) == ("completed", 1, True)


def test_fulfilment_sync_that_is_off_sends_nothing_either_way_and_says_so(
    held: Process, shop: Shop, bench: Bench, desk: Desk
) -> None:
    switch_sync(held, bench.store_id, "off")
    desk.deliver()

    assert desk.tell() == "noted"

    assert (is_open(shop, desk), desk.due().hub_reason) == (True, "fulfillment_sync_off")
    switch_sync(held, bench.store_id, "on")
    assert desk.tell() == "sent"
    assert is_quiet(shop, desk)


def test_FUL_3_what_was_completed_while_fulfilment_sync_was_off_is_delivered_once_it_is_on(
    held: Process, shop: Shop, bench: Bench, desk: Desk
) -> None:
    switch_sync(held, bench.store_id, "off")
    complete(shop, desk)
    import_all(held, bench.store_id)
    assert desk.order().status == "NOT_SHIPPED"

    switch_sync(held, bench.store_id, "on")

    assert import_due(held, bench.store_id) == ["delivered"]
    assert (desk.order().status, puts(shop), is_quiet(shop, desk)) == ("DELIVERED", 0, True)


def test_what_is_over_is_not_looked_at_when_fulfilment_sync_is_switched(
    held: Process, shop: Shop, bench: Bench, desk: Desk
) -> None:
    complete(shop, desk)
    import_all(held, bench.store_id)

    for way in ("off", "on", "on"):
        switch_sync(held, bench.store_id, way)

    assert (import_due(held, bench.store_id), desk.tell()) == ([], "nothing_due")


def test_store_that_is_away_is_told_later(shop: Shop, desk: Desk) -> None:
    desk.deliver()
    shop.faults.set_rates({"http_500": 1})
    assert desk.tell() == "put_off"
    assert (desk.due().hub_reason, desk.due().state) == ("store_unavailable", "imported")

    shop.faults.set_rates({})

    assert desk.tell() == "sent"
    assert desk.due().hub_reason is None


def test_an_order_that_the_store_has_not_any_more_is_set_aside(bench: Bench, desk: Desk) -> None:
    desk.deliver()
    bench.lose(desk.external_id)

    assert desk.tell() == "failed"

    assert (desk.due().hub_reason, desk.due().hub_is_failing) == ("not_found_in_store", True)
    assert desk.order().status == "DELIVERED"


# -- orders that no store is told of -------------------------------------------------------------------------------


def test_FUL_15_an_order_made_in_the_hub_reaches_no_store(held: Process, shop: Shop, desk: Desk) -> None:
    """It stands in the hub like one that was imported, without a store."""
    do(held, "UPDATE store_orders SET hub_order_id = NULL")
    order = desk_order_id(held)
    do(held, "UPDATE hub.sales_orders SET store_id = NULL, external_id = NULL")
    before = sum(shop.shop.calls.values())

    do(held, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE sales_order_id = %s", order)

    assert ring_due() >= 0
    assert rung(held.redis, "fulfillment") == []
    assert (desk.tell(), sum(shop.shop.calls.values())) == ("nothing_due", before)


def desk_order_id(held: Process) -> str:
    with held.pool.connection() as connection:
        (row,) = connection.execute("SELECT id::text FROM hub.sales_orders").fetchall()
    return str(row["id"])


def test_FUL_15_an_order_that_was_deleted_in_the_hub_is_told_of_no_more(held: Process, shop: Shop, desk: Desk) -> None:
    desk.deliver()
    desk.act(DeleteOrder(desk.order().id, "bo"))

    assert desk.tell() == "nothing_to_tell"

    assert (is_open(shop, desk), puts(shop)) == (True, 0)
