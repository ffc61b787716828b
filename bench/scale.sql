-- Orders `first` to `last` times the thousand that were imported: what they are made of, as imports leave it, and then
-- delivered. One of ten is skipped, one of a hundred has a note. Triggers are off: what they count is in here.
SET session_replication_role = replica; SET synchronous_commit = off; SET statement_timeout = 0;

INSERT INTO hub.customers (id, name, email, created_at) OVERRIDING SYSTEM VALUE
SELECT c.id + j * 100000, c.name || ' ' || j, 'c' || j || '.' || c.email, c.created_at
FROM generate_series({first}, {last}) j, hub.customers c WHERE c.id <= {orders};

INSERT INTO hub.sales_orders (id, store_id, external_id, order_no, customer_id, location_id, created_at, delivery_date,
    bill_to, ship_to, currency, base_currency, exchange_rate, exchange_rate_date, total, total_with_tax, total_base,
    store_total, store_total_with_tax, billed, paid, packed, shipped, status) OVERRIDING SYSTEM VALUE
SELECT o.id + j * 100000, o.store_id, o.external_id || lpad(j::text, 5, '0'), o.order_no || lpad(j::text, 5, '0'),
    o.customer_id + j * 100000, o.location_id, o.created_at - (1200 - j) * interval '8 hours', o.delivery_date,
    o.bill_to, o.ship_to, o.currency, o.base_currency, o.exchange_rate, o.exchange_rate_date, o.total, o.total_with_tax,
    o.total_base, o.store_total, o.store_total_with_tax, o.billed, o.paid, true, true, 'DELIVERED'
FROM generate_series({first}, {last}) j, hub.sales_orders o WHERE o.id <= {orders} AND o.id % 10 <> 0;

INSERT INTO hub.sales_order_rows (id, sales_order_id, position, external_id, variant_id, location_id, kind, sku, name,
    quantity, delivered_quantity, price_per_unit, tax_rate, discount_percent, total, tax, ships, from_store)
    OVERRIDING SYSTEM VALUE
SELECT r.id + j * 100000, r.sales_order_id + j * 100000, r.position, r.external_id, r.variant_id, r.location_id, r.kind,
    r.sku, r.name, r.quantity, r.quantity, r.price_per_unit, r.tax_rate, r.discount_percent, r.total, r.tax, r.ships, true
FROM generate_series({first}, {last}) j, hub.sales_order_rows r WHERE r.sales_order_id <= {orders} AND r.sales_order_id % 10 <> 0;

INSERT INTO hub.stock_moves (moved_at, variant_id, location_id, delta, kind, source_id)
SELECT now() - (1200 - j) * interval '8 hours', r.variant_id, r.location_id, -r.quantity, 'sale', r.id + j * 100000
FROM generate_series({first}, {last}) j, hub.sales_order_rows r
WHERE r.sales_order_id <= {orders} AND r.sales_order_id % 10 <> 0 AND r.kind = 'product';

INSERT INTO store_orders (store_id, external_id, snapshot, digest, store_updated_at, hub_order_id, state, reason, detail,
    order_settled, first_seen_at, skus, was_imported, order_no, imported_digest, hub_status, hub_customer, hub_email,
    hub_total_with_tax, hub_currency)
SELECT o.store_id, o.external_id || lpad(j::text, 5, '0'), o.snapshot, md5(o.digest || j),
    o.store_updated_at - (1200 - j) * interval '8 hours',
    CASE WHEN n.is_skipped THEN NULL ELSE (o.hub_order_id::bigint + j * 100000)::text END,
    CASE WHEN n.is_skipped THEN 'skipped' ELSE 'imported' END,
    CASE WHEN n.is_skipped THEN 'status_not_imported' WHEN o.hub_order_id::bigint % 100 = 7 THEN 'total_mismatch' END,
    CASE WHEN n.is_skipped THEN '{"status": "cancelled"}'::jsonb ELSE '{}' END,
    1, o.first_seen_at - (1200 - j) * interval '8 hours', o.skus, NOT n.is_skipped,
    o.order_no || lpad(j::text, 5, '0'), o.digest, CASE WHEN NOT n.is_skipped THEN 'DELIVERED' END, o.hub_customer,
    o.hub_email, o.hub_total_with_tax, o.hub_currency
FROM generate_series({first}, {last}) j, store_orders o
    CROSS JOIN LATERAL (SELECT o.hub_order_id::bigint % 10 = 0 AS is_skipped) n
WHERE o.hub_order_id::bigint <= {orders};

INSERT INTO order_words (store_id, external_id, words, skus, store_updated_at)
SELECT o.store_id, o.external_id || lpad(j::text, 5, '0'),
    words_of(o.order_no || lpad(j::text, 5, '0'), o.hub_customer, o.hub_email), o.skus,
    o.store_updated_at - (1200 - j) * interval '8 hours'
FROM generate_series({first}, {last}) j, store_orders o
WHERE o.hub_order_id::bigint <= {orders};

INSERT INTO journal (at, store_id, external_id, sku, action, outcome)
SELECT now() - (1200 - j) * interval '8 hours', o.store_id,
    CASE WHEN line = 1 THEN o.external_id || lpad(j::text, 5, '0') END, CASE WHEN line = 2 THEN o.skus[1] END,
    CASE line WHEN 1 THEN 'import' ELSE 'push' END, CASE line WHEN 1 THEN 'imported' ELSE 'told' END
FROM generate_series({first}, {last}) j, store_orders o, generate_series(1, 2) line
WHERE o.hub_order_id::bigint <= {orders};

DELETE FROM order_counts;
INSERT INTO order_counts SELECT store_id, state, reason, count(*) FROM store_orders GROUP BY store_id, state, reason;
SET session_replication_role = origin; RESET synchronous_commit; RESET statement_timeout;
