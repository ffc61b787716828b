-- name: last_order
-- The order that we made in Katana last, of those that are not deleted.
SELECT id, external_id FROM katana_orders WHERE NOT is_gone ORDER BY length(id) DESC, id DESC LIMIT 1

-- name: begin_anew
-- Nothing is remembered of an account that is not ours any more, but which orders were in it.
WITH copies AS (DELETE FROM katana_copies), polls AS (DELETE FROM katana_polls), made AS (DELETE FROM katana_intents),
    plans AS (DELETE FROM katana_plans), counted AS (DELETE FROM katana_counted), moves AS (DELETE FROM katana_movements), news AS (DELETE FROM katana_news),
    origins AS (DELETE FROM katana_origins), mirror AS (DELETE FROM katana_mirror)
DELETE FROM katana_heard

-- name: ours_of
-- Those of some orders that we made, or took.
SELECT id FROM katana_orders WHERE id = ANY(%(ids)s)
