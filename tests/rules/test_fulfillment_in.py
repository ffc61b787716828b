"""What a store fulfilled, brought to the hub's order (FUL-1…8), and what the hub then does by itself."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.actions import DeliverRows, Detail, LinkFulfillment, Note, PackRows, RemakeFulfillment, SetFlags
from schemas.flags import Flags
from schemas.hub import Batch, DeliveryStatus, HubFulfillment, HubOrder, Sending
from schemas.orders import StoreOrder
from schemas.reasons import Reason
from tasks.rules.fulfillment_in import Delivery, decide_delivery, decide_links, may_deliver
from tests.makers import CREATED_AT, plain_line, store
from tests.rules.fulfilling import CALLED_OFF, PARTS, WHOLE, apply, fulfillment, hub_order, parts, row, shop_order

D = Decimal
Rows = tuple[tuple[str, Decimal], ...]


def decide(order: StoreOrder, hub: HubOrder, **changes: Any) -> Delivery:
    return decide_delivery(order, hub, **{"store": PARTS, **changes})


def after(order: StoreOrder, hub: HubOrder, **changes: Any) -> HubOrder:
    """The hub's order once what is decided is done."""
    for action in decide(order, hub, **changes).actions:
        hub = apply(hub, action)
    return hub


def rows(**pieces: int) -> Rows:
    """Pieces by row id, as r1=2."""
    return tuple((name, D(quantity)) for name, quantity in pieces.items())


def of_hub(id: str, *, source: str = "hub", external_id: str | None = None, **pieces: int) -> HubFulfillment:
    return HubFulfillment(id, external_id, source, rows(**pieces))


def delivers(external_id: str | None, **pieces: int) -> DeliverRows:
    return DeliverRows("h1", rows(**pieces), source="store", external_id=external_id)


# -- fulfilment by fulfilment ------------------------------------------------------------------------------------


def test_FUL_1_a_fulfilment_delivers_its_pieces() -> None:
    order = shop_order(3, 1, fulfillments=(fulfillment("77", line_1=2, line_2=1),))

    found = decide(order, hub_order(row("1", 3), row("2", 1)))

    assert found == Delivery((delivers("77", r1=2, r2=1),))


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ({"line_1": 2, "line_2": 1}, DeliveryStatus.DELIVERED),
        ({"line_1": 2}, DeliveryStatus.PARTIALLY_DELIVERED),
        ({"line_1": 1}, DeliveryStatus.PARTIALLY_DELIVERED),
    ],
)
def test_FUL_1_the_order_is_delivered_when_all_rows_are(pieces: dict[str, int], status: DeliveryStatus) -> None:
    order = shop_order(2, 1, fulfillments=(fulfillment("77", **pieces),))

    assert after(order, hub_order(row("1", 2), row("2", 1))).status is status


def test_FUL_1_the_fulfilment_brings_its_tracking() -> None:
    tracking: dict[str, Any] = {"tracking_number": "T1", "carrier": "DHL", "tracking_url": "https://dhl.example/T1"}
    order = shop_order(2, fulfillments=(replace(fulfillment("77", line_1=2), **tracking),))

    assert decide(order, hub_order(row("1", 2))).actions == (replace(delivers("77", r1=2), **tracking),)


@pytest.mark.parametrize("status", [CALLED_OFF, "pending", "error"])
def test_FUL_1_a_fulfilment_that_is_not_with_the_buyer_delivers_nothing(status: str) -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", status, line_1=2),))

    assert decide(order, hub_order(row("1", 2))) == Delivery()


def test_FUL_1_several_fulfilments_are_applied_oldest_first() -> None:
    order = shop_order(3, fulfillments=(fulfillment("100", line_1=1), fulfillment("99", line_1=2)))

    assert decide(order, hub_order(row("1", 3))).actions == (delivers("99", r1=2), delivers("100", r1=1))


def test_FUL_1_a_service_that_is_in_no_fulfilment_is_delivered_with_the_rest() -> None:
    service = plain_line("2", 1, 10, is_physical=False)
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),), delivery="completed")
    order = replace(order, lines=(*order.lines, service), to_send=())

    found = decide(order, hub_order(row("1", 2), row("2", 1), row("9", 1, external_id=None)))

    assert found.actions == (delivers("77", r1=2), delivers(None, r2=1))  # a row of a person's is a person's


def test_FUL_1_a_completed_order_delivers_no_row_whose_fulfilment_was_rejected() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2, line_9=1),), delivery="completed")

    found = decide(order, hub_order(row("1", 2)))

    assert found.actions == ()


# -- all or nothing ----------------------------------------------------------------------------------------------


def test_FUL_2_one_line_without_a_row_rejects_the_whole_fulfilment() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=1, line_9=1),))

    found = decide(order, hub_order(row("1", 2)))

    assert found == Delivery(notes=(Note(Reason.LINE_NOT_MATCHED, {"fulfillment": "77", "line": "9"}),))


def test_FUL_2_a_line_of_the_order_that_has_no_row_rejects_it_too() -> None:
    order = shop_order(2, 1, fulfillments=(fulfillment("77", line_1=2, line_2=1),))

    found = decide(order, hub_order(row("1", 2)))

    assert found == Delivery(notes=(Note(Reason.LINE_NOT_MATCHED, {"fulfillment": "77", "line": "2"}),))


def test_FUL_2_everything_that_is_rejected_is_told() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_8=1), fulfillment("78", line_9=1)))

    found = decide(order, hub_order(row("1", 2)))

    assert [note.detail["fulfillment"] for note in found.notes] == ["77", "78"]


def test_FUL_2_the_other_fulfilments_are_applied_all_the_same() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_9=1), fulfillment("78", line_1=2)))

    found = decide(order, hub_order(row("1", 2)))

    assert found.actions == (delivers("78", r1=2),)
    assert [note.detail["fulfillment"] for note in found.notes] == ["77"]


def test_FUL_2_a_line_of_no_piece_needs_no_row() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=1, line_9=0),))

    assert decide(order, hub_order(row("1", 2))).actions == (delivers("77", r1=1),)


@pytest.mark.parametrize("pieces", [{"line_1": 2, "line_2": 1}, {"line_2": 1}])
def test_MAP_3_a_custom_item_that_is_left_out_keeps_no_fulfilment_back(pieces: dict[str, int]) -> None:
    at = replace(PARTS, settings={**PARTS.settings, "orders.custom_items": False})
    order = shop_order(2, 1, fulfillments=(fulfillment("77", **pieces),))
    order = replace(order, lines=(order.lines[0], replace(order.lines[1], is_custom=True)))

    hub = after(order, hub_order(row("1", 2)), store=at)

    assert hub.rows[0].delivered_quantity == pieces.get("line_1", 0)
    assert (decide(order, hub, store=at), [one.external_id for one in hub.fulfillments]) == (Delivery(), ["77"])


def test_MAP_3_a_custom_item_that_has_a_row_is_delivered_though_the_switch_is_off_now() -> None:
    at = replace(PARTS, settings={**PARTS.settings, "orders.custom_items": False})
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2),))
    order = replace(order, lines=(replace(order.lines[0], is_custom=True),))

    assert decide(order, hub_order(row("1", 2)), store=at).actions == (delivers("77", r1=2),)


def test_FUL_2_more_pieces_than_are_left_reject_the_whole_fulfilment() -> None:
    order = shop_order(5, 1, fulfillments=(fulfillment("77", line_1=4, line_2=1),))

    found = decide(order, hub_order(row("1", 3), row("2", 1)))

    detail: Detail = {"fulfillment": "77", "line": "1", "row": "SKU-1", "left": "3", "pieces": "4"}
    assert found == Delivery(notes=(Note(Reason.MORE_THAN_ORDERED, detail),))


def test_FUL_2_a_rejected_fulfilment_does_not_count_for_the_next() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=1)
    order = shop_order(
        5, fulfillments=(fulfillment("77", line_1=1), fulfillment("78", line_1=3), fulfillment("79", line_1=1))
    )
    hub = hub_order(row("1", 3, delivered_quantity=D(1)), fulfillments=(known,))

    found = decide(order, hub)

    assert [note.reason for note in found.notes] == [Reason.MORE_THAN_ORDERED]
    assert found.actions == (delivers("79", r1=1),)


# -- whole orders ------------------------------------------------------------------------------------------------


def completed(*lines: int) -> StoreOrder:
    return shop_order(*lines, status="completed", to_send=())


@pytest.mark.parametrize(
    "made",
    [row("1", 3), row("1", 3, packed_quantity=D(3)), row("1", 3, packed_quantity=D(1), delivered_quantity=D(1))],
    ids=["open", "packed", "partly delivered"],
)
def test_FUL_3_a_completed_order_is_delivered_as_a_whole(made: Any) -> None:
    hub = hub_order(made, row("2", 1))

    found = decide(completed(3, 1), hub, store=WHOLE)

    assert found.actions == (delivers(None, r1=int(3 - made.delivered_quantity), r2=1),)
    assert after(completed(3, 1), hub, store=WHOLE).status is DeliveryStatus.DELIVERED


def test_FUL_3_fees_go_with_the_rows_that_ship() -> None:
    hub = hub_order(row("1", 3), row("fee", 1, ships=False))

    assert decide(completed(3), hub, store=WHOLE).actions == (delivers(None, r1=3),)
    assert after(completed(3), hub, store=WHOLE).rows[1].delivered_quantity == 1


def test_FUL_3_an_order_of_fees_only_is_delivered_by_its_fees() -> None:
    hub = hub_order(row("fee", 1, ships=False))

    assert decide(completed(), hub, store=WHOLE).actions == (delivers(None, rfee=1),)


def test_FUL_3_another_status_delivers_nothing() -> None:
    order = shop_order(3, status="processing", fulfillments=(fulfillment("77", line_1=3),))

    assert decide(order, hub_order(row("1", 3)), store=WHOLE) == Delivery()


# -- batches -----------------------------------------------------------------------------------------------------


def batch(id: str, in_stock: int, *, days: int = 0, **changes: Any) -> Batch:
    """A batch of SKU-1, received some days late."""
    plain = Batch(id, f"B-{id}", "v1", "main", D(in_stock), CREATED_AT + timedelta(days=days))
    return replace(plain, **changes)


def tracked(quantity: int, line: str = "1", **changes: Any) -> Any:
    return row(line, quantity, **{"variant_id": "v1", "sku": "OIL", "batch_tracked": True, **changes})


def taken(found: Delivery) -> list[tuple[str, str, int]]:
    """The batches of all that is delivered."""
    deliveries = [action for action in found.actions if isinstance(action, DeliverRows)]
    return [(row_id, id, int(quantity)) for each in deliveries for row_id, id, quantity in each.batches]


def test_FUL_4_the_batch_received_first_goes_first_and_a_row_may_take_several() -> None:
    batches = [batch("late", 5, days=2), batch("early", 2)]

    found = decide(completed(3), hub_order(tracked(3)), store=WHOLE, batches=batches)

    assert taken(found) == [("r1", "early", 2), ("r1", "late", 1)]
    assert found.notes == ()


def test_FUL_4_rows_of_one_item_share_its_batches() -> None:
    hub = hub_order(tracked(2), tracked(2, "2"))

    found = decide(completed(2, 2), hub, store=WHOLE, batches=[batch("a", 3), batch("b", 3, days=1)])

    assert taken(found) == [("r1", "a", 2), ("r2", "a", 1), ("r2", "b", 1)]


def test_FUL_4_fulfilments_of_one_look_share_the_batches() -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=1)))

    found = decide(order, hub_order(tracked(3)), batches=[batch("a", 2), batch("b", 2, days=1)])

    assert taken(found) == [("r1", "a", 2), ("r1", "b", 1)]


@pytest.mark.parametrize("other", [{"location": "annex"}, {"variant_id": "v2"}])
def test_FUL_4_batches_are_of_the_item_and_at_the_rows_location(other: dict[str, Any]) -> None:
    batches = [batch("other", 9, **other), batch("mine", 9, days=1)]

    assert taken(decide(completed(1), hub_order(tracked(1)), store=WHOLE, batches=batches)) == [("r1", "mine", 1)]


def test_FUL_4_packed_pieces_have_their_batch_already() -> None:
    hub = hub_order(tracked(3, packed_quantity=D(2)))

    assert taken(decide(completed(3), hub, store=WHOLE, batches=[batch("a", 9)])) == [("r1", "a", 1)]


def test_FUL_4_packed_pieces_go_with_the_first_fulfilment_of_a_look() -> None:
    order = shop_order(4, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=1)))

    found = decide(order, hub_order(tracked(4, packed_quantity=D(1))), batches=[batch("a", 9)])

    assert taken(found) == [("r1", "a", 1), ("r1", "a", 1)]


def test_FUL_4_too_little_in_batches_is_delivered_all_the_same_and_noted() -> None:
    found = decide(completed(5), hub_order(tracked(5)), store=WHOLE, batches=[batch("a", 2)])

    assert found.actions == (replace(delivers(None, r1=5), batches=(("r1", "a", D(2)),)),)
    assert found.notes == (Note(Reason.BATCH_SHORTAGE, {"sku": "OIL", "missing": "3"}),)


def test_FUL_4_an_item_without_batches_needs_none() -> None:
    found = decide(completed(2), hub_order(row("1", 2)), store=WHOLE, batches=[batch("a", 9)])

    assert taken(found) == []
    assert found.notes == ()


# -- delivered is final ------------------------------------------------------------------------------------------


def delivered() -> HubOrder:
    return hub_order(row("1", 2, delivered_quantity=D(2)))


def test_FUL_5_a_delivered_order_only_learns_the_ids_of_fulfilments() -> None:
    order = shop_order(
        4, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=1), fulfillment("79", line_9=1))
    )

    found = decide(order, delivered())

    assert found == Delivery(tuple(LinkFulfillment("h1", id, source="store") for id in ("77", "78", "79")))


def test_FUL_5_a_fulfilment_after_the_last_piece_is_linked_in_the_same_look() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_9=1)))

    found = decide(order, hub_order(row("1", 2)))

    assert found == Delivery((delivers("77", r1=2), LinkFulfillment("h1", "78", source="store")))


@pytest.mark.parametrize("status", ["completed", "cancelled", "processing"])
def test_FUL_5_no_status_changes_a_delivered_order(status: str) -> None:
    assert decide(shop_order(2, status=status), delivered(), store=WHOLE) == Delivery()


def test_FUL_5_a_voided_order_is_not_delivered() -> None:
    voided = hub_order(row("1", 2), flags=Flags(voided=True))

    assert decide(completed(2), voided, store=WHOLE) == Delivery()
    found = decide(shop_order(2, fulfillments=(fulfillment("77", line_1=2),)), voided)
    assert found == Delivery((LinkFulfillment("h1", "77", source="store"),))


def test_FUL_5_a_cancelled_fulfilment_reverts_nothing_and_its_successor_delivers_nothing_twice() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=2)
    order = shop_order(3, fulfillments=(fulfillment("77", CALLED_OFF, line_1=2), fulfillment("78", line_1=3)))

    found = decide(order, hub_order(row("1", 3, delivered_quantity=D(2)), fulfillments=(known,)))

    assert found.actions == (delivers("78", r1=1), RemakeFulfillment("h1", "78", (("p1", "r1", D(2)),)))


def test_FUL_7_a_fulfilment_that_the_store_made_again_is_the_one_that_counts() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=2)
    again = replace(fulfillment("78", line_1=2), tracking_number="T-2", carrier="DHL", tracking_url="https://t/2")
    order = shop_order(2, fulfillments=(fulfillment("77", CALLED_OFF, line_1=2), again))

    found = decide(order, hub_order(row("1", 2, delivered_quantity=D(2)), fulfillments=(known,)))

    made = RemakeFulfillment("h1", "78", (("p1", "r1", D(2)),), "T-2", "DHL", "https://t/2")
    assert found == Delivery((made,))


def test_FUL_7_a_fulfilment_that_was_made_again_as_two_has_each_piece_once() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=3)
    order = shop_order(
        3,
        fulfillments=(
            fulfillment("77", CALLED_OFF, line_1=3),
            fulfillment("78", line_1=1),
            fulfillment("79", line_1=2),
        ),
    )

    found = decide(order, hub_order(row("1", 3, delivered_quantity=D(3)), fulfillments=(known,)))

    assert found.actions == (
        RemakeFulfillment("h1", "78", (("p1", "r1", D(1)),)),
        RemakeFulfillment("h1", "79", (("p1", "r1", D(2)),)),
    )


def test_FUL_7_what_was_made_again_takes_its_pieces_over_though_others_are_open() -> None:
    gone = of_hub("p1", external_id="77", source="store", r1=2)
    order = shop_order(3, fulfillments=(fulfillment("77", CALLED_OFF, line_1=2), fulfillment("78", line_1=2)))

    found = decide(order, hub_order(row("1", 3, delivered_quantity=D(2)), fulfillments=(gone,)))

    assert found.actions == (RemakeFulfillment("h1", "78", (("p1", "r1", D(2)),)),)


def test_FUL_7_pieces_that_went_over_are_not_taken_over_twice_in_one_look() -> None:
    gone = of_hub("p1", external_id="77", source="store", r1=3)
    again = fulfillment("78", line_1=2), fulfillment("79", line_1=2)
    order = shop_order(5, fulfillments=(fulfillment("77", CALLED_OFF, line_1=3), *again))

    found = decide(order, hub_order(row("1", 5, delivered_quantity=D(3)), fulfillments=(gone,)))

    assert found.actions == (
        RemakeFulfillment("h1", "78", (("p1", "r1", D(2)),)),
        delivers("79", r1=1),
        RemakeFulfillment("h1", "79", (("p1", "r1", D(1)),)),
    )


def test_FUL_2_a_fulfilment_that_cannot_be_matched_takes_no_pieces_over() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=1)
    order = shop_order(2, fulfillments=(fulfillment("77", CALLED_OFF, line_1=1), fulfillment("78", line_1=1, line_9=1)))

    found = decide(order, hub_order(row("1", 2, delivered_quantity=D(1)), fulfillments=(known,)))

    assert found.actions == ()


# -- the buyer fetches it ----------------------------------------------------------------------------------------


CLOSED = SetFlags("h1", Flags(packed=True, shipped=True, closed=True))


def fetched(*fulfillments: Any) -> StoreOrder:
    return shop_order(2, is_pickup=True, fulfillments=fulfillments)


def test_FUL_6_what_was_picked_up_is_delivered_and_closed() -> None:
    found = decide(fetched(fulfillment("77", line_1=2)), hub_order(row("1", 2)))

    assert found.actions == (delivers("77", r1=2), CLOSED)


def test_FUL_6_closing_keeps_the_other_flags() -> None:
    hub = hub_order(row("1", 2), flags=Flags(billed=True, paid=True))

    (_, flags) = decide(fetched(fulfillment("77", line_1=2)), hub).actions

    assert flags == SetFlags("h1", Flags(billed=True, paid=True, packed=True, shipped=True, closed=True))


def test_FUL_6_what_was_picked_up_in_part_stays_open() -> None:
    assert decide(fetched(fulfillment("77", line_1=1)), hub_order(row("1", 2))).actions == (delivers("77", r1=1),)


def test_FUL_6_what_waits_at_the_counter_stays_open() -> None:
    order = fetched(fulfillment("77", "ready", line_1=2))

    assert decide(order, delivered()) == Delivery()
    assert decide(replace(order, delivery="completed"), delivered()) == Delivery()


def test_FUL_6_what_the_hub_delivered_is_closed_when_it_is_picked_up() -> None:
    own = of_hub("p1", r1=2)

    found = decide(fetched(fulfillment("77", line_1=2)), replace(delivered(), fulfillments=(own,)))

    assert found.actions == (LinkFulfillment("h1", "77", "p1"), CLOSED)


def test_FUL_6_what_was_rejected_is_not_closed() -> None:
    found = decide(fetched(fulfillment("77", line_1=2, line_9=1)), hub_order(row("1", 2)))

    assert found.actions == ()


def test_FUL_6_what_the_buyer_took_along_without_a_fulfilment_is_closed_when_the_store_calls_it_fulfilled() -> None:
    order = shop_order(2, is_pickup=True, to_send=())

    assert decide(order, delivered()).actions == ()
    assert decide(replace(order, delivery="completed"), delivered()).actions == (CLOSED,)


def test_FUL_6_a_service_that_is_in_no_fulfilment_does_not_keep_the_order_open() -> None:
    hub = hub_order(row("1", 2), row("2", 1, delivered_quantity=D(1)))

    assert decide(fetched(fulfillment("77", line_1=2)), hub).actions == (delivers("77", r1=2), CLOSED)


def test_FUL_6_of_an_order_that_was_fetched_in_part_the_rest_keeps_it_open() -> None:
    order = shop_order(2, 1, is_pickup=True, fulfillments=(fulfillment("77", line_1=2),))
    hub = hub_order(row("1", 2, delivered_quantity=D(2)), row("2", 1, delivered_quantity=D(1)))

    assert not [action for action in decide(order, hub).actions if isinstance(action, SetFlags)]


def test_FUL_6_a_voided_order_is_not_closed() -> None:
    hub = hub_order(row("1", 2, delivered_quantity=D(2)), flags=Flags(voided=True))

    assert not [
        action for action in decide(fetched(fulfillment("77", line_1=2)), hub).actions if isinstance(action, SetFlags)
    ]


def test_FUL_6_a_closed_order_is_closed_once() -> None:
    known = of_hub("p1", external_id="77", source="store", r1=2)
    hub = replace(delivered(), fulfillments=(known,), flags=Flags(closed=True))

    assert decide(fetched(fulfillment("77", line_1=2)), hub) == Delivery()


def test_FUL_6_what_is_sent_to_the_buyer_is_not_closed() -> None:
    order = replace(fetched(fulfillment("77", line_1=2)), is_pickup=False)

    assert decide(order, hub_order(row("1", 2))).actions == (delivers("77", r1=2),)


# -- once, whoever said it ---------------------------------------------------------------------------------------


def test_FUL_7_a_known_fulfilment_is_not_applied_again() -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2),))
    hub = after(order, hub_order(row("1", 3)))

    assert decide(order, hub) == Delivery()


def test_FUL_7_what_a_person_delivered_in_the_hub_as_well_is_not_delivered_twice() -> None:
    hub = hub_order(row("1", 3, delivered_quantity=D(2)), fulfillments=(of_hub("p1", r1=2),))

    found = decide(shop_order(3, fulfillments=(fulfillment("77", line_1=2),)), hub)

    assert found == Delivery((LinkFulfillment("h1", "77", "p1"),))


def test_FUL_7_the_same_pieces_in_other_fulfilments_are_only_remembered() -> None:
    hub = hub_order(row("1", 4, delivered_quantity=D(3)), fulfillments=(of_hub("p1", r1=3),))

    found = decide(shop_order(4, fulfillments=(fulfillment("77", line_1=2),)), hub)

    assert found == Delivery((LinkFulfillment("h1", "77", source="store"),))


def test_FUL_7_of_a_fulfilment_that_is_partly_delivered_in_the_hub_the_rest_is_news() -> None:
    hub = hub_order(row("1", 4, delivered_quantity=D(1)), fulfillments=(of_hub("p1", r1=1),))

    found = decide(shop_order(4, fulfillments=(fulfillment("77", line_1=3),)), hub)

    assert found.actions == (delivers("77", r1=2),)


def test_FUL_7_two_fulfilments_alike_are_linked_to_two_of_the_hubs() -> None:
    own = (of_hub("p1", r1=1), of_hub("p2", r1=1))
    hub = hub_order(row("1", 4, delivered_quantity=D(2)), fulfillments=own)

    found = decide(shop_order(4, fulfillments=(fulfillment("77", line_1=1), fulfillment("78", line_1=1))), hub)

    assert found.actions == (LinkFulfillment("h1", "77", "p1"), LinkFulfillment("h1", "78", "p2"))


def test_FUL_7_a_fulfilment_without_pieces_is_only_remembered() -> None:
    found = decide(shop_order(2, fulfillments=(fulfillment("77"),)), hub_order(row("1", 2)))

    assert found == Delivery((LinkFulfillment("h1", "77", source="store"),))


def test_FUL_8_packed_pieces_go_first() -> None:
    hub = after(
        shop_order(3, fulfillments=(fulfillment("77", line_1=2),)), hub_order(row("1", 3, packed_quantity=D(1)))
    )

    assert (hub.rows[0].packed_quantity, hub.rows[0].delivered_quantity) == (0, 2)


# -- what storesync sent itself ----------------------------------------------------------------------------------


def test_FUL_13_a_fulfilment_that_was_sent_by_us_does_not_deliver_packed_pieces() -> None:
    told = of_hub("p1", external_id="77", r1=2)
    hub = hub_order(row("1", 2, packed_quantity=D(2)), fulfillments=(told,))

    assert decide(shop_order(2, fulfillments=(fulfillment("77", line_1=2),)), hub) == Delivery()


def test_FUL_13_pieces_that_were_told_when_packed_stay_packed_when_the_store_sends_others() -> None:
    told = of_hub("p1", external_id="77", r1=2)
    hub = hub_order(row("1", 3, packed_quantity=D(2)), fulfillments=(told,))
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=1)))

    assert decide(order, hub).actions == (PackRows("h1", rows(r1=1)), delivers("78", r1=1))
    now = after(order, hub).rows[0]
    assert (now.packed_quantity, now.delivered_quantity) == (2, 1)


def test_FUL_13_of_a_row_that_the_store_sends_nothing_of_nothing_is_packed() -> None:
    known = of_hub("p2", external_id="70", source="store", r2=2)
    order = shop_order(1, 3, fulfillments=(fulfillment("70", line_2=2), fulfillment("77", line_1=1)))
    hub = hub_order(row("1", 1), row("2", 3, packed_quantity=D(1)), fulfillments=(known,))

    assert decide(order, hub).actions == (delivers("77", r1=1),)


def test_FUL_13_what_is_packed_besides_takes_no_batch_again_when_it_is_delivered() -> None:
    told = of_hub("p1", external_id="70", r1=1)
    order = shop_order(5, fulfillments=(fulfillment("70", line_1=1), fulfillment("77", line_1=2)))
    hub = hub_order(tracked(5, packed_quantity=D(1)), fulfillments=(told,))

    found = decide(order, hub, batches=[batch("a", 9)])

    assert found.actions == (PackRows("h1", rows(r1=2)), delivers("77", r1=2))


def test_FUL_13_no_more_is_packed_besides_than_the_row_has() -> None:
    told = of_hub("p1", external_id="77", r1=2)
    hub = hub_order(row("1", 3, packed_quantity=D(2)), fulfillments=(told,))
    order = shop_order(5, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=2)))

    assert decide(order, hub).actions == (PackRows("h1", rows(r1=1)), delivers("78", r1=2))


def test_FUL_13_packed_pieces_that_no_store_knows_of_are_those_that_the_store_sent() -> None:
    hub = hub_order(row("1", 3, packed_quantity=D(2)))

    found = decide(shop_order(3, fulfillments=(fulfillment("77", line_1=2),)), hub)

    assert found.actions == (delivers("77", r1=2),)


def test_FUL_4_what_is_packed_besides_is_missed_in_the_batches_too() -> None:
    told = of_hub("p1", external_id="77", r1=2)
    hub = hub_order(tracked(3, packed_quantity=D(2)), fulfillments=(told,))

    found = decide(shop_order(3, fulfillments=(fulfillment("77", line_1=2), fulfillment("78", line_1=1))), hub)

    assert found.notes == (Note(Reason.BATCH_SHORTAGE, {"sku": "OIL", "missing": "1"}),)


@pytest.mark.parametrize(
    ("hub", "link"),
    [
        (hub_order(row("1", 2, packed_quantity=D(1))), LinkFulfillment("h1", "77", rows=rows(r1=1))),
        (
            hub_order(row("1", 2, delivered_quantity=D(1)), fulfillments=(of_hub("p1", r1=1),)),
            LinkFulfillment("h1", "77", "p1"),
        ),
    ],
    ids=["packed", "delivered"],
)
def test_FUL_14_what_a_killed_worker_was_telling_is_known_again(hub: HubOrder, link: LinkFulfillment) -> None:
    sending = Sending(parts(line_1=1), CREATED_AT)

    found = decide(shop_order(2, fulfillments=(fulfillment("77", line_1=1),)), hub, sending=sending)

    assert found == Delivery((link,), heard="77")


def test_FUL_14_only_one_fulfilment_is_what_was_being_told() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=1), fulfillment("78", line_1=1)))
    hub = hub_order(row("1", 2, packed_quantity=D(1)))

    found = decide(order, hub, sending=Sending(parts(line_1=1), CREATED_AT))

    told = LinkFulfillment("h1", "77", rows=rows(r1=1))
    assert found.actions == (told, PackRows("h1", rows(r1=1)), delivers("78", r1=1))


def test_FUL_14_what_is_known_already_is_not_what_was_being_told() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=1), fulfillment("78", line_1=1)))
    hub = hub_order(row("1", 2, packed_quantity=D(2)), fulfillments=(of_hub("p1", external_id="77", r1=1),))

    found = decide(order, hub, sending=Sending(parts(line_1=1), CREATED_AT))

    assert found == Delivery((LinkFulfillment("h1", "78", rows=rows(r1=1)),), heard="78")


@pytest.mark.parametrize("asked", [parts(line_1=2), parts(line_2=1), parts(line_1=1, line_2=1)])
def test_FUL_14_other_pieces_are_another_fulfilment(asked: Rows) -> None:
    order = shop_order(2, 1, fulfillments=(fulfillment("77", line_1=1),))
    hub = hub_order(row("1", 2, packed_quantity=D(1)), row("2", 1))

    assert decide(order, hub, sending=Sending(asked, CREATED_AT)).actions == (delivers("77", r1=1),)


# -- the switch, and the import ----------------------------------------------------------------------------------


def test_fulfilment_sync_off_brings_nothing() -> None:
    off = {"fulfillment.sync": False}
    order = replace(completed(2), fulfillments=(fulfillment("77", line_1=2),), is_pickup=True)

    for at in (WHOLE, PARTS):
        assert decide(order, hub_order(row("1", 2)), store=store(at.platform, off)) == Delivery()


def test_MAP_8_an_order_is_imported_with_the_fulfilments_it_came_with() -> None:
    order = shop_order(
        3, 1, fulfillments=(fulfillment("78", line_2=1), fulfillment("77", line_1=1), fulfillment("79", CALLED_OFF))
    )
    hub = hub_order(row("1", 3, delivered_quantity=D(1)), row("2", 1, delivered_quantity=D(1)))

    assert decide_links(order, hub, store=PARTS) == (
        LinkFulfillment("h1", "77", rows=rows(r1=1), source="store"),
        LinkFulfillment("h1", "78", rows=rows(r2=1), source="store"),
    )


def test_MAP_8_refunded_pieces_of_a_fulfilment_are_in_no_row() -> None:
    order = shop_order(2, fulfillments=(fulfillment("77", line_1=2, line_9=1), fulfillment("78", line_1=1)))
    hub = hub_order(row("1", 3, delivered_quantity=D(2)))

    assert decide_links(order, hub, store=PARTS) == (
        LinkFulfillment("h1", "77", rows=rows(r1=2), source="store"),
        LinkFulfillment("h1", "78", source="store"),
    )


def test_MAP_8_linked_fulfilments_deliver_nothing_again() -> None:
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2),))
    hub = hub_order(row("1", 3, delivered_quantity=D(2)))
    for link in decide_links(order, hub, store=PARTS):
        hub = apply(hub, link)

    assert decide(order, hub) == Delivery()


def refunded_once(*fulfillments: Any) -> StoreOrder:
    """Of 4 pieces 2 were sent and 1 of these refunded: 3 are left. More fulfilments send one of them each."""
    order = shop_order(3, fulfillments=(fulfillment("77", line_1=2), *fulfillments))
    (line,) = order.lines
    return replace(order, lines=(replace(line, delivered_quantity=D(1 + len(fulfillments))),))


@pytest.mark.parametrize(
    ("made", "ids", "actions"),
    [
        (row("1", 3, delivered_quantity=D(1)), ("77",), (delivers("78", r1=1),)),
        (row("1", 3, delivered_quantity=D(2)), ("77",), (LinkFulfillment("h1", "78", source="store"),)),
        (
            row("1", 3, delivered_quantity=D(1), packed_quantity=D(1)),
            ("77", "79"),
            (PackRows("h1", rows(r1=1)), delivers("78", r1=1)),
        ),
    ],
    ids=["news", "delivered in the hub too", "another one packed and told"],
)
def test_MAP_8_pieces_refunded_before_the_import_deliver_no_others(made: Any, ids: Any, actions: Any) -> None:
    order = refunded_once(fulfillment("78", line_1=1), *(fulfillment(id, line_1=1) for id in ids[1:]))
    known = tuple(of_hub(f"p{id}", external_id=id, source="hub", r1=1) for id in ids)

    assert decide(order, hub_order(made, fulfillments=known)).actions == actions


def test_MAP_8_pieces_refunded_after_the_import_were_delivered_all_the_same() -> None:
    order = refunded_once()

    assert decide(order, hub_order(row("1", 4))).actions == (delivers("77", r1=2),)


def test_MAP_8_a_platform_of_whole_orders_has_no_fulfilments_to_link() -> None:
    assert decide_links(shop_order(2, fulfillments=(fulfillment("77", line_1=2),)), delivered(), store=WHOLE) == ()


@pytest.mark.parametrize(
    ("sent", "changes", "expected"),
    [
        pytest.param(("77",), {}, True, id="a fulfilment that is new"),
        pytest.param(("70", "77"), {}, True, id="beside one that is known"),
        pytest.param(("70",), {}, False, id="one that is known"),
        pytest.param((), {}, False, id="nothing"),
        pytest.param((), {"delivery": "completed"}, True, id="fulfilled as a whole"),
    ],
)
def test_FUL_4_whether_there_may_be_anything_to_deliver_is_seen_before(
    sent: tuple[str, ...], changes: dict[str, str], expected: bool
) -> None:
    order = shop_order(9, fulfillments=tuple(fulfillment(id_, line_1=1) for id_ in sent), **changes)
    hub = hub_order(row("1", 9), fulfillments=(of_hub("p1", external_id="70", source="store", r1=1),))

    assert may_deliver(order, hub, PARTS) is expected
    assert not may_deliver(order, replace(hub, flags=Flags(voided=True)), PARTS)
    assert not may_deliver(order, replace(hub, status=DeliveryStatus.DELIVERED), PARTS)
    assert not may_deliver(order, hub, replace(PARTS, settings={**PARTS.settings, "fulfillment.sync": False}))
