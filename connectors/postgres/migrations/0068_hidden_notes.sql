-- What was noted of orders and seen to by a person is hidden until more orders come to it (BEY-7).

ALTER TABLE order_counts ADD COLUMN came bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN order_counts.came IS 'so many came to it; those that left are still in it';

CREATE OR REPLACE FUNCTION count_moved_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders) VALUES (OLD.store_id, OLD.state, OLD.reason, -1);
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.order_counts (store_id, state, reason, orders, came)
        VALUES (NEW.store_id, NEW.state, NEW.reason, 1, 1);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_new_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders, came)
    SELECT store_id, state, reason, count(*), count(*) FROM new_orders GROUP BY store_id, state, reason;
    RETURN NULL;
END $$;

CREATE TABLE hidden_notes (
    store_id bigint NOT NULL REFERENCES stores,
    reason text NOT NULL,
    came bigint NOT NULL,
    who text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (store_id, reason)
);
COMMENT ON TABLE hidden_notes IS 'What was noted of orders and a person has seen to: it is shown again once more orders come to it.';
COMMENT ON COLUMN hidden_notes.came IS 'how many orders had come to it then';
