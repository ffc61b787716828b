-- Stock push (SPEC chapter 8): what each store sells, what it shows, and which SKUs of it are due.

-- Orders that wait unread hold back the stock of their SKUs (STK-9); null: nobody knows yet which ones.
ALTER TABLE store_orders ADD COLUMN skus text[];

ALTER TABLE store_stock
    DROP COLUMN told_quantity,                      -- now by item and place, in store_levels
    DROP COLUMN told_at,
    DROP COLUMN rung_at,                            -- one bell rings for all SKUs of a store
    ADD COLUMN due_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN sent_at timestamptz,                 -- a SKU that moves all the time is told at a pace
    ADD COLUMN looked_at timestamptz,               -- when the store was last asked whether it has the SKU
    ADD COLUMN wants_look boolean NOT NULL DEFAULT false,   -- a person wants to have the store asked first
    ADD COLUMN reason text,                         -- why the store does not show the hub's value
    ADD COLUMN detail jsonb NOT NULL DEFAULT '{}';

CREATE TABLE store_items (                          -- a store's catalogue, as far as it carries stock
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    sku text NOT NULL,
    name text NOT NULL DEFAULT '',
    is_tracked boolean NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (store_id, external_id)
);
CREATE INDEX store_items_sku ON store_items (store_id, sku);

CREATE TABLE store_levels (
    store_id bigint NOT NULL,
    external_id text NOT NULL,
    place text NOT NULL,                            -- '' is the store's own default place
    shown bigint,                                   -- what the store shows as far as we know; null: unknown
    told bigint,                                    -- what we told it last
    told_at timestamptz,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),    -- when `shown` was last written
    PRIMARY KEY (store_id, external_id, place),
    FOREIGN KEY (store_id, external_id) REFERENCES store_items ON DELETE CASCADE
);

ALTER TABLE stores
    ADD COLUMN catalogue_at timestamptz,            -- up to here every change of its catalogue is known
    ADD COLUMN catalogue_whole_at timestamptz,      -- last walk through all of it
    ADD COLUMN catalogue_due_at timestamptz,        -- not before (429, back-off)
    ADD COLUMN catalogue_attempts integer NOT NULL DEFAULT 0;

-- As in 0004, and since when a SKU waits: orders hold it back for a minute at most (STK-9).
CREATE OR REPLACE FUNCTION hub.tell_stores(moved bigint[], moved_on_shelf bigint[]) RETURNS void LANGUAGE plpgsql AS $$
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
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;
