-- name: mirror
-- How far the mirror goes, and how old it is.
SELECT read_until, next_page, clock_timestamp() - read_until AS age FROM katana_mirror

-- name: begin_mirror
-- From now on all that changes is known; what is older is read page by page. One that is there goes on.
INSERT INTO katana_mirror (read_until, next_page) VALUES (clock_timestamp(), 1) ON CONFLICT (id) DO NOTHING

-- name: begin_mirror_again
-- Something that changed meanwhile may not be known: all is read once more.
UPDATE katana_mirror SET read_until = %(at)s, next_page = 1

-- name: page_read
-- So far it was read; no good where reading was begun again meanwhile.
UPDATE katana_mirror SET next_page = %(next_page)s WHERE next_page = %(page)s

-- name: mirror_read
-- All that changed since a moment was read, from another one on; no good where something between is not known.
UPDATE katana_mirror SET read_until = greatest(read_until, %(at)s) WHERE read_until >= %(since)s

-- name: claim_mirror
-- Read for all who make orders, unless somebody is at it.
UPDATE katana_mirror SET refreshed_at = clock_timestamp()
WHERE refreshed_at IS NULL OR refreshed_at < clock_timestamp() - %(within)s
RETURNING read_until, next_page, clock_timestamp() AS now

-- name: free_mirror
-- Whoever was at it is done.
UPDATE katana_mirror SET refreshed_at = NULL

-- name: keep_origins
-- Shops' orders that are there.
INSERT INTO katana_origins (key) SELECT DISTINCT unnest(%(keys)s::text[]) AS key ORDER BY key ON CONFLICT DO NOTHING

-- name: has_origin
-- A line where one is.
SELECT FROM katana_origins WHERE key = %(key)s
