-- name: stores
-- Every connected store as it stands to one SKU: its settings, whether the SKU is due there, and since when. Orders that
-- are not read yet hold a SKU back (STK-9).
SELECT s.*, a.settings AS account, coalesce(q.changed > q.settled, false) AS is_due, q.due_since, q.due_at, q.attempts,
       q.looked_at, q.reason AS why, coalesce(q.detail, '{}') AS why_detail,
       q.changed > q.settled AND q.due_since > now() - %(patience)s * interval '1 second' AND EXISTS (
           SELECT FROM store_orders o
           WHERE o.store_id = s.id AND o.changed > o.order_settled
             AND (o.due_at IS NULL OR o.due_at <= now() + %(patience)s * interval '1 second')
             AND (o.skus IS NULL OR %(sku)s = ANY (o.skus))) AS is_held
FROM stores s CROSS JOIN account a
LEFT JOIN store_stock q ON q.store_id = s.id AND q.sku = %(sku)s
WHERE s.state <> 'disconnected'
ORDER BY s.name

-- name: items
-- What the stores have of one SKU: a row per item and place, one without a place where nothing of it is known.
SELECT i.store_id, i.external_id, i.name, i.is_tracked, l.place, l.shown, l.told, l.told_at
FROM store_items i LEFT JOIN store_levels l USING (store_id, external_id)
WHERE i.sku = %(sku)s
ORDER BY i.store_id, i.external_id, l.place

-- name: pushing_stores
-- Active stores with stock sync on.
SELECT * FROM stores WHERE state = 'active' AND settings ->> 'stock.sync' = 'true' ORDER BY name

-- name: hub_skus
-- Every SKU of the hub that carries stock, by its newest item (STK-3), and whether the store's catalogue has it.
SELECT n.sku, EXISTS (SELECT FROM store_items i WHERE i.store_id = %(store_id)s AND i.sku = n.sku) AS is_there
FROM (
    SELECT DISTINCT ON (v.sku) v.sku, p.kind
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
    WHERE v.sku IS NOT NULL
    ORDER BY v.sku, v.created_at DESC, v.id DESC
) n
WHERE n.kind = 'product'
ORDER BY n.sku

-- name: held_skus
-- Which of some SKUs wait for orders of the store that are not read yet (STK-9).
SELECT DISTINCT asked.sku
FROM unnest(%(skus)s::text[]) AS asked (sku) JOIN store_orders o
    ON o.store_id = %(store_id)s AND o.changed > o.order_settled
   AND (o.due_at IS NULL OR o.due_at <= now() + %(patience)s * interval '1 second')
   AND (o.skus IS NULL OR asked.sku = ANY (o.skus))

-- name: push_progress
-- How far a store is with what was asked for at a moment: what is due since then, and until when it is put off.
SELECT s.state, s.reason AS store_reason, s.settings ->> 'stock.sync' = 'true' AS is_on, count(q.sku) AS waiting,
       greatest(min(q.due_at) FILTER (WHERE q.due_at IS NOT NULL), s.stock_due_at) AS put_off_until,
       min(q.reason) FILTER (WHERE q.due_at IS NOT NULL) AS put_off_reason
FROM stores s LEFT JOIN store_stock q
    ON q.store_id = s.id AND q.changed > q.settled AND q.due_since <= %(asked_at)s
   AND (%(skus)s::text[] IS NULL OR q.sku = ANY (%(skus)s))
WHERE s.id = %(store_id)s
GROUP BY s.id

-- name: push_outcome
-- What came of SKUs that were asked for at a moment: how many were told since, and why the others do not show it.
WITH told AS (
    SELECT DISTINCT j.sku FROM journal j
    WHERE j.store_id = %(store_id)s AND j.at >= %(asked_at)s AND j.action = 'push' AND j.outcome = 'told'
)
SELECT q.reason, q.reason IS NULL AND told.sku IS NOT NULL AS was_told, count(*) AS skus
FROM store_stock q LEFT JOIN told USING (sku)
WHERE q.store_id = %(store_id)s AND q.sku = ANY (%(skus)s)
GROUP BY q.reason, was_told
ORDER BY q.reason, was_told

-- name: kept_items
-- What a store sells as its catalogue is kept, page by page.
SELECT i.external_id, i.sku, i.name, i.is_tracked,
       coalesce(jsonb_object_agg(l.place, l.shown) FILTER (WHERE l.place IS NOT NULL), '{}') AS shown
FROM (SELECT * FROM store_items WHERE store_id = %(store_id)s AND external_id > %(beyond)s ORDER BY external_id
      LIMIT %(limit)s) i
    LEFT JOIN store_levels l USING (store_id, external_id)
GROUP BY i.external_id, i.sku, i.name, i.is_tracked
ORDER BY i.external_id

-- name: shown_of_others
-- The pieces that a store shows at some places of all SKUs but some, as far as that is known.
SELECT coalesce(sum(greatest(l.shown, 0)), 0)::bigint AS pieces
FROM store_items i JOIN store_levels l USING (store_id, external_id)
WHERE i.store_id = %(store_id)s AND i.is_tracked AND l.place = ANY (%(places)s) AND i.sku <> ALL (%(but)s)
