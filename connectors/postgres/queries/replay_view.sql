-- name: look_only
SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read'

-- name: write_again
RESET default_transaction_read_only; RESET default_transaction_isolation

-- name: kept_orders
-- The next orders with their snapshots, of one store or all, that came or were changed since a moment or ever.
SELECT o.store_id, o.external_id, o.order_no AS number, o.snapshot::text AS payload, o.state, o.reason, o.detail,
       o.hub_order_id, o.was_imported, o.tombstoned_at IS NOT NULL AS is_tombstoned, o.is_failing,
       o.changed > o.order_settled AS is_due, o.sending IS NOT NULL AS is_told,
       o.hub_order_id IS NOT NULL AND coalesce(o.digest = o.imported_digest, false) AS is_as_imported,
       coalesce(o.hub_changed = o.imported_hub_changed, false) AS is_untouched
FROM store_orders o
WHERE (o.store_id, o.external_id) > (%(beyond_store)s, %(beyond)s)
  AND {which}
ORDER BY o.store_id, o.external_id LIMIT {limit}

-- name: count_kept_orders
-- How many these are.
SELECT count(*) AS orders FROM store_orders o
WHERE {which}

-- name: kept_of_store
-- Of a store.
o.store_id = %(store_id)s

-- name: kept_since
-- That came or were changed since a moment.
(o.store_updated_at >= %(since)s OR o.first_seen_at >= %(since)s)

-- name: import_lines
-- What was written of the imports of some orders, oldest first.
SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail
FROM journal j JOIN stores s ON s.id = j.store_id
WHERE j.store_id = %(store_id)s AND j.external_id = ANY (%(external_ids)s) AND j.action = 'import' ORDER BY j.id

-- name: store_settings_lines
-- When a store was connected and what of its settings was changed, oldest first.
SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail
FROM journal j JOIN stores s ON s.id = j.store_id
WHERE j.store_id = %(store_id)s AND j.external_id IS NULL AND j.action IN ('connect', 'reconfigure') ORDER BY j.id

-- name: account_settings_lines
-- The same of the account's settings.
SELECT id, at, NULL AS store, external_id, sku, action, outcome, reason, detail FROM journal
WHERE store_id IS NULL AND external_id IS NULL AND action = 'reconfigure' ORDER BY id
