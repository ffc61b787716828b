-- name: told_fulfillments
-- What is written down of an order's fulfilments.
SELECT id, order_id, fulfillment_id, key, external_id, source, rows, taken, tracking, is_packed,
    coalesce(made_at > clock_timestamp() - %(late)s, false) AS is_fresh
FROM katana_fulfillments
WHERE order_id = %(order_id)s ORDER BY id

-- name: kept_returns
-- What stores' returns are there.
SELECT external_id, return_id, lines, asked, seen FROM katana_returns WHERE order_id = %(order_id)s ORDER BY external_id

-- name: kept_return
-- What a store's return is there.
SELECT return_id FROM katana_returns WHERE order_id = %(order_id)s AND external_id = %(external_id)s

-- name: keep_katana_return
-- What of a store's return is there.
INSERT INTO katana_returns (order_id, external_id, return_id, lines, asked, seen)
VALUES (%(order_id)s, %(external_id)s, %(return_id)s, %(lines)s, %(asked)s, %(seen)s)
ON CONFLICT (order_id, external_id) DO UPDATE SET return_id = excluded.return_id, lines = excluded.lines,
    asked = excluded.asked, seen = excluded.seen

-- name: drop_return
-- It is called off.
DELETE FROM katana_returns WHERE order_id = %(order_id)s AND external_id = %(external_id)s

-- name: begin_making
-- One is about to be made; one of before is the same.
INSERT INTO katana_fulfillments (order_id, key, external_id, source, rows, is_packed)
VALUES (%(order_id)s, %(key)s, %(external_id)s, %(source)s, %(rows)s, %(is_packed)s)
ON CONFLICT (order_id, key) WHERE key IS NOT NULL DO UPDATE SET rows = excluded.rows
    WHERE katana_fulfillments.fulfillment_id IS NULL

-- name: end_other_making
-- What else it was taken for.
DELETE FROM katana_fulfillments
WHERE fulfillment_id = %(fulfillment_id)s AND (order_id <> %(order_id)s OR key IS DISTINCT FROM %(key)s)

-- name: end_making
-- It is made.
UPDATE katana_fulfillments SET fulfillment_id = %(fulfillment_id)s, made_at = clock_timestamp() WHERE order_id = %(order_id)s AND key = %(key)s

-- name: give_up_making
-- It is not made after all.
DELETE FROM katana_fulfillments WHERE order_id = %(order_id)s AND key = %(key)s AND fulfillment_id IS NULL

-- name: link_known
-- The store's id goes on a fulfilment once; the same again is no harm.
INSERT INTO katana_fulfillments AS f (order_id, fulfillment_id, external_id, source)
VALUES (%(order_id)s, %(fulfillment_id)s, %(external_id)s, %(source)s)
ON CONFLICT (fulfillment_id) WHERE fulfillment_id IS NOT NULL DO UPDATE SET external_id = excluded.external_id
    WHERE f.order_id = excluded.order_id AND (f.external_id IS NULL OR f.external_id = excluded.external_id)
RETURNING id

-- name: parcel_delivered
-- A packed one is delivered by us.
UPDATE katana_fulfillments SET made_at = clock_timestamp(), is_packed = false WHERE fulfillment_id = %(fulfillment_id)s

-- name: keep_known
-- One that no fulfilment of Katana's is; more of it comes to what is there.
INSERT INTO katana_fulfillments AS f (order_id, external_id, source, rows, taken, tracking)
VALUES (%(order_id)s, %(external_id)s, %(source)s, %(rows)s, %(taken)s, %(tracking)s)
ON CONFLICT (order_id, external_id) WHERE fulfillment_id IS NULL AND key IS NULL DO UPDATE SET
    rows = CASE WHEN f.taken @> excluded.taken THEN f.rows ELSE f.rows || excluded.rows END,
    taken = CASE WHEN f.taken @> excluded.taken THEN f.taken ELSE f.taken || excluded.taken END
RETURNING id
