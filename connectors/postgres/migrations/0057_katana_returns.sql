-- A return of a store may wait for its delivery in Katana: then it is there in part, or not at all, and is asked for again
-- once more was shipped (CHG-9).
ALTER TABLE katana_returns ALTER COLUMN return_id DROP NOT NULL;
ALTER TABLE katana_returns ADD COLUMN asked jsonb NOT NULL DEFAULT '[]', ADD COLUMN seen numeric NOT NULL DEFAULT 0;
COMMENT ON COLUMN katana_returns.return_id IS 'Katana''s own; null: nothing of it can be there yet';
COMMENT ON COLUMN katana_returns.asked IS 'pieces by the store''s lines, as the store has them';
COMMENT ON COLUMN katana_returns.seen IS 'pieces of these lines that were shipped then: what is missing is tried again once they are more';
