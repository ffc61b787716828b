"""What the hub refuses, by its own guards in the database or by its actions, and what it says then."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import AlreadyThere, HubRefused
from connectors.postgres import Connection
from schemas.actions import (
    AddProduct,
    AdjustStock,
    CreateMo,
    DeleteOrder,
    DeliverRows,
    HubAction,
    InvoiceRows,
    LockInventory,
    PackRows,
    ReceivePurchase,
    SetMoStatus,
)
from schemas.hub import DeliveryStatus, HubOrder, MoStatus, NewCustomer
from schemas.orders import ZERO, Kind
from tests.connectors.builtin_hub.makers import (
    chair,
    create,
    deliver,
    draft,
    imported,
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

TODAY = date(9999, 1, 1)  # far enough that today is locked
NONE = "987654321"


def invoice(hub: BuiltinHub, order: HubOrder) -> str:
    """Invoice every row."""
    return hub.carry_out([InvoiceRows(order.id, tuple(row.id for row in order.rows))])[0]


def test_what_postgresql_cannot_hold_is_refused_and_not_tried_for_ever(hub: BuiltinHub) -> None:
    signs = random.Random(1)  # that cannot be packed
    name = "".join(chr(signs.randint(0x4E00, 0x9FFF)) for _ in range(1500))

    with pytest.raises(HubRefused, match="index row size"):
        create(hub, draft(customer=NewCustomer(name, None)))


# -- the locked period ---------------------------------------------------------------------------------------------


def test_CHG_5_an_order_in_a_locked_period_stays(hub: BuiltinHub, connection: Connection) -> None:
    old = create(hub, draft(created_at=datetime(2026, 1, 5, 23, 59, tzinfo=UTC)))
    new = create(hub, draft(created_at=datetime(2026, 1, 6, tzinfo=UTC)))
    hub.carry_out([LockInventory(date(2026, 1, 5))])

    assert (read(hub, old.id).is_locked, read(hub, new.id).is_locked) == (True, False)
    with pytest.raises(HubRefused, match="order 5001 lies in a locked inventory period"), connection.transaction():
        hub.carry_out([DeleteOrder(old.id, "Ada")])
    hub.carry_out([DeleteOrder(new.id, "Ada")])


def test_CHG_5_nor_does_plain_sql_delete_it(hub: BuiltinHub, connection: Connection) -> None:
    create(hub, draft())
    hub.carry_out([LockInventory(TODAY)])

    with pytest.raises(psycopg.Error, match="locked inventory period"):
        run(connection, "DELETE FROM hub.sales_orders")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.sales_order_rows SET packed_quantity = 1",
        "UPDATE hub.stock SET in_stock = 3",
        "INSERT INTO hub.stock_moves (variant_id, location_id, delta) SELECT variant_id, location_id, 1 FROM hub.stock",
    ],
)
def test_in_stock_does_not_move_in_a_locked_period(hub: BuiltinHub, connection: Connection, statement: str) -> None:
    stock_up(hub)
    create(hub, draft())
    hub.carry_out([LockInventory(TODAY)])

    with pytest.raises(psycopg.Error, match="inventory is locked up to and including 9999-01-01"):
        run(connection, statement)


def test_a_move_is_judged_by_its_own_day(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub)
    hub.carry_out([LockInventory(date(2026, 1, 5))])
    move = """INSERT INTO hub.stock_moves (variant_id, location_id, delta, moved_at)
              SELECT variant_id, location_id, 1, %s FROM hub.stock"""

    run(connection, move, datetime(2026, 1, 6, tzinfo=UTC))

    with pytest.raises(psycopg.Error, match="locked"):
        run(connection, move, datetime(2026, 1, 5, 23, 59, tzinfo=UTC))


def test_ORD_6_an_old_order_is_imported_into_a_locked_period_all_the_same(hub: BuiltinHub, acme: int) -> None:
    hub.carry_out([LockInventory(TODAY)])

    assert create(hub, imported(acme, chair(delivered_quantity=Decimal(1)))).is_locked


# -- invoices and shipped rows -------------------------------------------------------------------------------------


def test_CHG_5_an_invoiced_order_stays(hub: BuiltinHub) -> None:
    order = create(hub, draft())
    invoice(hub, order)

    assert read(hub, order.id).has_invoice
    assert row_of(hub, order).invoiced_quantity == 2
    with pytest.raises(HubRefused, match="invoice"):
        hub.carry_out([DeleteOrder(order.id, "Ada")])


def test_an_invoiced_order_is_billed(hub: BuiltinHub, connection: Connection) -> None:
    invoice(hub, create(hub, draft()))

    assert one(connection, "SELECT billed, paid FROM hub.sales_orders") == {"billed": True, "paid": False}


def test_only_what_is_not_yet_invoiced_is_invoiced(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    invoice(hub, order)
    run(connection, "UPDATE hub.sales_order_rows SET quantity = 5")

    second = invoice(hub, order)

    assert one(connection, "SELECT quantity FROM hub.invoice_rows WHERE invoice_id = %s", int(second))["quantity"] == 3
    with pytest.raises(HubRefused, match="nothing left to invoice"):
        invoice(hub, order)


def test_a_deleted_invoice_frees_its_order(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    invoice(hub, order)

    run(connection, "DELETE FROM hub.invoices")

    assert row_of(hub, order).invoiced_quantity == 0
    hub.carry_out([DeleteOrder(order.id, "Ada")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.sales_order_rows SET quantity = 1",
        "UPDATE hub.sales_order_rows SET price_per_unit = 1",
        "UPDATE hub.sales_order_rows SET discount_percent = 1",
        "DELETE FROM hub.sales_order_rows",
    ],
)
@pytest.mark.parametrize(
    "how", [invoice, lambda hub, order: pack(hub, order, 2), lambda hub, order: deliver(hub, order, 2)]
)
def test_CHG_4_packed_delivered_and_invoiced_rows_do_not_change(
    hub: BuiltinHub, connection: Connection, how: Callable[[BuiltinHub, HubOrder], object], statement: str
) -> None:
    how(hub, create(hub, draft()))

    with pytest.raises(psycopg.Error):
        run(connection, statement)


@pytest.mark.parametrize("column", ["variant_id", "location_id"])
def test_CHG_7_a_shipped_row_keeps_its_item_and_location(hub: BuiltinHub, connection: Connection, column: str) -> None:
    stock_up(hub, "OTHER")
    run(connection, "INSERT INTO hub.locations (code, name) VALUES ('attic', 'Attic')")
    pack(hub, create(hub, draft()), 1)
    table = {"variant_id": "variants", "location_id": "locations"}[column]

    with pytest.raises(psycopg.Error, match="keeps its item and its location"):
        run(
            connection,
            f"UPDATE hub.sales_order_rows SET {column} = (SELECT id FROM hub.{table} x WHERE x.id <> {column} LIMIT 1)",
        )


def test_CHG_1_the_open_part_of_a_shipped_row_may_grow(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 2)

    run(connection, "UPDATE hub.sales_order_rows SET quantity = 5")

    assert row_of(hub, order).status is DeliveryStatus.PARTIALLY_DELIVERED
    assert level(hub).committed == 3


@pytest.mark.parametrize("statement", ["UPDATE hub.stock_moves SET delta = 1", "DELETE FROM hub.stock_moves"])
def test_the_ledger_is_append_only(hub: BuiltinHub, connection: Connection, statement: str) -> None:
    stock_up(hub)

    with pytest.raises(psycopg.Error, match="append-only"):
        run(connection, statement)


@pytest.mark.parametrize(
    "address", ["{}", '{"city": "London"}', "[]", '"London"', None], ids=["empty", "one", "list", "text", "more"]
)
def test_an_address_has_every_key_and_no_other(hub: BuiltinHub, connection: Connection, address: str | None) -> None:
    create(hub, draft())
    changed = "%s::jsonb" if address else "bill_to || jsonb_build_object('planet', coalesce(%s, 'Earth'))"

    with pytest.raises(psycopg.errors.CheckViolation):
        run(connection, f"UPDATE hub.sales_orders SET bill_to = {changed}", address)


# -- actions that make no sense ------------------------------------------------------------------------------------


@pytest.fixture
def order(hub: BuiltinHub) -> HubOrder:
    """Two chairs, one gift wrap, and a fulfilment; row ids in this order."""
    stock_up(hub)
    hub.carry_out([AddProduct("WRAP", "Wrap", Kind.SERVICE)])
    wrap = product("WRAP", 1, kind=Kind.SERVICE, ships=False, item=hub.products()[-1].id)
    return create(hub, draft(chair(), wrap, shipping()))


Wrong = Callable[[HubOrder], HubAction]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda order: PackRows(order.id, ((order.rows[0].id, Decimal(3)),)), "CHAIR: 3 cannot be packed, 2 are left"),
        (lambda order: PackRows(order.id, ((order.rows[0].id, ZERO),)), "above 0"),
        (lambda order: PackRows(order.id, ((order.rows[0].id, Decimal(1)),) * 3), "3 cannot be packed"),
        (lambda order: PackRows(order.id, ((NONE, Decimal(1)),)), f"no row {NONE}"),
        (lambda order: PackRows(NONE, ((NONE, Decimal(1)),)), f"{NONE} is gone"),
        (lambda order: PackRows("gone", ((NONE, Decimal(1)),)), "invalid input syntax for type bigint: …"),
        (lambda order: DeliverRows(order.id, (), "hub"), "no rows are named"),
        (lambda order: DeliverRows(order.id, ((order.rows[0].id, Decimal(3)),), "hub"), "3 cannot be delivered"),
        (lambda order: DeliverRows(order.id, ((order.rows[0].id, Decimal(-1)),), "hub"), "above 0"),
        (lambda order: DeliverRows(order.id, ((order.rows[0].id, Decimal(1)),), "moon"), "source"),
        (
            lambda order: DeliverRows(
                order.id, ((order.rows[0].id, Decimal(1)),), "hub", batches=((order.rows[0].id, NONE, Decimal(1)),)
            ),
            "batch of another item",
        ),
        (
            lambda order: DeliverRows(
                order.id, ((order.rows[0].id, Decimal(1)),), "hub", batches=((order.rows[1].id, NONE, Decimal(1)),)
            ),
            "not delivered",
        ),
        (lambda order: InvoiceRows(order.id, (NONE,)), f"no row {NONE}"),
        (lambda order: InvoiceRows(order.id, ()), "nothing left to invoice"),
        (lambda order: DeleteOrder(NONE, "Ada"), f"{NONE} is gone"),
        (lambda order: CreateMo(order.id, order.rows[1].id), "WRAP is not made"),
        (lambda order: CreateMo(order.id, order.rows[2].id), "DHL is not made"),
        (lambda order: SetMoStatus(NONE, MoStatus.DONE), f"no manufacturing order {NONE}"),
        (lambda order: AdjustStock("NONE", Decimal(1)), "no item with the SKU NONE"),
        (lambda order: AdjustStock("CHAIR", Decimal(1), location="attic"), "no location attic"),
        (lambda order: AdjustStock("WRAP", Decimal(1)), "WRAP is a service"),
        (lambda order: ReceivePurchase("CHAIR", ZERO), "receive at least something"),
        (lambda order: AddProduct(" A", "A"), "no space around it"),
        (lambda order: AddProduct("", "A"), "a SKU is not empty"),
        (lambda order: AddProduct("A", "A", Kind.SHIPPING), "a product or a service"),
        (lambda order: AddProduct("A", "A", delivery_days=-1), "delivery_days"),
        (lambda order: AddProduct("A\x00", "A"), "NUL"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused_in_words(
    hub: BuiltinHub, order: HubOrder, wrong: Wrong, words: str
) -> None:
    with pytest.raises(HubRefused, match=words):
        hub.carry_out([wrong(order)])


def test_a_row_has_one_manufacturing_order_and_a_done_one_stays_done(
    hub: BuiltinHub, connection: Connection, order: HubOrder
) -> None:
    (mo_id,) = hub.carry_out([CreateMo(order.id, order.rows[0].id)])
    with pytest.raises(HubRefused, match="already"), connection.transaction():
        hub.carry_out([CreateMo(order.id, order.rows[0].id)])

    hub.carry_out([SetMoStatus(mo_id, MoStatus.DONE)])
    with pytest.raises(HubRefused, match="is done"):
        hub.carry_out([SetMoStatus(mo_id, MoStatus.IN_PROGRESS)])


def test_a_shipped_row_is_not_made_any_more(hub: BuiltinHub, order: HubOrder) -> None:
    deliver(hub, order, 2)

    with pytest.raises(HubRefused, match="nothing left to make"):
        hub.carry_out([CreateMo(order.id, order.rows[0].id)])


def test_FUL_7_a_fulfilment_of_a_store_is_applied_once(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    deliver(hub, order, 1, external_id="77")

    with pytest.raises(AlreadyThere), connection.transaction():
        deliver(hub, order, 1, external_id="77")
    assert row_of(hub, order).delivered_quantity == 1
    assert [fulfillment.external_id for fulfillment in read(hub, order.id).fulfillments] == ["77"]


def test_nothing_is_half_applied(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    rows = (order.rows[0].id, Decimal(1))

    with pytest.raises(HubRefused), connection.transaction():
        hub.carry_out([PackRows(order.id, (rows,)), AdjustStock("NONE", Decimal(1))])

    assert row_of(hub, order).packed_quantity == 0
