-- name: add_location
-- A place that holds stock.
INSERT INTO hub.locations (code, name) VALUES (%(code)s, %(name)s) RETURNING id::text AS id

-- name: add_product
-- A product with its one variant, made by a person.
WITH product AS (
    INSERT INTO hub.products (name, kind, batch_tracked, delivery_days)
    VALUES (%(name)s, %(kind)s, %(batch_tracked)s, %(delivery_days)s) RETURNING id
)
INSERT INTO hub.variants (product_id, sku) SELECT id, %(sku)s FROM product RETURNING id::text AS id

-- name: add_items
-- What a store sells and the hub has not, one by SKU. Of two imports at once one makes an item, in one order for all; an
-- item that somebody has made meanwhile stays as it is.
WITH wanted AS (
    SELECT DISTINCT ON (w.sku) w.sku, w.name, nextval('hub.products_id_seq') AS product_id
    FROM unnest(%(skus)s::text[], %(names)s::text[]) WITH ORDINALITY AS w (sku, name, place)
    WHERE w.sku <> '' AND w.sku !~ '^\s|\s$'  -- what is no SKU here keeps no other item out
      AND NOT EXISTS (SELECT FROM hub.variants v WHERE v.sku = w.sku) ORDER BY w.sku, w.place
), made AS (
    INSERT INTO hub.variants (product_id, sku, import_key)
    SELECT product_id, sku, 'sku:' || sku FROM wanted ORDER BY sku
    ON CONFLICT (made_for) DO NOTHING
    RETURNING id, product_id
), products AS (
    INSERT INTO hub.products (id, name) SELECT w.product_id, w.name FROM wanted w JOIN made m USING (product_id)
)
SELECT coalesce(string_agg(id::text, ','), '') AS id FROM made

-- name: add_components
-- What a bundle is made of.
INSERT INTO hub.bundle_components (bundle_id, component_id, quantity)
SELECT %(bundle_id)s, component_id, quantity
FROM unnest(%(component_ids)s::bigint[], %(quantities)s::numeric[]) AS c (component_id, quantity)

-- name: items
-- The newest variant of each SKU: the one that is meant (MAP-1).
SELECT DISTINCT ON (v.sku) v.id, v.sku, p.name, p.kind, p.batch_tracked,
       EXISTS (SELECT FROM hub.bundle_components c WHERE c.bundle_id = v.id) AS is_bundle
FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
WHERE v.sku = ANY (%(skus)s)
ORDER BY v.sku, v.created_at DESC, v.id DESC

-- name: find_batch
-- A batch of an item by its number.
SELECT id FROM hub.batches WHERE variant_id = %(variant_id)s AND batch_no = %(batch_no)s

-- name: keep_batch
-- The same, made where it is new.
INSERT INTO hub.batches AS b (variant_id, batch_no) VALUES (%(variant_id)s, %(batch_no)s)
ON CONFLICT (variant_id, batch_no) DO UPDATE SET received_at = b.received_at RETURNING id

-- name: move_stock
-- A line of the ledger; triggers do the rest.
INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta)
VALUES (%(variant_id)s, hub.place(%(location)s), %(batch_id)s, %(delta)s) RETURNING id::text AS id

-- name: receive_purchase
-- A purchase order that is there already.
INSERT INTO hub.purchase_orders (variant_id, location_id, quantity, batch_no, received_at)
VALUES (%(variant_id)s, hub.place(%(location)s), %(quantity)s, %(batch_no)s, now()) RETURNING id::text AS id

-- name: lock_inventory
-- The day inventory is closed up to.
UPDATE hub.settings SET locked_until = %(until)s RETURNING locked_until::text AS id

-- name: lock_rows
-- The rows of an order, its order locked first and in one look, so that what is counted here still holds when it is written.
SELECT o.order_no, r.id::text AS id, r.kind, coalesce(r.sku, r.name) AS label, r.variant_id, r.location_id, r.quantity,
       r.packed_quantity, r.delivered_quantity, r.invoiced_quantity,
       EXISTS (SELECT FROM hub.bundle_components c WHERE c.bundle_id = r.variant_id) AS is_bundle
FROM hub.sales_orders o JOIN hub.sales_order_rows r ON r.sales_order_id = o.id
WHERE o.id = %(order_id)s::bigint
ORDER BY r.position, r.id
FOR NO KEY UPDATE

-- name: create_mo
-- A manufacturing order for a row.
INSERT INTO hub.manufacturing_orders (row_id, variant_id, location_id, quantity)
VALUES (%(row_id)s::bigint, %(variant_id)s, %(location_id)s, %(quantity)s) RETURNING id::text AS id

-- name: mo_status
-- How far it is; nobody moves it meanwhile.
SELECT status FROM hub.manufacturing_orders WHERE id = %(id)s::bigint FOR UPDATE

-- name: set_mo_status
-- On it goes.
UPDATE hub.manufacturing_orders SET status = %(status)s WHERE id = %(id)s::bigint RETURNING id::text AS id

-- name: pack
-- Packed pieces leave in stock by the trigger.
UPDATE hub.sales_order_rows r SET packed_quantity = r.packed_quantity + a.quantity
FROM unnest(%(row_ids)s::bigint[], %(quantities)s::numeric[]) AS a (row_id, quantity) WHERE r.id = a.row_id

-- name: foreign_batches
-- Batches named for a row that does not hold their item.
SELECT a.batch_id::text AS id
FROM unnest(%(row_ids)s::bigint[], %(batch_ids)s::bigint[]) AS a (row_id, batch_id)
LEFT JOIN hub.batches b ON b.id = a.batch_id
LEFT JOIN hub.sales_order_rows r ON r.id = a.row_id
WHERE b.id IS NULL OR (b.variant_id <> r.variant_id AND NOT EXISTS (
    SELECT FROM hub.bundle_components c WHERE c.bundle_id = r.variant_id AND c.component_id = b.variant_id))

-- name: take_from_batches
-- From each named batch what it still has: if somebody was faster, the trigger looks for other batches (FUL-4).
WITH held AS (
    SELECT batch_id, location_id, in_stock FROM hub.batch_stock
    WHERE batch_id = ANY (%(batch_ids)s::bigint[]) ORDER BY batch_id, location_id FOR UPDATE
), asked AS (
    SELECT r.id AS row_id, r.location_id, n.batch_id, sum(n.quantity) AS quantity
    FROM unnest(%(row_ids)s::bigint[], %(batch_ids)s::bigint[], %(quantities)s::numeric[]) AS n (row_id, batch_id, quantity)
    JOIN hub.sales_order_rows r ON r.id = n.row_id
    GROUP BY r.id, r.location_id, n.batch_id
), shared AS (
    SELECT a.row_id, a.batch_id, a.location_id, least(a.quantity, h.in_stock - coalesce(sum(a.quantity) OVER (
        PARTITION BY a.batch_id, a.location_id ORDER BY a.row_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
    ) AS quantity
    FROM asked a JOIN held h USING (batch_id, location_id)
)
INSERT INTO hub.row_batches AS b (row_id, batch_id, location_id, quantity)
SELECT row_id, batch_id, location_id, quantity FROM shared WHERE quantity > 0
ON CONFLICT (row_id, batch_id) DO UPDATE SET quantity = b.quantity + excluded.quantity

-- name: deliver
-- A fulfilment with its rows; packed pieces go first, the rest is taken off in stock by the trigger (FUL-8).
WITH asked AS (
    SELECT * FROM unnest(%(row_ids)s::bigint[], %(quantities)s::numeric[]) AS a (row_id, quantity)
), fulfillment AS (
    INSERT INTO hub.fulfillments (sales_order_id, external_id, source, tracking_number, carrier, tracking_url)
    VALUES (%(order_id)s::bigint, %(external_id)s, %(source)s, %(tracking_number)s, %(carrier)s, %(tracking_url)s)
    RETURNING id
), fulfillment_row AS (
    INSERT INTO hub.fulfillment_rows (fulfillment_id, row_id, quantity)
    SELECT f.id, a.row_id, a.quantity FROM asked a CROSS JOIN fulfillment f
), delivered AS (
    UPDATE hub.sales_order_rows r
    SET delivered_quantity = r.delivered_quantity + a.quantity,
        packed_quantity = greatest(r.packed_quantity - a.quantity, 0)
    FROM asked a WHERE r.id = a.row_id
)
SELECT id::text AS id FROM fulfillment

-- name: invoice
-- An invoice of what the rows have not been invoiced for; an order with one is billed.
WITH invoice AS (
    INSERT INTO hub.invoices (sales_order_id) VALUES (%(order_id)s::bigint) RETURNING id
), billed AS (
    UPDATE hub.sales_orders SET billed = true WHERE id = %(order_id)s::bigint AND NOT billed
), invoiced AS (
    INSERT INTO hub.invoice_rows (invoice_id, row_id, quantity)
    SELECT i.id, r.id, r.quantity - r.invoiced_quantity
    FROM invoice i CROSS JOIN hub.sales_order_rows r
    WHERE r.id = ANY (%(row_ids)s::bigint[]) AND r.quantity > r.invoiced_quantity
)
SELECT id::text AS id FROM invoice

-- name: say_who_deletes
-- For the tombstone (ORD-7), until the end of the transaction; with a reason there is none (CHG-5).
SELECT set_config('storesync.deleted_by', %(deleted_by)s, true), set_config('storesync.deleted_because', %(reason)s, true)

-- name: delete_order
-- The order with its rows; the trigger leaves the tombstone.
DELETE FROM hub.sales_orders WHERE id = %(order_id)s::bigint RETURNING id::text AS id

-- name: add_customers
-- Customers of a store, with who of them was there: one by e-mail, and by name among those without (MAP-2).
WITH given AS (
    SELECT key, name, email, coalesce('email:' || hub.email_key(email), 'name:' || hub.name_key(name)) AS buyer_key, place
    FROM unnest(%(keys)s::text[], %(names)s::text[], %(emails)s::text[]) WITH ORDINALITY AS g (key, name, email, place)
), there AS (
    SELECT c.id, c.buyer_key FROM hub.customers c WHERE c.buyer_key IN (SELECT buyer_key FROM given)
), made AS (
    INSERT INTO hub.customers AS c (name, email)
    SELECT name, email FROM (
        SELECT DISTINCT ON (buyer_key) buyer_key, name, email FROM given
        WHERE buyer_key NOT IN (SELECT buyer_key FROM there) ORDER BY buyer_key, place) d ORDER BY buyer_key
    ON CONFLICT (buyer_key) DO UPDATE SET created_at = c.created_at
    RETURNING c.id, c.buyer_key
)
SELECT g.key, coalesce(t.id, m.id)::text AS id, t.id IS NULL AS is_new
FROM given g LEFT JOIN there t USING (buyer_key) LEFT JOIN made m USING (buyer_key)
