-- name: alone_with_news
-- Whoever writes down what was heard does it alone, so that news have their numbers in the order in which they are told.
SELECT pg_advisory_xact_lock(%(lock)s)

-- name: heard
-- Orders as they were told last.
SELECT id, order_no, status, customer_id, currency, moved_at, read_at, is_gone, is_settled, rows, parcels
FROM katana_heard WHERE id = ANY(%(ids)s)

-- name: heard_by_number
-- Orders with some numbers.
SELECT id FROM katana_heard WHERE order_no = ANY(%(numbers)s)

-- name: unsettled
-- Orders that are to be read again.
SELECT id FROM katana_heard WHERE NOT is_settled AND NOT is_gone

-- name: hear
-- Orders as they are told now; who read one later knows better.
INSERT INTO katana_heard AS h
    (id, order_no, status, customer_id, currency, moved_at, read_at, is_gone, is_settled, rows, parcels)
SELECT r.id, r.order_no, r.status, r.customer_id, r.currency, r.moved_at, %(read_at)s, r.is_gone, r.is_settled, r.rows, r.parcels
FROM jsonb_to_recordset(%(orders)s) AS r (id text, order_no text, status text, customer_id text, currency text,
    moved_at timestamptz, is_gone boolean, is_settled boolean, rows jsonb, parcels jsonb)
ORDER BY r.id
ON CONFLICT (id) DO UPDATE SET order_no = excluded.order_no, status = excluded.status, customer_id = excluded.customer_id,
    currency = excluded.currency, moved_at = excluded.moved_at, read_at = excluded.read_at, is_gone = excluded.is_gone,
    is_settled = excluded.is_settled, rows = excluded.rows, parcels = excluded.parcels

-- name: take_promises
-- What some orders promised.
DELETE FROM katana_promises WHERE order_id = ANY(%(ids)s)

-- name: keep_promises
-- What they promise now.
INSERT INTO katana_promises (row_id, order_id, variant_id, location_id, pieces)
SELECT row_id, order_id, variant_id, location_id, pieces
FROM jsonb_to_recordset(%(promises)s)
    AS p (row_id text, order_id text, variant_id text, location_id text, pieces numeric)
ON CONFLICT (row_id) DO UPDATE SET order_id = excluded.order_id, variant_id = excluded.variant_id,
    location_id = excluded.location_id, pieces = excluded.pieces

-- name: promises
-- What open orders promise of some items, and of it what stores' orders do; of one store where it is named. What was
-- closed or voided promises nothing any more.
SELECT p.variant_id, p.location_id, sum(p.pieces) AS pieces,
    coalesce(sum(p.pieces) FILTER (WHERE o.id IS NOT NULL), 0) AS of_stores,
    coalesce(sum(p.pieces) FILTER (WHERE o.store_id = %(store_id)s), 0) AS of_store
FROM katana_promises p LEFT JOIN katana_orders o ON o.id = p.order_id
WHERE p.variant_id = ANY(%(variant_ids)s)
    AND NOT coalesce((o.flags ->> 'closed')::boolean OR (o.flags ->> 'voided')::boolean, false)
GROUP BY p.variant_id, p.location_id

-- name: known_movements
-- Which of some moves of stock were heard of.
SELECT id FROM katana_movements WHERE id = ANY(%(ids)s)

-- name: unheard_movements
-- Moves of stock that nobody heard of before, from now on heard of.
INSERT INTO katana_movements (id, heard_at) SELECT unnest(%(ids)s::text[]), %(now)s ON CONFLICT (id) DO NOTHING RETURNING id

-- name: other_items
-- Items that were made since a moment, of SKUs that had one before: the new one is meant from then on (STK-3).
SELECT v.id FROM katana_copies v
WHERE v.kind = 'variant' AND NOT v.is_gone AND v.sku IS NOT NULL AND v.created_at > %(since)s AND EXISTS (
    SELECT FROM katana_copies o WHERE o.kind = v.kind AND o.sku = v.sku AND o.id <> v.id AND o.created_at <= v.created_at)

-- name: keep_counted
-- Items that somebody counted at a place, or that Katana was asked about.
INSERT INTO katana_counted (variant_id, location_id)
SELECT variant_id, location_id FROM unnest(%(variant_ids)s::text[], %(location_ids)s::text[]) AS c (variant_id, location_id)
ON CONFLICT DO NOTHING

-- name: counted
-- Where some items were counted, and which of them Katana was asked about.
SELECT variant_id, location_id FROM katana_counted WHERE variant_id = ANY(%(variant_ids)s)

-- name: katana_has_counted
-- A line where anything was.
SELECT FROM katana_counted WHERE location_id <> '' LIMIT 1

-- name: forget_old
-- What is over and was not heard of for long: whoever moves it again is news.
WITH moves AS (DELETE FROM katana_movements WHERE heard_at < %(moves_before)s)
DELETE FROM katana_heard h WHERE read_at < %(orders_before)s AND is_settled
    AND NOT EXISTS (SELECT FROM katana_promises p WHERE p.order_id = h.id)

-- name: whose
-- Which stores' orders some are, as far as they are not known to be deleted.
SELECT id, store_id, external_id FROM katana_orders WHERE id = ANY(%(ids)s) AND NOT is_gone

-- name: same_external_ids
-- Orders of stores that have one of some external ids.
SELECT id, store_id, external_id FROM katana_orders WHERE external_id = ANY(%(ids)s) AND NOT is_gone

-- name: orders_gone
-- They are deleted in Katana.
UPDATE katana_orders SET is_gone = true WHERE id = ANY(%(ids)s)

-- name: open_parcels
-- Orders of which we may have made a fulfilment just now that nobody knows of yet.
SELECT DISTINCT split_part(key, ':', 1) AS order_id FROM katana_intents
WHERE kind = %(kind)s AND found_id IS NULL AND sent_at > clock_timestamp() - %(within)s
    AND split_part(key, ':', 1) = ANY(%(ids)s)

-- name: add_news
-- It is to be passed on.
INSERT INTO katana_news (what, about) SELECT what, about FROM jsonb_to_recordset(%(news)s) AS n (what text, about jsonb)

-- name: strike_news
-- It was passed on.
DELETE FROM katana_news WHERE number <= %(number)s

-- name: katana_news
-- What is to be passed on.
SELECT number, what, about FROM katana_news WHERE number > %(number)s ORDER BY number LIMIT %(most)s

-- name: to_copy
-- What we keep of stores' orders, as it was heard last.
SELECT o.id, o.store_id, o.external_id, o.money, o.flags, h.rows, h.parcels, h.currency,
    coalesce(c.name, '') AS customer, c.email,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'kept', r.kept)), '[]')
        FROM katana_rows r WHERE r.order_id = o.id) AS kept,
    (SELECT coalesce(jsonb_agg(v.id), '[]') FROM katana_copies v
        WHERE v.kind = 'variant' AND v.record->>'kind' = 'service'
            AND v.id IN (SELECT x->>'variant_id' FROM jsonb_array_elements(h.rows) x)) AS services
FROM katana_orders o JOIN katana_heard h ON h.id = o.id
LEFT JOIN katana_copies c ON c.kind = 'customer' AND c.id = h.customer_id
WHERE o.id = ANY(%(ids)s) AND NOT o.is_gone AND NOT h.is_gone
