-- A store that reads for us and refuses one kind of write goes on without it: what is stopped, why, and until when.
ALTER TABLE stores
    ADD COLUMN fulfillment_due_at timestamptz,      -- it is told no parcel and no status before
    ADD COLUMN fulfillment_reason text,
    ADD COLUMN fulfillment_detail text,
    ADD COLUMN stock_detail text;                   -- in the words of the store, beside stock_reason
