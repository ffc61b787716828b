-- A replay compares an order with the snapshot that it was imported from (BEY-3): whether the one that is kept is still
-- the same, and whether anybody has touched the order in the hub since. Of orders from before, that they were seen once
-- says so.
ALTER TABLE store_orders
    ADD COLUMN imported_digest text,
    ADD COLUMN imported_hub_changed bigint;
COMMENT ON COLUMN store_orders.imported_digest IS 'of the snapshot that it was imported from; null: not known';
COMMENT ON COLUMN store_orders.imported_hub_changed IS 'hub_changed as the import left it; null: not known';
UPDATE store_orders
SET imported_digest = digest, imported_hub_changed = CASE WHEN hub_changed = 0 THEN 0 END
WHERE hub_order_id IS NOT NULL AND changed = 1;
