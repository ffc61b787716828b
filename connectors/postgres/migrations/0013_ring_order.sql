-- The next bells of a store in the order in which they are rung: a window of them is found without sorting all that waits.
DROP INDEX store_orders_due;
CREATE INDEX store_orders_due ON store_orders (store_id, rung_at NULLS FIRST, store_updated_at)
    WHERE changed > order_settled;
