-- What is to be made in Katana is written down before it is sent (KAT-1): Katana knows no key by which the same thing sent
-- twice is one, and may have made what it never answered for.
CREATE TABLE katana_intents (
    kind text NOT NULL,
    key text NOT NULL,
    digest text NOT NULL,
    sent_at timestamptz,
    looks integer NOT NULL DEFAULT 0,
    said text NOT NULL DEFAULT '',
    found_id text,
    leased_by text,
    leased_until timestamptz,
    PRIMARY KEY (kind, key),
    CHECK (kind <> '' AND key <> '' AND found_id <> '')
);
CREATE INDEX katana_intents_open ON katana_intents (sent_at) WHERE found_id IS NULL;
COMMENT ON TABLE katana_intents IS 'what is to be made in Katana, or was, each thing once (KAT-1)';
COMMENT ON COLUMN katana_intents.kind IS 'what it is: a sales order, a customer, …';
COMMENT ON COLUMN katana_intents.key IS 'what it is known by: two workers who want the same name it alike';
COMMENT ON COLUMN katana_intents.digest IS 'of what was sent last, or is about to be';
COMMENT ON COLUMN katana_intents.sent_at IS 'it was last sent then, and what came of it is not known as long as there is no id; null: it never was';
COMMENT ON COLUMN katana_intents.looks IS 'how often it was looked for since, and not found';
COMMENT ON COLUMN katana_intents.said IS 'what was heard instead of a clear answer';
COMMENT ON COLUMN katana_intents.found_id IS 'Katana''s own id of it: it is made';
COMMENT ON COLUMN katana_intents.leased_by IS 'who is at it now, until leased_until: no transaction is open meanwhile';
COMMENT ON COLUMN katana_intents.leased_until IS 'longer than any request takes: then whoever was at it is dead';
