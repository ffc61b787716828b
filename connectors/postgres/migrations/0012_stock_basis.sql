-- Which stores a movement of the hub is news for. What was put on the shelf or taken off it is for all of them; a
-- commitment only for those that count commitments (STK-2), that never were told of the SKU (STK-1), or that may show
-- anything, as their own order moved their figure. So an import of one store's orders is no work for the others.
CREATE OR REPLACE FUNCTION hub.tell_stores(moved bigint[], moved_on_shelf bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, i.sku
    FROM public.stores s CROSS JOIN (
        SELECT sku, bool_or(is_on_shelf) AS is_on_shelf FROM (
            SELECT sku, coalesce(id = ANY (moved_on_shelf), false) AS is_on_shelf
            FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
            UNION ALL
            SELECT v.sku, true FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
            WHERE c.component_id = ANY (moved_on_shelf) AND v.sku IS NOT NULL
        ) variants
        GROUP BY sku
    ) i
    WHERE s.state <> 'disconnected' AND s.settings ->> 'stock.sync' = 'true'
      AND (i.is_on_shelf
           OR s.settings ->> 'stock.quantity' = 'in_stock_minus_committed'
           OR NOT EXISTS (SELECT FROM public.store_stock q WHERE q.store_id = s.id AND q.sku = i.sku)
           OR EXISTS (SELECT FROM public.store_items t JOIN public.store_levels l USING (store_id, external_id)
                      WHERE t.store_id = s.id AND t.sku = i.sku AND l.shown IS NULL))
    ORDER BY s.id, i.sku
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;

-- The first figure of a variant may be that of its SKU's newest variant: news for any store (STK-3).
CREATE OR REPLACE FUNCTION hub.mark_first_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id))
    FROM new_stock WHERE in_stock <> 0 OR committed <> 0;
    RETURN NULL;
END $$;
