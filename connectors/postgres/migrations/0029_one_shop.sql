-- One shop is one store, however its address is spelled (MUL-4): the shop's own name for itself; null where it was not
-- asked yet, or where another store has it.
ALTER TABLE stores ADD COLUMN shop text;
CREATE UNIQUE INDEX stores_shop ON stores (platform, shop);
