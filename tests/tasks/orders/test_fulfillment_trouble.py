"""A fulfilment whose store is away, says no, or does not answer is told once all the same (SPEC chapter 7)."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest

from connectors import http, locks
from sandbox import ShopifyShop, run_shopify
from sandbox.faults import Fault, Said
from sandbox.shopify.model import Order
from schemas.stores import StoreState
from tasks.held import Process, close_process, configure, process
from tasks.orders.fulfill import fulfill_order
from tasks.rules.fulfillment import LATE
from tasks.stores import set_state
from tasks.upkeep import ring_due
from tests.tasks.bad_input import Bench, open_bench, retry
from tests.tasks.conftest import import_all, import_due
from tests.tasks.orders.delivering import TRACKED, Desk, Meanwhile, calls, place, send, sent, switch_sync
from tests.tasks.orders.looking import Shop, ahead, do, rung, store_of
from tests.waiting import wait_until
from tests.wire import wire_to

REFUSED = {"fulfillment": None, "userErrors": [{"field": [], "message": "Not today."}]}
FULL = {"maximumAvailable": 2000.0, "currentlyAvailable": 1990, "restoreRate": 100.0}
COST = {"requestedQueryCost": 10, "actualQueryCost": 10, "throttleStatus": FULL}
NO = Said(200, json.dumps({"data": {"fulfillmentCreate": REFUSED}, "extensions": {"cost": COST}}))


@pytest.fixture
def meanwhile() -> Meanwhile:
    """What happens at the look at the order, at the call, and after it."""
    return Meanwhile()


@pytest.fixture
def shop(meanwhile: Meanwhile) -> Iterator[Shop]:
    """A Shopify shop without orders."""
    with run_shopify(ShopifyShop(), meanwhile) as sandbox:
        yield sandbox


@pytest.fixture
def order(shop: Shop) -> Order:
    """Three of A and one of B."""
    return place(shop, A=3, B=1)


@pytest.fixture
def desk(held: Process, shop: Shop, order: Order) -> Desk:
    """The order in the hub."""
    bench: Bench = open_bench(held, shop, "shopify", name="acme")
    assert import_all(held, bench.store_id) == ["imported"]
    return Desk(held, bench.store_id, str(order.id))


def pieces_of(shop: Shop, order: Order) -> list[dict[str, int]]:
    return [pieces for _, pieces, _ in sent(shop, order)]


def is_quiet(shop: Shop, desk: Desk) -> bool:
    """Whether another look from both sides finds nothing to do."""
    told, shipped = calls(shop), desk.shipped()
    desk.hear()
    again = desk.tell()
    return (again, calls(shop), desk.shipped(), desk.is_settled()) == ("nothing_due", told, shipped, True)


# -- the answer is lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.TRUNCATED, Fault.HTML_DONE])
@pytest.mark.parametrize("looks_next", ["tell", "hear"])
@pytest.mark.parametrize("act", ["pack", "deliver"])
def test_FUL_14_an_answer_that_is_lost_is_looked_for_before_anything_is_sent(
    shop: Shop, desk: Desk, meanwhile: Meanwhile, act: str, looks_next: str, fault: Fault
) -> None:
    getattr(desk, act)()
    shipped = desk.shipped()
    meanwhile.play(None, fault)
    assert desk.tell() == "put_off"
    assert (desk.due().sending is not None, desk.fulfillments()) == (True, [("hub", False)] * (act == "deliver"))

    getattr(desk, looks_next)()

    (one,) = shop.shop.fulfillments_of(int(desk.external_id))
    assert (calls(shop), [part["quantity"] for part in one["fulfillmentLineItems"]]) == (1, [3, 1])
    assert (desk.shipped(), desk.fulfillments()) == (shipped, [("hub", True)])
    assert is_quiet(shop, desk)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HTTP_500, Fault.HTML])
def test_FUL_14_a_call_that_never_arrived_is_made_again_once_it_cannot_arrive_any_more(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile, fault: Fault
) -> None:
    desk.deliver(TRACKED)
    meanwhile.play(None, fault)
    assert desk.tell() == "put_off"

    assert desk.tell() == "put_off"

    row = desk.due()
    assert (calls(shop), row.hub_reason) == (0, "store_unavailable")
    assert do(desk.held, "SELECT FROM store_orders WHERE hub_attempts = 1") == 1  # to wait is no attempt
    assert 50 < ahead(row.hub_due_at).total_seconds() < LATE.total_seconds()
    desk.give_up()
    assert desk.tell() == "sent"
    assert sent(shop, order) == [("SUCCESS", {"A": 3, "B": 1}, "JD1")]
    assert is_quiet(shop, desk)


def test_FUL_14_a_call_that_the_store_asks_to_wait_with_is_made_again_at_once(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver(TRACKED)
    meanwhile.play(None, Fault.RATE_LIMIT)
    assert desk.tell() == "put_off"
    assert ahead(desk.due().hub_due_at).total_seconds() > 0

    assert desk.tell() == "sent"

    assert sent(shop, order) == [("SUCCESS", {"A": 3, "B": 1}, "JD1")]
    assert is_quiet(shop, desk)


@pytest.mark.parametrize("act", ["pack", "deliver"])
def test_FUL_14_a_call_that_arrives_after_nobody_waits_for_it_is_not_made_twice(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    desk.pack(A=1) if act == "pack" else desk.deliver(TRACKED, A=1)
    shipped, arrives = desk.shipped(), threading.Event()
    meanwhile.play(None, lambda: arrives.wait(20))
    assert (desk.tell(), desk.tell(), desk.tell()) == ("put_off",) * 3
    assert sent(shop, order) == []

    arrives.set()
    wait_until(lambda: bool(sent(shop, order)), what="the fulfilment to arrive")
    desk.tell()

    assert (pieces_of(shop, order), desk.shipped(), desk.fulfillments()) == ([{"A": 1}], shipped, [("hub", True)])
    assert is_quiet(shop, desk)


def test_FUL_14_a_call_that_arrives_just_before_it_is_made_again_is_known_by_its_refusal(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    desk.pack()
    arrives = threading.Event()

    def arrive() -> None:
        arrives.set()
        wait_until(lambda: bool(sent(shop, order)), what="the fulfilment to arrive")

    meanwhile.play(None, lambda: arrives.wait(20), None, arrive)
    assert desk.tell() == "put_off"
    desk.give_up()

    assert desk.tell() == "nothing_to_tell"

    assert (pieces_of(shop, order), desk.fulfillments()) == ([{"A": 3, "B": 1}], [("hub", True)])
    assert desk.shipped() == {"A": "3+0/3", "B": "1+0/1"}
    assert is_quiet(shop, desk)


def test_FUL_14_of_two_fulfilments_the_second_is_lost(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver(None, A=2)
    desk.deliver(None, A=1, B=1)
    meanwhile.play(None, None, Fault.LOST)
    assert desk.tell() == "put_off"
    assert (desk.fulfillments(), desk.journal("fulfill")) == ([("hub", True), ("hub", False)], [("sent", None)])

    desk.tell()

    assert pieces_of(shop, order) == [{"A": 2}, {"A": 1, "B": 1}]
    assert desk.journal("fulfill") == [("sent", None), ("found", None)]
    assert is_quiet(shop, desk)


def test_FUL_14_what_was_lost_is_told_apart_from_what_a_merchant_sent_meanwhile(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.pack(A=1)
    meanwhile.play(None, Fault.LOST)
    desk.tell()

    send(shop, order, A=1)
    desk.hear()

    assert desk.shipped() == {"A": "1+1/3", "B": "0+0/1"}
    assert sorted(desk.fulfillments()) == [("hub", True), ("store", True)]
    assert is_quiet(shop, desk)


@pytest.mark.parametrize("looks_next", ["tell", "hear"])
def test_FUL_14_what_was_told_and_called_off_before_we_knew_is_not_sent_again(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile, looks_next: str
) -> None:
    desk.deliver(None, A=2)
    meanwhile.play(None, Fault.LOST)
    desk.tell()
    (made,) = shop.shop.fulfillments_of(order.id)
    shop.shop.cancel_fulfillment(order.id, made["id"])

    getattr(desk, looks_next)()

    assert [status for status, _, _ in sent(shop, order)] == ["CANCELLED"]
    assert desk.fulfillments() == [("hub", True)]
    assert is_quiet(shop, desk)


def test_FUL_14_what_was_called_off_before_is_not_taken_for_what_never_arrived(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    shop.shop.cancel_fulfillment(order.id, send(shop, order, A=2))
    desk.deliver(None, A=2)
    meanwhile.play(None, Fault.RESET)
    desk.tell()

    desk.hear()
    desk.give_up()

    assert desk.tell() == "sent"
    assert [status for status, _, _ in sent(shop, order)] == ["CANCELLED", "SUCCESS"]
    assert is_quiet(shop, desk)


def test_FUL_14_a_call_that_never_arrived_is_not_looked_for_once_the_store_shows_more(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver(None, A=1)
    meanwhile.play(None, Fault.RESET)
    desk.tell()
    send(shop, order, A=2)
    desk.hear()
    assert (desk.shipped()["A"], desk.is_settled()) == ("0+2/3", True)

    send(shop, order, A=1)  # like the fulfilment that it was never told of
    desk.hear()

    assert desk.shipped()["A"] == "0+3/3"
    assert is_quiet(shop, desk)


# -- the store says no ---------------------------------------------------------------------------------------------


def test_FUL_10_what_the_store_refuses_is_set_aside_with_its_words_and_sent_by_hand(
    held: Process, shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver()
    meanwhile.play(None, NO, None, NO)

    assert desk.tell() == "failed"

    row = desk.due()
    assert (row.state, row.hub_is_failing, row.hub_reason) == ("imported", True, "refused_by_store")
    assert "Not today." in desk.detail("refused_by_store")["problem"]
    assert desk.tell() == "nothing_due"
    retry(held, desk.store_id, desk.external_id)
    assert desk.tell() == "sent"
    assert (pieces_of(shop, order), desk.due().hub_is_failing) == ([{"A": 3, "B": 1}], False)
    assert is_quiet(shop, desk)


def test_FUL_10_an_order_that_is_sent_between_the_look_and_the_call_is_looked_at_again(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver()
    meanwhile.play(None, lambda: send(shop, order, A=2))

    assert desk.tell() == "sent"

    assert pieces_of(shop, order) == [{"A": 2}, {"A": 1, "B": 1}]
    assert is_quiet(shop, desk)


def test_FUL_10_a_line_that_is_refunded_between_the_look_and_the_call_is_not_sent(
    shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver()
    (_, line) = order.lines
    meanwhile.play(None, lambda: shop.shop.refund(order.id, pieces={line.id: 1}))

    assert desk.tell() == "sent"

    assert pieces_of(shop, order) == [{"A": 3}]
    assert desk.detail("not_fulfillable")["lines"][0]["row"] == "B"


def test_an_order_that_the_store_has_not_any_more_is_set_aside(shop: Shop, order: Order, desk: Desk) -> None:
    desk.deliver()
    shop.shop.delete(order.id)

    assert desk.tell() == "failed"

    assert (desk.due().hub_reason, desk.due().hub_is_failing) == ("not_found_in_store", True)
    assert desk.journal("fulfill") == [("failed", "not_found_in_store")]
    assert desk.order().status == "DELIVERED"


# -- not now -------------------------------------------------------------------------------------------------------


def test_a_store_that_is_away_is_told_later_and_again_and_then_by_the_sweep(
    shop: Shop, order: Order, desk: Desk
) -> None:
    desk.deliver()
    shop.faults.set_rates({"http_500": 1})

    words = [desk.tell() for _ in range(12)]

    assert (words[0], words[-1]) == ("put_off", "failed")
    row = desk.due()
    assert (row.hub_is_failing, row.hub_changed > row.hub_settled) == (True, True)
    assert desk.journal("fulfill") == [("failed", "store_unavailable")]
    shop.faults.set_rates({})
    assert desk.tell() == "sent"
    assert (pieces_of(shop, order), desk.due().hub_is_failing) == ([{"A": 3, "B": 1}], False)


def test_a_store_that_refuses_the_credentials_is_told_when_a_person_mended_them(
    held: Process, shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.deliver()
    meanwhile.play(Fault.UNAUTHORIZED)

    assert desk.tell() == "store_needs_attention"
    assert (desk.tell(), pieces_of(shop, order)) == ("store_needs_attention", [])

    do(held, "UPDATE stores SET state = 'active'")
    assert desk.tell() == "sent"


def test_a_paused_store_is_told_when_it_goes_on(held: Process, shop: Shop, order: Order, desk: Desk) -> None:
    desk.deliver()
    set_state(held, store_of(held, desk.store_id), StoreState.PAUSED)
    assert desk.tell() == "store_paused"

    set_state(held, store_of(held, desk.store_id), StoreState.ACTIVE)

    assert desk.tell() == "sent"
    assert pieces_of(shop, order) == [{"A": 3, "B": 1}]


def test_fulfilment_sync_that_is_off_says_so_and_sends_once_it_is_on(
    held: Process, shop: Shop, order: Order, desk: Desk
) -> None:
    switch_sync(held, desk.store_id, "off")
    send(shop, order, A=1)
    desk.hear()
    assert desk.shipped() == {"A": "0+0/3", "B": "0+0/1"}
    desk.deliver()
    assert desk.tell() == "noted"
    assert desk.journal("fulfill") == [("noted", "fulfillment_sync_off")]

    switch_sync(held, desk.store_id, "on")

    assert desk.tell() == "sent"
    assert pieces_of(shop, order) == [{"A": 1}, {"A": 2, "B": 1}]
    assert desk.due().hub_reason is None
    assert is_quiet(shop, desk)


def test_FUL_1_what_was_sent_and_packed_while_fulfilment_sync_was_off_comes_both_ways_once_it_is_on(
    held: Process, shop: Shop, order: Order, desk: Desk
) -> None:
    switch_sync(held, desk.store_id, "off")
    send(shop, order, A=1)
    import_all(held, desk.store_id)
    desk.pack(B=1)
    assert desk.tell() == "noted"

    switch_sync(held, desk.store_id, "on")
    ring_due()

    assert rung(held.redis, "fulfillment") == [[desk.store_id, desk.external_id]]
    assert (import_due(held, desk.store_id), desk.tell()) == (["delivered"], "sent")
    assert (desk.shipped(), pieces_of(shop, order)) == ({"A": "0+1/3", "B": "1+0/1"}, [{"A": 1}, {"B": 1}])
    assert is_quiet(shop, desk)


# -- two at once ---------------------------------------------------------------------------------------------------


def test_FUL_14_two_workers_at_once_send_it_once(shop: Shop, order: Order, desk: Desk) -> None:
    desk.deliver()
    with ThreadPoolExecutor(4) as workers:
        words = [future.result() for future in [workers.submit(desk.tell) for _ in range(4)]]

    assert words.count("sent") == 1
    assert set(words) <= {"sent", "busy", "nothing_due"}
    assert pieces_of(shop, order) == [{"A": 3, "B": 1}]


@pytest.mark.parametrize("step", range(1, 16))  # statements of telling one fulfilment
def test_FUL_14_whatever_another_worker_tells_while_we_are_frozen_is_told_once(
    held: Process, shop: Shop, order: Order, desk: Desk, step: int
) -> None:
    desk.pack(A=1)  # of three: the shop would take another one
    message, config = (desk.store_id, desk.external_id), held.config
    close_process()
    with wire_to(config.database_url, counts=True) as (database, url), ThreadPoolExecutor(1) as another:

        def freeze() -> None:
            process().redis.flushdb()  # our lock has ended
            wait([another.submit(fulfill_order, *message)], timeout=0.5)  # or it waits for what we have written

        configure(replace(config, database_url=url))
        database.at(step, freeze)
        fulfill_order(*message)
        is_over = database.statements < step
        another.shutdown()
        close_process()
    configure(config)

    assert is_over or pieces_of(shop, order) == [{"A": 1}]
    desk = replace(desk, held=process())
    desk.give_up()
    desk.tell()
    assert pieces_of(shop, order) == [{"A": 1}]
    assert is_quiet(shop, desk)


def test_a_busy_order_is_rung_for_again(held: Process, shop: Shop, order: Order, desk: Desk) -> None:
    desk.deliver()
    key = locks.order_key(desk.store_id, desk.external_id)
    bell = [desk.store_id, desk.external_id]
    ring_due()
    assert rung(held.redis, "fulfillment") == [bell]
    with locks.lock(held.redis, key, ttl=50):
        assert desk.tell() == "busy"

    ring_due()
    assert rung(held.redis, "fulfillment") == [bell]
    assert desk.tell() == "sent"
    ring_due()
    assert rung(held.redis, "fulfillment") == []


def test_what_moves_while_the_store_is_told_is_told_next(
    held: Process, shop: Shop, order: Order, desk: Desk, meanwhile: Meanwhile
) -> None:
    desk.pack(A=1)
    meanwhile.play(None, lambda: desk.pack(A=1))

    assert desk.tell() == "sent"

    assert desk.due().hub_changed > desk.due().hub_settled
    assert desk.tell() == "sent"
    assert pieces_of(shop, order) == [{"A": 1}, {"A": 1}]
    assert is_quiet(shop, desk)
