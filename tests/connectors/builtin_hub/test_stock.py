"""The hub's numbers, kept by the database itself: what orders and people do to stock, in plain SQL too."""

from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import (
    AddLocation,
    AddProduct,
    AdjustStock,
    DeleteOrder,
)
from schemas.hub import DeliveryStatus
from schemas.orders import ZERO, Kind
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
    read,
    row_of,
    run,
    shipping,
    stock_up,
)

# -- sales orders -----------------------------------------------------------------------------------------------------


def test_STK_2_a_new_order_commits_and_leaves_in_stock(hub: BuiltinHub) -> None:
    stock_up(hub)

    create(hub, draft())

    assert level(hub) == chairs(10, 2)


def test_STK_2_in_stock_falls_when_packed(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft())

    pack(hub, order, 1)

    assert level(hub) == chairs(9, 1)
    assert row_of(hub, order).status is DeliveryStatus.PARTIALLY_PACKED


def test_FUL_8_delivering_takes_off_in_stock_and_packed_pieces_only_once(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft())
    pack(hub, order, 1)

    deliver(hub, order, 2)

    assert level(hub) == chairs(8, 0)
    assert row_of(hub, order).packed_quantity == 0


def test_what_is_packed_and_not_delivered_stays_packed(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft())
    pack(hub, order, 2)

    deliver(hub, order, 1)

    assert row_of(hub, order).packed_quantity == 1
    assert level(hub) == chairs(8, 0)


def test_MAP_8_what_the_store_delivered_before_the_import_is_not_taken_off_again(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(5), delivered_quantity=Decimal(3)), shipping()))
    assert level(hub) == chairs(10, 2)
    assert order.status is DeliveryStatus.PARTIALLY_DELIVERED

    deliver(hub, order, 2)

    assert level(hub) == chairs(8, 0)


def test_a_delivery_before_the_import_that_was_none_takes_nothing_when_it_is_put_right(
    hub: BuiltinHub, connection: Connection
) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(delivered_quantity=Decimal(2))))

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 0")
    assert level(hub) == chairs(10, 2)

    deliver(hub, order, 2)
    assert level(hub) == chairs(8, 0)


def test_FUL_8_a_plain_sql_update_takes_off_in_stock(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE sku = 'CHAIR'")

    assert level(hub) == chairs(8, 0)
    assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_STK_1_a_plain_sql_insert_commits(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())

    run(
        connection,
        """INSERT INTO hub.sales_order_rows (sales_order_id, position, variant_id, location_id, name, quantity)
           SELECT sales_order_id, 2, variant_id, location_id, 'More', 5 FROM hub.sales_order_rows WHERE id = %s""",
        order.rows[0].id,
    )

    assert level(hub) == chairs(10, 7)


def test_a_changed_quantity_changes_what_is_committed(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET quantity = 7")

    assert level(hub) == chairs(10, 7)


def test_CHG_7_a_moved_row_commits_at_its_new_location(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    hub.carry_out([AddLocation("attic", "Attic")])
    create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET location_id = (SELECT id FROM hub.locations WHERE code = 'attic')")

    assert level(hub) == chairs(10, 0)
    assert level(hub, location="attic").committed == 2


def test_a_deleted_order_gives_back_what_it_committed_and_took(hub: BuiltinHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(6), delivered_quantity=Decimal(1))))
    pack(hub, order, 2)
    deliver(hub, order, 3)
    assert level(hub) == chairs(7, 2)

    hub.carry_out([DeleteOrder(order.id, "Ada")])

    assert level(hub) == chairs(10, 0)


@pytest.mark.parametrize("flag", ["voided", "closed"])
def test_a_voided_or_closed_order_commits_nothing_until_it_is_opened_again(
    hub: BuiltinHub, connection: Connection, flag: str
) -> None:
    stock_up(hub)
    create(hub, draft())

    run(connection, f"UPDATE hub.sales_orders SET {flag} = true")
    assert level(hub) == chairs(10, 0)

    run(connection, f"UPDATE hub.sales_orders SET {flag} = false")
    assert level(hub) == chairs(10, 2)


def test_FUL_8_more_may_be_delivered_than_was_counted_in(hub: BuiltinHub) -> None:
    order = create(hub, draft())

    deliver(hub, order, 2)

    assert level(hub).in_stock == -2


# -- status -----------------------------------------------------------------------------------------------------------

N, PP, P, PD, D = DeliveryStatus  # NOT_SHIPPED, PARTIALLY_PACKED, PACKED, PARTIALLY_DELIVERED, DELIVERED


@pytest.mark.parametrize(
    ("packed", "delivered", "row", "order"),
    [
        ((0, 0), (0, 0), N, N),
        ((1, 0), (0, 0), PP, PP),
        ((2, 0), (0, 0), P, PP),
        ((2, 2), (0, 0), P, P),
        ((1, 0), (1, 0), PD, PD),
        ((0, 2), (2, 0), D, PD),
        ((0, 0), (2, 2), D, D),
    ],
)
def test_an_orders_status_follows_its_rows(
    hub: BuiltinHub,
    connection: Connection,
    packed: tuple[int, int],
    delivered: tuple[int, int],
    row: DeliveryStatus,
    order: DeliveryStatus,
) -> None:
    created = create(hub, draft(product("A", 2), product("B", 2), shipping()))

    run(
        connection,
        """UPDATE hub.sales_order_rows r SET packed_quantity = a.packed, delivered_quantity = a.delivered
           FROM (VALUES ('A', %s::int, %s::int), ('B', %s, %s)) a (sku, packed, delivered) WHERE r.sku = a.sku""",
        packed[0],
        delivered[0],
        packed[1],
        delivered[1],
    )

    assert row_of(hub, created, "A").status is row
    assert read(hub, created.id).status is order


def test_FUL_3_fees_are_delivered_with_the_last_row_that_ships(hub: BuiltinHub) -> None:
    order = create(hub, draft(product("A"), product("B"), shipping()))

    deliver(hub, order, 1, "A")
    assert read(hub, order.id).rows[2].status is DeliveryStatus.NOT_SHIPPED

    deliver(hub, order, 1, "B")
    assert [row.status for row in read(hub, order.id).rows] == [DeliveryStatus.DELIVERED] * 3


def test_an_order_of_fees_alone_goes_by_its_fees(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(shipping(), shipping(external_id="22")))

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 1 WHERE external_id = '22'")

    assert read(hub, order.id).status is DeliveryStatus.PARTIALLY_DELIVERED


def test_a_row_added_to_a_delivered_order_makes_it_partly_delivered(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)

    run(
        connection,
        """INSERT INTO hub.sales_order_rows (sales_order_id, position, variant_id, location_id, name, quantity)
           SELECT sales_order_id, 2, variant_id, location_id, 'More', 1 FROM hub.sales_order_rows""",
    )

    assert read(hub, order.id).status is DeliveryStatus.PARTIALLY_DELIVERED


def test_the_flags_of_a_delivered_order_are_set(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)

    assert one(connection, "SELECT packed, shipped FROM hub.sales_orders") == {"packed": True, "shipped": True}


# -- counting by hand -------------------------------------------------------------------------------------------------


def test_STK_1_a_line_of_the_ledger_changes_in_stock(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)

    run(
        connection,
        """INSERT INTO hub.stock_moves (variant_id, location_id, delta)
           SELECT variant_id, location_id, -3 FROM hub.stock""",
    )

    assert level(hub).in_stock == 7


def test_STK_1_a_level_set_by_hand_is_kept_and_recorded(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)

    run(connection, "UPDATE hub.stock SET in_stock = 4")

    assert level(hub).in_stock == 4
    assert one(connection, "SELECT sum(delta) FROM hub.stock_moves")["sum"] == 4


def test_a_first_level_inserted_by_hand_is_recorded(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair")])

    run(connection, "INSERT INTO hub.stock (variant_id, location_id, in_stock) SELECT id, 1, 5 FROM hub.variants")

    assert one(connection, "SELECT delta, kind FROM hub.stock_moves") == {"delta": 5, "kind": "count"}


def test_pieces_are_counted_at_the_named_location_else_at_the_accounts(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddLocation("attic", "Attic"), AddLocation("cellar", "Cellar"), AddProduct("CHAIR", "Chair")])
    run(connection, """UPDATE account SET settings = '{"default_location": "cellar"}'""")

    hub.carry_out([AdjustStock("CHAIR", Decimal(1), location="attic"), AdjustStock("CHAIR", Decimal("0.5"))])

    assert [level.in_stock for level in hub.levels(["CHAIR"])] == [ZERO, Decimal(1), Decimal("0.5")]


def test_the_newest_variant_of_a_sku_is_counted_and_told(hub: BuiltinHub) -> None:
    """STK-3: several hub variants with the SKU are one: the one created latest."""
    stock_up(hub, quantity=3)

    hub.carry_out([AddProduct("CHAIR", "New chair", is_another=True), AdjustStock("CHAIR", Decimal(5))])

    assert level(hub).in_stock == 5


def test_a_service_has_no_level(hub: BuiltinHub) -> None:
    hub.carry_out([AddProduct("WRAP", "Gift wrap", Kind.SERVICE)])

    assert hub.levels(["WRAP", "UNKNOWN"]) == ()
