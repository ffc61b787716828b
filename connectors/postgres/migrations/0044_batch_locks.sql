-- As in 0003, but a batch that is there is not kept from who refers to it: of its key nothing is written.
CREATE OR REPLACE FUNCTION hub.count_supply(item hub.pieces, has_arrived boolean, of_kind text, in_batch text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    batch bigint;
BEGIN
    IF NOT has_arrived THEN
        INSERT INTO hub.stock AS s (variant_id, location_id, expected)
        VALUES (item.variant_id, item.location_id, item.quantity)
        ON CONFLICT (variant_id, location_id) DO UPDATE SET expected = s.expected + excluded.expected;
        RETURN;
    END IF;
    IF (SELECT p.batch_tracked FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
        WHERE v.id = item.variant_id) THEN
        INSERT INTO hub.batches AS b (variant_id, batch_no) VALUES (item.variant_id, in_batch)
        ON CONFLICT (variant_id, batch_no) DO UPDATE SET received_at = b.received_at RETURNING b.id INTO batch;
    END IF;
    INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta, kind, source_id)
    VALUES (item.variant_id, item.location_id, batch, item.quantity, of_kind, item.row_id);
END $$;
