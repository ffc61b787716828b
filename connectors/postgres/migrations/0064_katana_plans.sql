-- An order that was sent to Katana, and is not known to be there, is remembered as it was sent: its store may take it back
-- meanwhile, and nobody would know that it is there (KAT-1). No buyer is named here.
CREATE TABLE katana_plans (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    key text NOT NULL,
    order_no text NOT NULL,
    money jsonb NOT NULL,
    flags jsonb NOT NULL,
    rows jsonb NOT NULL,
    PRIMARY KEY (store_id, external_id)
);
COMMENT ON TABLE katana_plans IS 'orders of stores as they were last sent to Katana, until they are known to be there';
COMMENT ON COLUMN katana_plans.key IS 'of the intent';
COMMENT ON COLUMN katana_plans.rows IS 'each with its line, what we keep of it, and how it was sent';
