-- The hub's SKUs are listed page by page, in the order of their bytes, and found by any part of SKU or name; the ledger of
-- one of them is read from its end.

CREATE INDEX variants_listed ON hub.variants (sku COLLATE "C", created_at DESC, id DESC);
CREATE INDEX variants_parts ON hub.variants USING gin (order_keys(lower(sku), '{}', 3, 200)) WHERE sku IS NOT NULL;
CREATE INDEX products_parts ON hub.products USING gin (order_keys(lower(name), '{}', 3, 200));
CREATE INDEX store_items_listed ON store_items (sku COLLATE "C");

DROP INDEX hub.stock_moves_item;
CREATE INDEX stock_moves_item ON hub.stock_moves (variant_id, location_id, id);
