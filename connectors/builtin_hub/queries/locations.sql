-- name: change_location
-- Another code or name. What is of the location goes by its id.
UPDATE hub.locations SET code = coalesce(%(new_code)s, code), name = coalesce(%(name)s, name)
WHERE code = %(code)s RETURNING id::text AS id

-- name: hold_to_remove
-- Whoever puts something there waits.
SELECT id FROM hub.locations WHERE code = %(code)s FOR UPDATE

-- name: uses
-- What is of a location, as far as a thousand of each kind: a figure of 0 is nothing, a line of the ledger stays for ever.
SELECT (SELECT count(*) FROM (SELECT FROM hub.stock s WHERE s.location_id = l.id
            AND (s.in_stock <> 0 OR s.committed <> 0 OR s.committed_direct <> 0 OR s.expected <> 0) LIMIT %(most)s) s) AS stocked,
       (SELECT count(*) FROM (SELECT FROM hub.sales_orders o WHERE o.location_id = l.id LIMIT %(most)s) o)
           + (SELECT count(*) FROM (SELECT FROM hub.sales_order_rows r WHERE r.location_id = l.id LIMIT %(most)s) r) AS orders,
       (SELECT count(*) FROM (SELECT FROM hub.manufacturing_orders m WHERE m.location_id = l.id LIMIT %(most)s) m)
           + (SELECT count(*) FROM (SELECT FROM hub.purchase_orders p WHERE p.location_id = l.id LIMIT %(most)s) p) AS supplies,
       (SELECT count(*) FROM (SELECT FROM hub.stock_moves m WHERE m.location_id = l.id LIMIT %(most)s) m) AS moves
FROM hub.locations l WHERE l.code = %(code)s

-- name: drop_empty_stock
-- Figures of 0 that rows left behind.
DELETE FROM hub.stock s USING hub.locations l
WHERE l.code = %(code)s AND s.location_id = l.id
  AND s.in_stock = 0 AND s.committed = 0 AND s.committed_direct = 0 AND s.expected = 0

-- name: remove_location
-- Its end; what still is of it keeps it.
DELETE FROM hub.locations WHERE code = %(code)s RETURNING id::text AS id
