"""The hub's numbers, kept by the database itself: in stock, committed, expected and batches, for plain SQL writers too."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors.errors import HubRefused
from connectors.postgres import Connection
from connectors.postgres.hub import PostgresHub
from schemas.actions import (
    AddLocation,
    AddProduct,
    AdjustStock,
    CreateMo,
    DeleteOrder,
    DeliverRows,
    HubAction,
    ReceivePurchase,
    SetMoStatus,
)
from schemas.hub import DeliveryStatus, HubOrder, MoStatus, StockLevel
from schemas.orders import ZERO, Kind
from tests.connectors.postgres.hub_makers import (
    chair,
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

OPEN_ROWS = "SELECT count(*) FROM hub.sales_order_rows WHERE open_quantity > 0"


def levels(in_stock: int, committed: int, direct: int | None = None, expected: int = 0) -> StockLevel:
    """What the chair's stock should be."""
    direct = committed if direct is None else direct
    return StockLevel("CHAIR", "main", Decimal(in_stock), Decimal(committed), Decimal(direct), Decimal(expected))


# -- sales orders --------------------------------------------------------------------------------------------------


def test_STK_2_a_new_order_commits_and_leaves_in_stock(hub: PostgresHub) -> None:
    stock_up(hub)

    create(hub, draft())

    assert level(hub) == levels(10, 2)


def test_STK_2_in_stock_falls_when_packed(hub: PostgresHub) -> None:
    stock_up(hub)
    order = create(hub, draft())

    pack(hub, order, 1)

    assert level(hub) == levels(9, 1)
    assert row_of(hub, order).status is DeliveryStatus.PARTIALLY_PACKED


def test_FUL_8_delivering_takes_off_in_stock_and_packed_pieces_only_once(hub: PostgresHub) -> None:
    stock_up(hub)
    order = create(hub, draft())
    pack(hub, order, 1)

    deliver(hub, order, 2)

    assert level(hub) == levels(8, 0)
    assert row_of(hub, order).packed_quantity == 0


def test_MAP_8_what_the_store_delivered_before_the_import_is_not_taken_off_again(hub: PostgresHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(5), delivered_quantity=Decimal(3)), shipping()))
    assert level(hub) == levels(10, 2)
    assert order.status is DeliveryStatus.PARTIALLY_DELIVERED

    deliver(hub, order, 2)

    assert level(hub) == levels(8, 0)


def test_a_delivery_before_the_import_that_was_none_takes_nothing_when_it_is_put_right(
    hub: PostgresHub, connection: Connection
) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(delivered_quantity=Decimal(2))))

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 0")
    assert level(hub) == levels(10, 2)

    deliver(hub, order, 2)
    assert level(hub) == levels(8, 0)


def test_FUL_8_a_plain_sql_update_takes_off_in_stock(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity WHERE sku = 'CHAIR'")

    assert level(hub) == levels(8, 0)
    assert read(hub, order.id).status is DeliveryStatus.DELIVERED


def test_STK_1_a_plain_sql_insert_commits(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())

    run(
        connection,
        """INSERT INTO hub.sales_order_rows (sales_order_id, position, variant_id, location_id, name, quantity)
           SELECT sales_order_id, 2, variant_id, location_id, 'More', 5 FROM hub.sales_order_rows WHERE id = %s""",
        order.rows[0].id,
    )

    assert level(hub) == levels(10, 7)


def test_a_changed_quantity_changes_what_is_committed(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET quantity = 7")

    assert level(hub) == levels(10, 7)


def test_CHG_7_a_moved_row_commits_at_its_new_location(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    hub.apply([AddLocation("attic", "Attic")])
    create(hub, draft())

    run(connection, "UPDATE hub.sales_order_rows SET location_id = (SELECT id FROM hub.locations WHERE code = 'attic')")

    assert level(hub) == levels(10, 0)
    assert level(hub, location="attic").committed == 2


def test_a_deleted_order_gives_back_what_it_committed_and_took(hub: PostgresHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(6), delivered_quantity=Decimal(1))))
    pack(hub, order, 2)
    deliver(hub, order, 3)
    assert level(hub) == levels(7, 2)

    hub.apply([DeleteOrder(order.id, "Ada")])

    assert level(hub) == levels(10, 0)


@pytest.mark.parametrize("flag", ["voided", "closed"])
def test_a_voided_or_closed_order_commits_nothing_until_it_is_opened_again(
    hub: PostgresHub, connection: Connection, flag: str
) -> None:
    stock_up(hub)
    create(hub, draft())

    run(connection, f"UPDATE hub.sales_orders SET {flag} = true")
    assert level(hub) == levels(10, 0)

    run(connection, f"UPDATE hub.sales_orders SET {flag} = false")
    assert level(hub) == levels(10, 2)


def test_FUL_8_more_may_be_delivered_than_was_counted_in(hub: PostgresHub) -> None:
    order = create(hub, draft())

    deliver(hub, order, 2)

    assert level(hub).in_stock == -2


# -- status --------------------------------------------------------------------------------------------------------

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
    hub: PostgresHub,
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


def test_FUL_3_fees_are_delivered_with_the_last_row_that_ships(hub: PostgresHub) -> None:
    order = create(hub, draft(product("A"), product("B"), shipping()))

    deliver(hub, order, 1, "A")
    assert read(hub, order.id).rows[2].status is DeliveryStatus.NOT_SHIPPED

    deliver(hub, order, 1, "B")
    assert [row.status for row in read(hub, order.id).rows] == [DeliveryStatus.DELIVERED] * 3


def test_an_order_of_fees_alone_goes_by_its_fees(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(shipping(), shipping(external_id="22")))

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 1 WHERE external_id = '22'")

    assert read(hub, order.id).status is DeliveryStatus.PARTIALLY_DELIVERED


def test_a_row_added_to_a_delivered_order_makes_it_partly_delivered(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)

    run(
        connection,
        """INSERT INTO hub.sales_order_rows (sales_order_id, position, variant_id, location_id, name, quantity)
           SELECT sales_order_id, 2, variant_id, location_id, 'More', 1 FROM hub.sales_order_rows""",
    )

    assert read(hub, order.id).status is DeliveryStatus.PARTIALLY_DELIVERED


def test_the_flags_of_a_delivered_order_are_set(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)

    assert one(connection, "SELECT packed, shipped FROM hub.sales_orders") == {"packed": True, "shipped": True}


# -- counting by hand ----------------------------------------------------------------------------------------------


def test_STK_1_a_line_of_the_ledger_changes_in_stock(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)

    run(
        connection,
        "INSERT INTO hub.stock_moves (variant_id, location_id, delta) SELECT variant_id, location_id, -3 FROM hub.stock",
    )

    assert level(hub).in_stock == 7


def test_STK_1_a_level_set_by_hand_is_kept_and_recorded(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)

    run(connection, "UPDATE hub.stock SET in_stock = 4")

    assert level(hub).in_stock == 4
    assert one(connection, "SELECT sum(delta) FROM hub.stock_moves")["sum"] == 4


def test_a_first_level_inserted_by_hand_is_recorded(hub: PostgresHub, connection: Connection) -> None:
    hub.apply([AddProduct("CHAIR", "Chair")])

    run(connection, "INSERT INTO hub.stock (variant_id, location_id, in_stock) SELECT id, 1, 5 FROM hub.variants")

    assert one(connection, "SELECT delta, kind FROM hub.stock_moves") == {"delta": 5, "kind": "count"}


def test_pieces_are_counted_at_the_named_location_else_at_the_accounts(
    hub: PostgresHub, connection: Connection
) -> None:
    hub.apply([AddLocation("attic", "Attic"), AddLocation("cellar", "Cellar"), AddProduct("CHAIR", "Chair")])
    run(connection, """UPDATE account SET settings = '{"default_location": "cellar"}'""")

    hub.apply([AdjustStock("CHAIR", Decimal(1), location="attic"), AdjustStock("CHAIR", Decimal("0.5"))])

    assert [level.in_stock for level in hub.levels(["CHAIR"])] == [ZERO, Decimal(1), Decimal("0.5")]


def test_the_newest_variant_of_a_sku_is_counted_and_told(hub: PostgresHub) -> None:
    """STK-3: several hub variants with the SKU are one: the one created latest."""
    stock_up(hub, quantity=3)

    hub.apply([AddProduct("CHAIR", "New chair"), AdjustStock("CHAIR", Decimal(5))])

    assert level(hub).in_stock == 5


def test_a_service_has_no_level(hub: PostgresHub) -> None:
    hub.apply([AddProduct("WRAP", "Gift wrap", Kind.SERVICE)])

    assert hub.levels(["WRAP", "UNKNOWN"]) == ()


# -- expected ------------------------------------------------------------------------------------------------------


def test_STK_1_a_manufacturing_order_is_expected_until_it_is_done(hub: PostgresHub) -> None:
    stock_up(hub)
    order = create(hub, draft(chair(quantity=Decimal(5))))
    pack(hub, order, 1)

    (mo_id,) = hub.apply([CreateMo(order.id, order.rows[0].id)])
    assert level(hub) == levels(9, 4, expected=4)
    assert row_of(hub, order).mo == (mo_id, MoStatus.NOT_STARTED)

    hub.apply([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])
    assert level(hub) == levels(9, 4, expected=4)

    hub.apply([SetMoStatus(mo_id, MoStatus.DONE)])
    assert level(hub) == levels(13, 4)


def test_a_manufacturing_order_changed_in_sql_is_counted(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    order = create(hub, draft())
    hub.apply([CreateMo(order.id, order.rows[0].id)])

    run(connection, "UPDATE hub.manufacturing_orders SET quantity = 7")
    assert level(hub) == levels(10, 2, expected=7)

    run(connection, "DELETE FROM hub.manufacturing_orders")
    assert level(hub) == levels(10, 2)


def test_a_purchase_order_is_expected_until_it_is_received(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub)
    run(
        connection,
        """INSERT INTO hub.purchase_orders (variant_id, location_id, quantity)
           SELECT variant_id, location_id, 6 FROM hub.stock""",
    )
    assert level(hub) == levels(10, 0, expected=6)

    run(connection, "UPDATE hub.purchase_orders SET received_at = now()")
    assert level(hub) == levels(16, 0)


def test_a_received_purchase_is_in_stock(hub: PostgresHub) -> None:
    stock_up(hub)

    hub.apply([ReceivePurchase("CHAIR", Decimal(3))])

    assert level(hub) == levels(13, 0)


@pytest.mark.parametrize("shipped", [0, 1])
def test_CHG_3_with_its_row_a_manufacturing_order_is_deleted_or_unlinked(
    hub: PostgresHub, connection: Connection, shipped: int
) -> None:
    order = create(hub, draft())
    (mo_id,) = hub.apply([CreateMo(order.id, order.rows[0].id)])
    if shipped:
        hub.apply([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])

    hub.apply([DeleteOrder(order.id, "Ada")])

    assert one(connection, "SELECT count(*), count(row_id) AS linked FROM hub.manufacturing_orders") == {
        "count": shipped,
        "linked": 0,
    }


# -- bundles -------------------------------------------------------------------------------------------------------


@pytest.fixture
def dining_set(hub: PostgresHub) -> HubOrder:
    """An order of 2 sets of a table and 4 chairs each; 10 chairs and 3 tables are there."""
    stock_up(hub)
    stock_up(hub, "TABLE", 3)
    bundle = (("CHAIR", Decimal(4)), ("TABLE", Decimal(1)))
    (variant_id,) = hub.apply([AddProduct("SET", "Dining set", bundle=bundle)])
    return create(hub, draft(product("SET", 2, item=variant_id)))


def test_STK_2_a_bundle_commits_itself_directly_and_its_components_not(hub: PostgresHub, dining_set: HubOrder) -> None:
    assert level(hub) == levels(10, 8, 0)
    assert (level(hub, "SET").committed, level(hub, "SET").committed_direct) == (2, 2)


def test_of_a_bundle_there_is_what_its_components_make(hub: PostgresHub, dining_set: HubOrder) -> None:
    assert level(hub, "SET").in_stock == 2

    hub.apply([AdjustStock("TABLE", Decimal(-2))])

    assert level(hub, "SET").in_stock == 1


def test_FUL_8_a_delivered_bundle_takes_its_components_off(hub: PostgresHub, dining_set: HubOrder) -> None:
    deliver(hub, dining_set, 1, "SET")

    assert level(hub) == levels(6, 4, 0)
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
def test_a_bundle_is_made_of_plain_products(hub: PostgresHub, dining_set: HubOrder, action: HubAction) -> None:
    with pytest.raises(HubRefused):
        hub.apply([action])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.bundle_components SET quantity = 9",
        "DELETE FROM hub.bundle_components",
        "INSERT INTO hub.bundle_components SELECT component_id, bundle_id, 1 FROM hub.bundle_components",
    ],
)
def test_a_sold_bundle_stays_as_it_is(
    hub: PostgresHub, connection: Connection, dining_set: HubOrder, statement: str
) -> None:
    with pytest.raises(psycopg.Error, match="stays as it is"):
        run(connection, statement)


# -- batches -------------------------------------------------------------------------------------------------------


@pytest.fixture
def batches(hub: PostgresHub, connection: Connection) -> None:
    """3 chairs of batch LATE and 2 of EARLY, which was received first though it was counted in last."""
    stock_up(hub, quantity=3, batch_tracked=True, batch="LATE")
    hub.apply([AdjustStock("CHAIR", Decimal(2), batch="EARLY")])
    run(connection, "UPDATE hub.batches SET received_at = '2026-01-01' WHERE batch_no = 'EARLY'")


def held(connection: Connection) -> dict[str, Any]:
    """In stock by batch."""
    rows = connection.execute(
        "SELECT b.batch_no, s.in_stock FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id"
    )
    return {row["batch_no"]: row["in_stock"] for row in rows}


def taken(hub: PostgresHub, connection: Connection, order: HubOrder) -> dict[str, Decimal]:
    """What the order's row has of each batch."""
    names = {row["id"]: row["batch_no"] for row in connection.execute("SELECT id::text, batch_no FROM hub.batches")}
    return {names[batch]: quantity for batch, quantity in row_of(hub, order).batches}


@pytest.mark.usefixtures("batches")
def test_FUL_4_batches_are_offered_first_in_first_out(hub: PostgresHub) -> None:
    hub.apply([AddLocation("attic", "Attic")])
    (variant,) = hub.products()

    found = hub.batches([variant.id], "main")

    assert [(batch.batch_no, batch.in_stock) for batch in found] == [("EARLY", 2), ("LATE", 3)]
    assert found[0].received_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert hub.batches([variant.id], "attic") == ()


@pytest.mark.usefixtures("batches")
def test_FUL_4_a_delivery_takes_batches_first_in_first_out(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(4))))

    deliver(hub, order, 1)
    assert taken(hub, connection, order) == {"EARLY": 1}

    deliver(hub, order, 3)
    assert taken(hub, connection, order) == {"EARLY": 2, "LATE": 2}
    assert held(connection) == {"EARLY": 0, "LATE": 1}


@pytest.mark.usefixtures("batches")
def test_FUL_4_what_no_batch_has_is_delivered_unassigned(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(9))))

    deliver(hub, order, 9)

    assert taken(hub, connection, order) == {"EARLY": 2, "LATE": 3}
    assert level(hub).in_stock == -4


@pytest.mark.usefixtures("batches")
def test_FUL_4_named_batches_are_taken(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(3))))
    (late,) = (
        batch for batch in hub.batches([row_of(hub, order).variant_id or ""], "main") if batch.batch_no == "LATE"
    )

    deliver(hub, order, 3, batches=((row_of(hub, order).id, late.id, Decimal(2)),))

    assert taken(hub, connection, order) == {"LATE": 2, "EARLY": 1}


@pytest.mark.usefixtures("batches")
def test_FUL_4_a_named_batch_that_somebody_emptied_meanwhile_is_made_up_for(
    hub: PostgresHub, connection: Connection
) -> None:
    order = create(hub, draft(chair(quantity=Decimal(3))))
    early = hub.batches([row_of(hub, order).variant_id or ""], "main")[0]
    hub.apply([AdjustStock("CHAIR", Decimal(-1), batch="EARLY")])

    deliver(hub, order, 3, batches=((row_of(hub, order).id, early.id, Decimal(2)),))

    assert taken(hub, connection, order) == {"EARLY": 1, "LATE": 2}


@pytest.mark.usefixtures("batches")
def test_packed_pieces_have_their_batches_when_they_are_delivered(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(2))))
    pack(hub, order, 2)
    late = hub.batches([row_of(hub, order).variant_id or ""], "main")[0]

    deliver(hub, order, 2, batches=((row_of(hub, order).id, late.id, Decimal(2)),))

    assert taken(hub, connection, order) == {"EARLY": 2}
    assert held(connection) == {"EARLY": 0, "LATE": 3}


@pytest.mark.usefixtures("batches")
def test_a_delivery_taken_back_gives_the_latest_batch_back_first(hub: PostgresHub, connection: Connection) -> None:
    order = create(hub, draft(chair(quantity=Decimal(5))))
    deliver(hub, order, 5)

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = 1")
    assert taken(hub, connection, order) == {"EARLY": 1}

    hub.apply([DeleteOrder(order.id, "Ada")])
    assert held(connection) == {"EARLY": 2, "LATE": 3}


def test_FUL_4_a_bundles_batch_tracked_components_come_from_batches(hub: PostgresHub, connection: Connection) -> None:
    stock_up(hub, batch_tracked=True, batch="B-7")
    (variant_id,) = hub.apply([AddProduct("SET", "Four chairs", bundle=(("CHAIR", Decimal(4)),))])
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
def test_batch_tracked_pieces_are_counted_by_batch(hub: PostgresHub, action: AdjustStock) -> None:
    with pytest.raises(HubRefused, match="batch"):
        hub.apply([action])


def test_a_batch_of_an_item_without_batches_is_refused(hub: PostgresHub) -> None:
    stock_up(hub)

    with pytest.raises(HubRefused, match="not batch-tracked"):
        hub.apply([AdjustStock("CHAIR", Decimal(1), batch="B-7")])


def test_what_is_received_or_made_of_a_batch_tracked_item_is_a_batch(hub: PostgresHub, connection: Connection) -> None:
    hub.apply([AddProduct("CHAIR", "Chair", batch_tracked=True)])
    order = create(hub, draft(chair(item=hub.products()[0].id)))
    (mo_id,) = hub.apply([CreateMo(order.id, order.rows[0].id)])

    _, po_id, _ = hub.apply(
        [
            ReceivePurchase("CHAIR", Decimal(3), batch="B-7"),
            ReceivePurchase("CHAIR", Decimal(4)),
            SetMoStatus(mo_id, MoStatus.DONE),
        ]
    )

    assert held(connection) == {"B-7": 3, f"PO-{po_id}": 4, f"MO-{mo_id}": 2}
    assert level(hub) == levels(9, 2)
