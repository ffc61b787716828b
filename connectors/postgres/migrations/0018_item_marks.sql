-- The hub's figure of a SKU moves without a stock level that does: an item gets its SKU or loses it, a bundle gets other
-- parts, a level is deleted. Those SKUs are told too (STK-1, STK-3).

-- SKUs whose items are others now. News for every store where the hub has pieces for the SKU; else only for those that
-- were told of it before: what is added without pieces, by a person or an import, is nothing to tell.
CREATE FUNCTION hub.tell_skus(moved text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, i.sku
    FROM public.stores s CROSS JOIN (
        SELECT m.sku, EXISTS (
            SELECT FROM hub.variants v LEFT JOIN hub.bundle_components c ON c.bundle_id = v.id
                JOIN hub.stock k ON k.variant_id = coalesce(c.component_id, v.id)
            WHERE v.sku = m.sku AND k.in_stock <> 0) AS has_pieces
        FROM (SELECT DISTINCT unnest(moved) AS sku) m
        WHERE m.sku IS NOT NULL
    ) i
    WHERE s.state <> 'disconnected' AND s.settings ->> 'stock.sync' = 'true'
      AND (i.has_pieces OR EXISTS (SELECT FROM public.store_stock q WHERE q.store_id = s.id AND q.sku = i.sku))
    ORDER BY s.id, i.sku
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;

-- Row by row: every import passes here, mostly without a new item.
CREATE FUNCTION hub.mark_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_skus(ARRAY[OLD.sku, NEW.sku]);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_item AFTER INSERT OR DELETE ON hub.variants FOR EACH ROW EXECUTE FUNCTION hub.mark_item();
CREATE TRIGGER mark_changed_item AFTER UPDATE ON hub.variants FOR EACH ROW
    WHEN ((OLD.sku, OLD.product_id, OLD.created_at) IS DISTINCT FROM (NEW.sku, NEW.product_id, NEW.created_at))
    EXECUTE FUNCTION hub.mark_item();

CREATE FUNCTION hub.mark_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_skus(ARRAY(SELECT sku FROM hub.variants WHERE id IN (OLD.bundle_id, NEW.bundle_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER mark_bundle AFTER INSERT OR UPDATE OR DELETE ON hub.bundle_components
    FOR EACH ROW EXECUTE FUNCTION hub.mark_bundle();

-- As in 0004, and what stands on rows as itself, which stores count (STK-2); a level that somebody moved to another item
-- or location has no like of before.
CREATE OR REPLACE FUNCTION hub.mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id),
        array_agg(variant_id) FILTER (WHERE n.in_stock IS DISTINCT FROM o.in_stock))
    FROM new_stock n FULL JOIN old_stock o USING (variant_id, location_id)
    WHERE (n.in_stock, n.committed, n.committed_direct) IS DISTINCT FROM (o.in_stock, o.committed, o.committed_direct);
    RETURN NULL;
END $$;

CREATE FUNCTION hub.mark_gone_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id))
    FROM old_stock WHERE in_stock <> 0 OR committed <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_gone_stock AFTER DELETE ON hub.stock
    REFERENCING OLD TABLE AS old_stock FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_gone_stock();

-- A store whose location the hub did not have is told once the hub has it.
CREATE FUNCTION hub.mark_location() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_stock q SET changed = q.changed + 1,
        due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
    FROM (SELECT store_id, sku FROM public.store_stock WHERE reason = 'location_unknown'
          ORDER BY store_id, sku FOR UPDATE) waiting
    WHERE q.store_id = waiting.store_id AND q.sku = waiting.sku;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_location AFTER INSERT OR UPDATE ON hub.locations
    FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_location();
