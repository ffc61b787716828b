-- name: mark_skus
-- What moved of stock, for those stores that it is news for.
SELECT mark_skus(ARRAY(
    SELECT (sku, on_shelf, on_rows, of_stores, only_told)::moved_sku
    FROM unnest(%(skus)s::text[], %(on_shelf)s::boolean[], %(on_rows)s::boolean[], %(of_stores)s::boolean[],
                %(only_told)s::boolean[]) AS m (sku, on_shelf, on_rows, of_stores, only_told)))

-- name: mark_orders
-- Orders whose stores are to be told what they do not show.
SELECT mark_orders(%(store_ids)s::bigint[], %(external_ids)s::text[])

-- name: mark_deleted_orders
-- Orders that are gone from the hub.
SELECT mark_deleted_orders(
    %(store_ids)s::bigint[], %(external_ids)s::text[], %(order_nos)s::text[], %(by)s, %(because)s)

-- name: mark_location_known
-- A place that was not there.
SELECT mark_location_known()

-- name: keep_hub_copies
-- What we keep of orders in the hub.
SELECT keep_hub_copies(ARRAY(
    SELECT (store_id, external_id, status, customer, email, total_with_tax, currency)::hub_copy
    FROM unnest(%(store_ids)s::bigint[], %(external_ids)s::text[], %(statuses)s::text[], %(customers)s::text[],
                %(emails)s::text[], %(totals)s::numeric[], %(currencies)s::text[])
        AS c (store_id, external_id, status, customer, email, total_with_tax, currency)))
