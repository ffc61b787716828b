-- name: look_at_lane
-- The store with the account, and what one kind of work on it waits for.
SELECT s.*, a.settings AS account, l.due_at AS lane_due_at, coalesce(l.attempts, 0) AS lane_attempts,
       l.reason AS lane_reason
FROM stores s CROSS JOIN account a
LEFT JOIN store_lanes l ON l.store_id = s.id AND l.lane = %(lane)s
WHERE s.id = %(store_id)s

-- name: put_off_lane
-- It could not be done now.
INSERT INTO store_lanes AS l (store_id, lane, due_at, attempts, reason, detail)
VALUES (%(store_id)s, %(lane)s, %(due_at)s, %(attempt)s, %(reason)s, %(detail)s)
ON CONFLICT (store_id, lane) DO UPDATE
SET due_at = excluded.due_at, attempts = l.attempts + excluded.attempts, reason = excluded.reason, detail = excluded.detail

-- name: clear_lanes
-- It is done, or a person has mended something: one kind of work, or all.
DELETE FROM store_lanes WHERE store_id = %(store_id)s AND (%(lane)s::text IS NULL OR lane = %(lane)s)

-- name: waiting_lanes
-- What work on a store waits for, for people.
SELECT lane AS task, due_at, reason, detail FROM store_lanes WHERE store_id = %(store_id)s ORDER BY lane
