-- name: keep_snapshots
-- A page of snapshots in one statement. The same news again changes nothing; `changed` moves only when the meaning of
-- the order does. Of older news nothing is taken (CHG-8), but the store is asked: a shop's clocks may differ, and then
-- the older date is the newer state. What cannot be read is set aside at once (SPEC chapter 11). A SKU that an order had
-- once stays with it: a line that goes moves the store's stock too.
WITH page AS (
    SELECT * FROM unnest(
        %(ids)s::text[], %(payloads)s::text[], %(digests)s::text[], %(times)s::timestamptz[], %(problems)s::text[],
        %(skus)s::text[], %(numbers)s::text[]
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

-- name: expect
-- Room for an order that nobody fetched yet, asked for by hand; it is loaded when it is looked at.
INSERT INTO store_orders (store_id, external_id) VALUES (%(store_id)s, %(external_id)s)
ON CONFLICT (store_id, external_id) DO NOTHING

-- name: look
-- The order with its store and the account, in one look.
SELECT s.*, a.settings AS account, o.external_id, o.snapshot::text AS payload, o.hub_order_id, o.state AS order_state,
       o.reason AS order_reason, o.tombstoned_at, o.was_imported, o.changed, o.order_settled, o.attempts,
       o.hub_changed, o.hub_settled, o.hub_attempts
FROM stores s CROSS JOIN account a
LEFT JOIN store_orders o ON o.store_id = s.id AND o.external_id = %(external_id)s
WHERE s.id = %(store_id)s

-- name: keep_whole
-- The whole order, where the list had only a part of it; with every SKU that it ever had.
UPDATE store_orders
SET snapshot = %(payload)s::json, digest = %(digest)s,
    skus = CASE WHEN %(skus)s::text[] IS NULL THEN skus
                ELSE ARRAY(SELECT unnest(skus) UNION SELECT unnest(%(skus)s::text[]) ORDER BY 1) END,
    order_no = coalesce(%(number)s, order_no), store_updated_at = coalesce(%(updated_at)s, store_updated_at)
WHERE store_id = %(store_id)s AND external_id = %(external_id)s
RETURNING skus

-- name: settle
-- The order was seen up to `changed`: remember what came of it, and write the journal in the same breath.
WITH settled AS (
    UPDATE store_orders
    SET order_settled = %(changed)s, state = %(state)s, reason = %(reason)s, detail = %(detail)s,
        is_failing = %(is_failing)s,
        hub_order_id = coalesce(%(hub_order_id)s, hub_order_id),
        was_imported = was_imported OR %(hub_order_id)s::text IS NOT NULL,
        due_at = NULL, attempts = 0, rung_at = NULL
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND order_settled < %(changed)s
    RETURNING changed
), written AS (
    INSERT INTO journal (store_id, external_id, action, outcome, reason, detail)
    SELECT %(store_id)s, %(external_id)s, action, outcome, reason, detail::jsonb
    FROM unnest(%(actions)s::text[], %(outcomes)s::text[], %(reasons)s::text[], %(details)s::text[])
        AS j (action, outcome, reason, detail), settled
)
SELECT changed > %(changed)s AS is_due FROM settled

-- name: put_off
-- It failed for now: look again at a moment.
UPDATE store_orders
SET due_at = %(due_at)s, attempts = attempts + %(attempt)s, rung_at = NULL,
    reason = CASE WHEN state = 'pending' THEN %(reason)s ELSE reason END,
    detail = CASE WHEN state = 'pending' THEN %(detail)s ELSE detail END
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND changed > order_settled

-- name: set_aside
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
       coalesce(%(action)s::text, CASE WHEN was.hub_order_id IS NULL THEN 'import' ELSE 'change' END),
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

-- name: retry_failed
-- Look again at everything that was set aside, before it came to the hub or after, on its way in or out; for a reason also
-- at what stands in the hub with that reason, first among its notes or not.
UPDATE store_orders
SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL,
    hub_changed = hub_changed + CASE WHEN hub_order_id IS NULL THEN 0 ELSE 1 END, hub_due_at = NULL, hub_attempts = 0,
    hub_rung_at = NULL,
    snapshot = CASE WHEN external_id LIKE 'unreadable:%%' THEN snapshot END
WHERE (state = 'failed'
       OR (hub_order_id IS NOT NULL AND (is_failing OR hub_is_failing OR %(reason)s::text IS NOT NULL)))
  AND (store_id = %(store_id)s OR (%(store_id)s::bigint IS NULL
       AND store_id IN (SELECT id FROM stores WHERE state <> 'disconnected')))
  AND (%(reason)s::text IS NULL OR reason = %(reason)s OR hub_reason = %(reason)s
       OR detail -> 'also' @> jsonb_build_array(jsonb_build_object('reason', %(reason)s::text))
       OR hub_detail -> 'also' ? %(reason)s)
RETURNING store_id, external_id

-- name: look_again
-- The store has another profile: what was skipped for its status may import now, and what the hub has open may be
-- further. What waits is marked too: a worker may be looking at it by the old one. Locked in one order, as pages are.
WITH due AS MATERIALIZED (
    SELECT external_id FROM store_orders o
    WHERE store_id = %(store_id)s
      AND ((state = 'skipped' AND reason = 'status_not_imported' AND detail ->> 'status' = ANY (%(statuses)s::text[]))
           OR (state = 'pending' AND changed > order_settled)
           OR EXISTS (SELECT FROM hub.sales_orders h
                      WHERE h.store_id = o.store_id AND h.external_id = o.external_id
                        AND h.status <> 'DELIVERED' AND NOT h.closed AND NOT h.voided))
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
    SELECT o.external_id, h.status
    FROM store_orders o JOIN hub.sales_orders h ON h.store_id = o.store_id AND h.external_id = o.external_id
    WHERE o.store_id = %(store_id)s
      AND (o.hub_reason = %(noted)s
           OR (NOT h.closed AND NOT h.voided AND (h.status <> 'DELIVERED' OR %(also_delivered)s)))
    ORDER BY o.external_id COLLATE "C" FOR UPDATE OF o
)
UPDATE store_orders o
SET changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL,
    hub_changed = hub_changed + CASE WHEN due.status = 'NOT_SHIPPED' AND NOT %(also_delivered)s THEN 0 ELSE 1 END,
    hub_due_at = NULL, hub_attempts = 0, hub_rung_at = NULL
FROM due WHERE o.store_id = %(store_id)s AND o.external_id = due.external_id

-- name: skipped_again
-- What kept them out was changed: they are looked at again as they are. Locked in one order, as pages of snapshots do.
WITH due AS MATERIALIZED (
    SELECT store_id, external_id FROM store_orders
    WHERE (%(store_id)s::bigint IS NULL OR store_id = %(store_id)s)
      AND ((state = 'skipped' AND (reason = ANY (%(reasons)s::text[]) OR detail ->> 'status' = ANY (%(statuses)s::text[]))
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
UPDATE store_orders SET digest = '' WHERE store_id = %(store_id)s AND state = 'skipped' AND reason = %(reason)s

-- name: ring
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
RETURNING o.external_id, picked.rung_at IS NOT NULL AS was_lost

-- name: unring
-- Somebody else holds the order, or held it when it died: its bell is answered, and rung again if it is still due.
UPDATE store_orders SET rung_at = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND changed > order_settled

-- name: due_stores
-- Active stores with an order that may be looked at now.
SELECT s.id FROM stores s
WHERE s.state = 'active' AND EXISTS (
    SELECT FROM store_orders o
    WHERE o.store_id = s.id AND o.changed > o.order_settled AND (o.due_at IS NULL OR o.due_at <= now()))

-- name: forget_bells
-- Redis came back empty: no bell is on its way any more.
UPDATE store_orders SET rung_at = NULL WHERE changed > order_settled AND rung_at IS NOT NULL

-- name: order
-- One order as storesync remembers it. Its snapshot stays text: it may hold numbers that no decoder takes.
SELECT s.name AS store, s.platform, o.external_id, o.order_no, o.snapshot::text AS snapshot, o.digest, o.store_updated_at,
       o.hub_order_id, o.was_imported, o.state, o.reason, o.detail, o.tombstoned_at, o.tombstoned_by, o.changed,
       o.order_settled, o.hub_changed, o.hub_settled, o.due_at, o.attempts, o.rung_at, o.first_seen_at, o.is_failing,
       o.hub_is_failing, coalesce(o.hub_reason, held.reason) AS hub_reason, o.hub_detail,
       greatest(o.hub_due_at, held.until) AS hub_due_at, o.sending
FROM store_orders o JOIN stores s ON s.id = o.store_id
LEFT JOIN LATERAL (  -- what is to be told, of a store that is told nothing now
    SELECT s.fulfillment_reason AS reason, s.fulfillment_due_at AS until
    WHERE o.hub_changed > o.hub_settled AND s.fulfillment_due_at > now()
) held ON true
WHERE o.store_id = %(store_id)s AND o.external_id = %(external_id)s

-- name: named
-- Orders that a person may mean by a name: an external id, or a number with or without its sign.
SELECT external_id FROM store_orders
WHERE store_id = %(store_id)s AND (external_id = %(name)s OR order_no = ANY (%(numbers)s))
ORDER BY external_id LIMIT 5

-- name: orders
-- Orders for people to look through, newest first. Those that failed are also those in the hub whose last look did; those
-- of a disconnected store cannot be mended and are listed where the store is named. What is not in the hub has its
-- customer and total in its snapshot alone.
SELECT s.name AS store, s.platform, o.external_id, o.order_no, o.state, o.reason, o.detail, o.store_updated_at,
       o.hub_order_id, o.changed > o.order_settled AS is_due, o.due_at, o.is_failing OR o.hub_is_failing AS is_failing,
       o.hub_reason, o.hub_detail, c.name AS customer, h.total_with_tax, h.currency,
       CASE WHEN h.id IS NULL THEN o.snapshot::text END AS snapshot
FROM store_orders o JOIN stores s ON s.id = o.store_id
LEFT JOIN hub.sales_orders h ON h.store_id = o.store_id AND h.external_id = o.external_id
LEFT JOIN hub.customers c ON c.id = h.customer_id
WHERE (%(store_id)s::bigint IS NULL OR o.store_id = %(store_id)s)
  AND (%(state)s::text IS NULL OR o.state = %(state)s
       OR (%(state)s = 'failed' AND (o.is_failing OR o.hub_is_failing) AND o.hub_order_id IS NOT NULL))
  AND (%(state)s IS DISTINCT FROM 'failed' OR %(store_id)s IS NOT NULL OR s.state <> 'disconnected')
  AND (%(reason)s::text IS NULL OR o.reason = %(reason)s OR o.hub_reason = %(reason)s
       OR o.detail -> 'also' @> jsonb_build_array(jsonb_build_object('reason', %(reason)s::text))
       OR o.hub_detail -> 'also' ? %(reason)s)
  AND (%(text)s::text IS NULL OR o.external_id = %(text)s OR o.skus @> ARRAY[%(text)s]
       OR strpos(lower(concat_ws(' ', o.order_no, c.name, c.email)), lower(%(text)s)) > 0)
ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id
LIMIT %(limit)s

-- name: counts
-- How many orders of a store are in which state, why, and how many are waiting to be looked at: now, or put off until
-- a moment. What was set aside waits for the hourly sweep, and is not put off: its state says that it failed.
SELECT state, reason, count(*) AS orders, count(*) FILTER (WHERE changed > order_settled) AS due,
       count(*) FILTER (WHERE changed > order_settled AND (due_at IS NULL OR due_at <= now())) AS due_now,
       count(*) FILTER (WHERE changed > order_settled AND due_at > now() AND state <> 'failed' AND NOT is_failing) AS put_off,
       min(due_at) FILTER (WHERE changed > order_settled AND due_at > now() AND state <> 'failed' AND NOT is_failing) AS again_at
FROM store_orders WHERE store_id = %(store_id)s GROUP BY state, reason ORDER BY state, reason

-- name: reimport
-- The one deliberate way back from a tombstone (BEY-6).
UPDATE store_orders
SET tombstoned_at = NULL, tombstoned_by = NULL, state = 'pending', reason = NULL, detail = '{}',
    changed = changed + 1, due_at = NULL, attempts = 0, rung_at = NULL, snapshot = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND tombstoned_at IS NOT NULL
RETURNING external_id
