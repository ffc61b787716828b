-- name: settle_outgoing
-- The hub's side was seen up to `hub_changed`: remember what came of it, and write the journal in the same breath.
WITH settled AS (
    UPDATE store_orders
    SET hub_settled = %(changed)s, hub_reason = %(reason)s, hub_detail = %(detail)s,
        hub_is_failing = %(is_failing)s, hub_due_at = NULL, hub_attempts = 0, hub_rung_at = NULL
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND hub_settled < %(changed)s
    RETURNING hub_changed
), written AS (
    INSERT INTO journal (store_id, external_id, action, outcome, reason, detail)
    SELECT %(store_id)s, %(external_id)s, action, outcome, reason, detail::jsonb
    FROM unnest(%(actions)s::text[], %(outcomes)s::text[], %(reasons)s::text[], %(details)s::text[])
        AS j (action, outcome, reason, detail), settled
)
SELECT hub_changed > %(changed)s AS is_due FROM settled

-- name: put_off_outgoing
-- It could not be told now: look again at a moment.
UPDATE store_orders
SET hub_due_at = %(due_at)s, hub_attempts = hub_attempts + %(attempt)s, hub_rung_at = NULL, hub_reason = %(reason)s,
    hub_detail = %(detail)s
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND hub_changed > hub_settled

-- name: set_aside_outgoing
-- It failed: journaled, visible, and retried by hand; or by itself at `due_at`, then it stays due. The same failure as
-- last time is not written again.
WITH was AS (
    SELECT hub_is_failing, hub_reason, hub_detail FROM store_orders
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s FOR UPDATE
), changed AS (
    UPDATE store_orders
    SET hub_is_failing = true, hub_reason = %(reason)s, hub_detail = %(detail)s, hub_due_at = %(due_at)s, hub_rung_at = NULL,
        hub_settled = CASE WHEN %(due_at)s::timestamptz IS NULL THEN greatest(hub_settled, %(changed)s) ELSE hub_settled END
    WHERE store_id = %(store_id)s AND external_id = %(external_id)s
)
INSERT INTO journal (store_id, external_id, action, outcome, reason, detail)
SELECT %(store_id)s, %(external_id)s, 'fulfill', 'failed', %(reason)s, %(detail)s
FROM was
WHERE (was.hub_is_failing, was.hub_reason, was.hub_detail) IS DISTINCT FROM (true, %(reason)s, %(detail)s::jsonb)

-- name: tell_outgoing_again
-- The store's side moved, and it may let go now what it did not.
UPDATE store_orders SET hub_changed = hub_changed + 1
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND hub_changed = hub_settled
  AND hub_reason = ANY (%(reasons)s::text[])

-- name: ring_outgoing
-- Orders of a store whose hub side moved and whose bell is to be rung now. SKIP LOCKED: two ringers take different ones.
WITH room AS (
    SELECT %(window)s - count(*) AS free FROM store_orders
    WHERE store_id = %(store_id)s AND hub_changed > hub_settled
      AND hub_rung_at > now() - %(patience)s * interval '1 second'
), picked AS (
    SELECT external_id FROM store_orders
    WHERE store_id = %(store_id)s AND hub_changed > hub_settled AND (hub_due_at IS NULL OR hub_due_at <= now())
      AND (hub_rung_at IS NULL OR hub_rung_at <= now() - %(patience)s * interval '1 second')
    ORDER BY hub_rung_at NULLS FIRST
    LIMIT (SELECT greatest(free, 0) FROM room)
    FOR UPDATE SKIP LOCKED
)
UPDATE store_orders o SET hub_rung_at = now() FROM picked
WHERE o.store_id = %(store_id)s AND o.external_id = picked.external_id
RETURNING o.external_id

-- name: unring_outgoing
-- Somebody else holds the order, or held it when it died: its bell is rung again if it is still due.
UPDATE store_orders SET hub_rung_at = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND hub_changed > hub_settled

-- name: stores_with_due_outgoing
-- Active stores with an order that the hub shipped, or said something of, and nobody has told them yet.
SELECT s.id FROM stores s
WHERE s.state = 'active' AND (s.fulfillment_due_at IS NULL OR s.fulfillment_due_at <= now()) AND EXISTS (
    SELECT FROM store_orders o
    WHERE o.store_id = s.id AND o.hub_changed > o.hub_settled AND (o.hub_due_at IS NULL OR o.hub_due_at <= now()))

-- name: stop
-- The store refuses to be told: nobody tells it of any order before a moment.
WITH was AS (SELECT fulfillment_reason FROM stores WHERE id = %(store_id)s FOR UPDATE)
UPDATE stores s
SET fulfillment_due_at = %(due_at)s, fulfillment_reason = %(reason)s, fulfillment_detail = %(detail)s
FROM was WHERE s.id = %(store_id)s
RETURNING was.fulfillment_reason IS DISTINCT FROM %(reason)s AS is_new

-- name: go_on
-- The store lets itself be told again, or may.
UPDATE stores SET fulfillment_due_at = NULL, fulfillment_reason = NULL, fulfillment_detail = NULL
WHERE id = %(store_id)s AND fulfillment_reason IS NOT NULL

-- name: free
-- What waited for that is told at once.
UPDATE store_orders SET hub_due_at = NULL, hub_rung_at = NULL
WHERE store_id = %(store_id)s AND hub_changed > hub_settled AND hub_reason = %(reason)s

-- name: forget_outgoing_bells
-- Redis came back empty: no bell is on its way any more.
UPDATE store_orders SET hub_rung_at = NULL WHERE hub_changed > hub_settled AND hub_rung_at IS NOT NULL

-- name: covered
-- The store shows what the hub shipped: nothing is to be told (the usual end of what came from the store itself). What it
-- was being told and never heard is no more to be looked for: the next fulfilment like it is the store's own.
UPDATE store_orders
SET hub_settled = hub_changed, hub_reason = NULL, hub_detail = '{}', hub_is_failing = false, hub_due_at = NULL,
    hub_attempts = 0, hub_rung_at = NULL, sending = NULL
WHERE store_id = %(store_id)s AND external_id = %(external_id)s
