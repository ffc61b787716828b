-- name: hub_account
-- What is known of the account's hub.
SELECT hub_credentials AS credentials, hub_cursor AS cursor, hub_heard_at AS heard_at, hub_reason AS reason,
    hub_detail AS detail, hub_token AS token, settings
FROM account

-- name: set_hub_credentials
-- Its key, encrypted.
UPDATE account SET hub_credentials = %(locked)s

-- name: keep_hub_cursor
-- It was heard up to here.
UPDATE account SET hub_cursor = %(cursor)s, hub_heard_at = clock_timestamp(), hub_reason = NULL, hub_detail = NULL

-- name: hub_failed
-- It could not be asked.
UPDATE account SET hub_reason = %(reason)s, hub_detail = %(detail)s

-- name: forget_hub_cursor
-- Another hub: its news begin now.
UPDATE account SET hub_cursor = NULL, hub_heard_at = NULL, hub_reason = NULL, hub_detail = NULL

-- name: order_in_hub
-- One of the orders of stores that stand in the account's hub.
SELECT s.name AS store, o.external_id FROM store_orders o JOIN stores s ON s.id = o.store_id
WHERE o.hub_order_id IS NOT NULL LIMIT 1

-- name: due_at_hub
-- What waits for the hub: new orders, orders that changed, and SKUs whose stock is to be told.
SELECT
    (SELECT count(*) FROM store_orders o JOIN stores s ON s.id = o.store_id AND s.state = 'active'
        WHERE o.changed > o.order_settled AND o.hub_order_id IS NULL AND o.state <> 'failed') AS new_orders,
    (SELECT count(*) FROM store_orders o JOIN stores s ON s.id = o.store_id AND s.state = 'active'
        WHERE (o.changed > o.order_settled OR o.hub_changed > o.hub_settled) AND o.hub_order_id IS NOT NULL) AS changed_orders,
    (SELECT count(DISTINCT sku) FROM store_stock WHERE changed > settled) AS skus
