-- name: ask_job
-- One more; one that is asked for already in the same words is the same.
INSERT INTO jobs (kind, store_id, arguments, locked, who)
VALUES (%(kind)s, %(store_id)s, %(arguments)s, %(locked)s, %(who)s)
ON CONFLICT DO NOTHING
RETURNING id

-- name: asked_job
-- The one that is asked for already.
SELECT id FROM jobs
WHERE ended_at IS NULL AND kind = %(kind)s AND coalesce(store_id, 0) = coalesce(%(store_id)s, 0)
  AND md5(arguments::text || coalesce(locked, '')) = md5((%(arguments)s)::jsonb::text || coalesce(%(locked)s, ''))

-- name: hold_jobs
-- Of those who ask something of one store at a time one waits, so that they are counted.
SELECT FROM stores WHERE id = %(store_id)s FOR NO KEY UPDATE

-- name: open_jobs
-- How many of a store, or of none, are not over.
SELECT count(*) AS open FROM jobs WHERE ended_at IS NULL AND store_id IS NOT DISTINCT FROM %(store_id)s

-- name: job
-- One of them.
SELECT * FROM jobs WHERE id = %(id)s

-- name: latest_job
-- The latest of a kind.
SELECT * FROM jobs WHERE store_id IS NOT DISTINCT FROM %(store_id)s AND kind = %(kind)s ORDER BY id DESC LIMIT 1

-- name: due_jobs
-- Those that nobody is known to be at: their bell was lost, or their worker died.
SELECT id FROM jobs WHERE ended_at IS NULL AND coalesce(began_at, asked_at) < now() - interval '10 seconds' ORDER BY id LIMIT 100

-- name: begin_job
-- A worker begins with it.
UPDATE jobs SET began_at = clock_timestamp(), begins = begins + 1, seen = 0 WHERE id = %(id)s AND ended_at IS NULL
RETURNING *

-- name: see_job
-- So much was seen; no row: it is over, as a person stopped it.
UPDATE jobs SET seen = %(seen)s WHERE id = %(id)s AND ended_at IS NULL RETURNING true AS goes_on

-- name: end_job
-- What came of it.
UPDATE jobs SET ended_at = clock_timestamp(), result = %(result)s, trouble = %(trouble)s, locked = NULL
WHERE id = %(id)s AND ended_at IS NULL

-- name: cut_jobs
-- What is long over, and what nobody took.
DELETE FROM jobs WHERE coalesce(ended_at, asked_at) < now() - interval '7 days'

-- name: locked_jobs
-- Those with something secret, for the rotation of keys.
SELECT id, locked FROM jobs WHERE locked IS NOT NULL AND ended_at IS NULL FOR UPDATE

-- name: lock_job
-- The same under the newest key.
UPDATE jobs SET locked = %(locked)s WHERE id = %(id)s
