-- name: stores_to_audit
-- Stores whose list of orders is to be compared: a person wants it, or the night has come. One whose last fetch failed is
-- left alone, and one that was never read to its end has nothing to be compared yet.
SELECT id FROM stores s
WHERE state = 'active' AND fetched_at IS NOT NULL AND fetch_attempts = 0
  AND (audit_since IS NOT NULL OR coalesce(audited_at, connected_at) < %(night)s)
  AND NOT EXISTS (SELECT FROM store_lanes l WHERE l.store_id = s.id AND l.lane = 'audit' AND l.due_at > now())
ORDER BY id

-- name: want_audit
-- A person wants it, from a moment on; one that is under way begins anew.
UPDATE stores SET audit_since = %(since)s, audit_walk = NULL WHERE id = %(store_id)s

-- name: known_orders
-- When those of some orders that we have were changed, as far as we know.
SELECT external_id, store_updated_at FROM store_orders
WHERE store_id = %(store_id)s AND external_id = ANY (%(ids)s::text[])

-- name: expect_orders
-- Room for orders that no fetch brought: each is asked for when it is looked at. Whoever brought one meanwhile was first.
INSERT INTO store_orders (store_id, external_id)
SELECT %(store_id)s, external_id FROM unnest(%(ids)s::text[]) AS n (external_id) ORDER BY external_id COLLATE "C"
ON CONFLICT (store_id, external_id) DO NOTHING
RETURNING external_id

-- name: look_anew_at_orders
-- The store has them newer than we do: they are asked for anew. What a person deleted stays away, and what came meanwhile
-- is no older any more. Locked in one order, as pages of snapshots are.
WITH older AS MATERIALIZED (
    SELECT o.external_id FROM store_orders o
    JOIN unnest(%(ids)s::text[], %(times)s::timestamptz[]) AS n (external_id, updated_at) USING (external_id)
    WHERE o.store_id = %(store_id)s AND o.store_updated_at < n.updated_at AND o.tombstoned_at IS NULL
    ORDER BY o.external_id COLLATE "C" FOR UPDATE OF o
)
UPDATE store_orders o SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL, snapshot = NULL
FROM older WHERE o.store_id = %(store_id)s AND o.external_id = older.external_id
RETURNING o.external_id

-- name: keep_audit_walk
-- So far a comparison has come, unless another one was begun, or the store is not worked on any more.
UPDATE stores SET audit_walk = %(walk)s
WHERE id = %(store_id)s AND state = 'active' AND audit_walk IS NOT DISTINCT FROM %(was)s::jsonb
  AND audit_since IS NOT DISTINCT FROM %(wanted)s

-- name: audit_done
-- It came to its end, by the same rule.
UPDATE stores
SET audit_since = NULL, audit_walk = NULL, audited_at = %(begun_at)s,
    audited = %(outcome)s || jsonb_build_object('at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
WHERE id = %(store_id)s AND state = 'active' AND audit_walk IS NOT DISTINCT FROM %(was)s::jsonb
  AND audit_since IS NOT DISTINCT FROM %(wanted)s
