-- What storesync keeps of an order in the hub, so that nothing of ours asks the hub's own tables: how far it is, and whose
-- it is and what it comes to for lists of orders. The import writes it; a hub tells what moves from then on.
ALTER TABLE store_orders
    ADD COLUMN hub_status text CHECK (
        hub_status IN ('NOT_SHIPPED', 'PARTIALLY_PACKED', 'PACKED', 'PARTIALLY_DELIVERED', 'DELIVERED', 'CLOSED')),
    ADD COLUMN hub_customer text,
    ADD COLUMN hub_email text,
    ADD COLUMN hub_total_with_tax numeric,
    ADD COLUMN hub_currency text;
COMMENT ON COLUMN store_orders.hub_status IS
    'our copy of how far the hub''s order is; CLOSED where it is closed or voided; null: it is not in the hub';
COMMENT ON COLUMN store_orders.hub_customer IS 'our copy, for lists: what the hub calls the buyer';
COMMENT ON COLUMN store_orders.hub_total_with_tax IS 'our copy, for lists: in hub_currency';
UPDATE store_orders s
SET hub_status = CASE WHEN h.closed OR h.voided THEN 'CLOSED' ELSE h.status END, hub_customer = c.name,
    hub_email = c.email, hub_total_with_tax = h.total_with_tax, hub_currency = h.currency
FROM hub.sales_orders h JOIN hub.customers c ON c.id = h.customer_id
WHERE h.store_id = s.store_id AND h.external_id = s.external_id;
CREATE INDEX store_orders_open ON store_orders (store_id) WHERE hub_status NOT IN ('DELIVERED', 'CLOSED');

-- Marks: one definition of what is news for whom, for any hub. The built-in one calls it by its triggers, of another one
-- whoever hears what moved there.

CREATE TYPE moved_sku AS (
    sku text, on_shelf boolean, on_rows boolean, of_stores boolean, only_told boolean);
COMMENT ON TYPE moved_sku IS
    'A SKU that moved: what lies on the shelf; what rows promise of it, and what those of stores'' orders do; or it is only news for stores that were told of it before.';

CREATE FUNCTION stock_is_told() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM public.stores WHERE state <> 'disconnected' AND stock_news IS NOT NULL) $$;
COMMENT ON FUNCTION stock_is_told IS 'Whether any store is told stock: else nothing that moves is news.';

CREATE FUNCTION mark_skus(moved moved_sku[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, m.sku
    FROM public.stores s CROSS JOIN (
        SELECT sku, bool_or(on_shelf) AS on_shelf, bool_or(on_rows) AS on_rows, bool_or(of_stores) AS of_stores,
               bool_and(only_told) AS only_told
        FROM unnest(moved) GROUP BY sku
    ) m
    WHERE s.state <> 'disconnected' AND s.stock_news IS NOT NULL
      AND (m.on_shelf
           OR (s.stock_news = 'rows' AND m.on_rows)
           OR (s.stock_news = 'store_rows' AND m.of_stores)
           OR CASE WHEN EXISTS (SELECT FROM public.store_stock q WHERE q.store_id = s.id AND q.sku = m.sku)
                   THEN m.only_told OR EXISTS (
                       SELECT FROM public.store_items t JOIN public.store_levels l USING (store_id, external_id)
                       WHERE t.store_id = s.id AND t.sku = m.sku AND l.shown IS NULL)
                   ELSE NOT m.only_told END)
    ORDER BY s.id, m.sku
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;
COMMENT ON FUNCTION mark_skus IS
    'Which stores a movement is news for: what lies on the shelf for all of them, what stands on rows only for those that count it (STK-2), that never were told of the SKU (STK-1), or that may show anything. A paused store is marked as well, so that it ends with the hub''s value when it goes on (STK-5).';

CREATE FUNCTION mark_location_known() RETURNS void LANGUAGE sql AS $$
    UPDATE public.store_stock q SET changed = q.changed + 1,
        due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
    FROM (SELECT store_id, sku FROM public.store_stock WHERE reason = 'location_unknown'
          ORDER BY store_id, sku FOR UPDATE) waiting
    WHERE q.store_id = waiting.store_id AND q.sku = waiting.sku
$$;
COMMENT ON FUNCTION mark_location_known IS
    'A store whose location the hub did not have is told once the hub has it: it may be this one.';

CREATE FUNCTION mark_orders(store_ids bigint[], external_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE (s.store_id, s.external_id) IN (SELECT * FROM unnest(store_ids, external_ids));
    IF FOUND THEN
        PERFORM pg_notify('storesync_fulfillment', '');
    END IF;
END $$;
COMMENT ON FUNCTION mark_orders IS 'The hub''s side of orders moved: their stores are to be told what they do not show.';

CREATE FUNCTION mark_deleted_orders(
    store_ids bigint[], external_ids text[], order_nos text[], deleted_by text, because text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.store_orders AS s
        (store_id, external_id, state, reason, tombstoned_at, tombstoned_by, order_settled)
    SELECT d.store_id, d.external_id, 'deleted', coalesce(because, 'deleted_in_hub'),
           CASE WHEN because IS NULL THEN now() END, CASE WHEN because IS NULL THEN deleted_by END, 1
    FROM unnest(store_ids, external_ids) AS d (store_id, external_id)
    WHERE d.store_id IS NOT NULL ORDER BY d.store_id, d.external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, hub_order_id = NULL, tombstoned_at = excluded.tombstoned_at,
        tombstoned_by = excluded.tombstoned_by, hub_status = NULL, hub_customer = NULL, hub_email = NULL,
        hub_total_with_tax = NULL, hub_currency = NULL;
    INSERT INTO public.journal (store_id, external_id, action, outcome, reason, detail)
    SELECT d.store_id, d.external_id, 'delete', 'deleted', coalesce(because, 'deleted_in_hub'),
           jsonb_build_object('order_no', d.order_no, 'deleted_by', deleted_by)
    FROM unnest(store_ids, external_ids, order_nos) WITH ORDINALITY AS d (store_id, external_id, order_no, place)
    ORDER BY d.place;
END $$;
COMMENT ON FUNCTION mark_deleted_orders IS
    'A deleted order leaves a tombstone (ORD-7) with who deleted it. One that its store took back leaves none (CHG-5): then it says because of what.';

CREATE TYPE hub_copy AS (
    store_id bigint, external_id text, status text, customer text, email text, total_with_tax numeric, currency text);
COMMENT ON TYPE hub_copy IS 'What storesync keeps of an order in the hub.';

CREATE FUNCTION keep_hub_copies(copies hub_copy[]) RETURNS void LANGUAGE sql AS $$
    WITH moved AS MATERIALIZED (
        SELECT c.* FROM public.store_orders s JOIN unnest(copies) c USING (store_id, external_id)
        ORDER BY s.store_id, s.external_id COLLATE "C" FOR UPDATE OF s
    )
    UPDATE public.store_orders s
    SET hub_status = m.status, hub_customer = m.customer, hub_email = m.email, hub_total_with_tax = m.total_with_tax,
        hub_currency = m.currency
    FROM moved m WHERE s.store_id = m.store_id AND s.external_id = m.external_id
$$;
COMMENT ON FUNCTION keep_hub_copies IS 'Orders in the hub are otherwise now than they were: our copies follow.';

-- The built-in hub ----------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION hub.tell_stores(moved bigint[], on_shelf bigint[], on_rows bigint[], of_stores bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved IS NULL OR NOT public.stock_is_told() THEN
        RETURN;
    END IF;
    PERFORM public.mark_skus(ARRAY(
        SELECT (sku, coalesce(id = ANY (on_shelf), false), coalesce(id = ANY (on_rows), false),
                coalesce(id = ANY (of_stores), false), false)::public.moved_sku
        FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
        UNION ALL
        SELECT (v.sku, true, false, false, false)::public.moved_sku
        FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
        WHERE c.component_id = ANY (on_shelf) AND v.sku IS NOT NULL));
END $$;
COMMENT ON FUNCTION hub.tell_stores IS
    'Items moved, by what moved of them. Bundles moved too when their components did on the shelf.';

CREATE OR REPLACE FUNCTION hub.tell_skus(moved text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT public.stock_is_told() THEN
        RETURN;
    END IF;
    PERFORM public.mark_skus(ARRAY(
        SELECT (m.sku, m.has_pieces, false, false, NOT m.has_pieces)::public.moved_sku
        FROM (
            SELECT sku, EXISTS (
                SELECT FROM hub.variants v LEFT JOIN hub.bundle_components c ON c.bundle_id = v.id
                    JOIN hub.stock k ON k.variant_id = coalesce(c.component_id, v.id)
                WHERE v.sku = n.sku AND k.in_stock <> 0) AS has_pieces
            FROM unnest(moved) AS n (sku) WHERE sku IS NOT NULL
        ) m));
END $$;
COMMENT ON FUNCTION hub.tell_skus IS
    'SKUs whose items are others now. On the shelf where the hub has pieces for the SKU; else only stores that were told of it hear of it: what is added without pieces, by a person or an import, is nothing to tell.';

CREATE OR REPLACE FUNCTION hub.mark_location() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_location_known();
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_orders(array_agg(h.store_id), array_agg(h.external_id))
    FROM new_rows n JOIN old_rows o USING (id) JOIN hub.sales_orders h ON h.id = n.sales_order_id
    WHERE (n.status, n.packed_quantity, n.delivered_quantity) <> (o.status, o.packed_quantity, o.delivered_quantity)
      AND h.store_id IS NOT NULL
    HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_flags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_orders(ARRAY[NEW.store_id], ARRAY[NEW.external_id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION hub.mark_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_deleted_orders(
        array_agg(store_id ORDER BY id), array_agg(external_id ORDER BY id), array_agg(order_no ORDER BY id),
        coalesce(nullif(current_setting('storesync.deleted_by', true), ''), session_user),
        nullif(current_setting('storesync.deleted_because', true), ''))
    FROM old_orders HAVING count(*) > 0;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION hub.mark_deletion IS
    'Orders were deleted, by whom storesync.deleted_by says, else by the database''s user; storesync.deleted_because says why their store took them back.';

CREATE FUNCTION hub.copy_orders(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.keep_hub_copies(ARRAY(
        SELECT (o.store_id, o.external_id, CASE WHEN o.closed OR o.voided THEN 'CLOSED' ELSE o.status END, c.name, c.email,
                o.total_with_tax, o.currency)::public.hub_copy
        FROM hub.sales_orders o JOIN hub.customers c ON c.id = o.customer_id
        WHERE o.id = ANY (ids) AND o.store_id IS NOT NULL));
END $$;
COMMENT ON FUNCTION hub.copy_orders IS 'What storesync keeps of orders of stores.';

CREATE FUNCTION hub.mark_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.copy_orders(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION hub.mark_copy IS
    'An order is further, closed, another customer''s or comes to something else. Updates only: the import writes it first.';
CREATE TRIGGER mark_copy AFTER UPDATE ON hub.sales_orders FOR EACH ROW
    WHEN (NEW.store_id IS NOT NULL
          AND (OLD.status, OLD.closed, OLD.voided, OLD.customer_id, OLD.total_with_tax, OLD.currency)
              IS DISTINCT FROM (NEW.status, NEW.closed, NEW.voided, NEW.customer_id, NEW.total_with_tax, NEW.currency))
    EXECUTE FUNCTION hub.mark_copy();

CREATE FUNCTION hub.mark_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.copy_orders(ARRAY(SELECT id FROM hub.sales_orders WHERE customer_id = NEW.id));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION hub.mark_customer IS 'A customer is called otherwise: so are their orders.';
CREATE TRIGGER mark_customer AFTER UPDATE ON hub.customers FOR EACH ROW
    WHEN ((OLD.name, OLD.email) IS DISTINCT FROM (NEW.name, NEW.email)) EXECUTE FUNCTION hub.mark_customer();
