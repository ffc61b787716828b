-- What a query costs does not grow with what is stored (SPD-2): an index for each way in which orders and lines of the
-- journal are looked for, and counted orders instead of counting them.

-- Of one store, and what settings were when: both were looked for among everybody's lines.
CREATE INDEX journal_store ON journal (store_id, id);
CREATE INDEX journal_settings ON journal (store_id, id) WHERE action IN ('connect', 'reconfigure');

-- Everything that was said of an order, first among its notes or not.
CREATE FUNCTION reasons_of(reason text, hub_reason text, detail jsonb, hub_detail jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_remove(ARRAY[reason, hub_reason], NULL) || ARRAY(SELECT jsonb_array_elements_text(
       jsonb_path_query_array(detail, '$.also[*].reason') || jsonb_path_query_array(hub_detail, '$.also[*].reason'))) $$;
COMMENT ON FUNCTION reasons_of(text, text, jsonb, jsonb) IS
    'Everything that was said of an order, first among its notes or not.';

DROP INDEX store_orders_state;
DROP INDEX store_orders_failing;
CREATE INDEX store_orders_listed ON store_orders (store_id, store_updated_at DESC NULLS LAST, external_id);
CREATE INDEX store_orders_outside ON store_orders (store_id, state, store_updated_at DESC NULLS LAST, external_id)
    WHERE state <> 'imported';
CREATE INDEX store_orders_failing ON store_orders (store_id) WHERE is_failing OR hub_is_failing;
CREATE INDEX store_orders_skipped ON store_orders ((detail ->> 'status'), store_id) WHERE state = 'skipped';
CREATE INDEX store_orders_noted ON store_orders USING gin (reasons_of(reason, hub_reason, detail, hub_detail))
    WHERE reason IS NOT NULL OR hub_reason IS NOT NULL;

-- How many orders are in which state, and why, as sums: a row says what became more or less. No keys and no index: it
-- is written with every order, and read as a whole.
CREATE TABLE order_counts (
    store_id bigint NOT NULL,
    state text NOT NULL,
    reason text,
    orders bigint NOT NULL
);
COMMENT ON TABLE order_counts IS
    'How many orders of a store are in which state, and why: the sum of its rows, which are folded into fewer now and then.';
COMMENT ON COLUMN order_counts.orders IS 'so many more; fewer where below 0';

CREATE FUNCTION count_new_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders)
    SELECT store_id, state, reason, count(*) FROM new_orders GROUP BY store_id, state, reason;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION count_new_orders() IS 'Orders that were never seen before are counted.';

CREATE FUNCTION count_moved_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders) VALUES (OLD.store_id, OLD.state, OLD.reason, -1);
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.order_counts (store_id, state, reason, orders) VALUES (NEW.store_id, NEW.state, NEW.reason, 1);
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION count_moved_order() IS
    'An order is in another state, for another reason, or gone. Row by row: most updates of orders move neither.';

CREATE TRIGGER orders_counted AFTER INSERT ON store_orders REFERENCING NEW TABLE AS new_orders
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_orders();
CREATE TRIGGER order_counted_otherwise AFTER UPDATE ON store_orders FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.reason IS DISTINCT FROM NEW.reason) EXECUTE FUNCTION count_moved_order();
CREATE TRIGGER order_not_counted AFTER DELETE ON store_orders FOR EACH ROW EXECUTE FUNCTION count_moved_order();

INSERT INTO order_counts (store_id, state, reason, orders)
SELECT store_id, state, reason, count(*) FROM store_orders GROUP BY store_id, state, reason;

-- An order is written several times while it comes in: its snapshot stands aside from 256 bytes on and is not written
-- along, and what moves nothing that is looked for finds room beside itself.
ALTER TABLE store_orders SET (toast_tuple_target = 256, fillfactor = 85);
