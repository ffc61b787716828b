-- name: orders
-- The latest sales orders, whoever made them.
SELECT o.id::text AS id, o.order_no, s.name AS store, o.external_id, o.status, c.name AS customer, o.currency,
       o.total_with_tax, o.created_at, o.delivery_date
FROM hub.sales_orders o
JOIN hub.customers c ON c.id = o.customer_id
LEFT JOIN stores s ON s.id = o.store_id
ORDER BY o.id DESC LIMIT {limit}

-- name: manufacturing_orders
-- The latest manufacturing orders; one that was unlinked has no order any more (CHG-1).
SELECT m.id::text AS id, m.status, v.sku, p.name, m.quantity, l.code AS location, o.order_no, s.name AS store,
       o.external_id, m.created_at
FROM hub.manufacturing_orders m
JOIN hub.variants v ON v.id = m.variant_id
JOIN hub.products p ON p.id = v.product_id
JOIN hub.locations l ON l.id = m.location_id
LEFT JOIN hub.sales_order_rows r ON r.id = m.row_id
LEFT JOIN hub.sales_orders o ON o.id = r.sales_order_id
LEFT JOIN stores s ON s.id = o.store_id
ORDER BY m.id DESC LIMIT {limit}

-- name: bundles
-- What every bundle is made of.
SELECT c.bundle_id::text AS bundle_id, v.sku, c.quantity
FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.component_id
ORDER BY c.bundle_id, v.sku, v.id

-- name: items_with_sku
-- How many items share a SKU.
SELECT count(*) AS items FROM hub.variants WHERE sku = %(sku)s

-- name: has_counted
-- Whether anything was ever counted.
SELECT EXISTS (SELECT FROM hub.stock WHERE counted_at IS NOT NULL) AS has_counted

-- name: is_order_no_used
-- Whether any order has this number.
SELECT EXISTS (SELECT FROM hub.sales_orders WHERE order_no = %(order_no)s) AS is_used

-- name: number_alone
-- One order is numbered at a time, until the end of the transaction: the next one sees its number.
SELECT pg_advisory_xact_lock(%(lock)s)

-- name: next_order_number
-- One more than the highest number that was given here.
SELECT coalesce(max(substr(order_no, 4)::numeric), 0) + 1 AS number
FROM hub.sales_orders WHERE store_id IS NULL AND order_no ~ '^SO-[0-9]{1,15}$'

-- name: stocked
-- The next SKUs that carry stock, each once by its newest item (STK-3), in the order of their bytes.
SELECT n.sku, n.name FROM (
    SELECT DISTINCT ON (v.sku COLLATE "C") v.sku, p.name, p.kind
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
    WHERE v.sku COLLATE "C" > %(after)s
    ORDER BY v.sku COLLATE "C", v.created_at DESC, v.id DESC
) n
WHERE n.kind = 'product'
ORDER BY n.sku COLLATE "C" LIMIT %(limit)s
