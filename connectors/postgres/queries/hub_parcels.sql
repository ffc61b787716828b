-- name: link_parcel
-- The store's id goes on a parcel once; the same again is no harm.
UPDATE hub.fulfillments SET external_id = %(external_id)s
WHERE id = %(fulfillment_id)s::bigint AND sales_order_id = %(order_id)s::bigint
  AND (external_id IS NULL OR external_id = %(external_id)s)
RETURNING id::text AS id

-- name: keep_parcel
-- A parcel as the store has it, and no piece is delivered by it; none is written where a row is another order's.
WITH asked AS (
    SELECT a.row_id, a.quantity
    FROM unnest(%(row_ids)s::bigint[], %(quantities)s::numeric[]) AS a (row_id, quantity)
    JOIN hub.sales_order_rows r ON r.id = a.row_id AND r.sales_order_id = %(order_id)s::bigint
), parcel AS (
    INSERT INTO hub.fulfillments (sales_order_id, external_id, source, is_told_only)
    SELECT o.id, %(external_id)s, %(source)s, %(source)s = 'hub' FROM hub.sales_orders o
    WHERE o.id = %(order_id)s::bigint AND (SELECT count(*) FROM asked) = cardinality(%(row_ids)s::bigint[])
    RETURNING id
), parcel_rows AS (
    INSERT INTO hub.fulfillment_rows (fulfillment_id, row_id, quantity)
    SELECT p.id, a.row_id, a.quantity FROM asked a CROSS JOIN parcel p
)
SELECT id::text AS id FROM parcel

-- name: set_flags
-- A voided or closed order promises nothing any more, by its own trigger.
UPDATE hub.sales_orders
SET billed = %(billed)s, paid = %(paid)s, packed = %(packed)s, shipped = %(shipped)s,
    closed = %(closed)s, voided = %(voided)s
WHERE id = %(order_id)s::bigint RETURNING id::text AS id
