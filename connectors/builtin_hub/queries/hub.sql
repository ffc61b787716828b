-- name: find_rows
-- Whatever of the hub some orders are decided on, in one round trip (MAP-1, MAP-2).
WITH items AS NOT MATERIALIZED (
    SELECT v.id, v.sku, v.created_at, v.import_key IS NOT NULL AS is_imported, p.name, p.kind, p.batch_tracked, p.delivery_days
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
)
SELECT
    (SELECT json_agg(i) FROM items i WHERE i.sku = ANY (%(skus)s::text[])) AS by_sku,
    (SELECT json_agg(i) FROM items i WHERE i.id = ANY (%(variant_ids)s::bigint[])) AS by_id,
    (SELECT json_object_agg(s.asked, row_to_json(s)) FROM (
        SELECT DISTINCT ON (n.asked) n.asked, i.*
        FROM unnest(%(services)s::text[]) n (asked) JOIN items i ON i.kind = 'service' AND lower(i.name) = lower(n.asked)
        ORDER BY n.asked, i.id) s) AS services,
    (SELECT json_object_agg(c.id, json_build_array(c.id, c.name, c.email)) FROM hub.customers c
     WHERE c.id = ANY (%(customer_ids)s::bigint[])) AS customers,
    (SELECT json_object_agg(n.asked, json_build_array(c.id, c.name, c.email))
     FROM unnest(%(emails)s::text[]) n (asked)
     JOIN hub.customers c ON c.buyer_key = 'email:' || hub.email_key(n.asked)) AS by_email,
    (SELECT json_object_agg(n.asked, c.customer) FROM unnest(%(names)s::text[]) n (asked) CROSS JOIN LATERAL (
        SELECT json_build_array(id, name, email) AS customer FROM hub.customers
        WHERE name_key = nullif(hub.name_key(n.asked), '') ORDER BY id LIMIT 1) c) AS by_name

-- name: create_orders
-- Customers, items, orders and rows in one statement, of one order or of many; told back by their places. Items without SKU
-- are told back by what their store calls them. The unique keys of customers and variants make one of two creations, in
-- this statement or beside it; an item's product is written by the one that made the variant. Whatever others may write too
-- is written in the order of its key, and of what is there no column of a key, which would lock it against references: so
-- two who import the same get stuck in nothing. Foreign keys are checked at the end.
WITH drafts AS MATERIALIZED (
    SELECT nextval('hub.sales_orders_id_seq') AS id, d.*,
           CASE WHEN d.customer_id IS NULL
                THEN coalesce('email:' || hub.email_key(d.customer_email), 'name:' || hub.name_key(d.customer_name)) END
               AS buyer_key
    FROM (SELECT * FROM json_to_recordset(%(drafts)s) AS o (
        place integer, store_id bigint, external_id text, order_no text, customer_id bigint, customer_name text,
        customer_email text, created_at timestamptz, delivery_date date, bill_to jsonb, ship_to jsonb, currency text,
        base_currency text, exchange_rate numeric, exchange_rate_date date, total numeric, total_with_tax numeric,
        total_base numeric, store_total numeric, store_total_with_tax numeric, total_mismatch boolean, location text,
        customer_reference text, notes text, is_paid boolean) ORDER BY place) d
), asked AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s) AS r (
        place integer, position integer, external_id text, variant_id bigint,
        made_for text, import_key text, item_name text, item_kind text, item_sku text, item_link text,
        kind text, sku text, name text, quantity numeric, price_per_unit numeric, tax_rate numeric,
        discount_percent numeric, total numeric, tax numeric, location text, delivered_quantity numeric,
        packed_quantity numeric, ships boolean)
), places AS MATERIALIZED (
    SELECT location, hub.place(location) AS id
    FROM (SELECT location FROM drafts UNION SELECT location FROM asked) l
), customers AS (
    INSERT INTO hub.customers AS c (name, email)
    SELECT customer_name, customer_email FROM (
        SELECT DISTINCT ON (buyer_key) buyer_key, customer_name, customer_email FROM drafts
        WHERE customer_id IS NULL ORDER BY buyer_key, place) d ORDER BY buyer_key
    ON CONFLICT (buyer_key) DO UPDATE SET created_at = c.created_at
    RETURNING c.id, c.buyer_key
), buyers AS MATERIALIZED (
    SELECT place, customer_id AS id FROM drafts WHERE customer_id IS NOT NULL
    UNION ALL SELECT d.place, c.id FROM drafts d JOIN customers c ON c.buyer_key = d.buyer_key
), wanted AS MATERIALIZED (
    SELECT DISTINCT ON (made_for) made_for, import_key, item_name, item_kind, item_sku,
           nextval('hub.products_id_seq') AS product_id
    FROM asked WHERE made_for IS NOT NULL ORDER BY made_for, place, position
), known AS (  -- somebody made it since the decision
    SELECT DISTINCT ON (w.made_for) w.made_for, v.id
    FROM wanted w JOIN hub.variants v ON v.sku = w.item_sku ORDER BY w.made_for, v.created_at DESC, v.id DESC
), made AS (
    INSERT INTO hub.variants AS v (product_id, sku, import_key)
    SELECT product_id, item_sku, import_key FROM wanted WHERE made_for NOT IN (SELECT made_for FROM known) ORDER BY made_for
    ON CONFLICT (made_for) DO UPDATE SET created_at = v.created_at
    RETURNING v.id, v.product_id, v.made_for
), new_products AS (
    INSERT INTO hub.products (id, name, kind)
    SELECT w.product_id, w.item_name, w.item_kind FROM wanted w JOIN made m ON m.product_id = w.product_id
), items AS MATERIALIZED (
    SELECT made_for, id FROM made UNION ALL SELECT made_for, id FROM known
), placed AS (
    INSERT INTO hub.sales_orders (
        id, store_id, external_id, order_no, customer_id, location_id, created_at, delivery_date, bill_to, ship_to,
        currency, base_currency, exchange_rate, exchange_rate_date, total, total_with_tax, total_base,
        store_total, store_total_with_tax, total_mismatch, customer_reference, notes, billed, paid)
    OVERRIDING SYSTEM VALUE
    SELECT d.id, d.store_id, d.external_id, d.order_no, b.id, p.id, d.created_at, d.delivery_date, d.bill_to, d.ship_to,
           d.currency, d.base_currency, d.exchange_rate, d.exchange_rate_date, d.total, d.total_with_tax, d.total_base,
           d.store_total, d.store_total_with_tax, d.total_mismatch, d.customer_reference, d.notes, d.is_paid, d.is_paid
    FROM drafts d JOIN buyers b USING (place) JOIN places p USING (location)
    ORDER BY d.store_id, d.external_id COLLATE "C", place
    RETURNING id, customer_id
), new_rows AS (
    INSERT INTO hub.sales_order_rows (
        sales_order_id, position, external_id, variant_id, location_id, kind, sku, name, quantity, delivered_quantity,
        packed_quantity, price_per_unit, tax_rate, discount_percent, total, tax, ships, from_store)
    SELECT d.id, a.position, a.external_id, coalesce(a.variant_id, m.id), p.id, a.kind, a.sku,
           a.name, a.quantity, a.delivered_quantity, a.packed_quantity, a.price_per_unit, a.tax_rate, a.discount_percent,
           a.total, a.tax, a.ships, d.store_id IS NOT NULL
    FROM drafts d JOIN asked a USING (place) JOIN places p ON p.location = a.location
    LEFT JOIN items m ON m.made_for = a.made_for
    ORDER BY place, a.position
)
SELECT d.place, o.id::text AS id, o.customer_id,
       (SELECT json_object_agg(a.item_link, m.id::text) FROM asked a JOIN items m ON m.made_for = a.made_for
        WHERE a.place = d.place AND a.item_link IS NOT NULL) AS items
FROM drafts d JOIN placed o ON o.id = d.id
ORDER BY d.place

-- name: hold_order
-- An order and what hangs on it, for a decision that changes it: orders first, as every writer locks them. Each is
-- counted, for a SELECT under WITH locks only what is asked of it: joined with an order without manufacturing, nothing.
WITH held AS (
    SELECT o.id FROM hub.sales_orders o WHERE o.id = %(id)s::bigint FOR UPDATE
), rows AS (
    SELECT r.id FROM held JOIN hub.sales_order_rows r ON r.sales_order_id = held.id ORDER BY r.id FOR NO KEY UPDATE OF r
), made AS (
    SELECT m.id FROM rows JOIN hub.manufacturing_orders m ON m.row_id = rows.id ORDER BY m.id FOR NO KEY UPDATE OF m
)
SELECT (SELECT count(*) FROM held) AS held, (SELECT count(*) FROM rows) AS rows, (SELECT count(*) FROM made) AS made

-- name: sales_orders
-- Sales orders with all that is of them, in one round trip; numbers inside as text, so that none becomes a float.
SELECT o.id::text AS id, o.order_no, o.store_id, o.external_id, o.status, o.currency, o.exchange_rate, o.base_currency,
       o.total, o.total_with_tax, o.total_base, o.store_total, o.store_total_with_tax, o.total_mismatch,
       l.code AS location, o.created_at, o.delivery_date, o.exchange_rate_date, o.bill_to, o.ship_to,
       o.customer_reference, o.notes, json_build_array(c.id, c.name, c.email) AS customer,
       EXISTS (SELECT FROM hub.sales_order_rows r JOIN hub.variants v ON v.id = r.variant_id
               JOIN hub.products p ON p.id = v.product_id
               WHERE r.sales_order_id = o.id AND p.delivery_days IS NOT NULL) AS has_delivery_days,
       EXISTS (SELECT FROM hub.invoices i WHERE i.sales_order_id = o.id) AS has_invoice,
       EXISTS (SELECT FROM hub.settings s
               WHERE (o.created_at AT TIME ZONE 'UTC')::date <= s.locked_until) AS is_locked,
       json_build_object('billed', o.billed, 'paid', o.paid, 'packed', o.packed, 'shipped', o.shipped,
                         'closed', o.closed, 'voided', o.voided) AS flags,
       (SELECT json_agg(json_build_object(
            'id', r.id::text, 'external_id', r.external_id, 'variant_id', r.variant_id::text, 'kind', r.kind, 'sku', r.sku,
            'name', r.name, 'quantity', r.quantity::text, 'packed_quantity', r.packed_quantity::text,
            'delivered_quantity', r.delivered_quantity::text, 'invoiced_quantity', r.invoiced_quantity::text,
            'price_per_unit', r.price_per_unit::text, 'tax_rate', r.tax_rate::text,
            'discount_percent', r.discount_percent::text, 'total', r.total::text, 'tax', r.tax::text,
            'gone_before', r.gone_before::text, 'location', rl.code, 'status', r.status, 'ships', r.ships,
            'batch_tracked', coalesce(p.batch_tracked, false),
            'mo', CASE WHEN m.id IS NOT NULL THEN
                      json_build_object('id', m.id::text, 'status', m.status, 'quantity', m.quantity::text) END,
            'batches', (SELECT json_agg(json_build_array(b.batch_no, a.quantity::text) ORDER BY b.received_at, b.id)
                        FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id WHERE a.row_id = r.id)
        ) ORDER BY r.position, r.id)
        FROM hub.sales_order_rows r
        JOIN hub.locations rl ON rl.id = r.location_id
        LEFT JOIN hub.variants v ON v.id = r.variant_id
        LEFT JOIN hub.products p ON p.id = v.product_id
        LEFT JOIN hub.manufacturing_orders m ON m.row_id = r.id
        WHERE r.sales_order_id = o.id) AS rows,
       (SELECT json_agg(json_build_object('id', f.id::text, 'external_id', f.external_id, 'source', f.source,
            'tracking_number', f.tracking_number, 'carrier', f.carrier, 'tracking_url', f.tracking_url,
            'is_told_only', f.is_told_only, 'rows', coalesce((
            SELECT json_agg(json_build_array(fr.row_id::text, fr.quantity::text) ORDER BY fr.row_id)
            FROM hub.fulfillment_rows fr WHERE fr.fulfillment_id = f.id), '[]')) ORDER BY f.id)
        FROM hub.fulfillments f WHERE f.sales_order_id = o.id) AS fulfillments,
       (SELECT json_agg(json_build_object('external_id', t.external_id,
            'lines', coalesce((
                SELECT json_agg(json_build_array(r.external_id, tr.quantity::text) ORDER BY r.position, r.id)
                FROM hub.return_rows tr JOIN hub.sales_order_rows r ON r.id = tr.row_id
                WHERE tr.return_id = t.id AND r.external_id IS NOT NULL), '[]'),
            'rows', coalesce((
                SELECT json_agg(json_build_array(tr.row_id::text, tr.quantity::text) ORDER BY tr.row_id)
                FROM hub.return_rows tr WHERE tr.return_id = t.id), '[]')) ORDER BY t.id)
        FROM hub.returns t WHERE t.sales_order_id = o.id) AS returns
FROM hub.sales_orders o
JOIN hub.locations l ON l.id = o.location_id
JOIN hub.customers c ON c.id = o.customer_id
WHERE o.id = ANY (%(ids)s::bigint[])

-- name: batches
-- Batches with stock at a location, first received first (FUL-4).
SELECT b.id::text AS id, b.batch_no, b.variant_id::text AS variant_id, l.code AS location, s.in_stock, b.received_at
FROM hub.batches b
JOIN hub.batch_stock s ON s.batch_id = b.id AND s.in_stock > 0
JOIN hub.locations l ON l.id = s.location_id
WHERE b.variant_id = ANY (%(variant_ids)s::bigint[]) AND l.code = %(location)s
ORDER BY b.received_at, b.id

-- name: levels
-- The newest variant of each SKU at every location (STK-3). Of a bundle there is as much as its components make, and it is
-- counted where all of them are (STK-10).
WITH newest AS (
    SELECT DISTINCT ON (v.sku) v.id, v.sku, p.kind
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
    WHERE v.sku = ANY (%(skus)s)
    ORDER BY v.sku, v.created_at DESC, v.id DESC
)
SELECT n.sku, l.code AS location, coalesce(makes.in_stock, s.in_stock, 0) AS in_stock,
       coalesce(s.committed, 0) AS committed, coalesce(s.committed_direct, 0) AS committed_direct,
       coalesce(s.committed_store, 0) AS committed_store, coalesce(s.expected, 0) AS expected,
       coalesce(makes.is_counted, s.counted_at IS NOT NULL) AS is_counted
FROM newest n
CROSS JOIN hub.locations l
LEFT JOIN hub.stock s ON s.variant_id = n.id AND s.location_id = l.id
LEFT JOIN LATERAL (
    SELECT min(floor(coalesce(x.in_stock, 0) / c.quantity)) AS in_stock, bool_and(x.counted_at IS NOT NULL) AS is_counted
    FROM hub.bundle_components c
    LEFT JOIN hub.stock x ON x.variant_id = c.component_id AND x.location_id = l.id
    WHERE c.bundle_id = n.id
) makes ON true
WHERE n.kind = 'product'
ORDER BY n.sku, l.id

-- name: order_of_store
-- What a store's order became.
SELECT id::text AS id FROM hub.sales_orders WHERE store_id = %(store_id)s AND external_id = %(external_id)s

-- name: rows_of_lines
-- The rows of an order that stand for some of its store's lines.
SELECT external_id, id::text AS id FROM hub.sales_order_rows
WHERE sales_order_id = %(order_id)s::bigint AND external_id = ANY (%(lines)s)

-- name: named_orders
-- Orders that a person may mean: STORE/EXTERNAL_ID first, else STORE/NUMBER or the order number. Of several stores that
-- had the name in the course of time, the one that has it now is meant. By their keys first: all orders are many.
WITH asked AS (
    SELECT split_part(%(reference)s, '/', 1) AS store, substr(%(reference)s, strpos(%(reference)s, '/') + 1) AS name
), named AS (
    SELECT s.id FROM stores s JOIN asked a ON s.name = a.store
    ORDER BY (state <> 'disconnected') DESC, s.id DESC LIMIT 1
), found AS (
    SELECT o.id FROM asked a JOIN hub.sales_orders o ON o.order_no = ANY (ARRAY[%(reference)s, a.name, '#' || a.name])
    UNION
    SELECT o.id FROM asked a JOIN stores s ON s.name = a.store
        JOIN hub.sales_orders o ON o.store_id = s.id AND o.external_id = a.name
)
SELECT o.id::text AS id, s.name || '/' || o.external_id AS name,
       s.id = n.id AND s.name || '/' || o.external_id = %(reference)s AS is_exact
FROM found f JOIN hub.sales_orders o USING (id) CROSS JOIN asked a LEFT JOIN stores s ON s.id = o.store_id
    LEFT JOIN named n ON true
WHERE o.order_no = %(reference)s
   OR (s.name = a.store AND a.name IN (o.external_id, o.order_no, ltrim(o.order_no, '#')))
ORDER BY is_exact DESC NULLS LAST, o.id LIMIT 3

-- name: products
-- Every item, by SKU.
SELECT v.id::text AS id, v.sku, p.name, p.kind, v.created_at, p.batch_tracked, p.delivery_days,
       v.import_key IS NOT NULL AS is_imported
FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
ORDER BY v.sku NULLS LAST, v.id

-- name: locations
-- Every place that holds stock.
SELECT code, name FROM hub.locations ORDER BY id

-- name: held_locations
-- The same, about to be named: they stay until that is done.
SELECT code, name FROM hub.locations ORDER BY id FOR KEY SHARE

-- name: items_beyond
-- The next items, in the order of their ids.
SELECT v.id::text AS id, v.sku, p.name, p.kind, v.created_at, p.batch_tracked, p.delivery_days,
       v.import_key IS NOT NULL AS is_imported
FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
WHERE v.id > %(beyond)s::bigint ORDER BY v.id LIMIT %(limit)s

-- name: closed_until
-- The day that inventory is closed up to and including.
SELECT locked_until FROM hub.settings
