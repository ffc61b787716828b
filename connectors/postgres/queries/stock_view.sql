-- name: skus_at_stores
-- How some SKUs stand at every connected store: whether each is due there, and since when. Orders that are not read yet
-- hold a SKU back (STK-9): so many of them at most are looked through for it, in the order of the
-- index of due ones, or all orders would be looked through where none is due.
SELECT s.id AS store_id, a.sku, coalesce(q.changed > q.settled, false) AS is_due, q.due_since, q.due_at,
       coalesce(q.attempts, 0) AS attempts, q.looked_at, q.reason AS why, nullif(q.detail, '{}') AS why_detail,
       coalesce(q.changed > q.settled AND q.due_since > now() - %(patience)s * interval '1 second' AND (
           SELECT true FROM (
               SELECT o.skus FROM store_orders o
               WHERE o.store_id = s.id AND o.changed > o.order_settled
                 AND (o.due_at IS NULL OR o.due_at <= now() + %(patience)s * interval '1 second')
               ORDER BY o.rung_at NULLS FIRST, o.store_updated_at LIMIT %(most_unread)s
           ) o WHERE o.skus IS NULL OR a.sku = ANY (o.skus) LIMIT 1) IS NOT NULL, false) AS is_held
FROM stores s CROSS JOIN unnest(%(skus)s::text[]) a (sku)
LEFT JOIN store_stock q ON q.store_id = s.id AND q.sku = a.sku
WHERE s.state <> 'disconnected'

-- name: items_of_skus_at_stores
-- What the stores have of some SKUs: a row per item and place, one without a place where nothing of it is known. Store by
-- store, as the index has them.
SELECT i.store_id, i.sku, i.external_id, i.name, i.is_tracked, l.place, l.shown, l.told, l.told_at
FROM stores s JOIN store_items i ON i.store_id = s.id AND i.sku = ANY (%(skus)s::text[])
LEFT JOIN store_levels l ON l.store_id = i.store_id AND l.external_id = i.external_id
WHERE s.state <> 'disconnected'
ORDER BY i.store_id, i.sku, i.external_id, l.place

-- name: sold
-- The next SKUs that connected stores sell, each once, in the order of their bytes.
SELECT i.sku, min(i.name) AS name FROM store_items i JOIN stores s ON s.id = i.store_id
WHERE i.sku COLLATE "C" > %(after)s AND s.state <> 'disconnected' AND starts_with(i.sku, %(prefix)s)
GROUP BY i.sku COLLATE "C", i.sku ORDER BY i.sku COLLATE "C" LIMIT %(limit)s

-- name: pushing_stores
-- Active stores with stock sync on.
SELECT * FROM stores WHERE state = 'active' AND stock_news IS NOT NULL ORDER BY name

-- name: sold_skus
-- Which of some SKUs a store's catalogue has.
SELECT DISTINCT sku FROM store_items WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s)

-- name: held_skus
-- Which of some SKUs wait for orders of the store that are not read yet (STK-9).
WITH unread AS MATERIALIZED (
    SELECT skus FROM store_orders
    WHERE store_id = %(store_id)s AND changed > order_settled
      AND (due_at IS NULL OR due_at <= now() + %(patience)s * interval '1 second')
)
SELECT DISTINCT sku FROM unnest(%(skus)s::text[]) AS asked (sku)
WHERE EXISTS (SELECT FROM unread WHERE skus IS NULL) OR sku IN (SELECT unnest(skus) FROM unread)

-- name: push_progress
-- How far a store is with what was asked for at a moment: what is due since then, and until when it is put off.
SELECT s.state, s.reason AS store_reason, s.stock_news IS NOT NULL AS is_on, count(q.sku) AS waiting,
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

-- name: shown_of_others
-- The pieces that a store shows at some places of all SKUs but some, as far as that is known.
SELECT coalesce(sum(greatest(l.shown, 0)), 0)::bigint AS pieces
FROM store_items i JOIN store_levels l USING (store_id, external_id)
WHERE i.store_id = %(store_id)s AND i.is_tracked AND l.place = ANY (%(places)s) AND i.sku <> ALL (%(but)s)
