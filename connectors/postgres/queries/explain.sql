-- name: matched_rows
-- The rows of a sales order with how their items came to be: a person's, or made by an import.
SELECT r.kind, r.sku, r.name, r.quantity, v.import_key, v.created_at AS item_created_at, p.name AS item,
       p.kind AS item_kind
FROM hub.sales_order_rows r
LEFT JOIN hub.variants v ON v.id = r.variant_id
LEFT JOIN hub.products p ON p.id = v.product_id
WHERE r.sales_order_id = %(id)s::bigint
ORDER BY r.position, r.id
