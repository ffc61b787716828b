"""What the hub packs and delivers is told to a Shopify shop once: real database, shop over HTTP (SPEC chapter 7)."""

from collections.abc import Callable, Iterator

import pytest

from sandbox import open_sandbox
from sandbox.shopify.model import Order
from tasks.held import Process
from tests.tasks.bad_input import Bench, open_bench
from tests.tasks.conftest import import_all, show
from tests.tasks.orders.delivering import TRACKED, Desk, calls, place, send, sent
from tests.tasks.orders.looking import Shop, do


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


def echo(held: Process, shop: Shop, desk: Desk) -> None:
    """What the shop was told comes back, and is told to nobody again (FUL-13)."""
    told, shipped = calls(shop), desk.shipped()
    desk.hear()
    assert desk.tell() == "nothing_due"
    assert (calls(shop), desk.shipped(), desk.is_settled()) == (told, shipped, True)


# -- fulfilments -------------------------------------------------------------------------------------------------------


def test_FUL_10_packed_is_one_fulfilment_and_delivered_later_none(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3, B=1)
    desk = take_in(held, acme, order)
    desk.pack()

    assert desk.tell() == "sent"

    assert sent(shop, order) == [("SUCCESS", {"A": 3, "B": 1}, None)]
    assert shop.shop.order_json(order)["displayFulfillmentStatus"] == "FULFILLED"
    assert desk.journal("fulfill") == [("sent", None)]
    echo(held, shop, desk)
    desk.deliver(TRACKED)
    assert desk.tell() in {"nothing_to_tell", "nothing_due"}
    assert (calls(shop), desk.order().status) == (1, "DELIVERED")
    echo(held, shop, desk)
    (shown,) = show(held, desk.external_id)["order"]["fulfillments"]
    assert (shown["external_id"] is not None, shown["tracking_number"]) == (True, "JD1")


def test_FUL_10_tracking_goes_with_the_fulfilment_and_never_again(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    desk.deliver(TRACKED)
    assert desk.tell() == "sent"
    assert shop.shop.fulfillments_of(order.id)[0]["trackingInfo"] == [
        {"number": "JD1", "company": "DHL", "url": "https://track.example/JD1"}
    ]

    do(held, "UPDATE hub.fulfillments SET tracking_number = 'JD9'")
    do(held, "UPDATE store_orders SET hub_changed = hub_changed + 1")

    assert desk.tell() == "nothing_to_tell"
    assert sent(shop, order) == [("SUCCESS", {"A": 3}, "JD1")]
    echo(held, shop, desk)


def test_FUL_10_two_fulfilments_of_the_hub_are_two_in_the_shop(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3, B=1)
    desk = take_in(held, acme, order)
    desk.deliver({"tracking_number": "JD1"}, A=2)
    desk.deliver({"tracking_number": "JD2"}, A=1, B=1)

    assert desk.tell() == "sent"

    assert sent(shop, order) == [("SUCCESS", {"A": 2}, "JD1"), ("SUCCESS", {"A": 1, "B": 1}, "JD2")]
    assert desk.fulfillments() == [("hub", True), ("hub", True)]
    assert desk.journal("fulfill") == [("sent", None)] * 2
    echo(held, shop, desk)


def test_FUL_10_rows_of_two_locations_are_two_calls(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A_101=1, B_102=2)
    desk = take_in(held, acme, order)
    desk.deliver()

    assert desk.tell() == "sent"

    assert sorted(pieces.get("A_101", 0) for _, pieces, _ in sent(shop, order)) == [0, 1]
    assert (calls(shop), shop.shop.order_json(order)["displayFulfillmentStatus"]) == (2, "FULFILLED")
    echo(held, shop, desk)


def test_FUL_10_packed_in_part_then_delivered_and_the_rest_later(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    desk.pack(A=1)
    desk.tell()
    desk.deliver(None, A=2)  # the packed one and another

    assert desk.tell() == "sent"

    assert [pieces for _, pieces, _ in sent(shop, order)] == [{"A": 1}, {"A": 1}]
    desk.deliver(None, A=1)
    assert desk.tell() == "sent"
    assert [pieces for _, pieces, _ in sent(shop, order)] == [{"A": 1}] * 3
    echo(held, shop, desk)


def test_FUL_13_the_store_sends_a_part_and_the_hub_the_rest(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    send(shop, order, A=1)
    import_all(held, acme.store_id)
    desk.deliver(TRACKED)

    assert desk.tell() == "sent"

    assert sent(shop, order) == [("SUCCESS", {"A": 1}, None), ("SUCCESS", {"A": 2}, "JD1")]
    assert desk.fulfillments() == [("store", True), ("hub", True)]
    echo(held, shop, desk)


@pytest.mark.parametrize("first", ["hub", "store"])
def test_FUL_13_two_people_who_deliver_the_same_at_once_deliver_it_once(
    held: Process, shop: Shop, acme: Bench, first: str
) -> None:
    order = place(shop, A=3)
    desk = take_in(held, acme, order)
    send(shop, order, A=2)
    desk.deliver(None, A=2)

    steps: dict[str, Callable[[], object]] = {"hub": desk.tell, "store": desk.hear}
    for step in sorted(steps, key=lambda name: name != first):
        steps[step]()

    assert (calls(shop), desk.shipped()) == (0, {"A": "0+2/3"})
    assert desk.fulfillments() == [("hub", True)]
    assert desk.is_settled()
    desk.deliver()
    assert desk.tell() == "sent"
    assert [pieces for _, pieces, _ in sent(shop, order)] == [{"A": 2}, {"A": 1}]
    echo(held, shop, desk)


# -- what the shop does not let go -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["on_hold", "with_somebody_else", "cancelled"])
def test_FUL_10_what_the_shop_does_not_let_go_is_said_once(held: Process, shop: Shop, acme: Bench, way: str) -> None:
    order = place(shop, A=2)
    desk = take_in(held, acme, order)
    desk.deliver()
    match way:
        case "on_hold":
            shop.shop.hold(order.id)
        case "with_somebody_else":
            shop.shop.hand_over(order.id, "101")
        case _:
            shop.shop.cancel(order.id)

    assert desk.tell() == "noted"

    line = {"line": str(order.lines[0].id), "row": "A", "quantity": "2"}
    assert desk.detail("not_fulfillable") == {"lines": [line]}
    assert (desk.due().hub_reason, sent(shop, order)) == ("not_fulfillable", [])
    assert desk.is_failing()
    do(held, "UPDATE store_orders SET hub_changed = hub_changed + 1")
    assert desk.tell() == "noted"
    assert desk.journal("fulfill") == [("noted", "not_fulfillable")]


def test_FUL_10_what_was_on_hold_is_sent_when_it_is_released(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, A_101=2, B_102=1)
    desk = take_in(held, acme, order)
    shop.shop.hold(order.id, "102")
    desk.deliver(TRACKED)
    assert desk.tell() == "sent"
    assert [pieces for _, pieces, _ in sent(shop, order)] == [{"A_101": 2}]
    assert desk.due().hub_reason == "not_fulfillable"

    import_all(held, acme.store_id)
    assert (desk.tell(), calls(shop)) == ("noted", 1)  # the store moved, and lets no more go
    assert (import_all(held, acme.store_id), desk.tell()) == ([], "nothing_due")

    shop.shop.release(order.id, "102")
    import_all(held, acme.store_id)

    assert desk.tell() == "sent"
    assert [pieces for _, pieces, _ in sent(shop, order)] == [{"A_101": 2}, {"B_102": 1}]
    assert (desk.due().hub_reason, desk.journal("fulfill")[1]) == (None, ("noted", "not_fulfillable"))
    assert not desk.is_failing()
    echo(held, shop, desk)


def test_FUL_11_what_the_buyer_fetches_is_not_sent(held: Process, shop: Shop, acme: Bench) -> None:
    order = place(shop, more={"delivery": "PICK_UP"}, A=2)
    desk = take_in(held, acme, order)
    desk.deliver()

    assert desk.tell() == "noted"

    assert (sent(shop, order), desk.journal("fulfill")) == ([], [("noted", "pickup_not_sent")])
    assert not desk.is_failing()
    shop.shop.pick_up(order.id)
    import_all(held, acme.store_id)
    assert (desk.order().flags.closed, desk.due().hub_reason, desk.fulfillments()) == (True, None, [("hub", True)])


# -- trouble -------------------------------------------------------------------------------------------------------
