-- A store may show what is in stock less what orders of stores commit; orders made in the hub itself take nothing off
-- (STK-2). And what a store counts decides which commitments are news for it.

ALTER TABLE hub.sales_order_rows ADD COLUMN from_store boolean NOT NULL DEFAULT false;   -- its order came from a store
ALTER TABLE hub.stock ADD COLUMN committed_store numeric NOT NULL DEFAULT 0;    -- of committed_direct, by orders of stores
ALTER TABLE hub.sales_order_rows ALTER COLUMN from_store DROP DEFAULT, DISABLE TRIGGER USER;
UPDATE hub.sales_order_rows r SET from_store = true
FROM hub.sales_orders o WHERE o.id = r.sales_order_id AND o.store_id IS NOT NULL;
ALTER TABLE hub.sales_order_rows ENABLE TRIGGER USER;
UPDATE hub.stock s SET committed_store = r.quantity
FROM (SELECT variant_id, location_id, sum(open_quantity) AS quantity FROM hub.sales_order_rows
      WHERE kind = 'product' AND from_store AND open_quantity <> 0 GROUP BY 1, 2) r
WHERE s.variant_id = r.variant_id AND s.location_id = r.location_id;

-- Who writes rows need not know it; a row whose order is gone has it still.
CREATE FUNCTION hub.row_knows_its_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.from_store := EXISTS (SELECT FROM hub.sales_orders WHERE id = NEW.sales_order_id AND store_id IS NOT NULL);
    RETURN NEW;
END $$;
CREATE TRIGGER row_knows_its_source BEFORE INSERT ON hub.sales_order_rows FOR EACH ROW
    WHEN (NEW.from_store IS NULL) EXECUTE FUNCTION hub.row_knows_its_source();
CREATE TRIGGER moved_row_knows_its_source BEFORE UPDATE OF sales_order_id ON hub.sales_order_rows FOR EACH ROW
    EXECUTE FUNCTION hub.row_knows_its_source();

CREATE FUNCTION hub.order_knows_its_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hub.sales_order_rows SET from_store = NEW.store_id IS NOT NULL WHERE sales_order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_knows_its_store AFTER UPDATE OF store_id ON hub.sales_orders FOR EACH ROW
    WHEN ((OLD.store_id IS NULL) <> (NEW.store_id IS NULL)) EXECUTE FUNCTION hub.order_knows_its_store();

-- As in 0003, and of what stands on rows as itself the part of stores' orders.
CREATE TYPE hub.promise AS (variant_id bigint, location_id bigint, quantity numeric, from_store boolean);

CREATE FUNCTION hub.commit_promises(changes hub.promise[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hub.stock AS s (variant_id, location_id, committed, committed_direct, committed_store)
    SELECT d.variant_id, d.location_id, sum(d.committed), sum(d.direct), sum(d.of_store)
    FROM (
        SELECT variant_id, location_id, quantity AS committed, quantity AS direct,
               CASE WHEN from_store THEN quantity ELSE 0 END AS of_store
        FROM unnest(changes)
        UNION ALL
        SELECT c.component_id, u.location_id, u.quantity * c.quantity, 0, 0
        FROM unnest(changes) u JOIN hub.bundle_components c ON c.bundle_id = u.variant_id
    ) d
    GROUP BY d.variant_id, d.location_id
    HAVING sum(d.committed) <> 0 OR sum(d.direct) <> 0 OR sum(d.of_store) <> 0
    ORDER BY d.variant_id, d.location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE
    SET committed = s.committed + excluded.committed,
        committed_direct = s.committed_direct + excluded.committed_direct,
        committed_store = s.committed_store + excluded.committed_store;
END $$;

CREATE OR REPLACE FUNCTION hub.rows_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, open_quantity, from_store)::hub.promise FROM new_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    -- An ordinary new order has nothing to follow: this is the way every import takes.
    IF EXISTS (SELECT FROM new_rows n JOIN hub.sales_orders o ON o.id = n.sales_order_id
               WHERE n.status <> 'NOT_SHIPPED' OR o.status <> 'NOT_SHIPPED' OR o.voided OR o.closed) THEN
        PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM new_rows));
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.rows_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken hub.pieces[] := ARRAY(
        SELECT (n.variant_id, n.location_id, n.taken_quantity - o.taken_quantity, n.id)::hub.pieces
        FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.kind = 'product' AND n.taken_quantity <> o.taken_quantity);
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, open_quantity, from_store)::hub.promise FROM new_rows WHERE kind = 'product'
        UNION ALL
        SELECT (variant_id, location_id, -open_quantity, from_store)::hub.promise FROM old_rows WHERE kind = 'product'));
    IF taken <> '{}' THEN
        PERFORM hub.take_pieces(taken);
        PERFORM hub.assign_batches(taken);
    END IF;
    PERFORM hub.follow_orders(ids) FROM (
        SELECT array_agg(DISTINCT n.sales_order_id) AS ids FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.status <> o.status OR n.ships <> o.ships) moved WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.rows_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, -open_quantity, from_store)::hub.promise FROM old_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    PERFORM hub.take_pieces(ARRAY(
        SELECT (variant_id, location_id, -taken_quantity, id)::hub.pieces FROM old_rows
        WHERE kind = 'product' AND taken_quantity <> 0));
    PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM old_rows));
    RETURN NULL;
END $$;
DROP FUNCTION hub.commit_pieces(hub.pieces[]);

-- Marks, as in 0012 and 0018: what lies on the shelf is news for all stores, what stands on rows only for those that count
-- it, that never were told of the SKU, or that may show anything. A store that chose nothing counts all of it.
DROP FUNCTION hub.tell_stores(bigint[], bigint[]);
CREATE FUNCTION hub.tell_stores(moved bigint[], on_shelf bigint[], on_rows bigint[], of_stores bigint[])
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
            SELECT sku, coalesce(id = ANY (on_shelf), false) AS is_on_shelf, coalesce(id = ANY (on_rows), false) AS is_on_rows,
                   coalesce(id = ANY (of_stores), false) AS is_of_stores
            FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
            UNION ALL
            SELECT v.sku, true, false, false FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
            WHERE c.component_id = ANY (on_shelf) AND v.sku IS NOT NULL
        ) variants
        GROUP BY sku
    ) i
    WHERE s.state <> 'disconnected' AND s.settings ->> 'stock.sync' = 'true'
      AND (i.is_on_shelf
           OR CASE coalesce(s.settings ->> 'stock.quantity', 'in_stock_minus_committed')
                  WHEN 'in_stock_minus_committed' THEN i.is_on_rows
                  WHEN 'in_stock_minus_store_orders' THEN i.is_of_stores
                  ELSE false END
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

CREATE OR REPLACE FUNCTION hub.mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(
        array_agg(variant_id),
        array_agg(variant_id) FILTER (
            WHERE (n.in_stock, n.counted_at IS NULL) IS DISTINCT FROM (o.in_stock, o.counted_at IS NULL)),
        array_agg(variant_id) FILTER (WHERE n.committed_direct IS DISTINCT FROM o.committed_direct),
        array_agg(variant_id) FILTER (WHERE n.committed_store IS DISTINCT FROM o.committed_store))
    FROM new_stock n FULL JOIN old_stock o USING (variant_id, location_id)
    WHERE (n.in_stock, n.committed, n.committed_direct, n.committed_store, n.counted_at IS NULL)
          IS DISTINCT FROM (o.in_stock, o.committed, o.committed_direct, o.committed_store, o.counted_at IS NULL);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_first_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id), NULL, NULL)
    FROM new_stock WHERE in_stock <> 0 OR committed <> 0 OR counted_at IS NOT NULL;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_gone_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id), NULL, NULL)
    FROM old_stock WHERE in_stock <> 0 OR committed <> 0 OR counted_at IS NOT NULL;
    RETURN NULL;
END $$;

-- Stores that chose nothing showed what is in stock until now: what they were ever told is looked at again, and once more
-- when everybody is over who may mark by the rule of before.
UPDATE stores SET stock_writers = '0'
WHERE state <> 'disconnected' AND settings ->> 'stock.sync' = 'true' AND NOT settings ? 'stock.quantity';
UPDATE store_stock q SET changed = q.changed + 1, due_at = NULL, attempts = 0,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM stores s
WHERE s.id = q.store_id AND s.state <> 'disconnected' AND s.settings ->> 'stock.sync' = 'true'
  AND NOT s.settings ? 'stock.quantity';
