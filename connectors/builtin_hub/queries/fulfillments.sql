-- name: link_fulfillment
-- The store's id goes on a fulfilment once; the same again is no harm.
UPDATE hub.fulfillments SET external_id = %(external_id)s
WHERE id = %(fulfillment_id)s::bigint AND sales_order_id = %(order_id)s::bigint
  AND (external_id IS NULL OR external_id = %(external_id)s)
RETURNING id::text AS id

-- name: keep_fulfillment
-- A fulfilment as the store has it, and no piece is delivered by it; none is written where a row is another order's.
WITH asked AS (
    SELECT a.row_id, a.quantity
    FROM unnest(%(row_ids)s::bigint[], %(quantities)s::numeric[]) AS a (row_id, quantity)
    JOIN hub.sales_order_rows r ON r.id = a.row_id AND r.sales_order_id = %(order_id)s::bigint
), made AS (
    INSERT INTO hub.fulfillments (sales_order_id, external_id, source, is_told_only)
    SELECT o.id, %(external_id)s, %(source)s, %(source)s = 'hub' FROM hub.sales_orders o
    WHERE o.id = %(order_id)s::bigint AND (SELECT count(*) FROM asked) = cardinality(%(row_ids)s::bigint[])
    RETURNING id
), made_rows AS (
    INSERT INTO hub.fulfillment_rows (fulfillment_id, row_id, quantity)
    SELECT m.id, a.row_id, a.quantity FROM asked a CROSS JOIN made m
)
SELECT id::text AS id FROM made

-- name: remake_fulfillment
-- What a store called off and made again is one fulfilment, the last one: its pieces go over. None do where one of them
-- is not, or not any more, in a fulfilment of this order.
WITH taken AS (
    SELECT t.fulfillment_id, t.row_id, t.quantity
    FROM unnest(%(fulfillments)s::bigint[], %(row_ids)s::bigint[], %(quantities)s::numeric[])
        AS t (fulfillment_id, row_id, quantity)
    JOIN hub.fulfillments f ON f.id = t.fulfillment_id AND f.sales_order_id = %(order_id)s::bigint
    JOIN hub.fulfillment_rows r USING (fulfillment_id, row_id)
    WHERE r.quantity >= t.quantity
), made AS (
    INSERT INTO hub.fulfillments (sales_order_id, external_id, source, tracking_number, carrier, tracking_url)
    SELECT o.id, %(external_id)s, 'store', %(tracking_number)s, %(carrier)s, %(tracking_url)s FROM hub.sales_orders o
    WHERE o.id = %(order_id)s::bigint AND (SELECT count(*) FROM taken) = cardinality(%(fulfillments)s::bigint[])
    ON CONFLICT ON CONSTRAINT fulfillments_once DO UPDATE SET external_id = excluded.external_id
    RETURNING id
), less AS (
    UPDATE hub.fulfillment_rows r SET quantity = r.quantity - t.quantity FROM taken t, made
    WHERE r.fulfillment_id = t.fulfillment_id AND r.row_id = t.row_id AND r.quantity > t.quantity
), gone AS (
    DELETE FROM hub.fulfillment_rows r USING taken t, made
    WHERE r.fulfillment_id = t.fulfillment_id AND r.row_id = t.row_id AND r.quantity = t.quantity
), moved AS (
    INSERT INTO hub.fulfillment_rows AS r (fulfillment_id, row_id, quantity)
    SELECT m.id, t.row_id, sum(t.quantity) FROM taken t CROSS JOIN made m GROUP BY m.id, t.row_id
    ON CONFLICT (fulfillment_id, row_id) DO UPDATE SET quantity = r.quantity + excluded.quantity
)
SELECT id::text AS id FROM made

-- name: forget_empty_fulfillments
-- A fulfilment that was called off and whose pieces are in another one is none.
DELETE FROM hub.fulfillments f
WHERE f.id = ANY (%(fulfillments)s::bigint[]) AND f.sales_order_id = %(order_id)s::bigint
  AND NOT EXISTS (SELECT FROM hub.fulfillment_rows r WHERE r.fulfillment_id = f.id)

-- name: set_flags
-- A voided or closed order promises nothing any more, by its own trigger.
UPDATE hub.sales_orders
SET billed = %(billed)s, paid = %(paid)s, packed = %(packed)s, shipped = %(shipped)s,
    closed = %(closed)s, voided = %(voided)s
WHERE id = %(order_id)s::bigint RETURNING id::text AS id
