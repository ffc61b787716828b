"""Whatever is done to the hub, in whatever order, its levels are the sums of its rows, its orders and its ledger."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.builtin_hub.guards import hub_guards
from connectors.builtin_hub.hub import BuiltinHub
from connectors.errors import HubRefused
from connectors.postgres import Connection
from schemas.actions import (
    AddProduct,
    AdjustStock,
    CreateMo,
    DeleteOrder,
    DeliverRows,
    HubAction,
    InvoiceRows,
    PackRows,
    ReceivePurchase,
)
from tests.connectors.builtin_hub.makers import create, draft, one, product, run, shipping

SKUS: Final = ("PLAIN", "TRACKED", "BUNDLE")
LOCATIONS: Final = ("main", "attic")

# Each yields a row for every number that is not the sum it should be.
RULES: Final = {
    "in stock is the ledger": """
        SELECT s.variant_id, s.in_stock, m.delta FROM hub.stock s FULL JOIN (
            SELECT variant_id, location_id, sum(delta) AS delta FROM hub.stock_moves GROUP BY 1, 2
        ) m USING (variant_id, location_id) WHERE coalesce(s.in_stock, 0) <> coalesce(m.delta, 0)""",
    "committed are the open pieces and those of the bundles": """
        WITH open AS (
            SELECT r.variant_id, r.location_id, quantity - packed_quantity - delivered_quantity AS pieces,
                   (o.store_id IS NOT NULL)::int AS of_store
            FROM hub.sales_order_rows r JOIN hub.sales_orders o ON o.id = r.sales_order_id
            WHERE r.kind = 'product' AND NOT o.voided
        ), pieces AS (
            SELECT variant_id, location_id, pieces, pieces AS direct, pieces * of_store AS of_store FROM open
            UNION ALL
            SELECT c.component_id, o.location_id, o.pieces * c.quantity, 0, 0
            FROM open o JOIN hub.bundle_components c ON c.bundle_id = o.variant_id
        )
        SELECT s.*, p.* FROM hub.stock s FULL JOIN (
            SELECT variant_id, location_id, sum(pieces) AS pieces, sum(direct) AS direct, sum(of_store) AS of_store
            FROM pieces GROUP BY 1, 2
        ) p USING (variant_id, location_id)
        WHERE coalesce(s.committed, 0) <> coalesce(p.pieces, 0)
           OR coalesce(s.committed_direct, 0) <> coalesce(p.direct, 0)
           OR coalesce(s.committed_store, 0) <> coalesce(p.of_store, 0)""",
    "counted is what somebody counted": """
        SELECT s.* FROM hub.stock s WHERE (s.counted_at IS NOT NULL) <> EXISTS (
            SELECT FROM hub.stock_moves m
            WHERE m.variant_id = s.variant_id AND m.location_id = s.location_id AND m.kind <> 'sale')""",
    "expected are the open manufacturing and purchase orders": """
        SELECT s.*, e.* FROM hub.stock s FULL JOIN (
            SELECT variant_id, location_id, sum(quantity) AS quantity FROM (
                SELECT variant_id, location_id, quantity FROM hub.manufacturing_orders WHERE status <> 'DONE'
                UNION ALL
                SELECT variant_id, location_id, quantity FROM hub.purchase_orders WHERE received_at IS NULL
            ) o GROUP BY 1, 2
        ) e USING (variant_id, location_id) WHERE coalesce(s.expected, 0) <> coalesce(e.quantity, 0)""",
    "sales took what the rows took": """
        SELECT * FROM (
            SELECT coalesce(c.component_id, r.variant_id) AS variant_id, r.location_id,
                   sum(r.taken_quantity * coalesce(c.quantity, 1)) AS taken
            FROM hub.sales_order_rows r LEFT JOIN hub.bundle_components c ON c.bundle_id = r.variant_id
            WHERE r.kind = 'product' GROUP BY 1, 2
        ) r FULL JOIN (
            SELECT variant_id, location_id, -sum(delta) AS moved FROM hub.stock_moves WHERE kind = 'sale' GROUP BY 1, 2
        ) m USING (variant_id, location_id) WHERE coalesce(r.taken, 0) <> coalesce(m.moved, 0)""",
    "batches hold what came in less what rows took": """
        SELECT s.*, d.* FROM hub.batch_stock s FULL JOIN (
            SELECT batch_id, location_id, sum(delta) AS delta FROM (
                SELECT batch_id, location_id, delta FROM hub.stock_moves WHERE batch_id IS NOT NULL
                UNION ALL SELECT batch_id, location_id, -quantity FROM hub.row_batches
            ) x GROUP BY 1, 2
        ) d USING (batch_id, location_id) WHERE coalesce(s.in_stock, 0) <> coalesce(d.delta, 0)""",
    "no row has more from batches than it took": """
        SELECT r.id FROM hub.sales_order_rows r JOIN hub.row_batches b ON b.row_id = r.id
        JOIN hub.batches x ON x.id = b.batch_id LEFT JOIN hub.bundle_components c ON c.bundle_id = r.variant_id
            AND c.component_id = x.variant_id
        GROUP BY r.id, x.variant_id, r.taken_quantity, c.quantity
        HAVING sum(b.quantity) > r.taken_quantity * coalesce(c.quantity, 1)""",
    "what is invoiced is on invoices": """
        SELECT r.id FROM hub.sales_order_rows r LEFT JOIN hub.invoice_rows i ON i.row_id = r.id
        GROUP BY r.id, r.invoiced_quantity HAVING r.invoiced_quantity <> coalesce(sum(i.quantity), 0)""",
    "an order is as far as its rows": """
        SELECT o.id, o.status FROM hub.sales_orders o JOIN hub.sales_order_rows r ON r.sales_order_id = o.id
        WHERE r.ships GROUP BY o.id HAVING o.status <> CASE
            WHEN bool_and(r.delivered_quantity = r.quantity) THEN 'DELIVERED'
            WHEN bool_or(r.delivered_quantity > 0) THEN 'PARTIALLY_DELIVERED'
            WHEN bool_and(r.packed_quantity = r.quantity) THEN 'PACKED'
            WHEN bool_or(r.packed_quantity > 0) THEN 'PARTIALLY_PACKED' ELSE 'NOT_SHIPPED' END""",
}

Step = Callable[[BuiltinHub, Connection], object]

quantities = st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5"), Decimal(3)])
signed = st.builds(lambda quantity, sign: quantity * sign, quantities, st.sampled_from([1, 1, -1]))
skus, locations, picks = st.sampled_from(SKUS), st.sampled_from(LOCATIONS), st.integers(0, 5)


def acting(action: HubAction) -> Step:
    return lambda hub, connection: hub.carry_out([action])


def on_row(pick: int, action: Callable[[str, str], HubAction]) -> Step:
    """An action on one of the rows there are, by order and row id."""

    def step(hub: BuiltinHub, connection: Connection) -> object:
        found = connection.execute("SELECT id::text, sales_order_id::text AS of FROM hub.sales_order_rows ORDER BY id")
        rows = found.fetchall()
        return rows and hub.carry_out([action(rows[pick % len(rows)]["of"], rows[pick % len(rows)]["id"])])

    return step


def typed(statement: str, table: str, pick: int) -> Step:
    """Plain SQL on one of the rows that a table has."""

    def step(hub: BuiltinHub, connection: Connection) -> None:
        ids = [row["id"] for row in connection.execute(f"SELECT id FROM hub.{table} ORDER BY id".encode())]
        with hub_guards():
            run(connection, f"{statement} WHERE id = %s", ids[pick % len(ids)] if ids else None)

    return step


def ordering(lines: list[tuple[str, Decimal, str, bool]], is_of_store: bool) -> Step:
    """A new order, made in the hub or a store's; of a line that is gone, one piece was delivered before."""
    rows = [
        product(
            sku,
            quantity + is_gone,
            external_id=str(number),
            location=location,
            delivered_quantity=Decimal(is_gone),
        )
        for number, (sku, quantity, location, is_gone) in enumerate(lines)
    ]

    def step(hub: BuiltinHub, connection: Connection) -> object:
        acme = one(
            connection, "SELECT id, (SELECT coalesce(max(id), 0)::text FROM hub.sales_orders) AS name FROM stores"
        )
        whose = {"store_id": acme["id"], "external_id": acme["name"]} if is_of_store else {}
        return create(hub, draft(*rows, shipping(external_id="fee"), **whose))

    return step


def counting(sku: str, delta: Decimal, location: str) -> Step:
    batch = None if sku == "PLAIN" else "B-1"
    return acting(AdjustStock(sku, delta, location, batch))


def packing(pick: int, quantity: Decimal) -> Step:
    return on_row(pick, lambda order, row: PackRows(order, ((row, quantity),)))


def delivering(pick: int, quantity: Decimal) -> Step:
    return on_row(pick, lambda order, row: DeliverRows(order, ((row, quantity),), "hub"))


ROW_SQL: Final = (
    "UPDATE hub.sales_order_rows SET quantity = quantity + 1",
    "UPDATE hub.sales_order_rows SET quantity = quantity - 1",
    "UPDATE hub.sales_order_rows SET delivered_quantity = quantity, packed_quantity = 0",
    "UPDATE hub.sales_order_rows SET delivered_quantity = 0",
    "UPDATE hub.sales_order_rows SET packed_quantity = 0",
    "UPDATE hub.sales_order_rows SET location_id = 3 - location_id",
    "DELETE FROM hub.sales_order_rows",
)
ORDER_SQL: Final = (
    "UPDATE hub.sales_orders SET voided = NOT voided",
    "UPDATE hub.sales_orders SET store_id = NULL, external_id = NULL",
    "DELETE FROM hub.sales_orders",
)
MO_SQL: Final = (
    "UPDATE hub.manufacturing_orders SET status = 'DONE'",
    "UPDATE hub.manufacturing_orders SET status = 'IN_PROGRESS'",
    "UPDATE hub.manufacturing_orders SET quantity = quantity + 1",
    "DELETE FROM hub.manufacturing_orders",
)
INVOICE_SQL: Final = ("DELETE FROM hub.invoices",)

ORDERS: Final = st.builds(
    ordering,
    st.lists(st.tuples(skus, quantities, locations, st.booleans()), min_size=1, max_size=3),
    st.booleans(),
)
STEPS: Final = st.one_of(
    ORDERS,
    st.builds(counting, st.sampled_from(["PLAIN", "TRACKED"]), signed, locations),
    st.builds(lambda sku, quantity: acting(ReceivePurchase(sku, quantity)), skus, quantities),
    st.builds(packing, picks, quantities),
    st.builds(delivering, picks, quantities),
    st.builds(lambda pick: on_row(pick, CreateMo), picks),
    st.builds(lambda pick: on_row(pick, lambda order, row: InvoiceRows(order, (row,))), picks),
    st.builds(lambda pick: on_row(pick, lambda order, row: DeleteOrder(order, "Ada")), picks),
    st.builds(typed, st.sampled_from(ROW_SQL), st.just("sales_order_rows"), picks),
    st.builds(typed, st.sampled_from(ORDER_SQL), st.just("sales_orders"), picks),
    st.builds(typed, st.sampled_from(MO_SQL), st.just("manufacturing_orders"), picks),
    st.builds(typed, st.sampled_from(INVOICE_SQL), st.just("invoices"), picks),
)


@pytest.fixture
def items(hub: BuiltinHub, connection: Connection) -> None:
    """A plain item, a batch-tracked one, a bundle of both, with some stock; a second location."""
    bundle = (("PLAIN", Decimal(2)), ("TRACKED", Decimal(1)))
    hub.carry_out([AddProduct("PLAIN", "Plain"), AddProduct("TRACKED", "Tracked", batch_tracked=True)])
    hub.carry_out([AddProduct("BUNDLE", "Bundle", bundle=bundle)])
    hub.carry_out([AdjustStock("PLAIN", Decimal(9)), AdjustStock("TRACKED", Decimal(3), batch="B-1")])
    hub.carry_out([AdjustStock("TRACKED", Decimal(2), batch="B-2")])
    run(connection, "INSERT INTO hub.locations (id, code, name) OVERRIDING SYSTEM VALUE VALUES (2, 'attic', 'Attic')")


@pytest.mark.usefixtures("items", "acme")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(first=ORDERS, steps=st.lists(STEPS, min_size=4, max_size=20))
def test_STK_1_the_levels_are_always_the_sums(
    hub: BuiltinHub, connection: Connection, first: Step, steps: list[Step]
) -> None:
    with connection.transaction(force_rollback=True):
        for step in (first, *steps):
            # What the hub refuses leaves no trace; what it does leaves right numbers.
            with suppress(HubRefused), connection.transaction():
                step(hub, connection)

        wrong = {rule: connection.execute(sql.encode()).fetchall() for rule, sql in RULES.items()}

    assert wrong == {rule: [] for rule in RULES}
