-- What Katana does not keep of a sales order of ours: which store's order it is and which of its lines each row stands for,
-- the rate and the proof of its money.
CREATE TABLE katana_orders (
    id text PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    money jsonb NOT NULL,
    is_gone boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX katana_orders_live ON katana_orders (store_id, external_id) WHERE NOT is_gone;
CREATE TABLE katana_rows (
    id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES katana_orders,
    external_id text,
    place integer NOT NULL,
    kept jsonb NOT NULL
);
CREATE INDEX katana_rows_order ON katana_rows (order_id);
CREATE INDEX katana_intents_found ON katana_intents (found_id) WHERE found_id IS NOT NULL;
COMMENT ON TABLE katana_orders IS 'sales orders of stores in Katana, with what it does not keep of them';
COMMENT ON COLUMN katana_orders.id IS 'Katana''s own';
COMMENT ON COLUMN katana_orders.money IS 'the exchange rate, and the totals beside the store''s (MAP-6), as texts';
COMMENT ON COLUMN katana_orders.is_gone IS 'deleted in Katana: the store''s order may have another one since';
COMMENT ON TABLE katana_rows IS 'their rows';
COMMENT ON COLUMN katana_rows.id IS 'Katana''s own';
COMMENT ON COLUMN katana_rows.external_id IS 'the store''s line; null: no store has it';
COMMENT ON COLUMN katana_rows.place IS 'its place in the order as it was sent';
COMMENT ON COLUMN katana_rows.kept IS 'its kind, name, discount and money, which Katana keeps otherwise or not at all';
