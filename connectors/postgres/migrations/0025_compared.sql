-- Every whole walk through a store's catalogue ends in a comparison of what it shows with the hub's stock (STK-13).
ALTER TABLE stores
    ADD COLUMN compare_due boolean NOT NULL DEFAULT false,
    ADD COLUMN stock_compared jsonb;                -- when it was last compared, and what came of it

-- Whether store and hub ever said the same of an item at a place: where they did, the store may be told again whatever it
-- shows now; where they never did, the hub's figure may be the wrong one.
ALTER TABLE store_levels ADD COLUMN agreed_at timestamptz;  -- null: never
UPDATE store_levels SET agreed_at = told_at WHERE told_at IS NOT NULL;
