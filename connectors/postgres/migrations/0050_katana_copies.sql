-- What of Katana seldom moves is copied, since each question costs one of sixty requests a minute (KAT-2): it is read again
-- now and then, from a little before the last time on, since Katana's reads may be older than its writes.
CREATE TABLE katana_copies (
    kind text NOT NULL,
    id text NOT NULL,
    sku text,
    name text NOT NULL,
    email text,
    created_at timestamptz,
    is_gone boolean NOT NULL,
    record jsonb NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX katana_copies_sku ON katana_copies (kind, sku) WHERE sku IS NOT NULL AND NOT is_gone;
CREATE INDEX katana_copies_name ON katana_copies (kind, lower(name)) WHERE NOT is_gone;
CREATE INDEX katana_copies_email ON katana_copies (kind, lower(email)) WHERE email IS NOT NULL AND NOT is_gone;
CREATE TABLE katana_polls (
    what text PRIMARY KEY,
    read_until timestamptz NOT NULL,
    read_at timestamptz
);
COMMENT ON TABLE katana_copies IS 'copies of what is in Katana and seldom moves: places, tax rates, items, customers';
COMMENT ON COLUMN katana_copies.kind IS 'what it is: a location, a tax rate, a variant, a customer; ids are of one kind';
COMMENT ON COLUMN katana_copies.id IS 'Katana''s own';
COMMENT ON COLUMN katana_copies.sku IS 'of a variant that has one, trimmed';
COMMENT ON COLUMN katana_copies.name IS 'what people call it';
COMMENT ON COLUMN katana_copies.email IS 'of a customer who has one';
COMMENT ON COLUMN katana_copies.created_at IS 'made in Katana then: of several with one SKU the latest counts, of one name the oldest';
COMMENT ON COLUMN katana_copies.is_gone IS 'deleted there';
COMMENT ON COLUMN katana_copies.record IS 'what else is known of it, by the names of our own records';
COMMENT ON TABLE katana_polls IS 'how far each of Katana''s lists was read';
COMMENT ON COLUMN katana_polls.what IS 'which list';
COMMENT ON COLUMN katana_polls.read_until IS 'whatever moved before is known, as far as Katana showed it then';
COMMENT ON COLUMN katana_polls.read_at IS 'it was read to its end then; null: it is to be read again at once';
