"""Batches of the built-in hub: what is taken from which, first in first out (FUL-4)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas.actions import (
    AddLocation,
    AddProduct,
    AdjustStock,
    CreateMo,
    DeleteOrder,
    ReceivePurchase,
    SetMoStatus,
)
from schemas.hub import HubOrder, MoStatus
from tests.connectors.builtin_hub.makers import (
    chair,
    chairs,
    create,
    deliver,
    draft,
    level,
    pack,
    product,
    row_of,
    run,
    stock_up,
)


@pytest.fixture
def batches(hub: BuiltinHub, connection: Connection) -> None:
    """3 chairs of batch LATE and 2 of EARLY, which was received first though it was counted in last."""
    stock_up(hub, quantity=3, batch_tracked=True, batch="LATE")
    hub.carry_out([AdjustStock("CHAIR", Decimal(2), batch="EARLY")])
    run(connection, "UPDATE hub.batches SET received_at = '2026-01-01' WHERE batch_no = 'EARLY'")


def held(connection: Connection) -> dict[str, Any]:
    """In stock by batch."""
    rows = connection.execute(
        "SELECT b.batch_no, s.in_stock FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id"
    )
    return {row["batch_no"]: row["in_stock"] for row in rows}


def taken(hub: BuiltinHub, order: HubOrder) -> dict[str, Decimal]:
    """What the order's row has of each batch."""
    return dict(row_of(hub, order).batches)


@pytest.mark.usefixtures("batches")
def test_FUL_4_batches_are_offered_first_in_first_out(hub: BuiltinHub) -> None:
    hub.carry_out([AddLocation("attic", "Attic")])
    (variant,) = hub.products()

    found = hub.batches([variant.id], "main")

    assert {batch.batch_no: batch.in_stock for batch in found} == {"EARLY": Decimal(2), "LATE": Decimal(3)}
    assert found[0].batch_no == "EARLY"
    assert found[0].received_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert hub.batches([variant.id], "attic") == ()


@pytest.mark.usefixtures("batches")
def test_FUL_4_a_delivery_takes_batches_first_in_first_out(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(4))))

    deliver(hub, order, 1)
    assert taken(hub, order) == {"EARLY": 1}

    deliver(hub, order, 3)
    assert taken(hub, order) == {"EARLY": 2, "LATE": 2}
    assert held(connection) == {"EARLY": 0, "LATE": 1}


@pytest.mark.usefixtures("batches")
def test_FUL_4_what_no_batch_has_is_delivered_unassigned(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(9))))

    deliver(hub, order, 9)

    assert taken(hub, order) == {"EARLY": 2, "LATE": 3}
    assert level(hub).in_stock == -4


@pytest.mark.usefixtures("batches")
def test_FUL_4_named_batches_are_taken(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(3))))
    (late,) = (
        batch for batch in hub.batches([row_of(hub, order).variant_id or ""], "main") if batch.batch_no == "LATE"
    )

    deliver(hub, order, 3, batches=((row_of(hub, order).id, late.id, Decimal(2)),))

    assert taken(hub, order) == {"LATE": 2, "EARLY": 1}


@pytest.mark.usefixtures("batches")
def test_FUL_4_a_named_batch_that_somebody_emptied_meanwhile_is_made_up_for(
    hub: BuiltinHub, connection: Connection
) -> None:
    order = create(hub, draft(chair(quantity=Decimal(3))))
    early = hub.batches([row_of(hub, order).variant_id or ""], "main")[0]
    hub.carry_out([AdjustStock("CHAIR", Decimal(-1), batch="EARLY")])

    deliver(hub, order, 3, batches=((row_of(hub, order).id, early.id, Decimal(2)),))

    assert taken(hub, order) == {"EARLY": 1, "LATE": 2}


@pytest.mark.usefixtures("batches")
def test_packed_pieces_have_their_batches_when_they_are_delivered(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(2))))
    pack(hub, order, 2)
    late = hub.batches([row_of(hub, order).variant_id or ""], "main")[0]

    deliver(hub, order, 2, batches=((row_of(hub, order).id, late.id, Decimal(2)),))

    assert taken(hub, order) == {"EARLY": 2}
    assert held(connection) == {"EARLY": 0, "LATE": 3}


@pytest.mark.usefixtures("batches")
def test_a_delivery_taken_back_gives_the_latest_batch_back_first(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(5))))
    deliver(hub, order, 5)

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 1")
    assert taken(hub, order) == {"EARLY": 1}

    hub.carry_out([DeleteOrder(order.id, "Ada")])
    assert held(connection) == {"EARLY": 2, "LATE": 3}


def test_FUL_4_a_bundles_batch_tracked_components_come_from_batches(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, batch_tracked=True, batch="B-7")
    (variant_id,) = hub.carry_out([AddProduct("SET", "Four chairs", bundle=(("CHAIR", Decimal(4)),))])
    order = create(hub, draft(product("SET", 2, item=variant_id)))

    deliver(hub, order, 2, "SET")

    assert held(connection) == {"B-7": 2}


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize(
    "action",
    [
        AdjustStock("CHAIR", Decimal(1)),
        AdjustStock("CHAIR", Decimal(-1), batch="NONE"),
        AdjustStock("CHAIR", Decimal(-4), batch="LATE"),
    ],
    ids=["no batch named", "unknown batch", "more than it has"],
)
def test_batch_tracked_pieces_are_counted_by_batch(hub: BuiltinHub, action: AdjustStock) -> None:
    with pytest.raises(HubRefused, match="batch"):
        hub.carry_out([action])


def test_a_batch_of_an_item_without_batches_is_refused(hub: BuiltinHub) -> None:
    stock_up(hub)

    with pytest.raises(HubRefused, match="not batch-tracked"):
        hub.carry_out([AdjustStock("CHAIR", Decimal(1), batch="B-7")])


def test_what_is_received_or_made_of_a_batch_tracked_item_is_a_batch(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair", batch_tracked=True)])
    order = create(hub, draft(chair(item=hub.products()[0].id)))
    (mo_id,) = hub.carry_out([CreateMo(order.id, order.rows[0].id)])

    _, po_id, _ = hub.carry_out(
        [
            ReceivePurchase("CHAIR", Decimal(3), batch="B-7"),
            ReceivePurchase("CHAIR", Decimal(4)),
            SetMoStatus(mo_id, MoStatus.DONE),
        ]
    )

    assert held(connection) == {"B-7": 3, f"PO-{po_id}": 4, f"MO-{mo_id}": 2}
    assert level(hub) == chairs(9, 2)
