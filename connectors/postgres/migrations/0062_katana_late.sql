-- Katana's reads may be older than its writes, by more than ten minutes: what we wrote of late is kept, and stands (KAT-1).
ALTER TABLE katana_orders ADD COLUMN made_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE katana_rows ADD COLUMN written jsonb, ADD COLUMN written_at timestamptz;
ALTER TABLE katana_fulfillments ADD COLUMN made_at timestamptz, ADD COLUMN is_packed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN katana_orders.made_at IS 'it was made, or found, then: until a little later it need not be seen';
COMMENT ON COLUMN katana_rows.written IS 'what we changed of it last: before, and after';
COMMENT ON COLUMN katana_rows.written_at IS 'then: a read that shows what was before may be old';
COMMENT ON COLUMN katana_fulfillments.made_at IS 'we made it, or delivered it, then';
COMMENT ON COLUMN katana_fulfillments.is_packed IS 'what we made is packed, and not delivered';
