-- CHG-5: an order that its store took back is deleted by no person. It leaves no tombstone, so that it imports again
-- when the store opens it again; why it went stands in storesync.deleted_because.
CREATE OR REPLACE FUNCTION hub.mark_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := coalesce(nullif(current_setting('storesync.deleted_by', true), ''), session_user);
    because text := nullif(current_setting('storesync.deleted_because', true), '');
BEGIN
    INSERT INTO public.store_orders AS s
        (store_id, external_id, state, reason, tombstoned_at, tombstoned_by, order_settled, delivery_settled)
    SELECT store_id, external_id, 'deleted', coalesce(because, 'deleted_in_hub'),
           CASE WHEN because IS NULL THEN now() END, CASE WHEN because IS NULL THEN who END, 1, 1
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
