"""What the hub packed or delivered, told to the order's store (FUL-10…15)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import LinkFulfillment, Note, SendFulfillment, SetStoreStatus
from schemas.hub import DeliveryStatus, HubFulfillment, HubOrder, HubRow, Sending
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from schemas.woocommerce.platform import PLATFORM as WOOCOMMERCE
from tasks.rules.fulfillment_out import Sendings, covers, decide_fulfillment
from tests.makers import CREATED_AT, plain_line, store
from tests.rules.fulfilling import CALLED_OFF, PARTS, WHOLE, fulfillment, hub_order, parts, row, shop_order, waiting

D = Decimal
Rows = tuple[tuple[str, Decimal], ...]
TRACKING: dict[str, Any] = {"tracking_number": "T1", "carrier": "DHL", "tracking_url": "https://dhl.example/T1"}


def decide(order: StoreOrder, hub: HubOrder, **changes: Any) -> Sendings:
    return decide_fulfillment(order, hub, **{"store": PARTS, **changes})


def rows(**pieces: int) -> Rows:
    """Pieces by row id, as r1=2."""
    return tuple((name, D(quantity)) for name, quantity in pieces.items())


def packed(line: str, quantity: int, pieces: int, **changes: Any) -> HubRow:
    return row(line, quantity, **{"packed_quantity": D(pieces), **changes})


def delivered(line: str, quantity: int, pieces: int) -> HubRow:
    return row(line, quantity, delivered_quantity=D(pieces))


def of_hub(id: str, external_id: str | None = None, source: str = "hub", /, **pieces: int) -> HubFulfillment:
    return HubFulfillment(id, external_id, source, rows(**pieces))


def told(found: Sendings) -> list[dict[str, int]]:
    """What each call says, by line."""
    sends = (action for action in found.actions if isinstance(action, SendFulfillment))
    return [{line: int(quantity) for line, quantity in send.lines} for send in sends]


# -- fulfilments -----------------------------------------------------------------------------------------------------


def test_FUL_10_packed_rows_become_one_fulfilment() -> None:
    found = decide(shop_order(2, 1), hub_order(packed("1", 2, 2), packed("2", 1, 1)))

    assert found == Sendings(
        (
            SendFulfillment(
                external_id="5001",
                taken=(("fo1", (("fo1-1", D(2)), ("fo1-2", D(1)))),),
                lines=parts(line_1=2, line_2=1),
                rows=rows(r1=2, r2=1),
            ),
        )
    )


def test_FUL_10_a_fulfilment_of_the_hub_is_sent_with_its_tracking_and_is_named() -> None:
    hub = hub_order(delivered("1", 2, 2), fulfillments=(replace(of_hub("p1", r1=2), **TRACKING),))

    (send,) = decide(shop_order(2), hub).actions

    assert send == SendFulfillment(
        external_id="5001",
        taken=(("fo1", (("fo1-1", D(2)),)),),
        lines=parts(line_1=2),
        fulfillment_id="p1",
        rows=rows(r1=2),
        **TRACKING,
    )


def test_FUL_10_each_fulfilment_is_told_as_one_and_what_is_packed_is_one_more() -> None:
    made = row("1", 5, delivered_quantity=D(3), packed_quantity=D(1))
    hub = hub_order(made, fulfillments=(of_hub("p1", r1=2), of_hub("p2", r1=1)))

    found = decide(shop_order(5), hub)

    assert told(found) == [{"1": 2}, {"1": 1}, {"1": 1}]
    assert [getattr(send, "fulfillment_id", "") for send in found.actions] == ["p1", "p2", None]


def test_FUL_10_what_was_told_when_it_was_packed_is_not_told_again_when_it_is_delivered() -> None:
    hub = hub_order(delivered("1", 2, 2), fulfillments=(of_hub("p1", "77", r1=2), of_hub("p2", r1=2)))
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),))

    assert decide(order, hub) == Sendings()
    assert covers(order, hub, store=PARTS)


def test_FUL_10_of_a_fulfilment_that_was_told_in_part_the_rest_is_told_and_the_fulfilment_is_not_named() -> None:
    hub = hub_order(delivered("1", 3, 3), fulfillments=(of_hub("p1", "77", r1=1), of_hub("p2", r1=3)))

    (send,) = decide(shop_order(3, fulfillments=(fulfillment("77", line_1=1),)), hub).actions

    assert isinstance(send, SendFulfillment)
    assert (send.fulfillment_id, send.rows) == (None, rows(r1=2))


def test_FUL_10_what_was_delivered_without_a_fulfilment_is_told_too() -> None:
    assert told(decide(shop_order(3), hub_order(delivered("1", 3, 2)))) == [{"1": 2}]


def test_FUL_10_one_call_is_about_one_place() -> None:
    hub = hub_order(delivered("1", 2, 2), delivered("2", 1, 1), fulfillments=(of_hub("p1", r1=2, r2=1),))
    places = (waiting("fo1", "7", of={"1": 2}), waiting("fo2", "8", of={"2": 1}))

    found = decide(shop_order(2, 1, to_send=places), hub)

    sends = [(send.taken[0][0], send.fulfillment_id) for send in found.actions if isinstance(send, SendFulfillment)]
    assert sends == [("fo1", None), ("fo2", None)]  # the hub's fulfilment is neither of them
    assert told(found) == [{"1": 2}, {"2": 1}]


def test_FUL_10_fulfilments_of_one_place_go_in_one_call() -> None:
    places = (waiting("fo1", "7", of={"1": 1}), waiting("fo2", "7", of={"1": 1}))

    (send,) = decide(shop_order(2, to_send=places), hub_order(packed("1", 2, 2))).actions

    assert isinstance(send, SendFulfillment)
    assert send.taken == (("fo1", (("fo1-1", D(1)),)), ("fo2", (("fo2-1", D(1)),)))
    assert send.lines == parts(line_1=2)


def test_FUL_10_a_row_is_sent_from_its_own_location_first() -> None:
    places = (waiting("fo1", "7", of={"1": 1}), waiting("fo2", "8", of={"1": 1}))
    at = store(PARTS.platform, {"location_map": {"7": "annex", "8": "main"}})

    (send,) = decide(shop_order(2, to_send=places), hub_order(packed("1", 2, 1)), store=at).actions

    assert isinstance(send, SendFulfillment)
    assert send.taken == (("fo2", (("fo2-1", D(1)),)),)


def test_FUL_10_what_is_not_shipped_is_not_told() -> None:
    hub = hub_order(row("1", 2), row("fee", 1, ships=False, delivered_quantity=D(1)))

    assert decide(shop_order(2), hub) == Sendings()
    assert covers(shop_order(2), hub, store=PARTS)


def test_FUL_10_stores_count_whole_pieces() -> None:
    hub = hub_order(row("1", 3, packed_quantity=D("1.5")))

    found = decide(shop_order(3), hub)

    assert told(found) == [{"1": 1}]
    assert found.notes == ()


@pytest.mark.parametrize("changes", [{"can_be_sent": False}, {"of": {}}], ids=["on hold", "gone"])
def test_FUL_10_what_the_store_does_not_let_go_is_noted(changes: dict[str, Any]) -> None:
    order = shop_order(2, to_send=(waiting(**{"of": {"1": 2}, **changes}),))

    found = decide(order, hub_order(packed("1", 2, 2)))

    lines = [{"line": "1", "row": "SKU-1", "quantity": "2"}]
    assert found == Sendings(notes=(Note(Reason.NOT_FULFILLABLE, {"lines": lines}),))


def test_FUL_10_what_can_be_sent_is_sent_all_the_same() -> None:
    order = shop_order(2, 1, to_send=(waiting(of={"1": 2}), waiting("fo2", of={"2": 1}, can_be_sent=False)))

    found = decide(order, hub_order(packed("1", 2, 2), packed("2", 1, 1)))

    assert told(found) == [{"1": 2}]
    assert [note.reason for note in found.notes] == [Reason.NOT_FULFILLABLE]


def test_FUL_10_a_service_that_the_store_never_sends_is_no_matter() -> None:
    order = shop_order(2)
    order = replace(order, lines=(*order.lines, plain_line("2", 1, 10, is_physical=False)))

    assert decide(order, hub_order(row("1", 2), delivered("2", 1, 1))) == Sendings()


def test_FUL_10_a_service_that_the_store_waits_to_send_is_told_like_any_row() -> None:
    order = shop_order(2, 1)
    order = replace(order, lines=(order.lines[0], plain_line("2", 1, 10, is_physical=False)))

    assert told(decide(order, hub_order(row("1", 2), delivered("2", 1, 1)))) == [{"2": 1}]


def test_FUL_10_goods_beside_a_service_are_missed_where_the_store_does_not_wait_to_send_them() -> None:
    order = shop_order(2, to_send=())
    order = replace(order, lines=(*order.lines, plain_line("2", 1, 10, is_physical=False)))

    found = decide(order, hub_order(delivered("1", 2, 2)))

    assert [note.reason for note in found.notes] == [Reason.NOT_FULFILLABLE]


def test_FUL_10_what_is_packed_is_what_was_done_last() -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=1),))
    hub = hub_order(row("1", 3, packed_quantity=D(1), delivered_quantity=D(2)), fulfillments=(of_hub("p1", r1=2),))

    assert told(decide(order, hub)) == [{"1": 1}, {"1": 1}]


def test_FUL_10_of_fulfilments_with_parts_of_pieces_whole_ones_are_told() -> None:
    parts = HubFulfillment("p1", None, "hub", (("r1", D("1.5")),))
    hub = hub_order(row("1", 3, delivered_quantity=D("2.5")), fulfillments=(parts,))

    found = decide(shop_order(3), hub)

    assert [send.lines for send in found.actions if isinstance(send, SendFulfillment)] == [(("1", D(1)),)] * 2


def test_FUL_10_a_store_is_told_no_part_of_a_piece_that_it_waits_to_send() -> None:
    left = replace(waiting(of={"1": 2}), lines=(("fo1-1", "1", D("1.5")),))

    found = decide(shop_order(2, to_send=(left,)), hub_order(delivered("1", 2, 2)))

    assert [send.lines for send in found.actions if isinstance(send, SendFulfillment)] == [(("1", D(1)),)]
    assert [note.reason for note in found.notes] == [Reason.NOT_FULFILLABLE]


def test_FUL_10_pieces_that_were_refunded_before_the_import_are_not_the_hubs() -> None:
    """Of 3 pieces 2 were sent and 1 of these was refunded: the row has 2, and now the hub sends the last."""
    line = plain_line("1", 2, 20, delivered_quantity=D(1))
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),), to_send=(waiting(of={"1": 1}),))
    made = row("1", 2, delivered_quantity=D(1), packed_quantity=D(1))
    hub = hub_order(made, fulfillments=(of_hub("p1", "77", "store", r1=1),))

    assert told(decide(replace(order, lines=(line,)), hub)) == [{"1": 1}]


def test_FUL_10_pieces_that_were_refunded_since_were_sent_all_the_same() -> None:
    """Of 4 pieces the store sent 2 and refunded 1 of them, the row has 4: the hub's third is the one to tell."""
    line = plain_line("1", 3, 30, delivered_quantity=D(1))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2),), to_send=(waiting(of={"1": 2}),))
    hub = hub_order(delivered("1", 4, 3), fulfillments=(of_hub("p1", r1=3), of_hub("p2", "77", "store")))

    assert told(decide(replace(order, lines=(line,)), hub)) == [{"1": 1}]


def test_FUL_10_what_the_store_delivered_without_an_id_is_no_fulfilment_of_the_hubs() -> None:
    hub = hub_order(delivered("1", 2, 1), fulfillments=(of_hub("p1", None, "store", r1=1),))

    (send,) = decide(shop_order(2), hub).actions

    assert isinstance(send, SendFulfillment)
    assert send.fulfillment_id is None


# -- pick-up -----------------------------------------------------------------------------------------------------


def test_FUL_11_what_the_buyer_fetches_is_not_told_and_noted() -> None:
    order = shop_order(2, is_pickup=True, to_send=(waiting(of={"1": 2}, is_pickup=True),))

    found = decide(order, hub_order(delivered("1", 2, 2)))

    lines = [{"line": "1", "row": "SKU-1", "quantity": "2"}]
    assert found == Sendings(notes=(Note(Reason.PICKUP_NOT_SENT, {"lines": lines}),))


def test_FUL_11_what_waits_at_the_counter_is_noted_though_the_shop_calls_it_fulfilled() -> None:
    order = shop_order(2, is_pickup=True, delivery="completed", to_send=())
    order = replace(order, fulfillments=(fulfillment("77", "ready", line_1=2),))

    found = decide(order, hub_order(delivered("1", 2, 2)))

    assert [note.reason for note in found.notes] == [Reason.PICKUP_NOT_SENT]


def test_FUL_11_what_was_fetched_is_told_already() -> None:
    order = shop_order(2, is_pickup=True, delivery="completed", fulfillments=(fulfillment("77", line_1=2),))

    assert decide(order, hub_order(delivered("1", 2, 2))) == Sendings()
    assert decide(replace(order, fulfillments=(), to_send=()), hub_order(delivered("1", 2, 2))) == Sendings()


def test_FUL_11_what_the_buyer_took_along_is_no_fulfilment() -> None:
    found = decide(shop_order(2, is_pickup=True, to_send=()), hub_order(delivered("1", 2, 2)))

    assert [note.reason for note in found.notes] == [Reason.PICKUP_NOT_SENT]


def test_FUL_11_of_an_order_that_is_fetched_in_part_the_rest_is_sent() -> None:
    order = shop_order(2, 1, to_send=(waiting(of={"1": 2}, is_pickup=True), waiting("fo2", of={"2": 1})))

    found = decide(order, hub_order(delivered("1", 2, 2), delivered("2", 1, 1)))

    assert told(found) == [{"2": 1}]
    assert [note.reason for note in found.notes] == [Reason.PICKUP_NOT_SENT]


# -- whole orders ------------------------------------------------------------------------------------------------


def test_FUL_12_a_delivered_order_is_completed() -> None:
    found = decide(shop_order(2, status="processing"), hub_order(delivered("1", 2, 2)), store=WHOLE)

    assert found == Sendings((SetStoreStatus("5001", "completed"),))


@pytest.mark.parametrize(
    "made", [packed("1", 2, 1), packed("1", 2, 2), delivered("1", 2, 1)], ids=["partly packed", "packed", "partly"]
)
def test_FUL_12_an_order_that_is_not_delivered_as_a_whole_is_noted(made: HubRow) -> None:
    hub = hub_order(made)

    found = decide(shop_order(2), hub, store=WHOLE)

    assert found == Sendings(notes=(Note(Reason.PARTIAL_NOT_SENT, {"status": hub.status}),))


def test_FUL_12_an_order_of_which_nothing_is_shipped_is_no_matter() -> None:
    assert decide(shop_order(2), hub_order(row("1", 2)), store=WHOLE) == Sendings()


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "trash"])
def test_FUL_12_an_order_that_its_store_gave_up_is_not_completed(status: str) -> None:
    order, hub = shop_order(2, status=status), hub_order(delivered("1", 2, 2))

    found = decide(order, hub, store=store(WOOCOMMERCE))

    assert found == Sendings(notes=(Note(Reason.NOT_FULFILLABLE, {"status": status}),))


@pytest.mark.parametrize("status", ["processing", "on-hold", "pending", "wc-of-a-plugin"])
def test_FUL_12_any_open_order_is_completed(status: str) -> None:
    found = decide(shop_order(2, status=status), hub_order(delivered("1", 2, 2)), store=store(WOOCOMMERCE))

    assert found == Sendings((SetStoreStatus("5001", "completed"),))


# -- no echo -----------------------------------------------------------------------------------------------------


def test_FUL_13_a_completed_order_is_not_completed_again() -> None:
    order, hub = shop_order(2, status="completed"), hub_order(delivered("1", 2, 2))

    assert decide(order, hub, store=WHOLE) == Sendings()
    assert covers(order, hub, store=WHOLE)


def test_FUL_13_what_came_from_the_store_is_not_sent_back() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=1),))
    hub = hub_order(delivered("1", 2, 1), fulfillments=(of_hub("p1", "77", "store", r1=1),))

    assert decide(order, hub) == Sendings()
    assert covers(order, hub, store=PARTS)


def test_FUL_13_what_the_store_has_sent_meanwhile_is_not_sent_by_the_hub() -> None:
    hub = hub_order(delivered("1", 3, 2), fulfillments=(of_hub("p1", r1=2),))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=1),))

    assert told(decide(order, hub)) == [{"1": 1}]
    assert not covers(order, hub, store=PARTS)


@pytest.mark.parametrize("fulfillments", [(), (fulfillment("77", line_1=1),)], ids=["no pieces", "some pieces"])
def test_FUL_13_an_order_that_the_store_calls_fulfilled_needs_nothing(fulfillments: Any) -> None:
    order = shop_order(2, delivery="completed", to_send=(), fulfillments=fulfillments)

    assert decide(order, hub_order(delivered("1", 2, 2))) == Sendings()


def test_FUL_13_what_the_store_sent_in_place_of_ours_is_told_once() -> None:
    """77 and 78 are two looks at the same two pieces, both called off since; two more left the hub."""
    there = (fulfillment("77", CALLED_OFF, line_1=2), fulfillment("78", CALLED_OFF, line_1=2))
    known = (of_hub("p1", "77", "store", r1=2), of_hub("p2", "78", r1=2))

    found = decide(shop_order(5, fulfillments=there), hub_order(delivered("1", 5, 4), fulfillments=known))

    assert told(found) == [{"1": 2}]


@pytest.mark.parametrize("source", ["hub", "store"])
def test_FUL_13_a_fulfilment_that_was_called_off_is_not_sent_again(source: str) -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", CALLED_OFF, line_1=1),))
    made = row("1", 3, delivered_quantity=D(1), packed_quantity=D(1))
    hub = hub_order(made, fulfillments=(of_hub("p1", "77", source, r1=1),))

    assert told(decide(order, hub)) == [{"1": 1}]


def test_FUL_13_what_was_called_off_and_what_stands_both_count() -> None:
    order = shop_order(4, fulfillments=(fulfillment("77", CALLED_OFF, line_1=1), fulfillment("78", line_1=1)))
    made = row("1", 4, delivered_quantity=D(1), packed_quantity=D(2))
    hub = hub_order(made, fulfillments=(of_hub("p1", "77", "store", r1=1), of_hub("p2", "78", r1=1)))

    assert told(decide(order, hub)) == [{"1": 1}]


def test_FUL_13_what_was_called_off_and_sent_anew_counts_once() -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", CALLED_OFF, line_1=2), fulfillment("78", line_1=2)))
    made = row("1", 3, delivered_quantity=D(2), packed_quantity=D(1))
    hub = hub_order(made, fulfillments=(of_hub("p1", "77", r1=2), of_hub("p2", "78", "store", r1=2)))

    assert told(decide(order, hub)) == [{"1": 1}]


# -- sent once ---------------------------------------------------------------------------------------------------


def test_FUL_14_what_the_store_heard_before_the_worker_died_is_linked_and_not_sent_again() -> None:
    hub = hub_order(delivered("1", 2, 2), fulfillments=(of_hub("p1", r1=2),))
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),))

    found = decide(order, hub, sending=Sending(parts(line_1=2), CREATED_AT))

    assert found == Sendings((LinkFulfillment("h1", "77", "p1"),), heard="77")


def test_FUL_14_what_the_store_had_before_it_was_told_is_not_what_it_heard() -> None:
    hub = hub_order(delivered("1", 3, 1), fulfillments=(of_hub("p1", r1=1),))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=1),))
    asked = Sending(parts(line_1=1), CREATED_AT, there=("77",))

    found = decide(order, hub, sending=asked)

    assert found.heard is None
    assert LinkFulfillment("h1", "77", "p1") not in found.actions


def test_FUL_14_what_it_never_heard_is_sent() -> None:
    hub = hub_order(delivered("1", 2, 2), fulfillments=(of_hub("p1", r1=2),))

    found = decide(shop_order(2), hub, sending=Sending(parts(line_1=2), CREATED_AT))

    assert told(found) == [{"1": 2}]
    assert found.heard is None


def test_FUL_14_after_the_first_of_two_fulfilments_only_the_second_is_sent() -> None:
    hub = hub_order(delivered("1", 3, 3), fulfillments=(of_hub("p1", r1=2), of_hub("p2", r1=1)))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2),))

    link, send = decide(order, hub, sending=Sending(parts(line_1=2), CREATED_AT)).actions

    assert link == LinkFulfillment("h1", "77", "p1")
    assert isinstance(send, SendFulfillment)
    assert (send.fulfillment_id, send.lines) == ("p2", parts(line_1=1))


def test_FUL_14_what_was_heard_leaves_the_other_fulfilment_to_be_sent() -> None:
    hub = hub_order(delivered("1", 3, 3), fulfillments=(of_hub("p1", r1=1), of_hub("p2", r1=2)))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2),))

    link, send = decide(order, hub, sending=Sending(parts(line_1=2), CREATED_AT)).actions

    assert link == LinkFulfillment("h1", "77", "p2")
    assert isinstance(send, SendFulfillment)
    assert send.fulfillment_id == "p1"


def test_FUL_14_pieces_on_their_way_in_the_store_are_not_sent_twice() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", "pending", line_1=2),), to_send=())

    assert decide(order, hub_order(packed("1", 2, 2))).actions == ()


def test_FUL_15_a_row_that_a_person_added_in_the_hub_never_reaches_the_store() -> None:
    hub = hub_order(row("1", 2), packed("9", 1, 1, external_id=None))

    assert decide(shop_order(2), hub) == Sendings()
    assert covers(shop_order(2), hub, store=PARTS)


def test_fulfilment_sync_off_tells_nothing() -> None:
    hub = hub_order(delivered("1", 2, 2))

    assert hub.status is DeliveryStatus.DELIVERED
    for at in (WHOLE, PARTS):
        assert decide(shop_order(2), hub, store=store(at.platform, {"fulfillment.sync": False})) == Sendings()
