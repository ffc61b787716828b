-- Fulfilment, hub to store (SPEC chapter 7): the hub's side of an order is due by itself, with its own failures.

ALTER TABLE store_orders
    DROP COLUMN delivery_settled,                   -- what the store delivered is looked at together with its changes
    ADD COLUMN hub_due_at timestamptz,              -- not before
    ADD COLUMN hub_attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN hub_rung_at timestamptz,
    ADD COLUMN hub_is_failing boolean NOT NULL DEFAULT false,
    ADD COLUMN hub_reason text,                     -- why the store does not show what the hub shipped
    ADD COLUMN hub_detail jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN sending jsonb;                       -- what the store is being told now, until its answer is written down
CREATE INDEX store_orders_outgoing ON store_orders (store_id, hub_rung_at NULLS FIRST) WHERE hub_changed > hub_settled;

-- As in 0004, and whoever listens hears of it at once.
CREATE OR REPLACE FUNCTION hub.mark_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE (s.store_id, s.external_id) IN (
        SELECT h.store_id, h.external_id
        FROM new_rows n JOIN old_rows o USING (id) JOIN hub.sales_orders h ON h.id = n.sales_order_id
        WHERE n.status <> o.status AND h.store_id IS NOT NULL);
    IF FOUND THEN
        PERFORM pg_notify('storesync_fulfillment', '');
    END IF;
    RETURN NULL;
END $$;

-- The stitch profile tells its store what a person says of an order beside its rows (SPEC chapter 9). What the rows
-- themselves say of packed and shipped is marked above.
CREATE FUNCTION hub.mark_flags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE s.store_id = NEW.store_id AND s.external_id = NEW.external_id;
    IF FOUND THEN
        PERFORM pg_notify('storesync_fulfillment', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_flags AFTER UPDATE ON hub.sales_orders FOR EACH ROW
    WHEN (NEW.store_id IS NOT NULL
          AND ((OLD.paid, OLD.closed, OLD.voided) IS DISTINCT FROM (NEW.paid, NEW.closed, NEW.voided)
               OR (pg_trigger_depth() = 0 AND (OLD.packed, OLD.shipped) IS DISTINCT FROM (NEW.packed, NEW.shipped))))
    EXECUTE FUNCTION hub.mark_flags();

-- As in 0005, without the mark that is gone.
CREATE OR REPLACE FUNCTION hub.mark_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := coalesce(nullif(current_setting('storesync.deleted_by', true), ''), session_user);
    because text := nullif(current_setting('storesync.deleted_because', true), '');
BEGIN
    INSERT INTO public.store_orders AS s
        (store_id, external_id, state, reason, tombstoned_at, tombstoned_by, order_settled)
    SELECT store_id, external_id, 'deleted', coalesce(because, 'deleted_in_hub'),
           CASE WHEN because IS NULL THEN now() END, CASE WHEN because IS NULL THEN who END, 1
    FROM old_orders WHERE store_id IS NOT NULL ORDER BY store_id, external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, hub_order_id = NULL,
        tombstoned_at = excluded.tombstoned_at, tombstoned_by = excluded.tombstoned_by;
    INSERT INTO public.journal (store_id, external_id, action, outcome, reason, detail)
    SELECT store_id, external_id, 'delete', 'deleted', coalesce(because, 'deleted_in_hub'),
           jsonb_build_object('order_no', order_no, 'deleted_by', who)
    FROM old_orders ORDER BY id;
    RETURN NULL;
END $$;
