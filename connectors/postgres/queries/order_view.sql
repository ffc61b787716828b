-- name: store_order
-- One order as storesync remembers it. Its snapshot stays text: it may hold numbers that no decoder takes.
SELECT s.name AS store, s.platform, o.external_id, o.order_no, o.snapshot::text AS snapshot, o.digest, o.store_updated_at,
       o.hub_order_id, o.was_imported, o.state, o.reason, o.detail, o.tombstoned_at, o.tombstoned_by, o.changed,
       o.order_settled, o.hub_changed, o.hub_settled, o.due_at, o.attempts, o.rung_at, o.first_seen_at, o.is_failing,
       o.hub_is_failing, coalesce(o.hub_reason, held.reason) AS hub_reason, o.hub_detail,
       greatest(o.hub_due_at, held.until) AS hub_due_at, o.sending
FROM store_orders o JOIN stores s ON s.id = o.store_id
LEFT JOIN LATERAL (  -- what is to be told, of a store that is told nothing now
    SELECT s.fulfillment_reason AS reason, s.fulfillment_due_at AS until
    WHERE o.hub_changed > o.hub_settled AND s.fulfillment_due_at > now()
) held ON true
WHERE o.store_id = %(store_id)s AND o.external_id = %(external_id)s

-- name: named
-- Orders that a person may mean by a name: an external id, or a number with or without its sign.
SELECT external_id FROM store_orders
WHERE store_id = %(store_id)s AND (external_id = %(name)s OR order_no = ANY (%(numbers)s))
ORDER BY external_id LIMIT 5

-- name: store_orders
-- Orders for people to look through, newest first: the newest of each store, and of those the newest.
SELECT {listed}
FROM stores s CROSS JOIN LATERAL (
    SELECT o.* FROM store_orders o
    WHERE o.store_id = s.id AND {which}
    ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id LIMIT {limit}
) o
ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id, s.id LIMIT {limit}

-- name: listed
-- What is listed of an order. What is not in the hub has its customer and total in its snapshot alone.
s.id AS store_id, s.name AS store, s.platform, o.external_id, o.order_no, o.state, o.reason, o.detail,
o.store_updated_at, o.hub_order_id, o.hub_status, o.changed > o.order_settled AS is_due, o.due_at, o.is_failing OR o.hub_is_failing AS is_failing,
o.hub_reason, o.hub_detail, o.hub_customer AS customer, o.hub_total_with_tax AS total_with_tax,
o.hub_currency AS currency, CASE WHEN o.hub_status IS NULL THEN o.snapshot::text END AS snapshot

-- name: orders_by_words
-- The same of what is called so, however many others there are: by their words, which may find a little more.
SELECT {listed}
FROM (
    SELECT o.store_id, o.external_id
    FROM (
        (SELECT store_id, external_id FROM order_words WHERE ({words}) {narrowed})
        UNION
        SELECT id, %(text)s::text FROM stores
    ) k JOIN stores s ON s.id = k.store_id
    CROSS JOIN LATERAL (
        SELECT o.* FROM store_orders o WHERE o.store_id = k.store_id AND o.external_id = k.external_id LIMIT 1
    ) o
    WHERE {which}
    ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id, s.id LIMIT {limit}
) k JOIN store_orders o USING (store_id, external_id) JOIN stores s ON s.id = o.store_id
ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id, s.id

-- name: by_parts
-- Words that have all parts of a text, or the SKU: by the index.
order_keys(words, skus, 3, 600) @> order_keys(left(lower(%(text)s), 100), '{}', 3, 600)
  OR order_keys(words, skus, 3, 600) @> order_keys('', ARRAY[%(text)s::text], 3, 600)

-- name: newest_by_words
-- Of all orders no more than are wanted, where nothing else is asked of them: words say it as orders would.
AND (strpos(words, lower(%(text)s)) > 0 OR skus @> ARRAY[%(text)s::text])
ORDER BY store_updated_at DESC NULLS LAST, external_id LIMIT {limit}

-- name: newest_of_store_by_words
-- The same of one store.
AND store_id = %(store_id)s AND (strpos(words, lower(%(text)s)) > 0 OR skus @> ARRAY[%(text)s::text])
ORDER BY store_updated_at DESC NULLS LAST, external_id LIMIT {limit}

-- name: by_reading
-- Words that hold a text which is shorter than any part: all of them are read, which are few beside the orders.
strpos(words, lower(%(text)s)) > 0 OR skus @> ARRAY[%(text)s::text]

-- name: among_newest
-- So many of the newest orders of each store: how many they are, how many of them are called so, how many of these are
-- newer than any that was not looked at, and since when all were looked at; null where these are all there are. And how
-- many orders there are in all.
WITH looked AS MATERIALIZED (
    SELECT o.store_id, coalesce(o.store_updated_at, '-infinity') AS at, {called} AS is_called_so
    FROM stores s CROSS JOIN LATERAL (
        SELECT o.* FROM store_orders o
        WHERE o.store_id = s.id AND {which}
        ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id LIMIT {most}
    ) o
), since AS (
    SELECT max(at) AS at
    FROM (SELECT min(at) AS at FROM looked GROUP BY store_id HAVING count(*) = {most}) ended
)
SELECT count(l.*) AS looked, count(*) FILTER (WHERE l.is_called_so) AS called_so,
       count(*) FILTER (WHERE l.is_called_so AND (s.at IS NULL OR l.at > s.at)) AS surely, s.at::text AS since,
       (SELECT coalesce(sum(orders), 0)::bigint FROM order_counts) AS orders
FROM since s LEFT JOIN looked l ON true GROUP BY s.at

-- name: count_stores
-- All of them.
SELECT count(*) AS stores FROM stores

-- name: seen_since
-- Orders since a moment.
o.store_updated_at >= %(since)s::timestamptz

-- name: of_one_store
-- Orders of a store.
s.id = %(store_id)s

-- name: of_connected_stores
-- Orders of the stores that can be mended.
s.state <> 'disconnected'

-- name: in_imported
-- Orders in the hub.
o.state = 'imported'

-- name: in_failed
-- Orders that failed, before they came to the hub or in it.
(o.state = 'failed' OR ((o.is_failing OR o.hub_is_failing) AND o.hub_order_id IS NOT NULL))

-- name: in_state
-- Orders in another state; said twice, as the index has it.
o.state = %(state)s AND o.state <> 'imported'

-- name: changed_from
-- Orders that changed from a moment on.
o.store_updated_at >= %(changed_from)s

-- name: changed_until
-- Orders that changed before a moment.
o.store_updated_at < %(changed_until)s

-- name: for_reason
-- Orders of which a reason was said, first among their notes or not.
reasons_of(o.reason, o.hub_reason, o.detail, o.hub_detail) @> ARRAY[%(reason)s::text]
  AND (o.reason IS NOT NULL OR o.hub_reason IS NOT NULL)

-- name: with_text
-- Orders that are called so, or that have this SKU.
(o.external_id = %(text)s OR o.skus @> ARRAY[%(text)s]
  OR strpos(lower(concat_ws(' ', o.order_no, o.hub_customer, o.hub_email)), lower(%(text)s)) > 0)

-- name: newest
-- The order of a store that changed last.
SELECT store_updated_at AS changed_at, first_seen_at FROM store_orders WHERE store_id = %(store_id)s
ORDER BY store_updated_at DESC NULLS LAST, external_id LIMIT 1

-- name: with_label
-- The same, but for what names a buyer.
(o.external_id = %(text)s OR o.skus @> ARRAY[%(text)s] OR strpos(lower(o.order_no), lower(%(text)s)) > 0)

-- name: read_for_reason
-- Orders of which a reason was said, told so that no index of reasons is asked: the list is walked to the last of them.
(reasons_of(o.reason, o.hub_reason, o.detail, o.hub_detail) @> ARRAY[%(reason)s::text]
 AND (o.reason IS NOT NULL OR o.hub_reason IS NOT NULL)) IS TRUE

-- name: from_the_first
-- The whole list.
true

-- name: changed_before
-- Orders behind a place of the list; said twice, as the index has it.
o.store_updated_at <= %(at)s
  AND (o.store_updated_at < %(at)s OR o.external_id > %(after_id)s
       OR (o.external_id = %(after_id)s AND s.id > %(after_store)s))

-- name: never_changed
-- Orders behind a place of the list, of those of which no store said when they changed.
o.store_updated_at IS NULL
  AND (o.external_id > %(after_id)s OR (o.external_id = %(after_id)s AND s.id > %(after_store)s))

-- name: is_sku
-- Whether a store has an item with exactly this SKU.
SELECT EXISTS (SELECT FROM stores s JOIN store_items i ON i.store_id = s.id AND i.sku = %(text)s) AS found

-- name: order_counts
-- How many orders of a store are in which state, why, and how many are waiting to be looked at: now, or put off until
-- a moment. What was set aside waits for the hourly sweep, and is not put off: its state says that it failed.
-- Only those that wait are looked at: all of them are counted already.
WITH counted AS (
    SELECT state, reason, sum(orders)::bigint AS orders FROM order_counts
    WHERE store_id = %(store_id)s GROUP BY state, reason HAVING sum(orders) <> 0
), waiting AS (
    SELECT state, reason, count(*) AS due, count(*) FILTER (WHERE due_at IS NULL OR due_at <= now()) AS due_now,
           count(*) FILTER (WHERE due_at > now() AND state <> 'failed' AND NOT is_failing) AS put_off,
           min(due_at) FILTER (WHERE due_at > now() AND state <> 'failed' AND NOT is_failing) AS again_at
    FROM store_orders WHERE store_id = %(store_id)s AND changed > order_settled GROUP BY state, reason
)
SELECT c.state, c.reason, c.orders, coalesce(w.due, 0) AS due, coalesce(w.due_now, 0) AS due_now,
       coalesce(w.put_off, 0) AS put_off, w.again_at
FROM counted c LEFT JOIN waiting w ON w.state = c.state AND w.reason IS NOT DISTINCT FROM c.reason
ORDER BY c.state, c.reason

-- name: skipped_for
-- Orders of a store that were skipped for one of some reasons, or in one of some statuses, as `skipped_again` has them.
SELECT external_id FROM store_orders
WHERE store_id = %(store_id)s
  AND ((state = 'skipped' AND reason IS NOT NULL AND reason = ANY (%(reasons)s::text[])
        AND reasons_of(reason, hub_reason, detail, hub_detail) && %(reasons)s::text[])
       OR (state = 'skipped' AND detail ->> 'status' = ANY (%(statuses)s::text[])))
LIMIT %(limit)s

-- name: untold
-- Orders of which the hub shipped something that their store was not told yet, or does not take: by their two indexes.
SELECT {listed}
FROM stores s JOIN (
    (SELECT store_id, external_id FROM store_orders WHERE store_id = %(store_id)s AND hub_changed > hub_settled LIMIT %(limit)s)
    UNION
    (SELECT store_id, external_id FROM store_orders
     WHERE store_id = %(store_id)s AND (is_failing OR hub_is_failing) AND hub_is_failing LIMIT %(limit)s)
) k ON k.store_id = s.id JOIN store_orders o ON o.store_id = k.store_id AND o.external_id = k.external_id
WHERE s.id = %(store_id)s
ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id LIMIT %(limit)s
