-- Whether somebody ever counted an item at a location: adjusted it, by 0 too, took a purchase in, made it, or set its
-- level. What was only sold or given back was not: its figure says nothing of what lies there (STK-10).
ALTER TABLE hub.stock ADD COLUMN counted_at timestamptz;    -- null: never
UPDATE hub.stock s SET counted_at = m.counted_at
FROM (SELECT variant_id, location_id, min(moved_at) AS counted_at FROM hub.stock_moves WHERE kind <> 'sale' GROUP BY 1, 2) m
WHERE s.variant_id = m.variant_id AND s.location_id = m.location_id;

-- Nothing was found where somebody looked: that is a count too.
ALTER TABLE hub.stock_moves
    DROP CONSTRAINT stock_moves_delta_check,
    ADD CONSTRAINT stock_moves_delta_check CHECK (delta <> 0 OR kind = 'adjustment');

-- Depth 0 is a person's statement, as for the ledger.
CREATE FUNCTION hub.stock_set_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.counted_at := coalesce(NEW.counted_at, now());
    RETURN NEW;
END $$;
CREATE TRIGGER stock_set_by_hand BEFORE INSERT OR UPDATE OF in_stock ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION hub.stock_set_by_hand();

-- As in 0003, and who counts.
CREATE OR REPLACE FUNCTION hub.moves_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_moves m JOIN hub.settings s ON (m.moved_at AT TIME ZONE 'UTC')::date <= s.locked_until) THEN
        RAISE EXCEPTION 'inventory is locked up to and including %', (SELECT locked_until FROM hub.settings)
            USING ERRCODE = 'HB001';
    END IF;
    INSERT INTO hub.stock AS s (variant_id, location_id, in_stock, counted_at)
    SELECT variant_id, location_id, sum(delta), min(moved_at) FILTER (WHERE kind <> 'sale')
    FROM new_moves WHERE kind <> 'count'
    GROUP BY variant_id, location_id ORDER BY variant_id, location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE
    SET in_stock = s.in_stock + excluded.in_stock, counted_at = coalesce(s.counted_at, excluded.counted_at);
    IF EXISTS (SELECT FROM new_moves WHERE batch_id IS NOT NULL) THEN
        INSERT INTO hub.batch_stock (batch_id, location_id, in_stock)
        SELECT DISTINCT batch_id, location_id, 0 FROM new_moves WHERE batch_id IS NOT NULL ORDER BY batch_id, location_id
        ON CONFLICT DO NOTHING;
        UPDATE hub.batch_stock s SET in_stock = s.in_stock + d.delta
        FROM (SELECT batch_id, location_id, sum(delta) AS delta FROM new_moves GROUP BY batch_id, location_id) d
        WHERE s.batch_id = d.batch_id AND s.location_id = d.location_id;
    END IF;
    RETURN NULL;
END $$;

-- As in 0018 and 0012, and what is counted for the first time is news, whatever its figure.
CREATE OR REPLACE FUNCTION hub.mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id) FILTER (
        WHERE (n.in_stock, n.counted_at IS NULL) IS DISTINCT FROM (o.in_stock, o.counted_at IS NULL)))
    FROM new_stock n FULL JOIN old_stock o USING (variant_id, location_id)
    WHERE (n.in_stock, n.committed, n.committed_direct, n.counted_at IS NULL)
          IS DISTINCT FROM (o.in_stock, o.committed, o.committed_direct, o.counted_at IS NULL);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_first_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id))
    FROM new_stock WHERE in_stock <> 0 OR committed <> 0 OR counted_at IS NOT NULL;
    RETURN NULL;
END $$;
