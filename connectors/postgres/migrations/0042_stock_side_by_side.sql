-- The latest news of a store is found without reading all that is due.

DROP INDEX store_stock_due;
CREATE INDEX store_stock_due ON store_stock (store_id, due_since) WHERE changed > settled;

-- What a store is being told this moment, and by which process: one that wakes up late may tell an old value, and die
-- before it writes that down.

CREATE TABLE stock_tellings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores (id),
    skus text[] NOT NULL,
    holder text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE stock_tellings IS 'What a store is being told this moment: who ends without writing down what came of it leaves a row, and its SKUs are told once more.';
