-- name: alone
-- Of two counts at once the second one sees what the first one counted.
SELECT pg_advisory_xact_lock(%(lock)s)

-- name: shelves
-- What the hub has of some SKUs, their newest items at every location, and what open orders of a store wait for there, as
-- themselves and as parts of bundles: all of one moment, so that what leaves the shelf meanwhile is counted once.
WITH newest AS (
    SELECT DISTINCT ON (v.sku) v.id, v.sku, p.kind, p.batch_tracked,
           EXISTS (SELECT FROM hub.bundle_components c WHERE c.bundle_id = v.id) AS is_bundle
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
    WHERE v.sku = ANY (%(skus)s::text[])
    ORDER BY v.sku, v.created_at DESC, v.id DESC
), open_rows AS (
    SELECT r.variant_id, r.location_id, r.open_quantity
    FROM hub.sales_orders o JOIN hub.sales_order_rows r ON r.sales_order_id = o.id
    WHERE o.store_id = %(store_id)s AND o.status <> 'DELIVERED' AND r.open_quantity > 0 AND r.kind = 'product'
), promised AS (
    SELECT variant_id, location_id, sum(quantity) AS quantity
    FROM (
        SELECT variant_id, location_id, open_quantity AS quantity FROM open_rows
        UNION ALL
        SELECT c.component_id, r.location_id, r.open_quantity * c.quantity
        FROM open_rows r JOIN hub.bundle_components c ON c.bundle_id = r.variant_id
    ) pieces
    GROUP BY variant_id, location_id
), batches AS (
    SELECT b.variant_id, s.location_id, jsonb_object_agg(b.batch_no, s.in_stock::text) AS named
    FROM newest n JOIN hub.batches b ON b.variant_id = n.id JOIN hub.batch_stock s ON s.batch_id = b.id
    GROUP BY b.variant_id, s.location_id
)
SELECT n.sku, n.id::text AS variant_id, n.kind, n.batch_tracked, n.is_bundle, l.code AS location,
       coalesce(s.in_stock, 0) AS in_stock, s.counted_at IS NOT NULL AS is_counted, coalesce(p.quantity, 0) AS promised,
       coalesce(b.named, '{}') AS batches
FROM newest n CROSS JOIN hub.locations l
LEFT JOIN hub.stock s ON s.variant_id = n.id AND s.location_id = l.id
LEFT JOIN promised p ON p.variant_id = n.id AND p.location_id = l.id
LEFT JOIN batches b ON b.variant_id = n.id AND b.location_id = l.id
ORDER BY n.sku, l.id

-- name: begin
-- A count.
INSERT INTO hub.stock_counts (source) VALUES (%(source)s) RETURNING id::text AS id

-- name: keep_batches
-- Batches that the count found.
INSERT INTO hub.batches (variant_id, batch_no)
SELECT DISTINCT variant_id, batch_no FROM unnest(%(variant_ids)s::bigint[], %(batches)s::text[]) AS n (variant_id, batch_no)
WHERE batch_no IS NOT NULL ORDER BY variant_id, batch_no
ON CONFLICT (variant_id, batch_no) DO NOTHING

-- name: move
-- Lines of the ledger, those by 0 too: somebody looked.
INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta, count_id, note)
SELECT m.variant_id, hub.place(m.location), b.id, m.delta, %(count_id)s::bigint, 'count ' || %(count_id)s
FROM unnest(%(variant_ids)s::bigint[], %(locations)s::text[], %(batches)s::text[], %(deltas)s::numeric[])
    AS m (variant_id, location, batch_no, delta)
LEFT JOIN hub.batches b ON b.variant_id = m.variant_id AND b.batch_no = m.batch_no
ORDER BY m.variant_id, 2

-- name: counts
-- Every count, newest first, with how much is of it.
SELECT c.id::text AS id, c.counted_at, c.source, c.taken_back_at, m.items, m.added
FROM hub.stock_counts c CROSS JOIN LATERAL (
    SELECT count(DISTINCT (variant_id, location_id)) AS items,
           coalesce(sum(delta) FILTER (WHERE moved_at = c.counted_at), 0) AS added
    FROM hub.stock_moves WHERE count_id = c.id
) m
ORDER BY c.id DESC LIMIT %(limit)s

-- name: hold_count
-- A count that is to be taken back.
SELECT taken_back_at, source FROM hub.stock_counts WHERE id = %(count_id)s::bigint FOR UPDATE

-- name: later
-- Counts of the same shelves that came after: what they changed goes by this one.
SELECT DISTINCT c.id FROM hub.stock_counts c JOIN hub.stock_moves m ON m.count_id = c.id
WHERE c.id > %(count_id)s::bigint AND c.taken_back_at IS NULL
  AND EXISTS (SELECT FROM hub.stock_moves o
              WHERE o.count_id = %(count_id)s::bigint AND o.variant_id = m.variant_id AND o.location_id = m.location_id)
ORDER BY c.id LIMIT 1

-- name: take_back
-- What a count added is taken, what it took is added.
WITH moves AS (
    INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta, count_id, note)
    SELECT variant_id, location_id, batch_id, -delta, count_id, 'count ' || count_id || ' taken back'
    FROM hub.stock_moves WHERE count_id = %(count_id)s::bigint AND delta <> 0
    ORDER BY variant_id, location_id, id
)
UPDATE hub.stock_counts SET taken_back_at = now() WHERE id = %(count_id)s::bigint

-- name: forget_counted
-- What nobody else counted is not counted any more.
WITH mine AS (
    SELECT DISTINCT variant_id, location_id FROM hub.stock_moves WHERE count_id = %(count_id)s::bigint
)
UPDATE hub.stock s
SET counted_at = (
    SELECT min(m.moved_at) FROM hub.stock_moves m LEFT JOIN hub.stock_counts c ON c.id = m.count_id
    WHERE m.variant_id = s.variant_id AND m.location_id = s.location_id AND m.kind <> 'sale' AND c.taken_back_at IS NULL)
FROM mine, hub.stock_counts o
WHERE o.id = %(count_id)s::bigint AND s.variant_id = mine.variant_id AND s.location_id = mine.location_id
  AND s.counted_at = o.counted_at

-- name: latest_counts
-- The latest counts, without how much is of each: that may be hundreds of thousands of lines.
SELECT id::text AS id, counted_at, source, taken_back_at FROM hub.stock_counts ORDER BY id DESC LIMIT %(limit)s

-- name: one_count
-- One of them.
SELECT id::text AS id, counted_at, source, taken_back_at FROM hub.stock_counts WHERE id = %(count_id)s::bigint
