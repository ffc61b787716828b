-- name: keep_plan
-- How an order is sent.
INSERT INTO katana_plans (store_id, external_id, key, order_no, money, flags, rows)
VALUES (%(store_id)s, %(external_id)s, %(key)s, %(order_no)s, %(money)s, %(flags)s, %(rows)s)
ON CONFLICT (store_id, external_id) DO UPDATE SET key = excluded.key, order_no = excluded.order_no,
    money = excluded.money, flags = excluded.flags, rows = excluded.rows

-- name: kept_plan
-- How one was sent that may be there: what was clearly not sent is none.
SELECT p.store_id, p.external_id, p.order_no, p.money, p.flags, p.rows
FROM katana_plans p JOIN katana_intents i ON i.kind = 'sales order' AND i.key = p.key
WHERE p.store_id = %(store_id)s AND p.external_id = %(external_id)s
    AND (i.sent_at IS NOT NULL OR i.found_id IS NOT NULL)

-- name: drop_plan
-- It is there, or is not to be any more.
DELETE FROM katana_plans WHERE store_id = %(store_id)s AND external_id = %(external_id)s
