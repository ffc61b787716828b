"""The hub's numbers where things are made, bought and bundled."""

from decimal import Decimal

import psycopg
import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas.actions import (
    AddProduct,
    AdjustStock,
    CreateMo,
    DeleteOrder,
    HubAction,
    ReceivePurchase,
    SetMoStatus,
)
from schemas.hub import HubMo, HubOrder, MoStatus
from schemas.orders import ZERO
from tests.connectors.builtin_hub.makers import (
    chair,
    chairs,
    create,
    deliver,
    draft,
    level,
    one,
    pack,
    product,
    row_of,
    run,
    stock_up,
)

# -- expected ---------------------------------------------------------------------------------------------------------


def test_STK_1_a_manufacturing_order_is_expected_until_it_is_done(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(5))))
    pack(hub, order, 1)

    (mo_id,) = hub.carry_out([CreateMo(order.id, order.rows[0].id)])
    assert level(hub) == chairs(9, 4, expected=4)
    assert row_of(hub, order).mo == HubMo(mo_id, MoStatus.NOT_STARTED, Decimal(4))

    hub.carry_out([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])
    assert level(hub) == chairs(9, 4, expected=4)

    hub.carry_out([SetMoStatus(mo_id, MoStatus.DONE)])
    assert level(hub) == chairs(13, 4)


def test_a_manufacturing_order_changed_in_sql_is_counted(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())
    hub.carry_out([CreateMo(order.id, order.rows[0].id)])

    run(connection, "UPDATE hub.manufacturing_orders SET quantity = 7")
    assert level(hub) == chairs(10, 2, expected=7)

    run(connection, "DELETE FROM hub.manufacturing_orders")
    assert level(hub) == chairs(10, 2)


def test_a_purchase_order_is_expected_until_it_is_received(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    run(
        connection,
        """INSERT INTO hub.purchase_orders (variant_id, location_id, quantity)
           SELECT variant_id, location_id, 6 FROM hub.stock""",
    )
    assert level(hub) == chairs(10, 0, expected=6)

    run(connection, "UPDATE hub.purchase_orders SET received_at = now()")
    assert level(hub) == chairs(16, 0)


def test_a_received_purchase_is_in_stock(hub: BuiltinHub) -> None:
    stock_up(hub)

    hub.carry_out([ReceivePurchase("CHAIR", Decimal(3))])

    assert level(hub) == chairs(13, 0)


@pytest.mark.parametrize("shipped", [0, 1])
def test_CHG_3_with_its_row_a_manufacturing_order_is_deleted_or_unlinked(
    hub: BuiltinHub, connection: Connection, shipped: int
) -> None:
    order = create(hub, draft())
    (mo_id,) = hub.carry_out([CreateMo(order.id, order.rows[0].id)])
    if shipped:
        hub.carry_out([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])

    hub.carry_out([DeleteOrder(order.id, "Ada")])

    assert one(connection, "SELECT count(*), count(row_id) AS linked FROM hub.manufacturing_orders") == {
        "count": shipped,
        "linked": 0,
    }


# -- bundles ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def dining_set(hub: BuiltinHub) -> HubOrder:
    """An order of 2 sets of a table and 4 chairs each; 10 chairs and 3 tables are there."""
    stock_up(hub)
    stock_up(hub, "TABLE", 3)
    bundle = (("CHAIR", Decimal(4)), ("TABLE", Decimal(1)))
    (variant_id,) = hub.carry_out([AddProduct("SET", "Dining set", bundle=bundle)])
    return create(hub, draft(product("SET", 2, item=variant_id)))


def test_STK_2_a_bundle_commits_itself_directly_and_its_components_not(hub: BuiltinHub, dining_set: HubOrder) -> None:
    assert level(hub) == chairs(10, 8, 0)
    assert level(hub, "SET").committed == level(hub, "SET").committed_direct == 2


def test_of_a_bundle_there_is_what_its_components_make(hub: BuiltinHub, dining_set: HubOrder) -> None:
    assert level(hub, "SET").in_stock == 2

    hub.carry_out([AdjustStock("TABLE", Decimal(-2))])

    assert level(hub, "SET").in_stock == 1


def test_FUL_8_a_delivered_bundle_takes_its_components_off(hub: BuiltinHub, dining_set: HubOrder) -> None:
    deliver(hub, dining_set, 1, "SET")

    assert level(hub) == chairs(6, 4, 0)
    assert level(hub, "TABLE").in_stock == 2


@pytest.mark.parametrize(
    "action",
    [
        AdjustStock("SET", Decimal(1)),
        ReceivePurchase("SET", Decimal(1)),
        AddProduct("SETS", "Sets", bundle=(("SET", Decimal(2)),)),
        AddProduct("B", "B", bundle=(("CHAIR", ZERO),)),
        AddProduct("B", "B", bundle=(("NONE", Decimal(1)),)),
        AddProduct("B", "B", bundle=(("B", Decimal(1)),)),
        AddProduct("B", "B", bundle=(("CHAIR", Decimal(1)),), batch_tracked=True),
    ],
    ids=["adjusted", "received", "bundle in bundle", "no piece", "unknown", "itself", "batches"],
)
def test_a_bundle_is_made_of_plain_products(hub: BuiltinHub, dining_set: HubOrder, action: HubAction) -> None:
    with pytest.raises(HubRefused):
        hub.carry_out([action])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.bundle_components SET quantity = 9",
        "DELETE FROM hub.bundle_components",
        "INSERT INTO hub.bundle_components SELECT component_id, bundle_id, 1 FROM hub.bundle_components",
    ],
)
def test_a_sold_bundle_stays_as_it_is(
    hub: BuiltinHub, connection: Connection, dining_set: HubOrder, statement: str
) -> None:
    with pytest.raises(psycopg.Error, match="stays as it is"):
        run(connection, statement)
