-- name: lease_intent
-- Write down what is to be made, or take it up again, as long as nobody else is at it; nothing where somebody is.
INSERT INTO katana_intents AS i (kind, key, digest, sent_at, leased_by, leased_until)
VALUES (%(kind)s, %(key)s, %(digest)s, %(maybe_sent)s, %(owner)s, clock_timestamp() + %(lease)s)
ON CONFLICT (kind, key) DO UPDATE SET leased_by = excluded.leased_by, leased_until = excluded.leased_until
WHERE i.leased_until IS NULL OR i.leased_until < clock_timestamp()
RETURNING i.sent_at, i.looks, i.said, i.found_id, clock_timestamp() AS now

-- name: leased_intent
-- Who is at it, and until when at the latest.
SELECT leased_by, leased_until AT TIME ZONE 'UTC' AS leased_until FROM katana_intents
WHERE kind = %(kind)s AND key = %(key)s AND leased_until >= clock_timestamp()

-- name: intent_sent
-- It is sent now: what comes of it is open.
UPDATE katana_intents SET sent_at = clock_timestamp(), looks = 0, digest = %(digest)s
WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: intent_not_sent
-- It was not sent, or is clearly not there: all stands as before.
UPDATE katana_intents SET sent_at = %(sent_at)s, looks = %(looks)s, said = %(said)s
WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: intent_not_found
-- It was looked for once more, in vain.
UPDATE katana_intents SET looks = looks + 1 WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: intent_unclear
-- What was heard of it says neither that it is made nor that it is not.
UPDATE katana_intents SET said = %(said)s WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: intent_found
-- It is made, and this is its id.
UPDATE katana_intents SET found_id = %(id)s, said = '' WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: is_open_intent
-- A line where something was sent, and what came of it is open.
SELECT FROM katana_intents WHERE kind = %(kind)s AND key = %(key)s AND sent_at IS NOT NULL AND found_id IS NULL

-- name: recognize_intent
-- The same, for nobody who is at it.
UPDATE katana_intents SET found_id = %(id)s, said = ''
WHERE kind = %(kind)s AND key = %(key)s
    AND (found_id = %(id)s OR found_id IS NULL AND (leased_until IS NULL OR leased_until < clock_timestamp()))

-- name: end_lease
-- Whoever was at it is done.
UPDATE katana_intents SET leased_by = NULL, leased_until = NULL
WHERE kind = %(kind)s AND key = %(key)s AND leased_by = %(owner)s

-- name: forget_intent
-- It is gone from Katana, and may be made again.
DELETE FROM katana_intents WHERE kind = %(kind)s AND key = %(key)s

-- name: forget_found
-- The same, by its id there.
DELETE FROM katana_intents WHERE kind = %(kind)s AND found_id = %(found_id)s

-- name: taken_ids
-- Which of some ids another thing of a kind has become.
SELECT found_id FROM katana_intents WHERE kind = %(kind)s AND key <> %(key)s AND found_id = ANY(%(ids)s)

-- name: keys_of
-- What some ids of a kind were made for.
SELECT found_id AS id, key FROM katana_intents WHERE kind = %(kind)s AND found_id = ANY(%(ids)s)

-- name: made_long_ago
-- What was made for a line, long enough ago to be seen.
SELECT found_id FROM katana_intents
WHERE kind = %(kind)s AND key = %(key)s AND found_id IS NOT NULL AND sent_at < clock_timestamp() - %(late)s
