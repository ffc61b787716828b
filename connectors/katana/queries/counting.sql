-- name: begin_count
-- A count; the same that is not done yet goes on.
INSERT INTO katana_counts (source, digest, lines) VALUES (%(source)s, %(digest)s, %(lines)s)
ON CONFLICT (digest) WHERE NOT is_done DO UPDATE SET source = excluded.source
RETURNING id, counted_at

-- name: end_count
-- All of it is in Katana.
UPDATE katana_counts SET is_done = true WHERE id = %(id)s

-- name: past_count
-- A count that was made.
SELECT id, counted_at, lines, taken_back_at FROM katana_counts WHERE id = %(id)s AND is_done

-- name: later_count
-- One that counted some of the same items at the same place since.
SELECT c.id FROM katana_counts c, katana_counts mine
WHERE mine.id = %(id)s AND c.id > mine.id AND c.taken_back_at IS NULL AND EXISTS (
    SELECT FROM jsonb_array_elements(c.lines) AS a JOIN jsonb_array_elements(mine.lines) AS b
        ON a ->> 0 = b ->> 0 AND a ->> 1 = b ->> 1
)
ORDER BY c.id DESC LIMIT 1

-- name: taken_back
-- What it changed is changed back.
UPDATE katana_counts SET taken_back_at = clock_timestamp() WHERE id = %(id)s
