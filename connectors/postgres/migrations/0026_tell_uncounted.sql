-- A person said that a store is to be told of the SKU though nobody ever counted it (STK-10).
ALTER TABLE store_stock ADD COLUMN tell_uncounted boolean NOT NULL DEFAULT false;
