-- name: allow_cutting
-- The journal lets its oldest lines be cut, until it is said otherwise or this transaction ends.
SELECT set_config('storesync.prunes', %(allowed)s, true)

-- name: cut_journal
-- The next lines behind a number, of which those are cut that are older than a moment. What rules compare with stays: what
-- was set when, and of an order that is not over every line; of an import also while there is something to compare it
-- with, its snapshot or its notes (BEY-3). Numbers rise with time: behind a line that is younger nobody looks.
WITH looked AS MATERIALIZED (
    SELECT id, at, store_id, external_id, action FROM journal WHERE id > %(beyond)s ORDER BY id LIMIT {limit}
), cut AS (
    DELETE FROM journal j USING looked l
    WHERE j.id = l.id AND l.at < %(before)s AND l.action NOT IN ('connect', 'reconfigure')
      AND NOT EXISTS (
          SELECT FROM store_orders o
          WHERE o.store_id = l.store_id AND o.external_id = l.external_id
            AND (NOT {over} OR (l.action = 'import' AND (o.snapshot IS NOT NULL OR EXISTS (
                SELECT FROM journal n
                WHERE n.store_id = l.store_id AND n.external_id = l.external_id AND n.action = 'import'
                  AND n.outcome = 'noted')))))
    RETURNING j.id
)
SELECT (SELECT count(*) FROM cut) AS cut,
       CASE WHEN count(*) = {limit} AND max(at) < %(before)s THEN max(id) END AS beyond
FROM looked

-- name: cut_snapshots
-- What stores sent of orders that neither came nor changed since a moment (DOR-6). Who looks at one again asks its store for
-- it.
WITH old AS MATERIALIZED (
    SELECT store_id, external_id FROM store_orders
    WHERE snapshot IS NOT NULL AND greatest(store_updated_at, first_seen_at) < %(before)s
    ORDER BY greatest(store_updated_at, first_seen_at) LIMIT {limit} FOR NO KEY UPDATE SKIP LOCKED
), cut AS (
    UPDATE store_orders o SET snapshot = NULL FROM old
    WHERE o.store_id = old.store_id AND o.external_id = old.external_id
    RETURNING o.external_id
)
SELECT count(*) AS cut, CASE WHEN count(*) = {limit} THEN 0 END AS beyond FROM cut

-- name: cut_skipped
-- The same of orders that did not come to the hub by a rule.
WITH old AS MATERIALIZED (
    SELECT store_id, external_id FROM store_orders
    WHERE snapshot IS NOT NULL AND state = 'skipped' AND greatest(store_updated_at, first_seen_at) < %(before)s
    ORDER BY greatest(store_updated_at, first_seen_at) LIMIT {limit} FOR NO KEY UPDATE SKIP LOCKED
), cut AS (
    UPDATE store_orders o SET snapshot = NULL FROM old
    WHERE o.store_id = old.store_id AND o.external_id = old.external_id
    RETURNING o.external_id
)
SELECT count(*) AS cut, CASE WHEN count(*) = {limit} THEN 0 END AS beyond FROM cut

-- name: is_over
-- An order that waits for nobody: delivered or closed in the hub, or not to come there, and seen from both sides.
(o.changed <= o.order_settled AND o.hub_changed <= o.hub_settled AND NOT o.is_failing AND NOT o.hub_is_failing
 AND o.sending IS NULL
 AND CASE WHEN o.hub_status IS NULL THEN o.state IN ('skipped', 'deleted') ELSE o.hub_status IN ('DELIVERED', 'CLOSED') END)
