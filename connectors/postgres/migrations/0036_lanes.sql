-- Work on a store that failed and waits, whatever kind it is: one table, so that another kind of work needs no columns.
-- Fetching, the catalogue and telling stock keep theirs in `stores`, a count keeps them in `stock_imports`.

CREATE TABLE store_lanes (
    store_id bigint NOT NULL REFERENCES stores (id),
    lane text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (store_id, lane)
);

COMMENT ON TABLE store_lanes IS 'Work on a store that could not be done: until when it waits, and why. Gone once it is done.';
COMMENT ON COLUMN store_lanes.lane IS 'the name of its task';
COMMENT ON COLUMN store_lanes.due_at IS 'it is not tried again before';
COMMENT ON COLUMN store_lanes.attempts IS 'that failed, in a row';
