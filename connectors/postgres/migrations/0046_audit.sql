-- A store's list of orders is compared with ours, every night and when a person wants it (BEY-4): what is wanted, how far
-- it has come, and what came of the last one.
ALTER TABLE stores
    ADD COLUMN audit_since timestamptz,
    ADD COLUMN audit_walk jsonb,
    ADD COLUMN audited_at timestamptz,
    ADD COLUMN audited jsonb;
COMMENT ON COLUMN stores.audit_since IS
    'a person wants its list of orders compared, of what changed since then; null: nobody does, and each night it is by itself';
COMMENT ON COLUMN stores.audit_walk IS 'a comparison under way: how far it is, and what it found; null: none is';
COMMENT ON COLUMN stores.audited_at IS 'the last comparison that came to its end was begun then; null: none did';
COMMENT ON COLUMN stores.audited IS 'what came of it';
