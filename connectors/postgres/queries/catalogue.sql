-- name: items_of_skus
-- What the store has of some SKUs, with what each place of it shows.
SELECT i.external_id, i.sku, i.name, i.is_tracked,
       coalesce(jsonb_object_agg(l.place, l.shown) FILTER (WHERE l.place IS NOT NULL), '{}') AS shown,
       coalesce(array_agg(l.place) FILTER (WHERE NOT l.is_active), '{}') AS inactive
FROM store_items i LEFT JOIN store_levels l USING (store_id, external_id)
WHERE i.store_id = %(store_id)s AND i.sku = ANY (%(skus)s)
GROUP BY i.store_id, i.external_id
ORDER BY i.sku, i.external_id

-- name: named_items
-- What a store sells, each SKU once, in pieces.
SELECT DISTINCT ON (sku) sku, name FROM store_items
WHERE store_id = %(store_id)s AND sku > %(beyond)s
ORDER BY sku, external_id LIMIT %(limit)s

-- name: kept_items
-- What a store sells as its catalogue is kept, page by page.
SELECT i.external_id, i.sku, i.name, i.is_tracked,
       coalesce(jsonb_object_agg(l.place, l.shown) FILTER (WHERE l.place IS NOT NULL), '{}') AS shown
FROM (SELECT * FROM store_items WHERE store_id = %(store_id)s AND external_id > %(beyond)s ORDER BY external_id
      LIMIT %(limit)s) i
    LEFT JOIN store_levels l USING (store_id, external_id)
GROUP BY i.external_id, i.sku, i.name, i.is_tracked
ORDER BY i.external_id

-- name: keep_items
-- Items as the store's catalogue has them. A SKU that gained or lost an item, or whose item is counted now, is due
-- again if it ever was (STK-3); one that never was is not: connecting pushes nothing by itself (STK-1). One that lost an
-- item may be another one's now: the store is asked. Who asked for some SKUs decides on them now.
WITH page AS (
    SELECT * FROM unnest(%(ids)s::text[], %(skus)s::text[], %(names)s::text[], %(tracked)s::boolean[])
        AS p (external_id, sku, name, is_tracked)
), was AS (
    SELECT i.external_id, i.sku, i.is_tracked FROM store_items i
    WHERE i.store_id = %(store_id)s AND i.external_id = ANY (%(ids)s::text[])
), kept AS (
    INSERT INTO store_items AS i (store_id, external_id, sku, name, is_tracked)
    SELECT %(store_id)s, external_id, sku, name, is_tracked FROM page ORDER BY external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET sku = excluded.sku, name = excluded.name, is_tracked = excluded.is_tracked, seen_at = clock_timestamp()
), moved AS (
    SELECT p.sku, false AS is_lost FROM page p LEFT JOIN was w USING (external_id)
    WHERE (w.sku, w.is_tracked) IS DISTINCT FROM (p.sku, p.is_tracked)
    UNION ALL
    SELECT w.sku, true FROM was w JOIN page p USING (external_id) WHERE w.sku <> p.sku
), due AS MATERIALIZED (
    SELECT q.sku, q.sku IN (SELECT sku FROM moved WHERE is_lost) AS is_lost FROM store_stock q
    WHERE q.store_id = %(store_id)s AND q.sku IN (SELECT sku FROM moved) AND q.sku <> ALL (%(asked_for)s::text[])
    ORDER BY q.sku FOR UPDATE
)
UPDATE store_stock q SET changed = changed + 1, due_at = NULL, attempts = 0, sent_at = NULL,
    wants_look = q.wants_look OR due.is_lost,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM due WHERE q.store_id = %(store_id)s AND q.sku = due.sku
RETURNING q.sku

-- name: keep_levels
-- What the store says it shows. What we told it since it was asked, or are telling it now, is newer than that. Another
-- figure than we told a moment ago may be about to change: a store may say yes first, and do it then. Where nobody knows
-- what is shown a push finds out, or the next walk through everything.
WITH page AS (
    SELECT * FROM unnest(%(ids)s::text[], %(places)s::text[], %(shown)s::bigint[]) AS p (external_id, place, shown)
)
INSERT INTO store_levels AS l (store_id, external_id, place, shown)
SELECT %(store_id)s, external_id, place, shown FROM page ORDER BY external_id, place
ON CONFLICT (store_id, external_id, place) DO UPDATE
SET shown = CASE WHEN l.told_at > %(asked_at)s AND l.told <> excluded.shown THEN NULL ELSE excluded.shown END,
    is_active = true, moved_at = clock_timestamp()
WHERE %(is_held)s OR (l.moved_at < CASE WHEN l.shown IS NULL THEN %(asked_at)s ELSE %(asked_exactly)s END
                      AND (l.shown IS NOT NULL OR %(is_whole)s) AND (l.told_at IS NULL OR l.told_at < %(asked_at)s))

-- name: drop_levels
-- Places that a page no longer names of its items: they are not active there any more. What is newer than the page
-- stays, as in keep_levels, behind which this comes; a row that somebody is just moving is not waited for. What we told
-- the store there it does not sell any more: unless that is just decided on, the SKU is due again (STK-12).
WITH gone AS MATERIALIZED (
    SELECT external_id, place FROM store_levels
    WHERE store_id = %(store_id)s AND external_id = ANY (%(items)s)
      AND (%(is_held)s OR (shown IS NOT NULL AND moved_at < %(asked_at)s))
      AND (external_id, place) NOT IN (SELECT * FROM unnest(%(ids)s::text[], %(places)s::text[]))
    FOR UPDATE SKIP LOCKED
)
, dropped AS (
    DELETE FROM store_levels l USING gone
    WHERE l.store_id = %(store_id)s AND l.external_id = gone.external_id AND l.place = gone.place
    RETURNING l.external_id, l.told
), due AS MATERIALIZED (
    SELECT q.sku FROM store_stock q
    WHERE q.store_id = %(store_id)s AND NOT %(is_held)s AND q.sku IN (
        SELECT i.sku FROM store_items i JOIN dropped d USING (external_id)
        WHERE i.store_id = %(store_id)s AND d.told IS NOT NULL)
    ORDER BY q.sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q SET changed = changed + 1,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM due WHERE q.store_id = %(store_id)s AND q.sku = due.sku

-- name: leave_places
-- Of the same places those whose figure nobody knows: who tells them next makes the item active there.
WITH gone AS MATERIALIZED (
    SELECT external_id, place FROM store_levels
    WHERE store_id = %(store_id)s AND external_id = ANY (%(items)s)
      AND shown IS NULL AND is_active AND (told_at IS NULL OR told_at < %(asked_at)s)
      AND (external_id, place) NOT IN (SELECT * FROM unnest(%(ids)s::text[], %(places)s::text[]))
    FOR UPDATE SKIP LOCKED
)
UPDATE store_levels l SET is_active = false
FROM gone WHERE l.store_id = %(store_id)s AND l.external_id = gone.external_id AND l.place = gone.place

-- name: drop_items
-- Items that the store no longer has: their SKUs are looked at again.
WITH gone AS (
    DELETE FROM store_items WHERE store_id = %(store_id)s AND external_id = ANY (%(ids)s) RETURNING sku
), due AS MATERIALIZED (
    SELECT q.sku FROM store_stock q WHERE q.store_id = %(store_id)s AND q.sku IN (SELECT sku FROM gone)
    ORDER BY q.sku FOR UPDATE
)
UPDATE store_stock q SET changed = changed + 1,
    due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
FROM due WHERE q.store_id = %(store_id)s AND q.sku = due.sku

-- name: unseen_items
-- Items that a walk through the whole catalogue did not meet.
SELECT external_id FROM store_items WHERE store_id = %(store_id)s AND seen_at < %(before)s

-- name: looked
-- The store was asked for these SKUs.
WITH free AS MATERIALIZED (
    SELECT sku FROM store_stock WHERE store_id = %(store_id)s AND sku = ANY (%(skus)s)
    ORDER BY sku FOR UPDATE SKIP LOCKED
)
UPDATE store_stock q SET looked_at = clock_timestamp(), wants_look = false
FROM free WHERE q.store_id = %(store_id)s AND q.sku = free.sku

-- name: due_catalogues
-- Stores that push stock, or whose products are to come into the hub, and whose catalogue was not looked at for a while.
SELECT id FROM stores
WHERE (state = 'active' AND (stock_news IS NOT NULL OR wants_products) OR state = 'inactive' AND wants_products)
  AND (catalogue_due_at IS NULL OR catalogue_due_at <= now())
  AND (catalogue_at IS NULL OR catalogue_at <= now() - %(every)s * interval '1 second'
       OR (catalogue_hinted_at IS NOT NULL AND catalogue_at <= now() - %(hinted_every)s * interval '1 second'))

-- name: catalogue_seen
-- Every change of a catalogue up to a moment is known.
UPDATE stores
SET catalogue_at = %(asked_at)s, catalogue_due_at = NULL, catalogue_attempts = 0, catalogue_walk = NULL,
    catalogue_reason = NULL, catalogue_detail = NULL,
    catalogue_hinted_at = CASE WHEN catalogue_hinted_at > %(asked_at)s THEN catalogue_hinted_at END,
    catalogue_whole_at = CASE WHEN %(is_whole)s THEN %(asked_at)s ELSE catalogue_whole_at END,
    items_without_sku = CASE WHEN %(is_whole)s THEN %(without_sku)s ELSE items_without_sku END
WHERE id = %(store_id)s

-- name: keep_catalogue_walk
-- So far a walk through a catalogue has come: it goes on from here. A store that gives us pages is not away.
UPDATE stores
SET catalogue_walk = %(walk)s || jsonb_build_object('moved_at', clock_timestamp()), catalogue_attempts = 0,
    catalogue_reason = NULL, catalogue_detail = NULL
WHERE id = %(store_id)s

-- name: put_off_catalogue
-- The catalogue could not be read now; why is said once it was tried often enough.
UPDATE stores
SET catalogue_due_at = %(due_at)s, catalogue_attempts = catalogue_attempts + %(attempt)s,
    catalogue_reason = CASE WHEN %(is_aside)s THEN %(reason)s ELSE catalogue_reason END,
    catalogue_detail = CASE WHEN %(is_aside)s THEN %(detail)s ELSE catalogue_detail END
WHERE id = %(store_id)s

-- name: read_again
-- A right that was missing is there, or may be, or a person wants it (null): the catalogue is read at once.
UPDATE stores SET catalogue_due_at = NULL, catalogue_attempts = 0
WHERE id = %(store_id)s AND (%(reason)s::text IS NULL OR catalogue_reason = %(reason)s)

-- name: hint_catalogue
-- The shop says that something of what it sells moved.
UPDATE stores SET catalogue_hinted_at = clock_timestamp(), heard_at = clock_timestamp() WHERE id = %(store_id)s

-- name: is_known
-- An item that shows so many pieces already, was told to a moment ago, or is just being told: whoever tells a store hears
-- of it from the store. A place of its own may be the one that is called the default.
SELECT FROM store_items i JOIN store_levels l USING (store_id, external_id)
WHERE store_id = %(store_id)s AND external_id = %(item)s AND (%(sku)s::text IS NULL OR i.sku = %(sku)s)
  AND ((l.place = %(place)s AND l.shown = %(pieces)s)
       OR (l.place IN (%(place)s, '') AND l.told = %(pieces)s AND l.told_at > now() - %(lately)s::interval)
       OR EXISTS (SELECT FROM stock_tellings t WHERE t.store_id = i.store_id AND i.sku = ANY (t.skus)))
LIMIT 1

-- name: skus_of
-- SKUs of some items.
SELECT DISTINCT sku FROM store_items WHERE store_id = %(store_id)s AND external_id = ANY (%(ids)s)

-- name: catalogue_skus
-- The SKUs of a store in their order, behind one of them.
SELECT sku, count(*) AS items, min(name) AS name, bool_or(is_tracked) AS is_tracked
FROM store_items WHERE store_id = %(store_id)s AND sku > %(beyond)s
GROUP BY sku HAVING count(*) >= %(least)s ORDER BY sku LIMIT %(limit)s
