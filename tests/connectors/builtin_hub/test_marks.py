"""The three triggers of the hub toward storesync: what they mark, for any writer."""

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection, orders
from schemas.actions import AddProduct, AdjustStock, CreateMo, DeleteOrder
from schemas.hub import DraftOrder
from schemas.outcomes import OrderOutcome
from schemas.stores import StockNews
from tests.connectors.builtin_hub.makers import (
    chair,
    create,
    deliver,
    draft,
    imported,
    one,
    pack,
    product,
    run,
    stock_up,
)
from tests.connectors.postgres.makers import add_store


def due(connection: Connection) -> dict[str, int]:
    """How often each SKU was marked, added up over the stores."""
    rows = connection.execute("SELECT sku, sum(changed)::int AS changed FROM store_stock GROUP BY sku")
    return {row["sku"]: row["changed"] for row in rows}


def forget(connection: Connection) -> None:
    """As if everything had been told."""
    run(connection, "DELETE FROM store_stock")


# -- a stock level or commitment moved -----------------------------------------------------------------------------


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.stock SET in_stock = 3",
        "INSERT INTO hub.stock_moves (variant_id, location_id, delta) SELECT variant_id, location_id, 1 FROM hub.stock",
        "UPDATE hub.sales_order_rows SET packed_quantity = 1",
        "UPDATE hub.sales_order_rows SET quantity = 9",
        "DELETE FROM hub.sales_order_rows",
        "DELETE FROM hub.sales_orders",
        """INSERT INTO hub.sales_order_rows (sales_order_id, position, variant_id, location_id, name, quantity)
           SELECT sales_order_id, 2, variant_id, location_id, 'More', 1 FROM hub.sales_order_rows""",
        """INSERT INTO hub.purchase_orders (variant_id, location_id, quantity, received_at)
           SELECT variant_id, location_id, 1, now() FROM hub.stock""",
    ],
)
def test_STK_1_any_sql_that_moves_in_stock_or_committed_marks_the_sku(
    hub: BuiltinHub, connection: Connection, statement: str
) -> None:
    stock_up(hub)
    create(hub, draft())
    forget(connection)

    run(connection, statement)

    assert set(due(connection)) == {"CHAIR"}


@pytest.mark.usefixtures("acme")
def test_STK_1_a_new_order_marks_its_skus_and_each_change_again(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft(product("A"), product("B")))
    assert due(connection) == {"A": 1, "B": 1}

    pack(hub, order, 1, "A")
    assert due(connection)["A"] > 1
    assert due(connection)["B"] == 1


@pytest.mark.usefixtures("acme")
def test_what_is_only_expected_marks_nothing(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())
    forget(connection)

    hub.carry_out([CreateMo(order.id, order.rows[0].id)])

    assert due(connection) == {}


@pytest.mark.parametrize(
    ("state", "syncs_stock", "marked"),
    [
        ("active", True, {"CHAIR": 1}),
        ("active", False, {}),
        ("disconnected", True, {}),
        ("paused", True, {"CHAIR": 1}),
        ("needs_attention", True, {"CHAIR": 1}),
    ],
)
def test_STK_5_every_store_with_stock_sync_that_may_go_on_is_marked(
    hub: BuiltinHub, connection: Connection, state: str, syncs_stock: bool, marked: dict[str, int]
) -> None:
    add_store(connection, "acme", state=state, syncs_stock=syncs_stock)

    stock_up(hub)

    assert due(connection) == marked


def test_STK_4_each_store_is_marked(hub: BuiltinHub, connection: Connection) -> None:
    stores = [add_store(connection, "one"), add_store(connection, "two")]

    stock_up(hub)

    rows = connection.execute("SELECT store_id FROM store_stock WHERE sku = 'CHAIR' ORDER BY store_id")
    assert [row["store_id"] for row in rows] == stores


def hear(connection: Connection, store_id: int, news: StockNews) -> None:
    """Which movements are news for a store."""
    run(connection, "UPDATE stores SET stock_news = %s WHERE id = %s", news, store_id)


@pytest.mark.parametrize("is_of_store", [True, False])
def test_STK_2_a_commitment_is_news_for_stores_that_count_it(
    hub: BuiltinHub, connection: Connection, is_of_store: bool
) -> None:
    stores = {add_store(connection, news): news for news in StockNews}
    for store_id, news in stores.items():
        hear(connection, store_id, news)
    stock_up(hub)
    run(connection, "UPDATE store_stock SET settled = changed")

    create(hub, imported(min(stores)) if is_of_store else draft())

    rows = connection.execute("SELECT store_id FROM store_stock WHERE changed > settled ORDER BY store_id").fetchall()
    counting = {StockNews.ROWS} | ({StockNews.STORE_ROWS} if is_of_store else set())
    assert {stores[row["store_id"]] for row in rows} == counting


def test_STK_2_what_bundles_promise_of_their_components_is_no_news_for_who_was_told(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    stock_up(hub)
    hub.carry_out([AddProduct("SET", "Set", bundle=(("CHAIR", Decimal(4)),))])
    run(connection, "UPDATE store_stock SET settled = changed")

    create(hub, imported(acme, product("SET")))

    assert [row["sku"] for row in connection.execute("SELECT sku FROM store_stock WHERE changed > settled")] == ["SET"]


def test_STK_5_a_commitment_is_news_for_a_store_that_may_show_anything(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    hear(connection, acme, StockNews.SHELF)
    stock_up(hub)
    run(
        connection,
        "INSERT INTO store_items (store_id, external_id, sku, is_tracked) VALUES (%s, '1', 'CHAIR', true)",
        acme,
    )
    run(connection, "INSERT INTO store_levels (store_id, external_id, place, shown) VALUES (%s, '1', '', 5)", acme)
    before = due(connection)

    create(hub, draft())
    assert due(connection) == before

    run(connection, "UPDATE store_levels SET shown = NULL")  # as when it sold some
    create(hub, draft())
    assert due(connection)["CHAIR"] == before["CHAIR"] + 1


@pytest.mark.usefixtures("acme")
def test_STK_1_a_bundle_is_marked_with_what_is_on_the_shelf_of_its_components(
    hub: BuiltinHub, connection: Connection
) -> None:
    stock_up(hub)
    hub.carry_out([AddProduct("SET", "Set", bundle=(("CHAIR", Decimal(4)),))])
    forget(connection)

    create(hub, draft())
    assert due(connection) == {"CHAIR": 1}

    hub.carry_out([AdjustStock("CHAIR", Decimal(-1))])
    assert due(connection) == {"CHAIR": 2, "SET": 1}


def test_STK_1_a_listener_is_rung_once_a_transaction(fresh_database_url: str) -> None:
    with postgres.connect(fresh_database_url) as listening, postgres.connect(fresh_database_url) as connection:
        add_store(connection, "acme")
        listening.execute("LISTEN storesync_stock")

        with connection.transaction():
            stock_up(BuiltinHub(connection))
            stock_up(BuiltinHub(connection), "TABLE")

        assert len(list(listening.notifies(timeout=5, stop_after=1))) == 1
        assert list(listening.notifies(timeout=0)) == []


# -- a row's status moved ------------------------------------------------------------------------------------------


def remember(connection: Connection, store_id: int, hub_order_id: str, external_id: str = "5001") -> None:
    """What an import keeps of the order."""
    run(
        connection,
        "INSERT INTO store_orders (store_id, external_id, state, hub_order_id) VALUES (%s, %s, 'imported', %s)",
        store_id,
        external_id,
        hub_order_id,
    )


def hub_changed(connection: Connection) -> int:
    return int(one(connection, "SELECT hub_changed FROM store_orders")["hub_changed"])


def test_FUL_10_a_row_packed_or_delivered_marks_its_order(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    order = create(hub, imported(acme))
    remember(connection, acme, order.id)

    pack(hub, order, 1)
    assert hub_changed(connection) == 1

    run(connection, "UPDATE hub.sales_order_rows SET delivered_quantity = quantity, packed_quantity = 0")
    assert hub_changed(connection) == 2


def test_FUL_10_one_more_piece_of_a_row_that_is_in_part_marks_its_order(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    order = create(hub, imported(acme, product("A", 5)))
    remember(connection, acme, order.id)

    for _ in range(2):
        pack(hub, order, 1, "A")
    assert hub_changed(connection) == 2

    for _ in range(3):
        deliver(hub, order, 1, "A")
    assert hub_changed(connection) == 5


@pytest.mark.parametrize("change", ["quantity = 3", "invoiced_quantity = 1", "name = 'Stool'"])
def test_what_moves_no_status_marks_no_order(hub: BuiltinHub, connection: Connection, acme: int, change: str) -> None:
    remember(connection, acme, create(hub, imported(acme)).id)

    run(connection, f"UPDATE hub.sales_order_rows SET {change}")

    assert hub_changed(connection) == 0


def test_FUL_13_what_comes_delivered_with_its_import_marks_nothing(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    run(connection, "INSERT INTO store_orders (store_id, external_id) VALUES (%s, '5001')", acme)

    create(hub, imported(acme, product("A", 2, delivered_quantity=Decimal(1)), product("B")))

    assert hub_changed(connection) == 0


def test_FUL_15_an_order_made_in_the_hub_marks_nothing(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    remember(connection, acme, create(hub, imported(acme)).id)

    deliver(hub, create(hub, draft()), 2)

    assert hub_changed(connection) == 0


# -- our own copy of an order -----------------------------------------------------------------------------------------

COPY = "SELECT hub_status, hub_customer, hub_email, hub_total_with_tax, hub_currency FROM store_orders"


def keep(connection: Connection, store_id: int, hub_order_id: str, order: DraftOrder) -> None:
    """What an import keeps of the order that it has just created."""
    orders.expect(connection, store_id, "5001")
    outcome = OrderOutcome("imported", hub_order_id=hub_order_id, created=order)
    orders.settle(connection, store_id, "5001", changed=1, outcome=outcome)


def copied(connection: Connection) -> tuple[Any, ...]:
    """What we keep of it, as one value."""
    return tuple(one(connection, COPY).values())


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("UPDATE hub.sales_order_rows SET packed_quantity = 1", "PARTIALLY_PACKED"),
        ("UPDATE hub.sales_order_rows SET delivered_quantity = quantity", "DELIVERED"),
        ("UPDATE hub.sales_orders SET closed = true", "CLOSED"),
        ("UPDATE hub.sales_orders SET voided = true", "CLOSED"),
        ("UPDATE hub.sales_orders SET closed = true; UPDATE hub.sales_orders SET closed = false", "NOT_SHIPPED"),
    ],
    ids=["packed in part", "delivered", "closed", "voided", "opened again"],
)
def test_FUL_10_how_far_an_order_is_is_kept_with_it(
    hub: BuiltinHub, connection: Connection, acme: int, change: str, status: str
) -> None:
    order = imported(acme)
    keep(connection, acme, create(hub, order).id, order)
    assert copied(connection) == ("NOT_SHIPPED", "Ada Lovelace", "ada@example.com", order.total_with_tax, "EUR")

    run(connection, change)

    assert copied(connection) == (status, "Ada Lovelace", "ada@example.com", order.total_with_tax, "EUR")


def test_what_comes_delivered_with_its_import_is_kept_as_delivered(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    order = imported(acme, chair(delivered_quantity=Decimal(2)))
    orders.expect(connection, acme, "5001")

    keep(connection, acme, create(hub, order).id, order)

    assert copied(connection)[0] == "DELIVERED"


@pytest.mark.parametrize(
    ("change", "copy"),
    [
        ("UPDATE hub.sales_orders SET total_with_tax = 7", ("Ada Lovelace", "ada@example.com", Decimal(7), "EUR")),
        ("UPDATE hub.customers SET name = 'Countess'", ("Countess", "ada@example.com", Decimal(72), "EUR")),
        ("UPDATE hub.customers SET email = NULL", ("Ada Lovelace", None, Decimal(72), "EUR")),
    ],
    ids=["the total", "the name", "the e-mail"],
)
def test_what_lists_show_of_an_order_follows_the_hub(
    hub: BuiltinHub, connection: Connection, acme: int, change: str, copy: tuple[Any, ...]
) -> None:
    order = imported(acme, total_with_tax=Decimal(72))
    keep(connection, acme, create(hub, order).id, order)

    run(connection, change)

    assert copied(connection) == ("NOT_SHIPPED", *copy)


def test_ORD_7_of_a_deleted_order_nothing_is_kept_and_of_the_next_one_it_is(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    order = imported(acme)
    keep(connection, acme, create(hub, order).id, order)

    run(connection, "DELETE FROM hub.sales_orders")
    assert set(copied(connection)) == {None}

    run(connection, "UPDATE store_orders SET order_settled = 0")
    keep(connection, acme, create(hub, order).id, order)
    assert copied(connection)[0] == "NOT_SHIPPED"


# -- an order was deleted ------------------------------------------------------------------------------------------

TOMBSTONE = "SELECT state, reason, hub_order_id, tombstoned_by, tombstoned_at IS NOT NULL AS has_time FROM store_orders"


@pytest.mark.parametrize("by", ["Ada", None], ids=["by a person", "in SQL"])
def test_ORD_7_a_deleted_order_leaves_a_tombstone(
    hub: BuiltinHub, connection: Connection, acme: int, by: str | None
) -> None:
    order = create(hub, imported(acme))
    remember(connection, acme, order.id)

    if by is None:
        run(connection, "DELETE FROM hub.sales_orders")
    else:
        hub.carry_out([DeleteOrder(order.id, by)])

    who = by or one(connection, "SELECT session_user AS name")["name"]
    assert one(connection, TOMBSTONE) == {
        "state": "deleted",
        "reason": "deleted_in_hub",
        "hub_order_id": None,
        "tombstoned_by": who,
        "has_time": True,
    }
    line = one(connection, "SELECT store_id, external_id, action, outcome, detail FROM journal")
    assert line == {
        "store_id": acme,
        "external_id": "5001",
        "action": "delete",
        "outcome": "deleted",
        "detail": {"order_no": "5001", "deleted_by": who},
    }


def test_ORD_7_an_order_nobody_remembers_leaves_a_tombstone_too(
    hub: BuiltinHub, connection: Connection, acme: int
) -> None:
    create(hub, imported(acme))

    run(connection, "DELETE FROM hub.sales_orders")

    assert one(connection, "SELECT state, changed - order_settled AS due FROM store_orders") == {
        "state": "deleted",
        "due": 0,
    }


def test_a_deleted_order_of_the_hub_alone_is_only_journaled(hub: BuiltinHub, connection: Connection) -> None:
    order = create(hub, draft())

    hub.carry_out([DeleteOrder(order.id, "Ada")])

    assert one(connection, "SELECT count(*) FROM store_orders")["count"] == 0
    assert one(connection, "SELECT store_id, action FROM journal") == {"store_id": None, "action": "delete"}


def test_a_store_with_orders_cannot_vanish(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    create(hub, imported(acme))

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        run(connection, "DELETE FROM stores")
