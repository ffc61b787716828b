-- name: matches
-- Whatever of the hub an import is decided on, in one round trip (MAP-1, MAP-2).
WITH items AS NOT MATERIALIZED (
    SELECT v.id, v.sku, v.created_at, p.name, p.kind, p.batch_tracked, p.delivery_days
    FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
)
SELECT
    (SELECT json_agg(i) FROM items i WHERE i.sku = ANY (%(skus)s)) AS by_sku,
    (SELECT json_object_agg(l.key, row_to_json(i)) FROM item_links l JOIN items i ON i.id = l.variant_id::bigint
     WHERE l.store_id = %(store_id)s AND l.key = ANY (%(keys)s)) AS by_key,
    (SELECT json_agg(i ORDER BY i.id DESC) FROM items i  -- of two services with one name the older one comes last, and stays
     WHERE i.kind = 'service' AND lower(i.name) = ANY (ARRAY(SELECT lower(n) FROM unnest(%(names)s::text[]) n))) AS by_name,
    (SELECT json_build_array(c.id, c.name, c.email) FROM customer_links l JOIN hub.customers c ON c.id = l.customer_id::bigint
     WHERE l.store_id = %(store_id)s AND l.external_id = %(buyer)s) AS linked_customer,
    (SELECT json_build_array(id, name, email) FROM hub.customers
     WHERE buyer_key = 'email:' || hub.email_key(%(email)s)) AS email_customer,
    (SELECT json_build_array(id, name, email) FROM hub.customers
     WHERE name_key = nullif(hub.name_key(%(name)s), '') ORDER BY id LIMIT 1) AS name_customer

-- name: rate
-- From the order's currency to the base, for orders in a foreign one only (ORD-8). A rate set by hand beats the ECB's
-- table, whose rows are all against the euro; the day's own or the last before it beats a later one.
WITH latest AS (
    SELECT DISTINCT ON (c.currency, r.source, r.base) c.currency, r.source, r.base, r.rate, r.on_date
    FROM (VALUES (%(currency)s::text), (%(base)s::text)) c (currency)
    JOIN exchange_rates r ON r.currency = c.currency
    WHERE r.base IN (%(base)s, 'EUR')
    ORDER BY c.currency, r.source, r.base,
             r.on_date > %(created_on)s::date, abs(r.on_date - %(created_on)s::date)
), ecb AS (
    SELECT currency, rate, on_date FROM latest WHERE source = 'ecb' AND base = 'EUR'
    UNION ALL SELECT 'EUR', 1, NULL
)
SELECT rate, on_date AS "on" FROM (
    SELECT 1 AS worth, rate, on_date FROM latest
    WHERE source = 'hand' AND currency = %(currency)s AND base = %(base)s
    UNION ALL
    SELECT 2, round(c.rate / b.rate, 10), least(c.on_date, b.on_date)
    FROM ecb c, ecb b WHERE c.currency = %(currency)s AND b.currency = %(base)s
) r
ORDER BY worth LIMIT 1

-- name: create_order
-- Customer, items, links, order and rows in one statement. The unique keys of customers and variants make one of two
-- parallel creations, an item's product is written by the one that made the variant; foreign keys are checked at the end.
WITH asked AS (
    SELECT * FROM json_to_recordset(%(rows)s) AS r (
        position integer, external_id text, variant_id bigint,
        made_for text, import_key text, item_name text, item_kind text, item_sku text, item_link text,
        kind text, sku text, name text, quantity numeric, price_per_unit numeric, tax_rate numeric,
        discount_percent numeric, total numeric, tax numeric, location text, delivered_quantity numeric,
        packed_quantity numeric, ships boolean)
), customer AS (
    INSERT INTO hub.customers AS c (name, email)
    SELECT %(customer_name)s, %(customer_email)s WHERE %(customer_id)s::bigint IS NULL
    ON CONFLICT (buyer_key) DO UPDATE SET name = c.name
    RETURNING c.id
), buyer AS (
    SELECT id FROM customer UNION ALL SELECT %(customer_id)s::bigint WHERE %(customer_id)s::bigint IS NOT NULL
), wanted AS (
    SELECT DISTINCT ON (made_for) made_for, import_key, item_name, item_kind, item_sku, item_link,
           nextval('hub.products_id_seq') AS product_id
    FROM asked WHERE made_for IS NOT NULL ORDER BY made_for, position
), known AS (  -- somebody made it since the decision
    SELECT DISTINCT ON (w.made_for) w.made_for, v.id
    FROM wanted w JOIN hub.variants v ON v.sku = w.item_sku ORDER BY w.made_for, v.created_at DESC, v.id DESC
), made AS (
    INSERT INTO hub.variants AS v (product_id, sku, import_key)
    SELECT product_id, item_sku, import_key FROM wanted WHERE made_for NOT IN (SELECT made_for FROM known) ORDER BY made_for
    ON CONFLICT (made_for) DO UPDATE SET import_key = v.import_key
    RETURNING v.id, v.product_id, v.made_for
), new_products AS (
    INSERT INTO hub.products (id, name, kind)
    SELECT w.product_id, w.item_name, w.item_kind FROM wanted w JOIN made m ON m.product_id = w.product_id
), items AS (
    SELECT made_for, id FROM made UNION ALL SELECT made_for, id FROM known
), new_item_links AS (
    INSERT INTO item_links AS l (store_id, key, variant_id)
    SELECT %(store_id)s::bigint, w.item_link, m.id::text FROM wanted w JOIN items m ON m.made_for = w.made_for
    WHERE w.item_link IS NOT NULL AND %(store_id)s::bigint IS NOT NULL ORDER BY w.item_link
    ON CONFLICT (store_id, key) DO UPDATE SET variant_id = excluded.variant_id WHERE l.variant_id <> excluded.variant_id
), new_customer_link AS (
    INSERT INTO customer_links AS l (store_id, external_id, customer_id)
    SELECT %(store_id)s::bigint, %(customer_key)s::text, id::text FROM buyer
    WHERE %(customer_key)s::text IS NOT NULL AND %(store_id)s::bigint IS NOT NULL
    ON CONFLICT (store_id, external_id) DO UPDATE SET customer_id = excluded.customer_id
    WHERE l.customer_id <> excluded.customer_id
), placed AS (
    INSERT INTO hub.sales_orders (
        store_id, external_id, order_no, customer_id, location_id, created_at, delivery_date, bill_to, ship_to,
        currency, base_currency, exchange_rate, exchange_rate_date, total, total_with_tax, total_base,
        store_total, store_total_with_tax, total_mismatch, customer_reference, notes, billed, paid)
    SELECT %(store_id)s, %(external_id)s, %(order_no)s, buyer.id, hub.place(%(location)s), %(created_at)s,
           %(delivery_date)s, %(bill_to)s, %(ship_to)s,
           %(currency)s, %(base_currency)s, %(exchange_rate)s, %(exchange_rate_date)s,
           %(total)s, %(total_with_tax)s, %(total_base)s, %(store_total)s, %(store_total_with_tax)s,
           %(total_mismatch)s, %(customer_reference)s, %(notes)s, %(is_paid)s, %(is_paid)s
    FROM buyer
    RETURNING id
), new_rows AS (
    INSERT INTO hub.sales_order_rows (
        sales_order_id, position, external_id, variant_id, location_id, kind, sku, name, quantity, delivered_quantity,
        packed_quantity, price_per_unit, tax_rate, discount_percent, total, tax, ships, from_store)
    SELECT placed.id, a.position, a.external_id, coalesce(a.variant_id, m.id), hub.place(a.location), a.kind, a.sku,
           a.name, a.quantity, a.delivered_quantity, a.packed_quantity, a.price_per_unit, a.tax_rate, a.discount_percent,
           a.total, a.tax, a.ships, %(store_id)s::bigint IS NOT NULL
    FROM placed CROSS JOIN asked a LEFT JOIN items m ON m.made_for = a.made_for
    ORDER BY a.position
)
SELECT id::text AS id FROM placed

-- name: hold_order
-- An order and what hangs on it, for a decision that changes it: orders first, as every writer locks them.
WITH held AS (
    SELECT o.id FROM hub.sales_orders o WHERE o.id = %(id)s::bigint FOR UPDATE
), rows AS (
    SELECT r.id FROM held JOIN hub.sales_order_rows r ON r.sales_order_id = held.id ORDER BY r.id FOR NO KEY UPDATE OF r
)
SELECT m.id FROM rows JOIN hub.manufacturing_orders m ON m.row_id = rows.id ORDER BY m.id FOR NO KEY UPDATE OF m

-- name: order
-- A sales order as a decision sees it.
SELECT o.id::text AS id, o.order_no, o.store_id, o.external_id, o.status, o.currency, o.exchange_rate, o.base_currency,
       o.total, o.total_with_tax, o.total_base, o.store_total, o.store_total_with_tax, o.total_mismatch,
       l.code AS location,
       EXISTS (SELECT FROM hub.invoices i WHERE i.sales_order_id = o.id) AS has_invoice,
       EXISTS (SELECT FROM hub.settings s
               WHERE (o.created_at AT TIME ZONE 'UTC')::date <= s.locked_until) AS is_locked,
       (SELECT json_agg(json_build_object('id', f.id::text, 'external_id', f.external_id, 'source', f.source,
            'tracking_number', f.tracking_number, 'carrier', f.carrier, 'tracking_url', f.tracking_url, 'rows', coalesce((
            SELECT json_agg(json_build_array(fr.row_id::text, fr.quantity::text) ORDER BY fr.row_id)
            FROM hub.fulfillment_rows fr WHERE fr.fulfillment_id = f.id), '[]')) ORDER BY f.id)
        FROM hub.fulfillments f WHERE f.sales_order_id = o.id) AS fulfillments,
       json_build_object('billed', o.billed, 'paid', o.paid, 'packed', o.packed, 'shipped', o.shipped,
                         'closed', o.closed, 'voided', o.voided) AS flags,
       (SELECT json_agg(json_build_array(t.external_id, coalesce((
            SELECT json_agg(json_build_array(r.external_id, tr.quantity::text) ORDER BY r.position, r.id)
            FROM hub.return_rows tr JOIN hub.sales_order_rows r ON r.id = tr.row_id
            WHERE tr.return_id = t.id AND r.external_id IS NOT NULL), '[]')) ORDER BY t.id)
        FROM hub.returns t WHERE t.sales_order_id = o.id AND t.external_id IS NOT NULL) AS returns
FROM hub.sales_orders o JOIN hub.locations l ON l.id = o.location_id
WHERE o.id = %(id)s::bigint

-- name: order_rows
-- The rows of a sales order, in the store's order.
SELECT r.id::text AS id, r.external_id, r.variant_id::text AS variant_id, r.kind, r.sku, r.name, r.quantity,
       r.packed_quantity, r.delivered_quantity, r.invoiced_quantity, r.price_per_unit, r.tax_rate, r.discount_percent,
       r.total, r.tax, l.code AS location, r.status, r.ships, coalesce(p.batch_tracked, false) AS batch_tracked,
       m.id::text AS mo_id, m.status AS mo_status,
       (SELECT json_agg(json_build_array(b.batch_id::text, b.quantity::text) ORDER BY b.batch_id)
        FROM hub.row_batches b WHERE b.row_id = r.id) AS batches
FROM hub.sales_order_rows r
JOIN hub.locations l ON l.id = r.location_id
LEFT JOIN hub.variants v ON v.id = r.variant_id
LEFT JOIN hub.products p ON p.id = v.product_id
LEFT JOIN hub.manufacturing_orders m ON m.row_id = r.id
WHERE r.sales_order_id = %(id)s::bigint
ORDER BY r.position, r.id

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

-- name: find_orders
-- Orders that a person may mean: STORE/EXTERNAL_ID first, else STORE/NUMBER or the order number. Of several stores that
-- had the name in the course of time, the one that has it now is meant.
WITH named AS (
    SELECT id FROM stores WHERE name = split_part(%(reference)s, '/', 1)
    ORDER BY (state <> 'disconnected') DESC, id DESC LIMIT 1
)
SELECT o.id::text AS id, s.name || '/' || o.external_id AS name,
       s.id = n.id AND s.name || '/' || o.external_id = %(reference)s AS is_exact
FROM hub.sales_orders o LEFT JOIN stores s ON s.id = o.store_id LEFT JOIN named n ON true
WHERE o.order_no = %(reference)s
   OR (s.name = split_part(%(reference)s, '/', 1)
       AND substr(%(reference)s, strpos(%(reference)s, '/') + 1) IN (o.external_id, o.order_no, ltrim(o.order_no, '#')))
ORDER BY is_exact DESC NULLS LAST, o.id LIMIT 3

-- name: products
-- Every item, by SKU.
SELECT v.id::text AS id, v.sku, p.name, p.kind, v.created_at, p.batch_tracked, p.delivery_days
FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
ORDER BY v.sku NULLS LAST, v.id

-- name: locations
-- Every place that holds stock.
SELECT code, name FROM hub.locations ORDER BY id
