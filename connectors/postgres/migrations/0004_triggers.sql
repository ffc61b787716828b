-- The three triggers of the hub toward storesync: a stock level or commitment moved, a row's status moved, an order
-- was deleted. They only mark rows; the marks hold for any writer, plain SQL included.

-- Bundles are told too when what their components hold on the shelf moved: it is what can be sold of them. A paused
-- store is marked as well, so that it ends with the hub's value when it goes on (STK-5).
CREATE FUNCTION hub.tell_stores(moved bigint[], moved_on_shelf bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    told bigint[] := ARRAY(
        SELECT id FROM public.stores WHERE state <> 'disconnected' AND settings ->> 'stock.sync' = 'true');
BEGIN
    IF told = '{}' OR moved IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, i.sku
    FROM unnest(told) s (id) CROSS JOIN (
        SELECT sku FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
        UNION
        SELECT v.sku FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
        WHERE c.component_id = ANY (moved_on_shelf) AND v.sku IS NOT NULL
    ) i
    ORDER BY s.id, i.sku
    ON CONFLICT (store_id, sku) DO UPDATE SET changed = due.changed + 1;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;

CREATE FUNCTION hub.mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(n.variant_id), array_agg(n.variant_id) FILTER (WHERE n.in_stock <> o.in_stock))
    FROM new_stock n JOIN old_stock o USING (variant_id, location_id)
    WHERE n.in_stock <> o.in_stock OR n.committed <> o.committed;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_stock AFTER UPDATE ON hub.stock
    REFERENCING OLD TABLE AS old_stock NEW TABLE AS new_stock FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_stock();

CREATE FUNCTION hub.mark_first_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id) FILTER (WHERE in_stock <> 0))
    FROM new_stock WHERE in_stock <> 0 OR committed <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_first_stock AFTER INSERT ON hub.stock
    REFERENCING NEW TABLE AS new_stock FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_first_stock();

-- Updates only: how a row came at its import is the store's own news.
CREATE FUNCTION hub.mark_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE (s.store_id, s.external_id) IN (
        SELECT h.store_id, h.external_id
        FROM new_rows n JOIN old_rows o USING (id) JOIN hub.sales_orders h ON h.id = n.sales_order_id
        WHERE n.status <> o.status AND h.store_id IS NOT NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_status AFTER UPDATE ON hub.sales_order_rows
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_status();

-- ORD-7: who deletes says so in storesync.deleted_by; else it is the database's own user.
CREATE FUNCTION hub.mark_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := coalesce(nullif(current_setting('storesync.deleted_by', true), ''), session_user);
BEGIN
    INSERT INTO public.store_orders AS s
        (store_id, external_id, state, reason, tombstoned_at, tombstoned_by, order_settled, delivery_settled)
    SELECT store_id, external_id, 'deleted', 'deleted_in_hub', now(), who, 1, 1
    FROM old_orders WHERE store_id IS NOT NULL ORDER BY store_id, external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, hub_order_id = NULL,
        tombstoned_at = excluded.tombstoned_at, tombstoned_by = excluded.tombstoned_by;
    INSERT INTO public.journal (store_id, external_id, action, outcome, reason, detail)
    SELECT store_id, external_id, 'delete', 'deleted', 'deleted_in_hub',
           jsonb_build_object('order_no', order_no, 'deleted_by', who)
    FROM old_orders ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_deletion AFTER DELETE ON hub.sales_orders
    REFERENCING OLD TABLE AS old_orders FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_deletion();
