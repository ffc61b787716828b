-- name: last_look
-- What the last look at an order left, on both sides, and what was noted when it came in, the last time.
SELECT o.hub_order_id, o.reason, o.detail, o.hub_reason, o.hub_detail, o.sending, o.sendings,
       coalesce((SELECT json_agg(json_build_array(j.reason, j.detail) ORDER BY j.id)
                 FROM journal j
                 WHERE j.store_id = o.store_id AND j.external_id = o.external_id
                   AND j.action = 'import' AND j.outcome = 'noted'
                   AND j.id > (SELECT max(i.id) FROM journal i
                               WHERE i.store_id = o.store_id AND i.external_id = o.external_id
                                 AND i.action = 'import' AND i.outcome = 'imported')), '[]') AS at_import
FROM store_orders o
WHERE o.store_id = %(store_id)s AND o.external_id = %(external_id)s

-- name: intend
-- The store is about to be told: whoever looks next knows what may have come of it (FUL-14), and whoever looked before
-- that nothing of what they saw holds any more.
UPDATE store_orders SET sending = %(sending)s, sendings = sendings + 1
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND (%(seen)s::bigint IS NULL OR sendings = %(seen)s)
RETURNING sendings
