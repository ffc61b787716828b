-- name: money
-- What the hub holds of a store against what the store said, by currency: the penny proof, summed (MAP-6).
SELECT o.currency, count(*) AS orders, sum(o.total_with_tax) AS total_with_tax,
       sum(o.store_total_with_tax) AS store_total_with_tax, count(*) FILTER (WHERE o.total_mismatch) AS mismatches
FROM hub.sales_orders o WHERE o.store_id = %(store_id)s GROUP BY o.currency ORDER BY o.currency

-- name: rows
-- How many rows of each kind the store's orders have in the hub.
SELECT r.kind, count(*) AS rows FROM hub.sales_order_rows r JOIN hub.sales_orders o ON o.id = r.sales_order_id
WHERE o.store_id = %(store_id)s GROUP BY r.kind ORDER BY r.kind
