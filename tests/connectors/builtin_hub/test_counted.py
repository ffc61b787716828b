"""Whether somebody ever counted an item at a location, whoever writes (STK-10)."""

import re
from decimal import Decimal

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import AddLocation, AddProduct, AdjustStock, CreateMo, ReceivePurchase, SetMoStatus
from schemas.hub import MoStatus
from tests.connectors.builtin_hub.makers import create, deliver, draft, level, run, stock_up

CHAIR = AddProduct("CHAIR", "Chair")
HERE = "SELECT v.id, l.id FROM hub.variants v CROSS JOIN hub.locations l WHERE l.code = 'main'"


def due(connection: Connection) -> dict[str, int]:
    """How often each SKU was marked."""
    return {row["sku"]: row["changed"] for row in connection.execute("SELECT sku, changed FROM store_stock")}


def test_STK_10_item_that_was_only_added_is_not_counted(hub: BuiltinHub) -> None:
    hub.carry_out([CHAIR])

    assert not level(hub).is_counted


@pytest.mark.parametrize("delta", [5, -2, 0])
def test_STK_10_item_that_was_adjusted_is_counted(hub: BuiltinHub, delta: int) -> None:
    hub.carry_out([CHAIR, AdjustStock("CHAIR", Decimal(delta))])

    assert (level(hub).is_counted, level(hub).in_stock) == (True, delta)


def test_STK_10_batch_tracked_item_is_counted_as_none_without_a_batch(hub: BuiltinHub) -> None:
    hub.carry_out([AddProduct("CHAIR", "Chair", batch_tracked=True), AdjustStock("CHAIR", Decimal(0))])

    assert level(hub).is_counted


def test_STK_10_item_that_was_received_is_counted(hub: BuiltinHub) -> None:
    hub.carry_out([CHAIR, ReceivePurchase("CHAIR", Decimal(3))])

    assert level(hub).is_counted


def test_STK_10_item_is_counted_once_its_pieces_were_made(hub: BuiltinHub) -> None:
    order = create(hub, draft())
    (mo,) = hub.carry_out([CreateMo(order.id, order.rows[0].id)])
    assert not level(hub).is_counted

    hub.carry_out([SetMoStatus(mo, MoStatus.DONE)])

    assert level(hub).is_counted


def test_STK_10_what_is_sold_delivered_or_given_back_is_not_counted(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)
    assert (level(hub).in_stock, level(hub).is_counted) == (-2, False)

    run(connection, "DELETE FROM hub.sales_orders")

    assert (level(hub).in_stock, level(hub).is_counted) == (0, False)


@pytest.mark.parametrize(
    "statement",
    [
        f"INSERT INTO hub.stock_moves (variant_id, location_id, delta) SELECT *, 0 FROM ({HERE}) h",
        f"INSERT INTO hub.stock (variant_id, location_id, in_stock) SELECT *, 5 FROM ({HERE}) h",
        f"INSERT INTO hub.stock (variant_id, location_id) {HERE}",
        f"""INSERT INTO hub.purchase_orders (variant_id, location_id, quantity, received_at)
            SELECT *, 1, now() FROM ({HERE}) h""",
        f"""INSERT INTO hub.manufacturing_orders (variant_id, location_id, quantity, status)
            SELECT *, 1, 'DONE' FROM ({HERE}) h""",
    ],
)
def test_STK_10_plain_sql_that_counts_counts(hub: BuiltinHub, connection: Connection, statement: str) -> None:
    hub.carry_out([CHAIR])

    run(connection, statement)

    assert level(hub).is_counted


@pytest.mark.parametrize("in_stock", [0, 4])
def test_STK_10_level_set_by_hand_is_counted(hub: BuiltinHub, connection: Connection, in_stock: int) -> None:
    create(hub, draft())
    assert not level(hub).is_counted

    run(connection, "UPDATE hub.stock SET in_stock = %s", in_stock)

    assert level(hub).is_counted


def test_STK_10_item_is_counted_where_it_was_counted_only(hub: BuiltinHub) -> None:
    hub.carry_out([AddLocation("annex", "Annex"), CHAIR, AdjustStock("CHAIR", Decimal(5))])

    assert (level(hub).is_counted, level(hub, location="annex").is_counted) == (True, False)


def test_STK_10_bundle_is_counted_where_all_its_parts_are(hub: BuiltinHub) -> None:
    bundle = AddProduct("SET", "Set", bundle=(("CHAIR", Decimal(4)), ("TABLE", Decimal(1))))
    hub.carry_out([CHAIR, AddProduct("TABLE", "Table"), bundle, AdjustStock("CHAIR", Decimal(8))])
    assert not level(hub, "SET").is_counted

    hub.carry_out([AdjustStock("TABLE", Decimal(2))])

    assert (level(hub, "SET").is_counted, level(hub, "SET").in_stock) == (True, 2)


@pytest.mark.usefixtures("acme")
def test_STK_10_first_count_marks_whatever_its_figure_and_a_second_without_difference_does_not(
    hub: BuiltinHub, connection: Connection
) -> None:
    create(hub, draft())
    before = due(connection)["CHAIR"]

    hub.carry_out([AdjustStock("CHAIR", Decimal(0))])
    first = due(connection)["CHAIR"]
    hub.carry_out([AdjustStock("CHAIR", Decimal(0))])

    assert first == before + 1
    assert due(connection)["CHAIR"] == first


@pytest.mark.usefixtures("acme")
def test_STK_10_first_count_of_a_part_marks_its_bundle(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([CHAIR, AddProduct("SET", "Set", bundle=(("CHAIR", Decimal(4)),))])

    hub.carry_out([AdjustStock("CHAIR", Decimal(0))])

    assert due(connection) == {"CHAIR": 1, "SET": 1}


def test_STK_10_what_was_counted_before_the_hub_remembered_it_is_counted(
    hub: BuiltinHub, connection: Connection
) -> None:
    stock_up(hub, "TABLE")
    deliver(hub, create(hub, draft()), 1)
    run(connection, "UPDATE hub.stock SET counted_at = NULL")
    (migration,) = (text for name, text in postgres.migrations() if name == "0021_counted")
    backfill = re.search("UPDATE hub.stock s.*?;", migration, re.DOTALL)
    assert backfill

    run(connection, backfill[0])

    assert (level(hub, "TABLE").is_counted, level(hub).is_counted) == (True, False)
