"""What the hub marks for its stores when a SKU's figure moves without a stock level that does (STK-1, STK-3)."""

from decimal import Decimal

import pytest

from connectors.builtin_hub.hub import BuiltinHub
from connectors.postgres import Connection
from schemas.actions import AddItems, AddLocation, AddProduct
from tests.connectors.builtin_hub.makers import create, draft, one, product, run, stock_up

pytestmark = pytest.mark.usefixtures("acme")


def due(connection: Connection) -> set[str]:
    """The SKUs that are to be told."""
    return {row["sku"] for row in connection.execute("SELECT sku FROM store_stock WHERE changed > settled")}


def settle(connection: Connection) -> None:
    """Everything was told."""
    run(connection, "UPDATE store_stock SET settled = changed")


def forget(connection: Connection) -> None:
    """As if the store were told nothing yet."""
    run(connection, "DELETE FROM store_stock")


def bundle(hub: BuiltinHub, **parts: int) -> None:
    """A bundle SET of so many pieces of each SKU."""
    hub.carry_out([AddProduct("SET", "Set", bundle=tuple((sku, Decimal(pieces)) for sku, pieces in parts.items()))])


def test_STK_1_renamed_item_marks_both_skus(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, "OLD")
    settle(connection)

    run(connection, "UPDATE hub.variants SET sku = 'NEW'")

    assert due(connection) == {"OLD", "NEW"}


def test_STK_1_sku_that_no_store_was_told_of_is_no_news_once_it_is_gone(
    hub: BuiltinHub, connection: Connection
) -> None:
    stock_up(hub, "OLD")
    forget(connection)

    run(connection, "UPDATE hub.variants SET sku = 'NEW'")

    assert due(connection) == {"NEW"}


@pytest.mark.parametrize("change", ["sku = 'NEW'", "sku = NULL", "import_key = 'sku:OLD'"])
def test_STK_1_item_without_pieces_is_no_news(hub: BuiltinHub, connection: Connection, change: str) -> None:
    hub.carry_out([AddProduct("OLD", "Old")])

    run(connection, f"UPDATE hub.variants SET {change}")

    assert due(connection) == set()


def test_STK_1_what_is_added_without_pieces_is_no_news(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddItems((("A", "A"), ("B", "B"))), AddProduct("C", "C")])

    assert due(connection) == set()


def test_STK_3_second_item_with_a_sku_is_news_where_the_first_has_pieces(
    hub: BuiltinHub, connection: Connection
) -> None:
    stock_up(hub, "A")
    hub.carry_out([AddProduct("B", "B")])
    forget(connection)

    hub.carry_out([AddProduct("A", "The new A", is_another=True), AddProduct("B", "The new B", is_another=True)])

    assert due(connection) == {"A"}


def test_STK_3_item_is_news_for_a_store_that_was_told_of_its_sku_before(
    hub: BuiltinHub, connection: Connection
) -> None:
    hub.carry_out([AddProduct("A", "A")])
    run(connection, "INSERT INTO store_stock (store_id, sku, settled) SELECT id, 'A', 1 FROM stores")

    run(connection, "DELETE FROM hub.variants")
    assert due(connection) == {"A"}

    settle(connection)
    hub.carry_out([AddProduct("A", "A")])
    assert due(connection) == {"A"}


@pytest.mark.parametrize(("pieces", "marked"), [(10, {"SET"}), (0, set())])
def test_STK_1_new_bundle_is_news_where_its_parts_have_pieces(
    hub: BuiltinHub, connection: Connection, pieces: int, marked: set[str]
) -> None:
    stock_up(hub, "PART")
    run(connection, "UPDATE hub.stock SET in_stock = %s", pieces)
    forget(connection)

    bundle(hub, PART=2)

    assert due(connection) == marked


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE hub.bundle_components SET quantity = 3",
        "DELETE FROM hub.bundle_components",
        "DELETE FROM hub.stock WHERE variant_id IN (SELECT component_id FROM hub.bundle_components)",
        """INSERT INTO hub.bundle_components (bundle_id, component_id, quantity)
           SELECT c.bundle_id, v.id, 1 FROM hub.bundle_components c, hub.variants v WHERE v.sku = 'NONE'""",
    ],
)
def test_STK_1_bundle_of_other_parts_is_marked(hub: BuiltinHub, connection: Connection, statement: str) -> None:
    hub.carry_out([AddProduct("NONE", "None")])
    stock_up(hub, "PART")
    bundle(hub, PART=2)
    settle(connection)

    run(connection, statement)

    assert "SET" in due(connection)


def test_STK_1_level_that_is_deleted_or_moved_is_marked(hub: BuiltinHub, connection: Connection) -> None:
    hub.carry_out([AddLocation("annex", "Annex")])
    stock_up(hub, "A")
    settle(connection)

    run(connection, "UPDATE hub.stock SET location_id = (SELECT id FROM hub.locations WHERE code = 'annex')")
    assert due(connection) == {"A"}

    settle(connection)
    run(connection, "DELETE FROM hub.stock")
    assert due(connection) == {"A"}


def test_STK_2_pieces_that_stand_on_rows_as_themselves_now_are_marked(hub: BuiltinHub, connection: Connection) -> None:
    stock_up(hub, "PART")
    bundle(hub, PART=1)
    create(hub, draft(product("SET", 4)))
    settle(connection)

    run(connection, "UPDATE hub.sales_order_rows SET variant_id = (SELECT id FROM hub.variants WHERE sku = 'PART')")

    assert one(connection, "SELECT committed, committed_direct FROM hub.stock WHERE in_stock > 0") == {
        "committed": 4,
        "committed_direct": 4,
    }
    assert due(connection) == {"SET", "PART"}


def test_STK_4_sku_that_waits_for_its_location_is_due_once_the_hub_has_it(
    hub: BuiltinHub, connection: Connection
) -> None:
    for sku in ("A", "B"):
        stock_up(hub, sku)
    settle(connection)
    run(connection, "UPDATE store_stock SET reason = 'location_unknown' WHERE sku = 'A'")

    hub.carry_out([AddLocation("annex", "Annex")])

    assert due(connection) == {"A"}
