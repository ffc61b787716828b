-- name: order_document
-- A sales order with everything people see of it, in one round trip; numbers as text, so that none becomes a float.
SELECT o.order_no, o.status, o.closed, o.created_at, o.delivery_date, c.name AS customer_name, c.email AS customer_email,
       o.bill_to, o.ship_to, o.currency, o.base_currency, o.exchange_rate, o.total, o.total_with_tax, o.total_base,
       o.store_total_with_tax, o.total_mismatch, l.code AS location, o.customer_reference, o.notes,
       o.billed, o.paid, o.packed, o.shipped, o.voided,
       (SELECT json_agg(json_build_object(
            'sku', r.sku, 'name', r.name, 'kind', r.kind, 'quantity', r.quantity::text,
            'price_per_unit', r.price_per_unit::text, 'tax_rate', r.tax_rate::text,
            'discount_percent', r.discount_percent::text, 'location', rl.code, 'status', r.status,
            'packed_quantity', r.packed_quantity::text, 'delivered_quantity', r.delivered_quantity::text,
            'invoiced', r.invoiced_quantity > 0,
            'mo', (SELECT json_build_object('id', m.id::text, 'status', m.status, 'quantity', m.quantity::text)
                   FROM hub.manufacturing_orders m WHERE m.row_id = r.id),
            'batches', coalesce((SELECT json_agg(json_build_object('batch', b.batch_no, 'quantity', a.quantity::text)
                                                 ORDER BY b.received_at, b.id)
                                 FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id
                                 WHERE a.row_id = r.id), '[]')
        ) ORDER BY r.position, r.id)
        FROM hub.sales_order_rows r JOIN hub.locations rl ON rl.id = r.location_id
        WHERE r.sales_order_id = o.id) AS rows,
       (SELECT json_agg(json_build_object(
            'external_id', f.external_id, 'source', f.source, 'tracking_number', f.tracking_number,
            'carrier', f.carrier, 'tracking_url', f.tracking_url, 'is_told_only', f.is_told_only,
            'rows', coalesce((SELECT json_agg(json_build_object('id', r.id, 'sku', r.sku, 'quantity', fr.quantity::text)
                                              ORDER BY r.position, r.id)
                              FROM hub.fulfillment_rows fr JOIN hub.sales_order_rows r ON r.id = fr.row_id
                              WHERE fr.fulfillment_id = f.id), '[]')
        ) ORDER BY f.id) FROM hub.fulfillments f WHERE f.sales_order_id = o.id) AS fulfillments,
       (SELECT json_agg(json_build_object(
            'external_id', t.external_id,
            'rows', coalesce((SELECT json_agg(json_build_object('sku', r.sku, 'quantity', tr.quantity::text)
                                              ORDER BY r.position, r.id)
                              FROM hub.return_rows tr JOIN hub.sales_order_rows r ON r.id = tr.row_id
                              WHERE tr.return_id = t.id), '[]')
        ) ORDER BY t.id) FROM hub.returns t WHERE t.sales_order_id = o.id) AS returns
FROM hub.sales_orders o
JOIN hub.customers c ON c.id = o.customer_id
JOIN hub.locations l ON l.id = o.location_id
WHERE o.id = %(id)s::bigint
