-- name: change_row
-- Other pieces or other money; the hub's guards keep what is packed, delivered or invoiced (CHG-4).
UPDATE hub.sales_order_rows
SET quantity = %(quantity)s, price_per_unit = %(price_per_unit)s, discount_percent = %(discount_percent)s,
    tax_rate = %(tax_rate)s, total = %(total)s, tax = %(tax)s
WHERE id = %(row_id)s::bigint AND sales_order_id = %(order_id)s::bigint
RETURNING id::text AS id

-- name: delete_row
-- A row that nothing was shipped of, which a guard makes sure of; an invoice's foreign key keeps an invoiced one.
DELETE FROM hub.sales_order_rows WHERE id = %(row_id)s::bigint AND sales_order_id = %(order_id)s::bigint
RETURNING id::text AS id

-- name: move_row
-- Its commitment moves with it by the trigger; a guard keeps a packed or delivered one where it is (CHG-7).
UPDATE hub.sales_order_rows SET location_id = hub.place(%(location)s)
WHERE id = %(row_id)s::bigint AND sales_order_id = %(order_id)s::bigint
RETURNING id::text AS id

-- name: order_store
-- Whose order it is: an item without SKU is known by its store.
SELECT store_id FROM hub.sales_orders WHERE id = %(order_id)s::bigint

-- name: keep_item
-- The item of a new row: the one there is, or made now; of two parallel makers the unique key makes one (MAP-1).
WITH known AS (
    SELECT id FROM hub.variants WHERE sku = %(item_sku)s ORDER BY created_at DESC, id DESC LIMIT 1
), made AS (
    INSERT INTO hub.variants AS v (product_id, sku, import_key)
    SELECT nextval('hub.products_id_seq'), %(item_sku)s, %(import_key)s WHERE NOT EXISTS (SELECT FROM known)
    ON CONFLICT (made_for) DO UPDATE SET created_at = v.created_at
    RETURNING v.id, v.product_id, xmax = 0 AS is_new
), new_product AS (
    INSERT INTO hub.products (id, name, kind) SELECT product_id, %(item_name)s, %(item_kind)s FROM made WHERE is_new
)
SELECT id FROM made UNION ALL SELECT id FROM known

-- name: add_row
-- A row after all others of its order.
INSERT INTO hub.sales_order_rows (
    sales_order_id, position, external_id, variant_id, location_id, kind, sku, name, quantity, delivered_quantity,
    price_per_unit, tax_rate, discount_percent, total, tax, ships)
SELECT %(order_id)s::bigint,
       1 + coalesce((SELECT max(position) FROM hub.sales_order_rows WHERE sales_order_id = %(order_id)s::bigint), 0),
       %(external_id)s, %(variant_id)s::bigint, hub.place(%(location)s), %(kind)s, %(sku)s, %(name)s,
       %(quantity)s::numeric, %(delivered_quantity)s::numeric, %(price_per_unit)s::numeric, %(tax_rate)s::numeric,
       %(discount_percent)s::numeric, %(total)s::numeric, %(tax)s::numeric, %(ships)s
RETURNING id::text AS id

-- name: set_mo_quantity
-- Only as long as nobody has begun.
UPDATE hub.manufacturing_orders SET quantity = %(quantity)s
WHERE id = %(mo_id)s::bigint AND status = 'NOT_STARTED' RETURNING id::text AS id

-- name: delete_mo
-- Only as long as nobody has begun.
DELETE FROM hub.manufacturing_orders WHERE id = %(mo_id)s::bigint AND status = 'NOT_STARTED' RETURNING id::text AS id

-- name: unlink_mo
-- It goes on, for the shelf.
UPDATE hub.manufacturing_orders SET row_id = NULL WHERE id = %(mo_id)s::bigint RETURNING id::text AS id

-- name: set_totals
-- The order's money and its proof (MAP-6).
UPDATE hub.sales_orders
SET total = %(total)s, total_with_tax = %(total_with_tax)s, total_base = %(total_base)s, store_total = %(store_total)s,
    store_total_with_tax = %(store_total_with_tax)s, total_mismatch = %(total_mismatch)s
WHERE id = %(order_id)s::bigint RETURNING id::text AS id

-- name: returned_rows
-- Which of the lines have a row, before anything is written of their return.
SELECT external_id FROM hub.sales_order_rows WHERE sales_order_id = %(order_id)s::bigint AND external_id = ANY (%(lines)s)

-- name: keep_return
-- One return per store return by its unique key, with exactly the pieces that are asked for (CHG-9).
WITH kept AS (
    INSERT INTO hub.returns (sales_order_id, external_id) VALUES (%(order_id)s::bigint, %(external_id)s)
    ON CONFLICT ON CONSTRAINT returns_once DO UPDATE SET external_id = excluded.external_id
    RETURNING id
), asked AS (
    SELECT r.id AS row_id, a.quantity
    FROM unnest(%(lines)s::text[], %(quantities)s::numeric[]) AS a (line, quantity)
    JOIN hub.sales_order_rows r ON r.sales_order_id = %(order_id)s::bigint AND r.external_id = a.line
), gone AS (
    DELETE FROM hub.return_rows t USING kept
    WHERE t.return_id = kept.id AND t.row_id NOT IN (SELECT row_id FROM asked)
), written AS (
    INSERT INTO hub.return_rows (return_id, row_id, quantity) SELECT kept.id, asked.row_id, asked.quantity FROM kept, asked
    ON CONFLICT (return_id, row_id) DO UPDATE SET quantity = excluded.quantity
)
SELECT id::text AS id FROM kept

-- name: delete_return
-- With its rows; the sales order's own stay as they are.
DELETE FROM hub.returns WHERE sales_order_id = %(order_id)s::bigint AND external_id = %(external_id)s
RETURNING id::text AS id
