-- Which movements of the hub are news for a store is decided by its settings, in the code, where their defaults are: the
-- marks read what was decided.
ALTER TABLE stores ADD COLUMN stock_news text CHECK (stock_news IN ('shelf', 'store_rows', 'rows'));
COMMENT ON COLUMN stores.stock_news IS
    'which movements of the hub it is told: of the shelf, of what rows of stores'' orders promise too, of what any row does; null: it is told no stock';
UPDATE stores SET stock_news = CASE coalesce(settings ->> 'stock.quantity', 'in_stock_minus_committed')
    WHEN 'in_stock_minus_committed' THEN 'rows' WHEN 'in_stock_minus_store_orders' THEN 'store_rows' ELSE 'shelf' END
WHERE settings ->> 'stock.sync' = 'true';

CREATE OR REPLACE FUNCTION hub.tell_stores(moved bigint[], on_shelf bigint[], on_rows bigint[], of_stores bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, i.sku
    FROM public.stores s CROSS JOIN (
        SELECT sku, bool_or(is_on_shelf) AS is_on_shelf, bool_or(is_on_rows) AS is_on_rows,
               bool_or(is_of_stores) AS is_of_stores
        FROM (
            SELECT sku, coalesce(id = ANY (on_shelf), false) AS is_on_shelf,
                   coalesce(id = ANY (on_rows), false) AS is_on_rows,
                   coalesce(id = ANY (of_stores), false) AS is_of_stores
            FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
            UNION ALL
            SELECT v.sku, true, false, false FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
            WHERE c.component_id = ANY (on_shelf) AND v.sku IS NOT NULL
        ) variants
        GROUP BY sku
    ) i
    WHERE s.state <> 'disconnected' AND s.stock_news IS NOT NULL
      AND (i.is_on_shelf
           OR (s.stock_news = 'rows' AND i.is_on_rows)
           OR (s.stock_news = 'store_rows' AND i.is_of_stores)
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

CREATE OR REPLACE FUNCTION hub.tell_skus(moved text[]) RETURNS void LANGUAGE plpgsql AS $$
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
    WHERE s.state <> 'disconnected' AND s.stock_news IS NOT NULL
      AND (i.has_pieces OR EXISTS (SELECT FROM public.store_stock q WHERE q.store_id = s.id AND q.sku = i.sku))
    ORDER BY s.id, i.sku
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;
