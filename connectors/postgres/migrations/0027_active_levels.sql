-- Whether an item is active at a place of its store, or not known to be: a store may take quantities of an item that is
-- not active there, and say nothing (STK-12). What was told before this was known may lie in such a place: every
-- catalogue is read anew.
ALTER TABLE store_levels ADD COLUMN is_active boolean NOT NULL DEFAULT true;
UPDATE stores SET catalogue_whole_at = NULL, catalogue_walk = NULL;
