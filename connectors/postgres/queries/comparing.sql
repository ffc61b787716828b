-- name: stores_to_compare
-- Stores that are told stock, and whose whole catalogue was read since they were compared.
SELECT id FROM stores s
WHERE compare_due AND state = 'active' AND stock_news IS NOT NULL
  AND NOT EXISTS (SELECT FROM store_lanes l WHERE l.store_id = s.id AND l.lane = 'compare_stock' AND l.due_at > now())
ORDER BY id

-- name: want_comparison
-- All of the catalogue was read. The first time nothing is compared: connecting tells nothing by itself (STK-1).
UPDATE stores SET compare_due = true
WHERE id = %(store_id)s AND stock_news IS NOT NULL AND catalogue_whole_at IS NOT NULL

-- name: agreed
-- Items and places that ever showed the hub's figure.
SELECT l.external_id, l.place FROM store_items i JOIN store_levels l USING (store_id, external_id)
WHERE i.store_id = %(store_id)s AND i.sku = ANY (%(skus)s::text[]) AND l.agreed_at IS NOT NULL

-- name: agree
-- These show it now; what somebody is just moving is another time's.
WITH free AS MATERIALIZED (
    SELECT external_id, place FROM store_levels
    WHERE store_id = %(store_id)s AND agreed_at IS NULL
      AND (external_id, place) IN (SELECT * FROM unnest(%(ids)s::text[], %(places)s::text[]))
    ORDER BY external_id, place FOR UPDATE SKIP LOCKED
)
UPDATE store_levels l SET agreed_at = clock_timestamp()
FROM free WHERE l.store_id = %(store_id)s AND l.external_id = free.external_id AND l.place = free.place

-- name: tell_skus_again
-- What a store does not show. What waits because it failed goes on waiting.
INSERT INTO store_stock AS q (store_id, sku, wants_look)
SELECT %(store_id)s, sku, %(wants_look)s FROM unnest(%(skus)s::text[]) AS s (sku) ORDER BY sku
ON CONFLICT (store_id, sku) DO UPDATE
SET changed = q.changed + 1, wants_look = q.wants_look OR excluded.wants_look,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END

-- name: done
-- What came of it.
UPDATE stores
SET compare_due = false, stock_compared = %(outcome)s || jsonb_build_object('at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
WHERE id = %(store_id)s
