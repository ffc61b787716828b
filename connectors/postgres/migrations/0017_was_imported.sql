-- An order that was in the hub is ours whatever its age: it comes back when a person or its store wants it back (BEY-6,
-- CHG-5), though it was created before the store was resumed (ORD-2).
ALTER TABLE store_orders ADD COLUMN was_imported boolean NOT NULL DEFAULT false;
UPDATE store_orders SET was_imported = true WHERE hub_order_id IS NOT NULL OR state = 'deleted';
