-- An order that stands in the hub stays `imported` when a look at it is set aside: it is in the hub, whatever became of
-- a change. That the look failed is told beside it, so that it is shown and retried with all that failed (BEY-7).
ALTER TABLE store_orders ADD COLUMN is_failing boolean NOT NULL DEFAULT false;
CREATE INDEX store_orders_failing ON store_orders (store_id) WHERE is_failing;
