-- name: allow_summing
-- The ledger lets old moves be summed, until it is said otherwise or this transaction ends.
SELECT set_config('storesync.prunes', %(allowed)s, true)

-- name: sum_old_moves
-- The next moves behind a number, of which those are cut that are older than a moment: one of their shelf, batch and kind
-- has their sum. Moves of counts stay: a count can be taken back (STK-11). Numbers rise with time: behind a move that is
-- younger nobody looks.
WITH looked AS MATERIALIZED (
    SELECT id, moved_at, variant_id, location_id, batch_id, delta, kind, count_id IS NOT NULL OR is_carried AS stays
    FROM hub.stock_moves WHERE id > %(beyond)s ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), old AS MATERIALIZED (
    SELECT * FROM looked WHERE moved_at < %(before)s AND NOT stays
), carried AS (
    INSERT INTO hub.stock_moves AS m (moved_at, variant_id, location_id, batch_id, delta, kind, is_carried)
    SELECT min(moved_at), variant_id, location_id, batch_id, sum(delta), kind, true
    FROM old GROUP BY variant_id, location_id, batch_id, kind ORDER BY variant_id, location_id, batch_id, kind
    ON CONFLICT (variant_id, location_id, coalesce(batch_id, 0), kind) WHERE is_carried DO UPDATE
    SET delta = m.delta + excluded.delta, moved_at = least(m.moved_at, excluded.moved_at)
), cut AS (
    DELETE FROM hub.stock_moves m USING old WHERE m.id = old.id RETURNING m.id
)
SELECT (SELECT count(*) FROM cut) AS cut,
       CASE WHEN count(*) = %(limit)s AND max(moved_at) < %(before)s THEN max(id) END AS beyond
FROM looked
