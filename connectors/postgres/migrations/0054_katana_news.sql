-- What was heard of Katana last, so that only what is new is passed on, once: Katana says what stands, not what moved
-- (KAT-4). No buyer is named here.
CREATE TABLE katana_heard (
    id text PRIMARY KEY,
    order_no text NOT NULL,
    status text NOT NULL,
    customer_id text NOT NULL,
    currency text NOT NULL,
    moved_at timestamptz,
    read_at timestamptz NOT NULL,
    is_gone boolean NOT NULL,
    is_settled boolean NOT NULL,
    rows jsonb NOT NULL,
    parcels jsonb NOT NULL
);
CREATE INDEX katana_heard_no ON katana_heard (order_no);
CREATE INDEX katana_heard_unsettled ON katana_heard (read_at) WHERE NOT is_settled;
CREATE INDEX katana_heard_age ON katana_heard (read_at);
CREATE TABLE katana_promises (
    row_id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES katana_heard ON DELETE CASCADE,
    variant_id text NOT NULL,
    location_id text NOT NULL,
    pieces numeric NOT NULL CHECK (pieces > 0)
);
CREATE INDEX katana_promises_variant ON katana_promises (variant_id);
CREATE INDEX katana_promises_order ON katana_promises (order_id);
CREATE TABLE katana_counted (
    variant_id text,
    location_id text,
    PRIMARY KEY (variant_id, location_id)
);
CREATE TABLE katana_movements (
    id text PRIMARY KEY,
    heard_at timestamptz NOT NULL
);
CREATE INDEX katana_movements_age ON katana_movements (heard_at);
CREATE TABLE katana_news (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL,
    about jsonb NOT NULL
);
COMMENT ON TABLE katana_heard IS 'sales orders as Katana told them last, open ones and what moved of late';
COMMENT ON COLUMN katana_heard.id IS 'Katana''s own';
COMMENT ON COLUMN katana_heard.status IS 'in Katana''s word';
COMMENT ON COLUMN katana_heard.moved_at IS 'when it changed last, by Katana';
COMMENT ON COLUMN katana_heard.read_at IS 'whoever asked earlier knows less';
COMMENT ON COLUMN katana_heard.is_settled IS 'its parcels say the same as its status, and none of them may be one of ours; else it is read again';
COMMENT ON COLUMN katana_heard.rows IS 'each with its id, its variant, its place and its quantity';
COMMENT ON COLUMN katana_heard.parcels IS 'its fulfilments: each with its id, its pieces, and whether it is delivered, or gone';
COMMENT ON TABLE katana_promises IS 'what open orders promise and did not take yet (STK-2)';
COMMENT ON TABLE katana_counted IS 'which items were ever counted at which place (STK-10); without a place: Katana was asked about the item';
COMMENT ON TABLE katana_movements IS 'moves of stock that were heard of lately';
COMMENT ON TABLE katana_news IS 'what moved and was not passed on yet: a SKU, what was shipped, how far an order is, what is deleted, a place';
COMMENT ON COLUMN katana_news.number IS 'whoever has heard up to here says so: then it is struck';
