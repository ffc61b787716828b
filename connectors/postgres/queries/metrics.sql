-- name: watched_stores
-- The connected stores, with what a scrape tells of each. One that was resumed is not late by the time of its pause.
SELECT id, name, platform, settings, state, reason,
       extract(epoch FROM now() - greatest(fetched_at, activated_at))::float8 AS fetch_age,
       extract(epoch FROM now() - coalesce(audited_at, connected_at))::float8 AS audit_age,
       (audited ->> 'missing')::bigint AS missing
FROM stores WHERE state <> 'disconnected' ORDER BY id

-- name: orders_by_state
-- How many orders of each store are in which state and why: they are counted as they move.
SELECT store_id, state, reason, sum(orders)::bigint AS orders
FROM order_counts GROUP BY store_id, state, reason HAVING sum(orders) <> 0

-- name: orders_failing_in_hub
-- Orders that stand in the hub and were set aside there, so many of a store at most.
SELECT s.id AS store_id, 'imported' AS state, f.reason, count(*) AS orders
FROM stores s CROSS JOIN LATERAL (
    SELECT CASE WHEN o.is_failing THEN o.reason ELSE o.hub_reason END AS reason FROM store_orders o
    WHERE o.store_id = s.id AND (o.is_failing OR o.hub_is_failing) AND o.hub_order_id IS NOT NULL
    LIMIT {limit}) f
WHERE s.state <> 'disconnected' GROUP BY s.id, f.reason

-- name: what_is_due
-- What of each store waits, so much of it at most, and since when the oldest order does: those that nobody rang for yet
-- come first in the index, the oldest before the others. What was set aside is tried again by itself, and is no lag.
SELECT s.id AS store_id, o.orders, o.oldest_seconds, f.fulfillments, q.skus
FROM stores s CROSS JOIN LATERAL (
    SELECT count(*) AS orders,
           coalesce(greatest(extract(epoch FROM now() - min(greatest(d.store_updated_at, d.first_seen_at))), 0), 0)::float8
               AS oldest_seconds
    FROM (SELECT o.state, o.is_failing, o.store_updated_at, o.first_seen_at FROM store_orders o
          WHERE o.store_id = s.id AND o.changed > o.order_settled
          ORDER BY o.rung_at NULLS FIRST, o.store_updated_at LIMIT {limit}) d
    WHERE d.state <> 'failed' AND NOT d.is_failing
) o CROSS JOIN LATERAL (
    SELECT count(*) AS fulfillments
    FROM (SELECT o.hub_is_failing FROM store_orders o
          WHERE o.store_id = s.id AND o.hub_changed > o.hub_settled LIMIT {limit}) d
    WHERE NOT d.hub_is_failing
) f CROSS JOIN LATERAL (
    SELECT count(*) AS skus
    FROM (SELECT FROM store_stock t WHERE t.store_id = s.id AND s.stock_news IS NOT NULL AND t.changed > t.settled
          LIMIT {limit}) d
) q
WHERE s.state <> 'disconnected'

-- name: answer_soon
-- For the session.
SELECT set_config('statement_timeout', %(timeout)s, false)

-- name: hidden_notes
-- What was noted of orders of a store and is hidden: nothing came to it since.
SELECT h.store_id, h.reason
FROM hidden_notes h JOIN (
    SELECT store_id, reason, sum(came) AS came FROM order_counts WHERE state = 'imported' GROUP BY store_id, reason
) c ON c.store_id = h.store_id AND c.reason = h.reason AND c.came = h.came

-- name: hide_notes
-- What was noted for a reason is hidden, of a store or of all, until more come to it.
INSERT INTO hidden_notes (store_id, reason, came, who)
SELECT store_id, reason, sum(came), %(who)s FROM order_counts
WHERE state = 'imported' AND reason = %(reason)s AND (%(store_id)s::bigint IS NULL OR store_id = %(store_id)s)
GROUP BY store_id, reason HAVING sum(orders) > 0
ON CONFLICT (store_id, reason) DO UPDATE SET came = excluded.came, who = excluded.who, at = clock_timestamp()
RETURNING store_id

-- name: show_notes
-- They are shown again.
DELETE FROM hidden_notes WHERE reason = %(reason)s RETURNING store_id
