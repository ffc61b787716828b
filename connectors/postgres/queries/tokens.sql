-- name: token
-- A store's token, how old it is, and how long it still lives.
SELECT token, clock_timestamp() - given_at AS age, ends_at - clock_timestamp() AS remaining
FROM store_tokens WHERE store_id = %(store_id)s

-- name: keep_token
-- A token that was just given.
INSERT INTO store_tokens (store_id, token, given_at, ends_at)
SELECT id, %(token)s, clock_timestamp(), clock_timestamp() + %(left)s FROM stores
WHERE id = %(store_id)s AND state <> 'disconnected'
ON CONFLICT (store_id) DO UPDATE SET token = excluded.token, given_at = excluded.given_at, ends_at = excluded.ends_at

-- name: forget_token
-- A store that was disconnected: nothing of its credentials stays.
DELETE FROM store_tokens WHERE store_id = %(store_id)s

-- name: tokens
-- All tokens, for the rotation of keys.
SELECT store_id, token AS locked FROM store_tokens FOR UPDATE

-- name: set_token
-- The same token under the newest key.
UPDATE store_tokens SET token = %(token)s WHERE store_id = %(store_id)s

-- name: try_lock
-- Whether it is on us to renew a store's token. The lock is this session's: it ends with whoever holds it, a machine that
-- vanishes within a minute.
SELECT pg_try_advisory_lock(%(key)s, %(store_id)s::integer) AS is_ours,
       set_config('tcp_keepalives_idle', '20', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false)

-- name: wait_for_lock
-- Until whoever renews it has come to an end.
SELECT pg_advisory_lock_shared(%(key)s, %(store_id)s::integer)

-- name: unlock
-- The next one may renew it.
SELECT pg_advisory_unlock(%(key)s, %(store_id)s::integer)

-- name: unlock_shared
-- We have waited.
SELECT pg_advisory_unlock_shared(%(key)s, %(store_id)s::integer)
