-- name: poll
-- How far a list was read, and the time of now; one line without dates where it never was.
SELECT clock_timestamp() AS now, p.read_until, p.read_at FROM (SELECT) _ LEFT JOIN katana_polls p ON p.what = %(what)s

-- name: polled
-- A list was read to its end, from a moment on.
INSERT INTO katana_polls (what, read_until, read_at) VALUES (%(what)s, %(read_until)s, clock_timestamp())
ON CONFLICT (what) DO UPDATE SET read_until = greatest(katana_polls.read_until, excluded.read_until),
    read_at = excluded.read_at

-- name: poll_again
-- A list is read at once when it is needed next.
UPDATE katana_polls SET read_at = NULL WHERE what = %(what)s

-- name: keep_copies
-- Copies of one kind as they were read. What is the same is not written.
INSERT INTO katana_copies AS c (kind, id, sku, name, email, created_at, is_gone, record)
SELECT %(kind)s, r.id, r.sku, r.name, r.email, r.created_at, r.is_gone, r.record
FROM jsonb_to_recordset(%(copies)s) AS r
    (id text, sku text, name text, email text, created_at timestamptz, is_gone boolean, record jsonb)
ORDER BY r.id
ON CONFLICT (kind, id) DO UPDATE SET sku = excluded.sku, name = excluded.name, email = excluded.email,
    created_at = excluded.created_at, is_gone = excluded.is_gone, record = excluded.record
WHERE (c.sku, c.name, c.email, c.created_at, c.is_gone, c.record)
    IS DISTINCT FROM (excluded.sku, excluded.name, excluded.email, excluded.created_at, excluded.is_gone, excluded.record)

-- name: forget_gone_customers
-- They may be made again, and nothing says any more by which e-mail or name they were.
DELETE FROM katana_intents WHERE kind = 'customer' AND found_id = ANY(%(ids)s) AND leased_until IS NULL

-- name: copies_of
-- All that is there of one kind, in the order in which it was made.
SELECT id, sku, name, email, created_at, is_gone, record FROM katana_copies
WHERE kind = %(kind)s AND NOT is_gone ORDER BY created_at NULLS FIRST, length(id), id

-- name: copies_by
-- What is there of one kind by any of some SKUs, ids, e-mails or names, the oldest first.
SELECT id, sku, name, email, created_at, is_gone, record FROM katana_copies
WHERE kind = %(kind)s AND NOT is_gone
    AND (sku = ANY(%(skus)s) OR id = ANY(%(ids)s) OR lower(email) = ANY(%(emails)s) OR lower(name) = ANY(%(names)s))
ORDER BY created_at NULLS FIRST, length(id), id

-- name: kept_account
-- What holds for the whole account.
SELECT record FROM katana_copies WHERE kind = %(kind)s

-- name: gone_copy
-- A line where something was deleted there.
SELECT FROM katana_copies WHERE kind = %(kind)s AND id = %(id)s AND is_gone

-- name: copies_beyond
-- The next of one kind behind one, in the order in which they were made; from the first one on where none is named.
SELECT c.id, c.sku, c.name, c.email, c.created_at, c.is_gone, c.record FROM katana_copies c
WHERE c.kind = %(kind)s AND NOT c.is_gone AND (%(beyond)s::text IS NULL OR
    (coalesce(c.created_at, '-infinity'), length(c.id), c.id) > (SELECT coalesce(b.created_at, '-infinity'), length(b.id), b.id
        FROM katana_copies b WHERE b.kind = %(kind)s AND b.id = %(beyond)s))
ORDER BY coalesce(c.created_at, '-infinity'), length(c.id), c.id LIMIT %(limit)s

-- name: katana_stocked
-- The next SKUs that carry stock, with the names of their newest items.
SELECT DISTINCT ON (sku COLLATE "C") sku, name FROM katana_copies
WHERE kind = 'variant' AND NOT is_gone AND record->>'kind' = 'product' AND sku COLLATE "C" > %(after)s
ORDER BY sku COLLATE "C", created_at DESC NULLS LAST, length(id) DESC, id DESC LIMIT %(limit)s
