-- name: find_links
-- Ids in the hub of a store's products without SKU (MAP-1) and of its customers (MAP-2).
SELECT (SELECT json_object_agg(key, variant_id) FROM item_links
        WHERE store_id = %(store_id)s AND key = ANY (%(items)s::text[])) AS items,
       (SELECT json_object_agg(external_id, customer_id) FROM customer_links
        WHERE store_id = %(store_id)s AND external_id = ANY (%(customers)s::text[])) AS customers

-- name: keep_links
-- Ids in the hub of a store's products and customers: the last one counts.
WITH items AS (
    INSERT INTO item_links AS l (store_id, key, variant_id)
    SELECT %(store_id)s, key, id FROM unnest(%(item_keys)s::text[], %(item_ids)s::text[]) AS n (key, id) ORDER BY key
    ON CONFLICT (store_id, key) DO UPDATE SET variant_id = excluded.variant_id WHERE l.variant_id <> excluded.variant_id
)
INSERT INTO customer_links AS l (store_id, external_id, customer_id)
SELECT %(store_id)s, key, id FROM unnest(%(customer_keys)s::text[], %(customer_ids)s::text[]) AS n (key, id) ORDER BY key
ON CONFLICT (store_id, external_id) DO UPDATE SET customer_id = excluded.customer_id
WHERE l.customer_id <> excluded.customer_id
