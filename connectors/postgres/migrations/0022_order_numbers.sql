-- Orders are named by people as their stores number them: by a number that may be another order's id. Those that are
-- not in the hub have theirs once they are read again.
ALTER TABLE store_orders ADD COLUMN order_no text;
UPDATE store_orders s SET order_no = h.order_no FROM hub.sales_orders h
WHERE h.store_id = s.store_id AND h.external_id = s.external_id;
CREATE INDEX store_orders_no ON store_orders (store_id, order_no);
