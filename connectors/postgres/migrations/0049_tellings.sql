-- Who writes that a store is about to be told says how often it was by then: whoever was frozen meanwhile tells it nothing.

ALTER TABLE store_orders ADD COLUMN sendings bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN store_orders.sendings IS 'how often sending was written: who looked before it was must look again';
