-- name: keep_snapshots
-- A page of snapshots in one statement. The same news again changes nothing; `changed` moves only when the meaning of
-- the order does. Of older news nothing is taken (CHG-8), but the store is asked: a shop's clocks may differ, and then
-- the older date is the newer state. What cannot be read is set aside at once (SPEC chapter 11). A SKU that an order had
-- once stays with it: a line that goes moves the store's stock too. Binary: psycopg spends most of a page on escaping texts.
WITH page AS (
    SELECT * FROM unnest(
        %(ids)b::text[], %(payloads)b::text[], %(digests)b::text[], %(times)b::timestamptz[], %(problems)b::text[],
        %(skus)b::text[], %(numbers)b::text[]
    ) AS p (external_id, payload, digest, updated_at, problem, skus, number)
)
INSERT INTO store_orders AS o
    (store_id, external_id, snapshot, digest, store_updated_at, skus, order_no, state, reason, detail, order_settled)
SELECT %(store_id)s, external_id, payload::json, digest, updated_at,
       CASE WHEN skus IS NOT NULL THEN ARRAY(SELECT jsonb_array_elements_text(skus::jsonb)) END,
       number,
       CASE WHEN problem IS NULL THEN 'pending' ELSE 'failed' END,
       CASE WHEN problem IS NOT NULL THEN 'invalid_payload' END,
       coalesce(problem::jsonb, '{}'),
       CASE WHEN problem IS NULL THEN 0 ELSE 1 END
FROM page
ON CONFLICT (store_id, external_id) DO UPDATE
SET snapshot = CASE WHEN excluded.store_updated_at < o.store_updated_at THEN NULL ELSE excluded.snapshot END,
    skus = CASE WHEN excluded.skus IS NULL THEN o.skus
                ELSE ARRAY(SELECT unnest(o.skus) UNION SELECT unnest(excluded.skus) ORDER BY 1) END,
    order_no = coalesce(excluded.order_no, o.order_no),
    digest = excluded.digest,
    store_updated_at = greatest(excluded.store_updated_at, o.store_updated_at),
    changed = o.changed + CASE WHEN o.digest <> excluded.digest THEN 1 ELSE 0 END,
    order_settled = CASE WHEN excluded.state = 'failed' AND (excluded.store_updated_at < o.store_updated_at) IS NOT TRUE
                         THEN o.changed + 1 ELSE o.order_settled END,
    state = CASE WHEN excluded.state = 'failed' AND o.hub_order_id IS NULL AND o.state <> 'deleted' THEN 'failed' ELSE o.state END,
    reason = CASE WHEN excluded.state = 'failed' AND o.state <> 'deleted' THEN excluded.reason ELSE o.reason END,
    detail = CASE WHEN excluded.state = 'failed' AND o.state <> 'deleted' THEN excluded.detail ELSE o.detail END,
    is_failing = o.is_failing OR (excluded.state = 'failed' AND o.hub_order_id IS NOT NULL),
    due_at = CASE WHEN o.digest <> excluded.digest THEN NULL ELSE o.due_at END,
    attempts = CASE WHEN o.digest <> excluded.digest THEN 0 ELSE o.attempts END,
    rung_at = CASE WHEN o.digest <> excluded.digest THEN NULL ELSE o.rung_at END
WHERE o.digest <> excluded.digest
RETURNING external_id, skus

-- name: keep_dates
-- What changed in the shop without changing what it means to us is as new with us as there. Behind keep_snapshots, which
-- has locked the rows.
UPDATE store_orders o SET store_updated_at = p.updated_at
FROM unnest(%(ids)b::text[], %(digests)b::text[], %(times)b::timestamptz[]) AS p (external_id, digest, updated_at)
WHERE o.store_id = %(store_id)s AND o.external_id = p.external_id AND o.digest = p.digest
  AND o.store_updated_at < p.updated_at

-- name: expect
-- Room for an order that nobody fetched yet, asked for by hand; it is loaded when it is looked at.
INSERT INTO store_orders (store_id, external_id) VALUES (%(store_id)s, %(external_id)s)
ON CONFLICT (store_id, external_id) DO NOTHING

-- name: look_at_order
-- The order with its store and the account, in one look.
SELECT s.*, a.settings AS account, o.external_id, o.snapshot::text AS payload, o.hub_order_id, o.state AS order_state,
       o.reason AS order_reason, o.tombstoned_at, o.was_imported, o.changed, o.order_settled, o.attempts,
       o.hub_changed, o.hub_settled, o.hub_attempts, o.buyer_erased_at
FROM stores s CROSS JOIN account a
LEFT JOIN store_orders o ON o.store_id = s.id AND o.external_id = %(external_id)s
WHERE s.id = %(store_id)s

-- name: look_at_orders
-- Orders of a store that is known already, as far as anybody fetched them.
SELECT o.external_id, o.snapshot::text AS payload, o.hub_order_id, o.state AS order_state,
       o.reason AS order_reason, o.tombstoned_at, o.was_imported, o.changed, o.order_settled, o.attempts,
       o.hub_changed, o.hub_settled, o.hub_attempts, o.buyer_erased_at
FROM store_orders o
WHERE o.store_id = %(store_id)s AND o.external_id = ANY (%(ids)s::text[])

-- name: keep_whole
-- The whole order, where the list had only a part of it; with every SKU that it ever had.
UPDATE store_orders
SET snapshot = %(payload)s::json, digest = %(digest)s,
    skus = CASE WHEN %(skus)s::text[] IS NULL THEN skus
                ELSE ARRAY(SELECT unnest(skus) UNION SELECT unnest(%(skus)s::text[]) ORDER BY 1) END,
    order_no = coalesce(%(number)s, order_no), store_updated_at = coalesce(%(updated_at)s, store_updated_at)
WHERE store_id = %(store_id)s AND external_id = %(external_id)s
RETURNING skus

-- name: settle_orders
-- Orders were seen, each up to what it had `changed` by then: remember what came of them, and write the journal in the same
-- breath. Of those that came to the hub by it also from which snapshot, unless another one came meanwhile. Links as
-- links.keep_links has them. Locked in one order, as pages of snapshots are.
WITH outcomes AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(outcomes)s) AS o (
        external_id text, changed bigint, state text, reason text, detail jsonb, is_failing boolean, hub_order_id text,
        customer text, email text, total_with_tax numeric, currency text)
), held AS MATERIALIZED (
    SELECT s.external_id FROM store_orders s
    WHERE s.store_id = %(store_id)s AND s.external_id IN (SELECT external_id FROM outcomes)
    ORDER BY s.external_id COLLATE "C" FOR NO KEY UPDATE
), settled AS (
    UPDATE store_orders s
    SET order_settled = o.changed, state = o.state, reason = o.reason, detail = o.detail, is_failing = o.is_failing,
        hub_order_id = coalesce(o.hub_order_id, s.hub_order_id),
        was_imported = s.was_imported OR o.hub_order_id IS NOT NULL,
        imported_digest = CASE WHEN o.hub_order_id IS NULL THEN s.imported_digest
                               WHEN s.changed = o.changed THEN s.digest END,
        imported_hub_changed = CASE WHEN o.hub_order_id IS NULL THEN s.imported_hub_changed ELSE s.hub_changed END,
        hub_status = CASE WHEN o.hub_order_id IS NULL THEN s.hub_status ELSE coalesce(s.hub_status, 'NOT_SHIPPED') END,
        hub_customer = coalesce(o.customer, s.hub_customer),
        hub_email = CASE WHEN o.customer IS NULL THEN s.hub_email ELSE o.email END,
        hub_total_with_tax = coalesce(o.total_with_tax, s.hub_total_with_tax),
        hub_currency = coalesce(o.currency, s.hub_currency),
        due_at = NULL, attempts = 0, rung_at = NULL
    FROM held h JOIN outcomes o USING (external_id)
    WHERE s.store_id = %(store_id)s AND s.external_id = h.external_id AND s.order_settled < o.changed
    RETURNING s.external_id, s.changed > o.changed AS is_due
), written AS (
    INSERT INTO journal (store_id, external_id, action, outcome, reason, detail)
    SELECT %(store_id)s, external_id, action, l.outcome, l.reason, l.detail
    FROM json_to_recordset(%(lines)s) AS l (
        place integer, external_id text, action text, outcome text, reason text, detail jsonb)
    JOIN settled USING (external_id) ORDER BY place
), linked_items AS (
    INSERT INTO item_links AS l (store_id, key, variant_id)
    SELECT %(store_id)s, key, id FROM unnest(%(item_keys)s::text[], %(item_ids)s::text[]) AS n (key, id) ORDER BY key
    ON CONFLICT (store_id, key) DO UPDATE SET variant_id = excluded.variant_id WHERE l.variant_id <> excluded.variant_id
), linked_customers AS (
    INSERT INTO customer_links AS l (store_id, external_id, customer_id)
    SELECT %(store_id)s, key, id FROM unnest(%(customer_keys)s::text[], %(customer_ids)s::text[]) AS n (key, id)
    ORDER BY key
    ON CONFLICT (store_id, external_id) DO UPDATE SET customer_id = excluded.customer_id
    WHERE l.customer_id <> excluded.customer_id
)
SELECT external_id, is_due FROM settled

-- name: put_off_order
-- It failed for now: look again at a moment.
UPDATE store_orders
SET due_at = %(due_at)s, attempts = attempts + %(attempt)s, rung_at = NULL,
    reason = CASE WHEN state = 'pending' THEN %(reason)s ELSE reason END,
    detail = CASE WHEN state = 'pending' THEN %(detail)s ELSE detail END
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND changed > order_settled

-- name: set_aside_order
-- It failed: journaled, visible, and retried by hand; or by itself at `due_at`, then it stays due. What stands in the hub
-- stays imported, and is failing. The same failure as last time is not written again.
WITH was AS (
    SELECT state = 'failed' OR is_failing AS had_failed, reason, detail, hub_order_id FROM store_orders
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s FOR UPDATE
), changed AS (
    UPDATE store_orders
    SET state = CASE WHEN hub_order_id IS NULL THEN 'failed' ELSE state END, is_failing = hub_order_id IS NOT NULL,
        reason = %(reason)s, detail = %(detail)s,
        order_settled = CASE WHEN %(due_at)s::timestamptz IS NULL THEN greatest(order_settled, %(changed)s) ELSE order_settled END,
        due_at = %(due_at)s, rung_at = NULL
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s
)
INSERT INTO journal (store_id, external_id, action, outcome, reason, detail)
SELECT %(store_id)s, %(external_id)s,
       CASE WHEN was.hub_order_id IS NULL THEN 'import' ELSE 'change' END,
       'failed', %(reason)s, %(detail)s
FROM was WHERE (was.had_failed, was.reason, was.detail) IS DISTINCT FROM (true, %(reason)s, %(detail)s::jsonb)

-- name: retry
-- Look again, by hand, from both sides: the store is asked anew, since the order or the software may have been mended.
UPDATE store_orders
SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL,
    hub_changed = hub_changed + CASE WHEN hub_order_id IS NULL THEN 0 ELSE 1 END, hub_due_at = NULL, hub_attempts = 0,
    hub_rung_at = NULL,
    snapshot = CASE WHEN external_id LIKE 'unreadable:%%' THEN snapshot END
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND tombstoned_at IS NULL
RETURNING external_id

-- name: look_anew
-- The shop says that something became of an order that is known: it is asked for anew.
UPDATE store_orders SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL, snapshot = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND tombstoned_at IS NULL
RETURNING external_id

-- name: retry_failed
-- Look again at everything that was set aside, before it came to the hub or after, on its way in or out; for a reason also
-- at what stands in the hub with that reason, first among its notes or not.
UPDATE store_orders
SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL,
    hub_changed = hub_changed + CASE WHEN hub_order_id IS NULL THEN 0 ELSE 1 END, hub_due_at = NULL, hub_attempts = 0,
    hub_rung_at = NULL,
    snapshot = CASE WHEN external_id LIKE 'unreadable:%%' THEN snapshot END
WHERE {which}
RETURNING store_id, external_id

-- name: failed_somehow
-- What was set aside, before it came to the hub or in it.
(state = 'failed' OR ((is_failing OR hub_is_failing) AND hub_order_id IS NOT NULL))

-- name: said_for_reason
-- What was set aside for a reason, and what stands in the hub with it.
(state = 'failed' OR hub_order_id IS NOT NULL)
  AND reasons_of(reason, hub_reason, detail, hub_detail) @> ARRAY[%(reason)s::text]
  AND (reason IS NOT NULL OR hub_reason IS NOT NULL)

-- name: in_one_store
-- Of a store.
store_id = %(store_id)s

-- name: in_connected_stores
-- Of the stores that can be mended.
store_id IN (SELECT id FROM stores WHERE state <> 'disconnected')

-- name: look_again_at_orders
-- The store has another profile: what was skipped for its status may import now, and what the hub has open may be
-- further. What waits is marked too: a worker may be looking at it by the old one. Locked in one order, as pages are.
WITH due AS MATERIALIZED (
    SELECT external_id FROM store_orders o
    WHERE store_id = %(store_id)s
      AND ((state = 'skipped' AND reason = 'status_not_imported' AND detail ->> 'status' = ANY (%(statuses)s::text[]))
           OR (state = 'pending' AND changed > order_settled)
           OR hub_status NOT IN ('DELIVERED', 'CLOSED'))
    ORDER BY external_id COLLATE "C" FOR UPDATE
)
UPDATE store_orders o
SET changed = changed + 1,
    due_at = CASE WHEN state = 'pending' THEN due_at END,
    attempts = CASE WHEN state = 'pending' THEN attempts ELSE 0 END,
    rung_at = CASE WHEN state = 'pending' THEN rung_at END
FROM due WHERE o.store_id = %(store_id)s AND o.external_id = due.external_id

-- name: look_both_ways
-- What was neither brought nor told while a switch was off. What the hub has delivered or closed since is over, unless it
-- was noted, or `also_delivered`. Locked in one order, as pages are.
WITH due AS MATERIALIZED (
    SELECT external_id, hub_status FROM store_orders
    WHERE store_id = %(store_id)s
      AND ((hub_status IS NOT NULL AND hub_reason = %(noted)s
            AND reasons_of(reason, hub_reason, detail, hub_detail) @> ARRAY[%(noted)s::text])
           OR {which})
    ORDER BY external_id COLLATE "C" FOR UPDATE
)
UPDATE store_orders o
SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL,
    hub_changed = hub_changed + CASE WHEN due.hub_status = 'NOT_SHIPPED' AND NOT %(also_delivered)s THEN 0 ELSE 1 END,
    hub_due_at = NULL, hub_attempts = 0, hub_rung_at = NULL
FROM due WHERE o.store_id = %(store_id)s AND o.external_id = due.external_id

-- name: not_delivered
-- What the hub has open.
hub_status NOT IN ('DELIVERED', 'CLOSED')

-- name: not_closed
-- The same, and what it has delivered.
hub_status <> 'CLOSED'

-- name: skipped_again
-- What kept them out was changed: they are looked at again as they are. Locked in one order, as pages of snapshots do.
WITH due AS MATERIALIZED (
    SELECT store_id, external_id FROM store_orders
    WHERE (%(store_id)s::bigint IS NULL OR store_id = %(store_id)s)
      AND ((state = 'skipped' AND reason IS NOT NULL AND reason = ANY (%(reasons)s::text[])
            AND reasons_of(reason, hub_reason, detail, hub_detail) && %(reasons)s::text[]
            AND (%(currency)s::text IS NULL OR detail ->> 'currency' = %(currency)s))
           OR (state = 'skipped' AND detail ->> 'status' = ANY (%(statuses)s::text[])
               AND (%(currency)s::text IS NULL OR detail ->> 'currency' = %(currency)s))
           OR (state = 'pending' AND changed > order_settled))
    ORDER BY store_id, external_id COLLATE "C" FOR UPDATE
)
UPDATE store_orders o
SET changed = changed + 1,
    due_at = CASE WHEN o.state = 'pending' THEN o.due_at END,
    attempts = CASE WHEN o.state = 'pending' THEN o.attempts ELSE 0 END,
    rung_at = CASE WHEN o.state = 'pending' THEN o.rung_at END
FROM due WHERE o.store_id = due.store_id AND o.external_id = due.external_id

-- name: news_again
-- What was skipped for this reason is news to the store's next page that has it, though nothing of it changed.
UPDATE store_orders SET digest = ''
WHERE store_id = %(store_id)s AND state = 'skipped' AND reason = %(reason)s
  AND reasons_of(reason, hub_reason, detail, hub_detail) @> ARRAY[%(reason)s::text]

-- name: ring_orders
-- The next bells of a store: at most a window of orders is out at a time, so that no store fills the queue (MUL-1).
-- A bell that is older than its patience was lost. SKIP LOCKED: two ringers take different orders.
WITH room AS (
    SELECT %(window)s - count(*) AS free FROM store_orders
    WHERE store_id = %(store_id)s AND changed > order_settled AND rung_at > now() - %(patience)s * interval '1 second'
), picked AS (
    SELECT external_id, rung_at FROM store_orders
    WHERE store_id = %(store_id)s AND changed > order_settled
      AND (due_at IS NULL OR due_at <= now())
      AND (rung_at IS NULL OR rung_at <= now() - %(patience)s * interval '1 second')
    ORDER BY rung_at NULLS FIRST, store_updated_at
    LIMIT (SELECT CASE WHEN free >= %(at_least)s THEN free ELSE 0 END FROM room)
    FOR UPDATE SKIP LOCKED
)
UPDATE store_orders o SET rung_at = now() FROM picked
WHERE o.store_id = %(store_id)s AND o.external_id = picked.external_id
RETURNING o.external_id, picked.rung_at IS NOT NULL AS was_lost, o.hub_order_id IS NOT NULL AS is_in_hub,
    (SELECT settings ->> 'hub' FROM account) AS hub

-- name: orders_in_hub
-- Those of some orders that stand in the hub.
SELECT external_id FROM store_orders
WHERE store_id = %(store_id)s AND external_id = ANY (%(ids)s::text[]) AND hub_order_id IS NOT NULL

-- name: unring_orders
-- Somebody else holds them, or held them when they died: their bells are answered, and rung again if they are still due.
UPDATE store_orders SET rung_at = NULL
WHERE store_id = %(store_id)s AND external_id = ANY (%(ids)s::text[]) AND changed > order_settled

-- name: stores_with_due_orders
-- Active stores with an order that may be looked at now.
SELECT s.id FROM stores s
WHERE s.state = 'active' AND EXISTS (
    SELECT FROM store_orders o
    WHERE o.store_id = s.id AND o.changed > o.order_settled AND (o.due_at IS NULL OR o.due_at <= now()))

-- name: fold_counts
-- Many rows that say what became more or less become one for each state and reason.
WITH folded AS (
    DELETE FROM order_counts WHERE (SELECT count(*) FROM order_counts) > %(most)s
    RETURNING store_id, state, reason, orders, came
)
INSERT INTO order_counts (store_id, state, reason, orders, came)
SELECT store_id, state, reason, sum(orders), sum(came) FROM folded GROUP BY store_id, state, reason
HAVING sum(orders) <> 0 OR (state = 'imported' AND reason IS NOT NULL)

-- name: forget_order_bells
-- Redis came back empty: no bell is on its way any more.
UPDATE store_orders SET rung_at = NULL WHERE changed > order_settled AND rung_at IS NOT NULL

-- name: reimport
-- The one deliberate way back from a tombstone (BEY-6).
UPDATE store_orders
SET tombstoned_at = NULL, tombstoned_by = NULL, state = 'pending', reason = NULL, detail = '{}',
    changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL, snapshot = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND tombstoned_at IS NOT NULL
RETURNING external_id
