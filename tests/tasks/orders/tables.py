"""All that imports write, as rows that two databases can be compared by: without times, ids by what they stand for."""

from typing import Any, Final, LiteralString

from connectors.postgres import Connection

Tables = dict[str, list[str]]

_NAMES: Final[LiteralString] = """
CREATE TEMP VIEW named_variants AS
    SELECT id, coalesce(made_for, 'by hand ' || id) AS name FROM hub.variants;
CREATE TEMP VIEW named_orders AS SELECT id, store_id || '/' || external_id AS name FROM hub.sales_orders;
CREATE TEMP VIEW named_rows AS
    SELECT r.id, o.name || '#' || r.position AS name
    FROM hub.sales_order_rows r JOIN named_orders o ON o.id = r.sales_order_id;
"""
_WHAT: Final[dict[str, LiteralString]] = {
    "customers": "SELECT name, email, buyer_key FROM hub.customers",
    "items": """SELECT n.name, v.sku, v.import_key, p.name AS product, p.kind, p.batch_tracked, p.delivery_days
        FROM hub.variants v JOIN named_variants n USING (id) JOIN hub.products p ON p.id = v.product_id""",
    "products": "SELECT name, kind FROM hub.products",
    "stock": """SELECT n.name, to_jsonb(s) - '{variant_id,counted_at,moved_at,updated_at}'::text[] AS stock
        FROM hub.stock s JOIN named_variants n ON n.id = s.variant_id""",
    "moves": """SELECT n.name, to_jsonb(s) - '{id,variant_id,at,created_at,moved_at,row_id}'::text[] AS move
        FROM hub.stock_moves s JOIN named_variants n ON n.id = s.variant_id""",
    "orders": """SELECT c.buyer_key, to_jsonb(o) - '{id,customer_id}'::text[] AS placed
        FROM hub.sales_orders o JOIN hub.customers c ON c.id = o.customer_id""",
    "rows": """SELECT n.name, v.name AS item, to_jsonb(r) - '{id,sales_order_id,variant_id}'::text[] AS row
        FROM hub.sales_order_rows r JOIN named_rows n USING (id) LEFT JOIN named_variants v ON v.id = r.variant_id""",
    "fulfillments": """SELECT n.name, to_jsonb(f) - '{id,sales_order_id,created_at,delivered_at,at}'::text[] AS sent,
            (SELECT jsonb_agg(jsonb_build_array(r.name, fr.quantity) ORDER BY r.name)
             FROM hub.fulfillment_rows fr JOIN named_rows r ON r.id = fr.row_id WHERE fr.fulfillment_id = f.id) AS rows
        FROM hub.fulfillments f JOIN named_orders n ON n.id = f.sales_order_id""",
    "returns": """SELECT n.name, t.external_id,
            (SELECT jsonb_agg(jsonb_build_array(r.name, tr.quantity) ORDER BY r.name)
             FROM hub.return_rows tr JOIN named_rows r ON r.id = tr.row_id WHERE tr.return_id = t.id) AS rows
        FROM hub.returns t JOIN named_orders n ON n.id = t.sales_order_id""",
    "due rows": """SELECT n.name, to_jsonb(s) - '{hub_order_id,first_seen_at,rung_at,hub_rung_at,due_at}'::text[] AS due
        FROM store_orders s LEFT JOIN named_orders n ON n.id::text = s.hub_order_id""",
    # … how often it moved does not matter
    "due stock": """SELECT to_jsonb(s) - '{sent_at,due_at,due_since,changed,settled}'::text[] AS due,
            changed > settled AS is_due FROM store_stock s""",
    "item links": """SELECT l.store_id, l.key, n.name
        FROM item_links l JOIN named_variants n ON n.id::text = l.variant_id""",
    "customer links": """SELECT l.store_id, l.external_id, c.buyer_key
        FROM customer_links l JOIN hub.customers c ON c.id::text = l.customer_id""",
    "journal": """SELECT store_id, external_id, action, outcome, reason, detail, sku,
            row_number() OVER (PARTITION BY store_id, external_id ORDER BY id) AS place
        FROM journal WHERE action <> 'connect'""",
}


def tables(connection: Connection) -> Tables:
    """What stands in each table, sorted."""
    with connection.transaction(force_rollback=True):
        connection.execute(_NAMES)
        return {name: sorted(map(str, map(_values, connection.execute(what)))) for name, what in _WHAT.items()}


def _values(row: dict[str, Any]) -> list[Any]:
    return list(row.values())
