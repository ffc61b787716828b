-- The first count (STK-11): of a file or of a store, many items as one adjustment that can be taken back.

CREATE TABLE hub.stock_counts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    counted_at timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL,                           -- the file's or the store's name, for people
    taken_back_at timestamptz
);
ALTER TABLE hub.stock_moves ADD COLUMN count_id bigint REFERENCES hub.stock_counts;
CREATE INDEX stock_moves_count ON hub.stock_moves (count_id) WHERE count_id IS NOT NULL;

-- The count that a person asked for of a store, the latest of each: a job in steps, of which each can be done again.
CREATE TABLE stock_imports (
    store_id bigint PRIMARY KEY REFERENCES stores,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_again boolean NOT NULL,                      -- also what was counted before
    is_trial boolean NOT NULL,                      -- nothing is counted, only said
    step text NOT NULL DEFAULT 'orders' CHECK (step IN ('orders', 'reading', 'checking', 'done', 'stopped')),
    step_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    walk jsonb,                                     -- how far its catalogue was read
    seen integer NOT NULL DEFAULT 0,                -- items that were read
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,                             -- not before
    reason text,
    detail text,
    report jsonb,
    ended_at timestamptz
);

CREATE TABLE stock_import_figures (                 -- what the store showed, as it was read for this
    store_id bigint NOT NULL REFERENCES stock_imports,
    external_id text NOT NULL,
    sku text NOT NULL,
    is_tracked boolean NOT NULL,
    shown jsonb NOT NULL,                           -- pieces by place
    read_at timestamptz NOT NULL,                   -- before the store was asked
    PRIMARY KEY (store_id, external_id)
);

CREATE TABLE stock_import_moves (                   -- orders of the store that came in since it was asked for
    store_id bigint NOT NULL REFERENCES stock_imports,
    sku text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, sku)
);
