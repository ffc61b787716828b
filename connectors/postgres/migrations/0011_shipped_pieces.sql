-- Pieces mark an order, and not only the word for them: of five, one more that is packed or delivered leaves a row
-- partially packed or delivered as it was, and its store is to be told of it all the same (FUL-10).

CREATE OR REPLACE FUNCTION hub.mark_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE (s.store_id, s.external_id) IN (
        SELECT h.store_id, h.external_id
        FROM new_rows n JOIN old_rows o USING (id) JOIN hub.sales_orders h ON h.id = n.sales_order_id
        WHERE (n.status, n.packed_quantity, n.delivered_quantity) <> (o.status, o.packed_quantity, o.delivered_quantity)
          AND h.store_id IS NOT NULL);
    IF FOUND THEN
        PERFORM pg_notify('storesync_fulfillment', '');
    END IF;
    RETURN NULL;
END $$;
