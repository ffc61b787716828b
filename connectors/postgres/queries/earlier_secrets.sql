-- name: keep_earlier_secret
-- What proved a store's messages until now.
INSERT INTO earlier_secrets (store_id, locked, ends_at)
VALUES (%(store_id)s, %(locked)s, clock_timestamp() + %(lives)s)

-- name: earlier_secrets
-- What proves a store's messages still, the latest first.
SELECT locked FROM earlier_secrets WHERE store_id = %(store_id)s AND ends_at > clock_timestamp() ORDER BY id DESC LIMIT {most}

-- name: forget_earlier_secrets
-- Nothing of before proves a store's messages any more.
DELETE FROM earlier_secrets WHERE store_id = %(store_id)s

-- name: cut_earlier_secrets
-- What proves nothing any more.
DELETE FROM earlier_secrets WHERE ends_at <= clock_timestamp()

-- name: all_earlier_secrets
-- All of them, for the rotation of keys.
SELECT id, locked FROM earlier_secrets FOR UPDATE

-- name: put_earlier_secret
-- The same under the newest key.
UPDATE earlier_secrets SET locked = %(locked)s WHERE id = %(id)s

-- name: drop_earlier_secret
-- One that no key opens.
DELETE FROM earlier_secrets WHERE id = %(id)s
