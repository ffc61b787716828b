-- name: want_import
-- A person asks for a count of what a store shows. One that is under way and was asked for alike goes on.
INSERT INTO stock_imports AS i (store_id, is_again, is_trial) VALUES (%(store_id)s, %(is_again)s, %(is_trial)s)
ON CONFLICT (store_id) DO UPDATE
SET asked_at = clock_timestamp(), step_at = clock_timestamp(), is_again = excluded.is_again, is_trial = excluded.is_trial,
    step = 'orders', walk = NULL, seen = 0, attempts = 0, due_at = NULL, reason = NULL, detail = NULL, report = NULL,
    ended_at = NULL
WHERE i.step IN ('done', 'stopped') OR (i.is_again, i.is_trial) <> (excluded.is_again, excluded.is_trial)

-- name: stock_import
-- The latest count of a store.
SELECT * FROM stock_imports WHERE store_id = %(store_id)s

-- name: store_with_import
-- The store with the account, and how far its latest count is.
SELECT s.*, a.settings AS account, i.asked_at, i.step, i.due_at AS count_due_at, i.attempts AS count_attempts,
       i.reason AS count_reason
FROM stores s CROSS JOIN account a LEFT JOIN stock_imports i ON i.store_id = s.id
WHERE s.id = %(store_id)s

-- name: due
-- Counts that are under way.
SELECT i.store_id FROM stock_imports i JOIN stores s ON s.id = i.store_id
WHERE s.state = 'active' AND i.step NOT IN ('done', 'stopped') AND (i.due_at IS NULL OR i.due_at <= now())
ORDER BY i.store_id

-- name: go_on_now
-- A person wants it now: what failed before holds it up no more.
UPDATE stock_imports SET due_at = NULL WHERE store_id = %(store_id)s AND step NOT IN ('done', 'stopped')

-- name: forget_figures
-- What was read for an earlier count.
DELETE FROM stock_import_figures WHERE store_id = %(store_id)s AND read_at < %(asked_at)s

-- name: forget_moves
-- And which orders came in meanwhile.
DELETE FROM stock_import_moves WHERE store_id = %(store_id)s AND moved_at < %(asked_at)s

-- name: go_to
-- On with the next step; a count that was asked for anew meanwhile is another one.
UPDATE stock_imports
SET step = %(step)s, step_at = clock_timestamp(), walk = NULL, attempts = 0, due_at = NULL, reason = NULL, detail = NULL
WHERE store_id = %(store_id)s AND asked_at = %(asked_at)s

-- name: keep_import_walk
-- So far the catalogue was read.
UPDATE stock_imports SET walk = %(walk)s, seen = seen + %(more)s, attempts = 0, reason = NULL, detail = NULL
WHERE store_id = %(store_id)s AND asked_at = %(asked_at)s

-- name: keep_figures
-- What the store showed when it was asked.
INSERT INTO stock_import_figures AS f (store_id, external_id, sku, is_tracked, shown, read_at)
SELECT %(store_id)s, external_id, sku, is_tracked, shown::jsonb, %(read_at)s
FROM unnest(%(ids)s::text[], %(skus)s::text[], %(tracked)s::boolean[], %(shown)s::text[])
    AS p (external_id, sku, is_tracked, shown)
ORDER BY external_id
ON CONFLICT (store_id, external_id) DO UPDATE
SET sku = excluded.sku, is_tracked = excluded.is_tracked, shown = excluded.shown, read_at = excluded.read_at

-- name: drop_figures
-- SKUs that were asked for again: what the store has of them comes behind this.
DELETE FROM stock_import_figures WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s::text[])

-- name: figures
-- All that was read.
SELECT external_id, sku, '' AS name, is_tracked, shown FROM stock_import_figures
WHERE store_id = %(store_id)s AND read_at >= %(asked_at)s ORDER BY external_id

-- name: moved
-- Orders of a store that is being counted moved these SKUs: what was read of them may be from before or after.
INSERT INTO stock_import_moves AS m (store_id, sku, moved_at)
SELECT %(store_id)s, sku, clock_timestamp() FROM (SELECT DISTINCT unnest(%(skus)s::text[]) AS sku) s
WHERE EXISTS (SELECT FROM stock_imports WHERE store_id = %(store_id)s AND step NOT IN ('done', 'stopped'))
ORDER BY sku
ON CONFLICT (store_id, sku) DO UPDATE SET moved_at = excluded.moved_at

-- name: doubtful
-- SKUs whose figure and whose orders in the hub may not be of one moment: an order moved them since they were read, or
-- waits to be looked at. Whose SKUs nobody knows yet may have any.
WITH unread AS MATERIALIZED (
    SELECT skus FROM store_orders WHERE store_id = %(store_id)s AND changed > order_settled
), waiting AS MATERIALIZED (
    SELECT DISTINCT unnest(skus) AS sku FROM unread
)
SELECT DISTINCT f.sku,
       EXISTS (SELECT FROM unread WHERE skus IS NULL) OR EXISTS (SELECT FROM waiting w WHERE w.sku = f.sku) AS is_unread
FROM stock_import_figures f LEFT JOIN stock_import_moves m ON m.store_id = f.store_id AND m.sku = f.sku
WHERE f.store_id = %(store_id)s AND f.read_at >= %(asked_at)s
  AND (m.moved_at >= f.read_at OR EXISTS (SELECT FROM unread WHERE skus IS NULL)
       OR EXISTS (SELECT FROM waiting w WHERE w.sku = f.sku))
ORDER BY f.sku

-- name: told_skus
-- SKUs that the store was ever told.
SELECT DISTINCT i.sku FROM store_items i JOIN store_levels l USING (store_id, external_id)
WHERE i.store_id = %(store_id)s AND i.sku = ANY (%(skus)s::text[]) AND l.told IS NOT NULL
ORDER BY i.sku

-- name: backlog
-- Orders of a store that wait to be looked at now, and those that were set aside.
SELECT count(*) FILTER (WHERE changed > order_settled AND (due_at IS NULL OR due_at <= now())) AS waiting,
       count(*) FILTER (WHERE state = 'failed') AS failed
FROM store_orders WHERE store_id = %(store_id)s AND (changed > order_settled OR state = 'failed')

-- name: put_off_import
-- The store could not be asked now.
UPDATE stock_imports
SET due_at = %(due_at)s, attempts = attempts + %(attempt)s, reason = %(reason)s, detail = %(detail)s
WHERE store_id = %(store_id)s AND asked_at = %(asked_at)s

-- name: stop_import
-- A count that is not over, of a store that is parted from.
UPDATE stock_imports SET step = 'stopped', reason = NULL, ended_at = clock_timestamp(), due_at = NULL
WHERE store_id = %(store_id)s AND step NOT IN ('done', 'stopped')

-- name: hold_import
-- It is being counted: who asks for it anew waits.
SELECT FROM stock_imports WHERE store_id = %(store_id)s AND asked_at = %(asked_at)s FOR UPDATE

-- name: finish
-- Its end, with what came of it; what was read for it is not needed any more.
UPDATE stock_imports
SET step = %(step)s, ended_at = clock_timestamp(), due_at = NULL, reason = %(reason)s, detail = %(detail)s, report = %(report)s
WHERE store_id = %(store_id)s AND asked_at = %(asked_at)s

-- name: drop_all
-- What was read for a count that is over.
WITH figures AS (DELETE FROM stock_import_figures WHERE store_id = %(store_id)s)
DELETE FROM stock_import_moves WHERE store_id = %(store_id)s
