-- A writer of the hub whose transaction is open while a store's stock settings change marks by the old ones, and what it
-- wrote is seen only when it commits. Once all who may have done so are over, the store's SKUs are due once more.
ALTER TABLE stores ADD COLUMN stock_writers xid8;   -- null: none; 0: nobody has looked yet who writes; else all below it
