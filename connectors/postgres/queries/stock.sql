-- name: stores_with_due_skus
-- Active stores with stock sync on and a SKU to tell, or one of them: whether some SKU was not told for a while, or was
-- but may be told again. One that was told this moment waits for the rest of its burst. A store that is away waits.
-- LIMIT keeps the last condition from being joined, which would read all that is due.
SELECT s.id,
       EXISTS (SELECT FROM store_stock q
               WHERE q.store_id = s.id AND q.changed > q.settled AND (q.due_at IS NULL OR q.due_at <= now())
                 AND (q.sent_at IS NULL OR q.sent_at <= clock_timestamp() - %(burst)s * interval '1 second')) AS has_fresh,
       EXISTS (SELECT FROM store_stock q
               WHERE q.store_id = s.id AND q.changed > q.settled AND (q.due_at IS NULL OR q.due_at <= now())
                 AND (q.sent_at IS NULL OR q.sent_at <= clock_timestamp() - %(pace)s * interval '1 second')) AS is_ripe,
       s.platform = ANY (%(side_by_side)s)
           AND EXISTS (SELECT FROM store_stock q
                       WHERE q.store_id = s.id AND q.changed > q.settled AND (q.due_at IS NULL OR q.due_at <= now())
                         AND (q.sent_at IS NULL OR q.sent_at <= clock_timestamp() - %(pace)s * interval '1 second')
                         AND q.due_since > now() - %(latest)s * interval '1 second') AS has_latest
FROM stores s
WHERE s.state = 'active' AND s.stock_news IS NOT NULL AND (%(store_id)s::bigint IS NULL OR s.id = %(store_id)s)
  AND (s.stock_due_at IS NULL OR s.stock_due_at <= now())
  AND (SELECT true FROM store_stock q
       WHERE q.store_id = s.id AND q.changed > q.settled AND (q.due_at IS NULL OR q.due_at <= now()) LIMIT 1)
ORDER BY s.id

-- name: pick
-- The SKUs of a store to tell now, in some order. Orders of the store that nobody has read yet may have sold
-- of them: those SKUs wait, a minute at most (STK-9). A SKU that was told a moment ago waits for the rest of its burst,
-- every SKU of a store that is away.
-- The store stands in the text, so that it is planned for: a plan for any store reads every order while one imports.
WITH unread AS MATERIALIZED (
    SELECT skus FROM store_orders
    WHERE store_id = {store_id} AND changed > order_settled
      AND (due_at IS NULL OR due_at <= now() + %(patience)s * interval '1 second')
), sold AS MATERIALIZED (
    SELECT DISTINCT unnest(skus) AS sku FROM unread
), unknown AS (
    SELECT EXISTS (SELECT FROM unread WHERE skus IS NULL) AS is_there
)
SELECT q.sku, q.changed, q.attempts, q.wants_look, q.tell_uncounted, q.reason, q.detail,
       q.looked_at IS NULL OR q.looked_at <= now() - %(look_again)s * interval '1 second' AS may_look
FROM store_stock q CROSS JOIN unknown u
WHERE q.store_id = {store_id} AND q.changed > q.settled AND (q.due_at IS NULL OR q.due_at <= now())
  AND (q.sent_at IS NULL OR q.sent_at <= clock_timestamp() - %(pace)s * interval '1 second')
  AND q.sku <> ALL (%(but)s)
  AND NOT EXISTS (SELECT FROM stores s WHERE s.id = {store_id} AND s.stock_due_at > now())
  AND (q.due_since <= now() - %(patience)s * interval '1 second'
       OR NOT (u.is_there OR EXISTS (SELECT FROM sold WHERE sold.sku = q.sku)))
ORDER BY {order}
LIMIT %(limit)s

-- name: look_for_skus_again
-- What a store answered says that these SKUs are on other items than we know: they are looked up and told at once. One
-- that the hub is just changing is not waited for; it is due by that.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s)
    ORDER BY sku FOR UPDATE SKIP LOCKED
), asked AS (
    UPDATE store_stock q SET changed = changed + 1, wants_look = true, due_at = NULL, attempts = 0,
        due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
    FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku
)
INSERT INTO store_stock (store_id, sku, wants_look)
SELECT %(store_id)s, sku, true FROM unnest(%(skus)s::text[]) AS s (sku) ORDER BY sku
ON CONFLICT DO NOTHING

-- name: forget_levels
-- These items are about to be told something: until it is known what came of it, nobody knows what they show. The rest
-- of a SKU's burst waits a moment; what the hub is just changing is not waited for, and said to be `locked`. Who tells
-- them is written down until then, too.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s)
    ORDER BY sku FOR UPDATE SKIP LOCKED
), paced AS (
    UPDATE store_stock q SET sent_at = clock_timestamp()
    FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku
    RETURNING q.sku
), forgotten AS (
    INSERT INTO store_levels AS l (store_id, external_id, place, is_active)
    SELECT %(store_id)s, external_id, place, NOT activates
    FROM unnest(%(ids)s::text[], %(places)s::text[], %(activates)s::boolean[]) AS p (external_id, place, activates)
    ORDER BY external_id, place
    ON CONFLICT (store_id, external_id, place) DO UPDATE SET shown = NULL, moved_at = clock_timestamp()
    RETURNING moved_at
), telling AS (
    INSERT INTO stock_tellings (store_id, skus, holder) VALUES (%(store_id)s, %(skus)s, %(holder)s) RETURNING id
)
SELECT max(moved_at) AS at,
       ARRAY(SELECT unnest(%(skus)s::text[]) EXCEPT SELECT sku FROM paced) AS locked,
       (SELECT id FROM telling) AS telling
FROM forgotten

-- name: settle_skus
-- Set the marks of SKUs up to what was looked at, with why a store does not show the value. Those that moved meanwhile
-- stay due, behind all that wait already; so does one that somebody else settled beyond that, as nobody knows whose call
-- came last. One that the hub is just changing is left alone: that makes it due again, and is not waited for, which
-- would end in a deadlock. An equal value is looked at as seldom as it would be told.
WITH free AS MATERIALIZED (
    SELECT q.sku, d.changed AS seen, d.reason, d.detail
    FROM store_stock q JOIN unnest(%(skus)s::text[], %(changed)s::bigint[], %(reasons)s::text[], %(details)s::text[])
        AS d (sku, changed, reason, detail) USING (sku)
    WHERE q.store_id = %(store_id)s
    ORDER BY q.sku FOR UPDATE OF q SKIP LOCKED
)
UPDATE store_stock q
SET changed = q.changed + CASE WHEN q.changed > seen AND q.settled = q.changed THEN 1 ELSE 0 END,
    settled = greatest(q.settled, seen), tell_uncounted = false, reason = free.reason, detail = free.detail::jsonb, due_at = NULL, attempts = 0,
    due_since = CASE WHEN q.changed > seen THEN clock_timestamp() ELSE q.due_since END, sent_at = clock_timestamp()
FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku
RETURNING q.sku, q.changed = seen AS is_last

-- name: keep_told
-- The store took these values. It is known to show one only if neither the hub nor an order of its own moved the SKU
-- meanwhile.
WITH over AS (
    DELETE FROM stock_tellings WHERE id = %(telling)s
), held AS MATERIALIZED (
    SELECT external_id, place, d.quantity, d.is_last, d.activates
    FROM store_levels l
        JOIN unnest(%(ids)s::text[], %(places)s::text[], %(quantities)s::bigint[], %(last)s::boolean[],
                    %(activates)s::boolean[])
            AS d (external_id, place, quantity, is_last, activates) USING (external_id, place)
    WHERE l.store_id = %(store_id)s
    ORDER BY external_id, place FOR UPDATE OF l
)
UPDATE store_levels l
SET shown = CASE WHEN d.is_last AND l.moved_at <= %(forgotten_at)s THEN d.quantity END, told = d.quantity, told_at = clock_timestamp(), agreed_at = clock_timestamp(),
    is_active = l.is_active OR d.activates, moved_at = clock_timestamp()
FROM held d WHERE l.store_id = %(store_id)s AND l.external_id = d.external_id AND l.place = d.place

-- name: unended
-- What somebody began to tell so long ago that it is over, unless its process is frozen: nobody wrote down what came of
-- it. Where nobody sees whether that process lives, it counts as gone after a while.
SELECT id, store_id, skus, holder, began_at <= now() - %(gone)s * interval '1 second' AS is_gone
FROM stock_tellings WHERE began_at <= now() - %(over)s * interval '1 second'
ORDER BY id

-- name: end_telling
DELETE FROM stock_tellings WHERE id = %(telling)s

-- name: hold_told
-- SKUs that the hub is just changing are not waited for.
SELECT FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s) ORDER BY sku FOR UPDATE NOWAIT

-- name: due_once_more
UPDATE store_stock q SET changed = changed + 1,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
WHERE q.store_id = %(store_id)s AND q.sku = ANY (%(skus)s)

-- name: unsent
-- The store was not told these after all: they wait for no rest of a burst.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s) AND changed > settled
    ORDER BY sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q SET sent_at = NULL FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku

-- name: put_off_store
-- A store that does not answer is told nothing before a moment, whatever moves meanwhile; null: it may be told again.
UPDATE stores
SET stock_due_at = %(until)s, stock_attempts = coalesce(%(attempts)s, stock_attempts), stock_reason = %(reason)s,
    stock_detail = %(detail)s
WHERE id = %(store_id)s

-- name: answered
-- A store that was away answers: what failed no more often than it did comes at once. What failed while the store
-- answered for others waits for its own sake.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock
    WHERE store_id = %(store_id)s AND changed > settled AND due_at IS NOT NULL AND attempts <= %(attempts)s
    ORDER BY sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q SET due_at = NULL, attempts = least(q.attempts, %(kept)s)
FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku

-- name: try_again
-- A person has mended something: what failed before holds no SKU up. What the hub is just changing is not waited
-- for.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock
    WHERE store_id = %(store_id)s AND changed > settled AND due_at IS NOT NULL
    ORDER BY sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q SET due_at = NULL, attempts = 0
FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku

-- name: put_off_skus
-- It did not work now: the SKUs stay due, for later. What the hub is just changing is not waited for.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s) AND changed > settled
    ORDER BY sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q
SET due_at = %(due_at)s, attempts = attempts + %(attempt)s, reason = %(reason)s, detail = %(detail)s,
    wait_when_moved = %(wait_when_moved)s
FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku

-- name: forget_sold
-- Orders of a store move its own figures: what it shows of their SKUs is not known any more.
WITH held AS MATERIALIZED (
    SELECT l.external_id, l.place FROM store_items i JOIN store_levels l USING (store_id, external_id)
    WHERE i.store_id = %(store_id)s AND i.sku = ANY (%(skus)s)
    ORDER BY l.external_id, l.place FOR UPDATE OF l
)
UPDATE store_levels l SET shown = NULL, moved_at = clock_timestamp()
FROM held WHERE l.store_id = %(store_id)s AND l.external_id = held.external_id AND l.place = held.place

-- name: due_sold
-- An order moved figures of its store, and nobody knows them since: its SKUs are told again, if they ever were.
WITH sold AS MATERIALIZED (
    SELECT q.sku
    FROM store_orders o CROSS JOIN unnest(o.skus) AS s (sku) JOIN store_stock q ON q.store_id = o.store_id AND q.sku = s.sku
    WHERE o.store_id = %(store_id)s AND o.external_id = %(external_id)s
      AND EXISTS (SELECT FROM store_items i JOIN store_levels l USING (store_id, external_id)
                  WHERE i.store_id = q.store_id AND i.sku = q.sku AND l.shown IS NULL)
    ORDER BY q.sku FOR UPDATE OF q
)
UPDATE store_stock q SET changed = changed + 1,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM sold WHERE q.store_id = %(store_id)s AND q.sku = sold.sku

-- name: journal
-- What was told or not told, a line per SKU.
INSERT INTO journal (store_id, sku, action, outcome, reason, detail)
SELECT %(store_id)s, sku, 'push', outcome, reason, detail::jsonb
FROM unnest(%(skus)s::text[], %(outcomes)s::text[], %(reasons)s::text[], %(details)s::text[])
    AS j (sku, outcome, reason, detail)

-- name: ask
-- A person wants SKUs told: the store is asked first what it shows, so that only what differs is sent.
INSERT INTO store_stock AS q (store_id, sku, wants_look, tell_uncounted)
SELECT %(store_id)s, sku, %(wants_look)s, %(tell_uncounted)s FROM unnest(%(skus)s::text[]) AS s (sku) ORDER BY sku
ON CONFLICT (store_id, sku) DO UPDATE
SET changed = q.changed + 1, wants_look = q.wants_look OR excluded.wants_look,
    tell_uncounted = q.tell_uncounted OR excluded.tell_uncounted, due_at = NULL, attempts = 0, sent_at = NULL,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END

-- name: due_again
-- Another quantity, buffer or location: everything that was ever told is looked at again.
WITH due AS MATERIALIZED (SELECT sku FROM store_stock WHERE store_id = %(store_id)s ORDER BY sku FOR UPDATE)
UPDATE store_stock q SET changed = changed + 1, due_at = NULL, attempts = 0,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM due WHERE q.store_id = %(store_id)s AND q.sku = due.sku

-- name: rules_moved
-- Who writes in the hub now may mark by the settings of before.
UPDATE stores SET stock_writers = '0' WHERE id = %(store_id)s

-- name: moved_rules
-- Stores whose settings changed, as long as somebody may write by those of before.
SELECT id FROM stores WHERE stock_writers IS NOT NULL ORDER BY id

-- name: hold_rules
-- The look at who writes is to be later than any change of the settings; a row that somebody holds is not waited for.
SELECT FROM stores WHERE id = %(store_id)s FOR NO KEY UPDATE NOWAIT

-- name: hold_due
-- Nor are SKUs that the hub is just changing.
SELECT FROM store_stock WHERE store_id = %(store_id)s ORDER BY sku FOR UPDATE NOWAIT

-- name: look_at_writers
-- First everybody who writes now, then whether all of them are over.
UPDATE stores SET stock_writers = CASE WHEN stock_writers = '0' THEN pg_snapshot_xmax(pg_current_snapshot()) END
WHERE id = %(store_id)s AND (stock_writers = '0' OR stock_writers <= pg_snapshot_xmin(pg_current_snapshot()))
RETURNING stock_writers IS NULL AS are_over

-- name: forget_shown
-- Nobody watched what a store shows, or its places stand for other locations: none of its figures is known any more.
WITH held AS MATERIALIZED (
    SELECT external_id, place FROM store_levels WHERE store_id = %(store_id)s ORDER BY external_id, place FOR UPDATE
)
UPDATE store_levels l SET shown = NULL, moved_at = clock_timestamp()
FROM held WHERE l.store_id = %(store_id)s AND l.external_id = held.external_id AND l.place = held.place

-- name: waiting
-- How many SKUs of a store are still to be told.
SELECT count(*) AS due FROM store_stock
WHERE store_id = %(store_id)s AND changed > settled AND (due_at IS NULL OR due_at <= now())
