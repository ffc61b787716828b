-- name: orders
-- The latest sales orders, whoever made them.
SELECT o.id::text AS id, o.order_no, s.name AS store, o.external_id, o.status, c.name AS customer, o.currency,
       o.total_with_tax, o.created_at, o.delivery_date
FROM hub.sales_orders o
JOIN hub.customers c ON c.id = o.customer_id
LEFT JOIN stores s ON s.id = o.store_id
ORDER BY o.id DESC LIMIT {limit}

-- name: takings
-- What a store's orders come to with tax, here and in the shop, by currency: of those that changed last.
SELECT o.currency, count(*) AS orders, sum(o.total_with_tax) AS in_hub,
       sum(coalesce(o.store_total_with_tax, o.total_with_tax)) AS in_shop
FROM (
    SELECT hub_order_id FROM store_orders WHERE store_id = %(store_id)s AND state = 'imported'
    ORDER BY store_updated_at DESC NULLS LAST, external_id LIMIT %(most)s
) newest CROSS JOIN LATERAL (  -- one by one: a plan that reads all of them would be chosen where there are few
    SELECT o.currency, o.total_with_tax, o.store_total_with_tax FROM hub.sales_orders o
    WHERE o.id = newest.hub_order_id::bigint LIMIT 1
) o
GROUP BY o.currency ORDER BY o.currency

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
WHERE {which}
ORDER BY m.id DESC LIMIT {limit}

-- name: mos_before
-- Manufacturing orders before a number.
m.id < %(before)s

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
-- The next SKUs that carry stock, each once by its newest item (STK-3), in the order of their bytes: walked as the index
-- has them, items being joined behind.
SELECT n.sku, p.name
FROM (
    SELECT DISTINCT ON (v.sku COLLATE "C") v.sku, v.product_id FROM hub.variants v
    WHERE v.sku COLLATE "C" > %(after)s
    ORDER BY v.sku COLLATE "C", v.created_at DESC, v.id DESC
) n JOIN hub.products p ON p.id = n.product_id AND p.kind = 'product'
ORDER BY n.sku COLLATE "C" LIMIT %(limit)s

-- name: skus_by_parts
-- The next SKUs of which an item is called so, by the index of all parts of SKUs and names: those first that are called so
-- themselves, and those whose products are, each as few as are wanted.
SELECT sku FROM (
    (SELECT DISTINCT v.sku COLLATE "C" AS sku FROM hub.variants v
     WHERE v.sku COLLATE "C" > %(after)s AND strpos(lower(v.sku), lower(%(text)s)) > 0
       AND order_keys(lower(v.sku), '{}', 3, 200) @> order_keys(left(lower(%(text)s), 200), '{}', 3, 200)
     ORDER BY 1 LIMIT %(limit)s)
    UNION
    (SELECT DISTINCT v.sku COLLATE "C" FROM hub.products p JOIN hub.variants v ON v.product_id = p.id
     WHERE v.sku COLLATE "C" > %(after)s AND strpos(lower(p.name), lower(%(text)s)) > 0
       AND order_keys(lower(p.name), '{}', 3, 200) @> order_keys(left(lower(%(text)s), 200), '{}', 3, 200)
     ORDER BY 1 LIMIT %(limit)s)
) called
ORDER BY sku COLLATE "C" LIMIT %(limit)s

-- name: newest_of_skus
-- Of some SKUs those that carry stock, with the names of their newest items.
SELECT n.sku, p.name
FROM (
    SELECT DISTINCT ON (v.sku COLLATE "C") v.sku, v.product_id FROM hub.variants v
    WHERE v.sku = ANY (%(skus)s::text[])
    ORDER BY v.sku COLLATE "C", v.created_at DESC, v.id DESC
) n JOIN hub.products p ON p.id = n.product_id AND p.kind = 'product'
ORDER BY n.sku COLLATE "C"

-- name: batches_of_sku
-- What lies where of each batch of a SKU's newest item, first received first; of an old one nothing may be left.
SELECT b.batch_no AS batch, l.code AS location, s.in_stock, b.received_at
FROM (SELECT id FROM hub.variants WHERE sku = %(sku)s ORDER BY created_at DESC, id DESC LIMIT 1) n
JOIN hub.batches b ON b.variant_id = n.id JOIN hub.batch_stock s ON s.batch_id = b.id
JOIN hub.locations l ON l.id = s.location_id
WHERE s.in_stock > 0
ORDER BY b.received_at, b.id, l.id LIMIT %(limit)s

-- name: parts_of_sku
-- What a bundle is made of, and which bundles a SKU is a part of; of its newest item.
SELECT v.sku, c.quantity, c.bundle_id = n.id AS is_part
FROM (SELECT id FROM hub.variants WHERE sku = %(sku)s ORDER BY created_at DESC, id DESC LIMIT 1) n
JOIN hub.bundle_components c ON n.id IN (c.bundle_id, c.component_id)
JOIN hub.variants v ON v.id = CASE WHEN c.bundle_id = n.id THEN c.component_id ELSE c.bundle_id END
ORDER BY is_part DESC, v.sku, v.id LIMIT %(limit)s

-- name: moves_of_sku
-- The latest moves of a SKU's items at every location, each location from its end on.
SELECT m.id, m.moved_at, l.code AS location, b.batch_no AS batch, m.delta, m.kind, m.note, m.count_id::text AS count_id,
       m.is_carried, o.id::text AS order_id, o.order_no, o.external_id, s.name AS store
FROM hub.variants v CROSS JOIN hub.locations l
CROSS JOIN LATERAL (
    SELECT * FROM hub.stock_moves m WHERE m.variant_id = v.id AND m.location_id = l.id ORDER BY m.id DESC LIMIT {limit}
) m
LEFT JOIN hub.batches b ON b.id = m.batch_id
LEFT JOIN hub.sales_order_rows r ON m.kind = 'sale' AND r.id = m.source_id
LEFT JOIN hub.sales_orders o ON o.id = r.sales_order_id
LEFT JOIN stores s ON s.id = o.store_id
WHERE v.sku = %(sku)s
ORDER BY m.id DESC LIMIT {limit}
