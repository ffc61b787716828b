"""What an upgrade makes of rows and stores of before it: whose orders commit, and what is told again (STK-2)."""

import re

import pytest

from connectors import postgres
from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from tests.connectors.builtin_hub.makers import create, draft, imported, level, run, stock_up
from tests.connectors.postgres.makers import add_store


def statements(connection: Connection, start: str) -> None:
    """Run the statements of the migration that begin so."""
    (migration,) = (text for name, text in postgres.migrations() if name == "0023_store_orders_commit")
    found = re.findall(rf"^{re.escape(start)}.*?;", migration, re.DOTALL | re.MULTILINE)
    assert found
    for statement in found:
        run(connection, statement)


def test_STK_2_rows_of_before_know_whose_they_are(hub: BuiltinHub, connection: Connection, acme: int) -> None:
    stock_up(hub)
    create(hub, imported(acme))
    create(hub, draft())
    run(connection, "UPDATE hub.sales_order_rows SET from_store = false")
    assert level(hub).committed_store == 0

    run(connection, "ALTER TABLE hub.sales_order_rows DISABLE TRIGGER USER")
    statements(connection, "UPDATE hub.sales_order_rows r SET from_store")
    run(connection, "ALTER TABLE hub.sales_order_rows ENABLE TRIGGER USER")
    statements(connection, "UPDATE hub.stock s SET committed_store")

    assert (level(hub).committed_direct, level(hub).committed_store) == (4, 2)


@pytest.mark.parametrize(("chosen", "is_due"), [(None, True), ("in_stock", False), ("in_stock_minus_committed", False)])
def test_STK_2_stores_that_chose_nothing_are_told_again(
    hub: BuiltinHub, connection: Connection, chosen: str | None, is_due: bool
) -> None:
    store = add_store(connection, "acme")
    if chosen:
        settings = "UPDATE stores SET settings = settings || jsonb_build_object('stock.quantity', %s::text)"
        run(connection, settings, chosen)
    stock_up(hub)
    run(connection, "UPDATE store_stock SET settled = changed")

    statements(connection, "UPDATE stores SET stock_writers")
    statements(connection, "UPDATE store_stock q SET changed")

    row = connection.execute(
        "SELECT changed > settled AS is_due, stock_writers IS NOT NULL AS is_watched"
        " FROM store_stock JOIN stores s ON s.id = store_id WHERE s.id = %s",
        (store,),
    ).fetchone()
    assert row == {"is_due": is_due, "is_watched": is_due}
