-- More of what Katana does not keep of our orders: flags, which of its fulfilments a store knows and as what, returns; and
-- counts, which it knows only as one adjustment for each location.
ALTER TABLE katana_orders ADD COLUMN flags jsonb NOT NULL DEFAULT '{}';
CREATE TABLE katana_fulfillments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL REFERENCES katana_orders,
    fulfillment_id text,
    key text,
    external_id text,
    source text NOT NULL CHECK (source IN ('store', 'hub')),
    rows jsonb NOT NULL DEFAULT '[]',
    taken jsonb NOT NULL DEFAULT '[]',
    tracking jsonb NOT NULL DEFAULT '{}',
    CHECK (external_id <> '' AND fulfillment_id <> '')
);
CREATE UNIQUE INDEX katana_fulfillments_own ON katana_fulfillments (fulfillment_id) WHERE fulfillment_id IS NOT NULL;
CREATE UNIQUE INDEX katana_fulfillments_key ON katana_fulfillments (order_id, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX katana_fulfillments_told ON katana_fulfillments (order_id, external_id)
    WHERE fulfillment_id IS NULL AND key IS NULL;
CREATE TABLE katana_returns (
    order_id text NOT NULL REFERENCES katana_orders,
    external_id text NOT NULL,
    return_id text NOT NULL,
    lines jsonb NOT NULL,
    PRIMARY KEY (order_id, external_id)
);
CREATE TABLE katana_counts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    digest text NOT NULL,
    lines jsonb NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now(),
    is_done boolean NOT NULL DEFAULT false,
    taken_back_at timestamptz
);
CREATE UNIQUE INDEX katana_counts_open ON katana_counts (digest) WHERE NOT is_done;
COMMENT ON COLUMN katana_orders.flags IS 'how far the order is where its rows do not say it: closed, voided, paid';
COMMENT ON TABLE katana_fulfillments IS 'what is known of fulfilments of our orders beside what Katana has of them';
COMMENT ON COLUMN katana_fulfillments.fulfillment_id IS 'Katana''s own; null: none of Katana''s, or not known yet';
COMMENT ON COLUMN katana_fulfillments.key IS 'one that we make there: the key of its intent; null: we make none';
COMMENT ON COLUMN katana_fulfillments.external_id IS 'the store''s; null: no store has it';
COMMENT ON COLUMN katana_fulfillments.source IS 'who said so first';
COMMENT ON COLUMN katana_fulfillments.rows IS 'pieces by row';
COMMENT ON COLUMN katana_fulfillments.taken IS 'of these, what it took from fulfilments that the store called off (FUL-7): fulfilment, row, pieces';
COMMENT ON COLUMN katana_fulfillments.tracking IS 'what the store said of it, where Katana has none of it';
COMMENT ON TABLE katana_returns IS 'returns of stores in Katana (CHG-9)';
COMMENT ON COLUMN katana_returns.external_id IS 'the store''s';
COMMENT ON COLUMN katana_returns.return_id IS 'Katana''s own';
COMMENT ON COLUMN katana_returns.lines IS 'pieces by the store''s lines, as far as Katana has them';
COMMENT ON TABLE katana_counts IS 'counts and adjustments of stock, each one adjustment for each location there (STK-11)';
COMMENT ON COLUMN katana_counts.digest IS 'of what is counted: the same again, as long as it is not done, is the same';
COMMENT ON COLUMN katana_counts.is_done IS 'all of it is in Katana';
