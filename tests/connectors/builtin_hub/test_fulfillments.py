"""What the hub knows of the fulfilments of an order, and its flags: linked once, delivering nothing."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import AlreadyThere, HubRefused
from connectors.postgres import Connection
from schemas.actions import AdjustStock, LinkFulfillment, SetFlags
from schemas.flags import Flags
from schemas.hub import DeliveryStatus, HubFulfillment, HubOrder
from schemas.orders import ZERO, StoreFulfillment, StoreOrder
from schemas.stores import Store
from tasks.rules.fulfillment_in import decide_delivery
from tests.connectors.builtin_hub.makers import (
    chair,
    create,
    deliver,
    draft,
    imported,
    level,
    pack,
    read,
    row_of,
    shipping,
    stock_up,
)
from tests.connectors.postgres.makers import add_store
from tests.makers import plain_line, store_order
from tests.rules.fulfilling import PARTS, SENT, WHOLE
from workers.cli.documents import order_document

D = Decimal


@pytest.fixture
def order(hub: BuiltinHub) -> HubOrder:
    """Two chairs ordered, ten on the shelf."""
    stock_up(hub)
    return create(hub, draft())


def chairs(order: HubOrder, quantity: int) -> tuple[tuple[str, Decimal], ...]:
    return ((order.rows[0].id, D(quantity)),)


def shop_order(fulfillments: tuple[StoreFulfillment, ...]) -> StoreOrder:
    """Three chairs in the store, of which it sent some."""
    sent = sum((quantity for one in fulfillments for _, quantity in one.lines), ZERO)
    return store_order(lines=(plain_line("11", 3, 90, delivered_quantity=sent),), fulfillments=fulfillments)


def look(hub: BuiltinHub, order: HubOrder, shop: StoreOrder, *, at: Store = PARTS) -> tuple[str, ...]:
    """What a look at the store's order does in the hub."""
    now = read(hub, order.id)
    batches = hub.batches([row.variant_id for row in now.rows if row.variant_id], "main")
    return hub.carry_out(decide_delivery(shop, now, store=at, batches=batches).actions)


def test_an_order_is_read_with_its_fulfilments(hub: BuiltinHub, order: HubOrder) -> None:
    tracking: dict[str, Any] = {"tracking_number": "T1", "carrier": "DHL", "tracking_url": "https://dhl.example/T1"}
    first = deliver(hub, order, 1, **tracking)
    second = deliver(hub, order, 1, external_id="77")

    assert read(hub, order.id).fulfillments == (
        HubFulfillment(first, None, "hub", chairs(order, 1), **tracking),
        HubFulfillment(second, "77", "hub", chairs(order, 1)),
    )


def test_an_order_is_read_with_its_flags(hub: BuiltinHub) -> None:
    order = create(hub, draft(is_paid=True))
    assert order.flags == Flags(billed=True, paid=True)

    deliver(hub, order, 2)

    assert read(hub, order.id).flags == Flags(billed=True, paid=True, packed=True, shipped=True)


def test_FUL_13_a_fulfilment_of_the_hub_gets_the_id_the_store_knows_it_by(hub: BuiltinHub, order: HubOrder) -> None:
    fulfillment_id = deliver(hub, order, 2)

    assert hub.carry_out([LinkFulfillment(order.id, "77", fulfillment_id)]) == (fulfillment_id,)

    (fulfillment,) = read(hub, order.id).fulfillments
    assert (fulfillment.external_id, fulfillment.source, fulfillment.rows) == ("77", "hub", chairs(order, 2))


def test_FUL_14_linking_the_same_fulfilment_again_is_no_harm(hub: BuiltinHub, order: HubOrder) -> None:
    link = LinkFulfillment(order.id, "77", deliver(hub, order, 2))

    assert hub.carry_out([link]) == hub.carry_out([link])


def test_a_fulfilment_keeps_the_id_it_has(hub: BuiltinHub, order: HubOrder) -> None:
    fulfillment_id = deliver(hub, order, 2, external_id="77")

    with pytest.raises(HubRefused, match="that no store knows yet"):
        hub.carry_out([LinkFulfillment(order.id, "78", fulfillment_id)])


def test_a_fulfilment_of_another_order_is_not_linked(hub: BuiltinHub, order: HubOrder) -> None:
    other = create(hub, draft(order_no="5002"))
    fulfillment_id = deliver(hub, other, 1)

    with pytest.raises(HubRefused, match=f"sales order {order.id} has no fulfilment"):
        hub.carry_out([LinkFulfillment(order.id, "77", fulfillment_id)])


@pytest.mark.parametrize("source", ["store", "hub"])
def test_FUL_13_a_remembered_fulfilment_delivers_nothing(hub: BuiltinHub, order: HubOrder, source: str) -> None:
    pack(hub, order, 1)

    (fulfillment_id,) = hub.carry_out([LinkFulfillment(order.id, "77", rows=chairs(order, 1), source=source)])

    now = read(hub, order.id)
    words = HubFulfillment(fulfillment_id, "77", source, chairs(order, 1), is_told_only=source == "hub")
    assert now.fulfillments == (words,)
    assert now.status is DeliveryStatus.PARTIALLY_PACKED
    assert level(hub).in_stock == 9


def test_a_fulfilment_without_rows_is_remembered_by_its_id(hub: BuiltinHub, order: HubOrder) -> None:
    (fulfillment_id,) = hub.carry_out([LinkFulfillment(order.id, "77", source="store")])

    assert read(hub, order.id).fulfillments == (HubFulfillment(fulfillment_id, "77", "store", ()),)


def test_FUL_7_one_store_id_is_one_fulfilment(hub: BuiltinHub, connection: Connection, order: HubOrder) -> None:
    fulfillment_id = deliver(hub, order, 1)
    hub.carry_out([LinkFulfillment(order.id, "77", source="store")])

    for again in (LinkFulfillment(order.id, "77", source="store"), LinkFulfillment(order.id, "77", fulfillment_id)):
        with pytest.raises(AlreadyThere), connection.transaction():
            hub.carry_out([again])


def test_a_remembered_fulfilment_has_rows_of_its_own_order(hub: BuiltinHub, order: HubOrder) -> None:
    other = create(hub, draft(order_no="5002"))

    with pytest.raises(HubRefused, match="no such rows"):
        hub.carry_out([LinkFulfillment(order.id, "77", rows=(*chairs(order, 1), *chairs(other, 1)))])


def test_what_is_gone_has_no_fulfilment_and_no_flags(hub: BuiltinHub) -> None:
    for action in (LinkFulfillment("404", "77"), LinkFulfillment("404", "77", "1"), SetFlags("404", Flags())):
        with pytest.raises(HubRefused, match="sales order 404"):
            hub.carry_out([action])


def test_FUL_13_pieces_told_when_packed_stay_packed_while_others_are_delivered(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=D(3))))
    pack(hub, order, 2)
    fulfillments = (StoreFulfillment("77", SENT, (("11", D(2)),)), StoreFulfillment("78", SENT, (("11", D(1)),)))
    hub.carry_out([LinkFulfillment(order.id, "77", rows=chairs(order, 2))])

    look(hub, order, shop_order(fulfillments))

    row = row_of(hub, order)
    assert (row.packed_quantity, row.delivered_quantity, level(hub).in_stock) == (2, 1, 7)
    assert not look(hub, order, shop_order(fulfillments))


def test_FUL_4_batches_are_taken_as_they_are_decided(hub: BuiltinHub) -> None:
    stock_up(hub, quantity=1, batch="B-1", batch_tracked=True)
    hub.carry_out([AdjustStock("CHAIR", D(5), batch="B-2")])
    order = create(hub, draft(chair(quantity=D(3))))

    look(hub, order, shop_order((StoreFulfillment("77", SENT, (("11", D(3)),)),)))

    row = row_of(hub, order)
    (left,) = hub.batches([row.variant_id or ""], "main")
    assert (left.batch_no, left.in_stock) == ("B-2", 3)
    assert sorted(quantity for _, quantity in row.batches) == [1, 2]


def test_FUL_3_an_order_of_a_fee_only_is_delivered(hub: BuiltinHub) -> None:
    order = create(hub, draft(shipping()))

    look(hub, order, store_order(status="completed", lines=()), at=WHOLE)

    assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_FUL_6_a_closed_order_promises_nothing(hub: BuiltinHub, order: HubOrder) -> None:
    assert level(hub).committed == 2

    hub.carry_out([SetFlags(order.id, replace(order.flags, closed=True))])

    assert read(hub, order.id).flags == Flags(closed=True)
    assert level(hub).committed == 0


def test_the_flags_are_written_as_they_are_given(hub: BuiltinHub, order: HubOrder) -> None:
    for flags in (Flags(True, True, True, True, False, True), Flags(billed=True)):
        hub.carry_out([SetFlags(order.id, flags)])

        assert read(hub, order.id).flags == flags


def test_FUL_13_telling_of_fulfilments_marks_no_order(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, imported(add_store(connection, "acme")))
    before = connection.execute("SELECT sum(hub_changed) AS sum FROM store_orders").fetchone()

    hub.carry_out([LinkFulfillment(order.id, "77", rows=chairs(order, 1)), SetFlags(order.id, Flags(closed=True))])

    assert connection.execute("SELECT sum(hub_changed) AS sum FROM store_orders").fetchone() == before


def test_people_see_fulfilments_and_flags(hub: BuiltinHub, connection: Connection, order: HubOrder) -> None:
    fulfillment_id = deliver(hub, order, 2)
    hub.carry_out([LinkFulfillment(order.id, "77", fulfillment_id), SetFlags(order.id, Flags(closed=True))])

    document = order_document(read(hub, order.id))

    (fulfillment,) = document["fulfillments"]
    assert (fulfillment["external_id"], fulfillment["source"], fulfillment["rows"]) == (
        "77",
        "hub",
        [{"sku": "CHAIR", "quantity": "2"}],
    )
    assert document["flags"]["closed"] is document["closed"] is True
    assert row_of(hub, order).status == document["status"] == "DELIVERED"


@pytest.mark.parametrize(
    ("told", "delivered", "shown"),
    [
        ([2], [], [("77", 2, None)]),
        ([2], [2], [("77", 2, "T0")]),
        ([1, 1], [2], [("77", 1, "T0"), ("78", 1, "T0")]),
        ([2], [1, 1], [("77", 1, "T0"), ("77", 1, "T1")]),
        ([1], [2], [("77", 1, "T0"), (None, 1, "T0")]),
        ([2], [1], [("77", 1, "T0"), ("77", 1, None)]),
    ],
    ids=["packed", "whole", "told in two", "delivered in two", "told in part", "delivered in part"],
)
def test_FUL_10_people_see_each_piece_once_however_its_store_was_told(
    hub: BuiltinHub, connection: Connection, order: HubOrder, told: list[int], delivered: list[int], shown: list[Any]
) -> None:
    pack(hub, order, sum(told))
    hub.carry_out([LinkFulfillment(order.id, str(77 + at), rows=chairs(order, each)) for at, each in enumerate(told)])
    for at, pieces in enumerate(delivered):
        deliver(hub, order, pieces, tracking_number=f"T{at}")

    document = order_document(read(hub, order.id))

    assert document["fulfillments"] == [
        {
            "external_id": external_id,
            "source": "hub",
            "tracking_number": tracking_number,
            "carrier": None,
            "tracking_url": None,
            "rows": [{"sku": "CHAIR", "quantity": str(pieces)}],
        }
        for external_id, pieces, tracking_number in shown
    ]


def test_people_see_a_fulfilment_that_its_store_was_told_of_whole_beside_another(
    hub: BuiltinHub, connection: Connection, order: HubOrder
) -> None:
    first = deliver(hub, order, 1)
    hub.carry_out([LinkFulfillment(order.id, "77", first)])
    deliver(hub, order, 1, tracking_number="T2")

    document = order_document(read(hub, order.id))

    assert [(one["external_id"], one["tracking_number"]) for one in document["fulfillments"]] == [
        ("77", None),
        (None, "T2"),
    ]
