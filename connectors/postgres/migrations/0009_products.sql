-- The products of a store come into the hub once, at its connection (products.import_on_connect).
ALTER TABLE stores
    ADD COLUMN wants_products boolean NOT NULL DEFAULT false,  -- they are still to come
    ADD COLUMN items_without_sku integer;                      -- seen at the last walk through all of its catalogue
