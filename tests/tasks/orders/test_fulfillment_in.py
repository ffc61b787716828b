"""What a Shopify shop fulfils comes to the hub: a real database and a shop over HTTP (SPEC chapter 6)."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from connectors.postgres import order_view
from sandbox import open_sandbox
from sandbox.shopify.model import Order
from schemas.actions import DeleteOrder
from tasks.held import Process
from tests.tasks.bad_input import Bench, open_bench, retry
from tests.tasks.conftest import import_all, import_due, show
from tests.tasks.orders.delivering import Desk, in_stock, is_not_asked, line_ids, place, receive, send
from tests.tasks.orders.looking import Shop, do, order_of
from tests.tasks.stock.stocking import add, stock_row


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with open_sandbox("shopify", orders=0) as sandbox:
        yield sandbox


@pytest.fixture
def acme(held: Process, shop: Shop) -> Bench:
    """The shop, connected as `acme`."""
    return open_bench(held, shop, "shopify", name="acme")


def take_in(held: Process, bench: Bench, order: Order) -> Desk:
    """The order stands in the hub."""
    assert import_all(held, bench.store_id) == ["imported"]
    return Desk(held, bench.store_id, str(order.id))


def let_go_of_changes(held: Process, *, is_on: bool = False) -> None:
    """What the store changes of the lines stays in the store, or comes again."""
    do(held, "UPDATE stores SET settings = settings || %s", json.dumps({"orders.changes": is_on}))


# -- fulfilments -------------------------------------------------------------------------------------------------------


def test_FUL_1_a_line_in_part_then_the_rest_is_delivered_as_it_is_sent(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3, B=1)
    desk = take_in(held, acme, order)

    send(shop, order, A=2)
    assert import_all(held, acme.store_id) == ["delivered"]

    assert (desk.order().status, desk.shipped()) == ("PARTIALLY_DELIVERED", {"A": "0+2/3", "B": "0+0/1"})
    send(shop, order)
    assert import_all(held, acme.store_id) == ["delivered"]
    assert (desk.order().status, desk.shipped()) == ("DELIVERED", {"A": "0+3/3", "B": "0+1/1"})
    assert desk.fulfillments() == [("store", True), ("store", True)]
    assert desk.journal("deliver") == [("delivered", None)] * 2


def test_FUL_1_several_fulfilments_in_one_look_and_their_tracking(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=2)
    desk = take_in(held, acme, order)

    send(shop, order, A=1)
    shop.shop.fulfill(order.id, None, number="JD2", company="DHL", url="https://track.example/JD2")
    assert import_all(held, acme.store_id) == ["delivered"]

    first, second = desk.order().fulfillments
    assert desk.order().status == "DELIVERED"
    assert (first.tracking_number, second.tracking_number, second.carrier) == (None, "JD2", "DHL")


def test_FUL_7_the_same_fulfilment_again_or_an_older_look_at_it_delivers_nothing(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    before = str(desk.due().snapshot)
    send(shop, order, A=2)
    import_all(held, acme.store_id)

    assert retry(held, acme.store_id, desk.external_id) == "imported"  # redelivered
    do(held, "UPDATE store_orders SET snapshot = %s, changed = changed + 1", before)
    assert import_due(held, acme.store_id) == ["imported"]  # stale

    assert desk.shipped() == {"A": "0+2/3"}
    assert in_stock(held, "A") == -2
    assert desk.journal("deliver") == [("delivered", None)]
    with is_not_asked(shop):
        assert desk.tell() == "nothing_due"


def test_FUL_5_a_fulfilment_that_is_called_off_and_sent_again_takes_nothing_back(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=2)
    desk = take_in(held, acme, order)
    called_off = send(shop, order)
    import_all(held, acme.store_id)

    shop.shop.cancel_fulfillment(order.id, called_off)
    assert import_all(held, acme.store_id) == ["imported"]
    assert (desk.order().status, desk.is_settled()) == ("DELIVERED", True)
    assert desk.tell() == "nothing_due"

    send(shop, order)
    assert import_all(held, acme.store_id) == ["imported"]
    assert (desk.order().status, in_stock(held, "A")) == ("DELIVERED", -2)
    assert desk.is_settled()


def test_FUL_5_in_part_a_fulfilment_that_is_called_off_and_sent_again_is_one(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    called_off = send(shop, order, A=2)
    import_all(held, acme.store_id)

    shop.shop.cancel_fulfillment(order.id, called_off)
    import_all(held, acme.store_id)
    send(shop, order, A=2)
    import_all(held, acme.store_id)

    assert (desk.shipped(), in_stock(held, "A")) == ({"A": "0+2/3"}, -2)
    send(shop, order)
    import_all(held, acme.store_id)
    assert (desk.order().status, in_stock(held, "A")) == ("DELIVERED", -3)


def test_FUL_7_a_fulfilment_that_is_made_again_is_shown_once_with_the_number_that_counts(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=2, B=1)
    take_in(held, acme, order)
    wrong = shop.shop.fulfill(order.id, None, number="WRONG", company="DHL")
    import_all(held, acme.store_id)

    shop.shop.cancel_fulfillment(order.id, wrong["id"])
    shop.shop.fulfill(order.id, None, number="RIGHT", company="UPS")
    import_all(held, acme.store_id)

    (shown,) = show(held, str(order.id))["order"]["fulfillments"]
    assert (shown["tracking_number"], shown["carrier"]) == ("RIGHT", "UPS")
    assert {one["sku"]: one["quantity"] for one in shown["rows"]} == {"A": "2", "B": "1"}
    assert in_stock(held, "A") == -2


def test_FUL_2_a_line_without_a_row_rejects_all_of_it_until_it_has_one(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=2, B=1)
    desk = take_in(held, acme, order)
    let_go_of_changes(held)
    do(held, "DELETE FROM hub.sales_order_rows WHERE sku = 'B'")
    send(shop, order)

    assert import_all(held, acme.store_id) == ["imported"]

    assert (desk.shipped(), desk.order().status) == ({"A": "0+0/2"}, "NOT_SHIPPED")
    (line,) = line_ids(order, {"B": 1})
    assert desk.detail("line_not_matched")["line"] == str(line)
    assert (desk.due().state, desk.due().reason) == ("imported", "line_not_matched")
    assert desk.is_failing()
    retry(held, acme.store_id, desk.external_id)
    assert desk.journal("deliver") == [("noted", "line_not_matched")]  # said once

    let_go_of_changes(held, is_on=True)  # the row comes back
    assert retry(held, acme.store_id, desk.external_id) == "delivered"
    assert (desk.shipped(), desk.due().reason) == ({"A": "0+2/2", "B": "0+1/1"}, None)
    assert not desk.is_failing()


def test_FUL_2_more_than_the_row_has_left_is_delivered_once_the_row_is_right(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=3, B=1)
    desk = take_in(held, acme, order)
    let_go_of_changes(held)
    do(held, "UPDATE hub.sales_order_rows SET quantity = 2 WHERE sku = 'A'")
    send(shop, order)

    assert import_all(held, acme.store_id) == ["imported"]

    assert (desk.shipped(), in_stock(held, "B")) == ({"A": "0+0/2", "B": "0+0/1"}, 0)
    assert desk.detail("more_than_ordered").items() >= {"row": "A", "left": "2", "pieces": "3"}.items()
    assert desk.is_failing()
    do(held, "UPDATE hub.sales_order_rows SET quantity = 3 WHERE sku = 'A'")
    assert retry(held, acme.store_id, desk.external_id) == "delivered"
    assert desk.order().status == "DELIVERED"


def test_BEY_7_a_fulfilment_that_the_hub_refuses_is_set_aside_and_delivered_once_it_does_not(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=2)
    desk = take_in(held, acme, order)
    do(held, "UPDATE hub.settings SET locked_until = '2999-12-31'")
    send(shop, order)
    import_all(held, acme.store_id)
    assert (desk.shipped(), desk.due().reason, desk.is_failing()) == ({"A": "0+0/2"}, "refused_by_hub", True)

    do(held, "UPDATE hub.settings SET locked_until = NULL")
    assert retry(held, acme.store_id, desk.external_id) == "delivered"

    assert (desk.shipped(), desk.is_failing()) == ({"A": "0+2/2"}, False)


def test_MAP_8_what_was_sent_before_the_import_is_not_delivered_again(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3)
    send(shop, order, A=2)
    desk = take_in(held, acme, order)
    assert (desk.order().status, desk.shipped()) == ("PARTIALLY_DELIVERED", {"A": "0+2/3"})
    assert desk.tell() == "nothing_due"

    send(shop, order)

    assert import_all(held, acme.store_id) == ["delivered"]
    assert (desk.order().status, in_stock(held, "A")) == ("DELIVERED", -1)
    assert desk.is_settled()


def test_CHG_3_a_line_that_is_removed_while_the_rest_is_sent_is_one_look(
    held: Process, shop: Shop, acme: Bench
) -> None:
    order = place(shop, A=2, B=1)
    desk = take_in(held, acme, order)
    shop.shop.refund(order.id, pieces=line_ids(order, {"B": 1}))
    send(shop, order)

    assert import_all(held, acme.store_id) == ["delivered"]

    assert (desk.order().status, desk.shipped()) == ("DELIVERED", {"A": "0+2/2"})
    assert [outcome for outcome, _ in desk.journal("change")] == ["changed"]


# -- pick-up -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [{"delivery": "PICK_UP"}, {"delivery": None, "source": "pos"}], ids=["pickup", "pos"])
def test_FUL_6_what_the_buyer_fetched_is_delivered_and_closed(
    held: Process, shop: Shop, acme: Bench, more: dict[str, str]
) -> None:
    order = place(shop, more=more, A=2)
    desk = take_in(held, acme, order)

    shop.shop.ready_for_pickup(order.id)
    import_all(held, acme.store_id)
    assert (desk.order().status, in_stock(held, "A")) == ("NOT_SHIPPED", 0)

    shop.shop.pick_up(order.id)
    assert import_all(held, acme.store_id) == ["delivered"]
    flags = desk.order().flags
    assert (desk.order().status, flags.closed, flags.shipped) == ("DELIVERED", True, True)
    assert desk.tell() in {"nothing_due", "nothing_to_tell"}
    assert desk.is_settled()


# -- in stock ------------------------------------------------------------------------------------------------------


def test_FUL_4_batches_are_taken_as_they_came_and_what_they_lack_is_said(
    held: Process, shop: Shop, acme: Bench
) -> None:
    receive(held, "A", B1=2, B2=2)
    order = place(shop, A=5)
    desk = take_in(held, acme, order)

    send(shop, order, A=3)
    import_all(held, acme.store_id)
    (row, *_) = show(held, desk.external_id)["order"]["rows"]
    assert row["batches"] == [{"batch": "B1", "quantity": "2"}, {"batch": "B2", "quantity": "1"}]

    send(shop, order)
    assert import_all(held, acme.store_id) == ["delivered"]
    (row, *_) = show(held, desk.external_id)["order"]["rows"]
    assert row["batches"] == [{"batch": "B1", "quantity": "2"}, {"batch": "B2", "quantity": "2"}]
    assert (desk.order().status, in_stock(held, "A")) == ("DELIVERED", -1)
    assert desk.detail("batch_shortage") == {"sku": "A", "missing": "1"}


def test_FUL_8_what_is_delivered_leaves_the_shelf_and_is_due_to_be_told(held: Process, shop: Shop) -> None:
    bench = open_bench(held, shop, "shopify", name="acme", **{"stock.sync": "on"})
    add(held, "A", 9)
    order = place(shop, A=2)
    take_in(held, bench, order)
    do(held, "UPDATE store_stock SET settled = changed")

    send(shop, order)
    import_all(held, bench.store_id)

    due = stock_row(held, bench.store_id, "A")
    assert (in_stock(held, "A"), due["changed"] > due["settled"]) == (Decimal(7), True)


# -- orders that do not stand in the hub ---------------------------------------------------------------------------


def test_FUL_1_a_fulfilment_of_an_order_that_is_not_in_the_hub_brings_none(
    held: Process, shop: Shop, acme: Bench
) -> None:
    never, deleted, unpaid = place(shop, A=1), place(shop, A=1), place(shop, A=2, more={"financial": "PENDING"})
    send(shop, never)
    import_all(held, acme.store_id)
    desk = Desk(held, acme.store_id, str(deleted.id))
    desk.act(DeleteOrder(desk.order().id, "bo"))

    send(shop, deleted)
    send(shop, unpaid, A=1)
    assert set(import_all(held, acme.store_id)) == {"deleted", "skipped"}

    found = [order_of(held, acme.store_id, one.id) for one in (never, deleted, unpaid)]
    assert [row.reason for row in found] == ["already_fulfilled", "deleted_in_hub", "payment_pending"]
    with held.pool.connection() as connection:
        assert all(
            row.hub_order_id is None for row in order_view.orders(connection, order_view.OrderFilter(acme.store_id))
        )
