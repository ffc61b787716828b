-- name: orders_naming
-- Orders of which something is kept that holds a text as a whole value, whatever its case. Reads all that is kept.
SELECT store_id, external_id FROM store_orders WHERE snapshot::text ILIKE %(value)s ORDER BY store_id, external_id

-- name: orders_kept
-- What is kept of some orders.
SELECT o.store_id, s.name AS store, s.platform, o.external_id, o.order_no, o.state, o.snapshot::text AS snapshot,
       o.buyer_erased_at AS erased_at
FROM unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id)
JOIN store_orders o USING (store_id, external_id) JOIN stores s ON s.id = o.store_id
ORDER BY o.store_id, o.external_id

-- name: forget_orders
-- Nothing is kept of what their stores sent, now or later. Locked in one order, as pages of snapshots are.
WITH held AS MATERIALIZED (
    SELECT o.store_id, o.external_id
    FROM unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id)
    JOIN store_orders o USING (store_id, external_id)
    ORDER BY o.store_id, o.external_id COLLATE "C" FOR NO KEY UPDATE OF o
)
UPDATE store_orders o
SET snapshot = NULL, buyer_erased_at = coalesce(o.buyer_erased_at, now()),
    hub_customer = CASE WHEN o.hub_status IS NOT NULL THEN o.hub_customer END,
    hub_email = CASE WHEN o.hub_status IS NOT NULL THEN o.hub_email END
FROM held h WHERE o.store_id = h.store_id AND o.external_id = h.external_id

-- name: with_words
-- What was said of some orders, where it holds words.
SELECT o.store_id, o.external_id, o.detail, o.hub_detail
FROM unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id)
JOIN store_orders o USING (store_id, external_id)
WHERE o.detail::text ILIKE ANY (%(words)s::text[]) OR o.hub_detail::text ILIKE ANY (%(words)s::text[])
ORDER BY o.store_id, o.external_id COLLATE "C" FOR NO KEY UPDATE OF o

-- name: say_otherwise
-- Other words of an order.
UPDATE store_orders SET detail = %(detail)s, hub_detail = %(hub_detail)s
WHERE store_id = %(store_id)s AND external_id = %(external_id)s

-- name: lines_of_orders
-- Lines of the journal of some orders that hold words.
SELECT j.id, s.name AS store, j.external_id, j.detail
FROM unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id)
JOIN journal j USING (store_id, external_id) JOIN stores s ON s.id = j.store_id
WHERE j.detail::text ILIKE ANY (%(words)s::text[]) ORDER BY j.id

-- name: lines_naming
-- Lines of the journal that hold a text, of whatever they are. Reads all of it.
SELECT j.id, s.name AS store, j.external_id, j.detail FROM journal j LEFT JOIN stores s ON s.id = j.store_id
WHERE j.detail::text ILIKE %(value)s ORDER BY j.id

-- name: allow_erasing
-- The journal lets words be taken out of its lines, until it is said otherwise or this transaction ends.
SELECT set_config('storesync.erases', %(allowed)s, true)

-- name: rewrite_line
-- A line with other words.
UPDATE journal SET detail = %(detail)s WHERE id = %(id)s

-- name: forget_links
-- Who is linked to a customer that is erased: another order of theirs makes another one.
DELETE FROM customer_links WHERE customer_id = ANY (%(customers)s::text[])

-- name: store_links
-- Whom of the hub a store's customers are.
SELECT DISTINCT customer_id FROM customer_links WHERE store_id = %(store_id)s ORDER BY 1

-- name: forget_store_links
-- A store's customers are nobody's of the hub any more.
DELETE FROM customer_links WHERE store_id = %(store_id)s

-- name: forget_link
-- The link of a store's customer.
DELETE FROM customer_links WHERE store_id = %(store_id)s AND external_id = %(external_id)s

-- name: linked
-- The hub's customer of a store's.
SELECT customer_id FROM customer_links WHERE store_id = %(store_id)s AND external_id = %(external_id)s

-- name: next_orders
-- The next orders of a store that hold something of a buyer still.
SELECT store_id, external_id FROM store_orders
WHERE store_id = %(store_id)s AND external_id > %(after)s AND buyer_erased_at IS NULL
ORDER BY external_id LIMIT {limit}

-- name: ask_for_buyer
-- A shop asks for something.
INSERT INTO privacy_requests (store_id, kind, customer_id, order_ids)
VALUES (%(store_id)s, %(kind)s, %(customer_id)s, %(order_ids)s) RETURNING id

-- name: requests
-- What shops asked for, the open first.
SELECT r.id, r.store_id, s.name AS store, r.kind, r.customer_id, r.order_ids, r.asked_at, r.done_at
FROM privacy_requests r JOIN stores s ON s.id = r.store_id
WHERE {which} ORDER BY r.done_at IS NOT NULL, r.id DESC LIMIT {limit}

-- name: is_open
-- It waits.
r.done_at IS NULL

-- name: is_to_erase
-- It waits, and nobody need be asked.
r.done_at IS NULL AND r.kind <> 'tell'

-- name: is_number
-- This one.
r.id = %(id)s

-- name: close
-- It is done. The ids of whom it was about are needed no more.
UPDATE privacy_requests SET done_at = now(), customer_id = NULL, order_ids = '{}'
WHERE id = %(id)s AND done_at IS NULL RETURNING id
