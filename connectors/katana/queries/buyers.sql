-- name: orders_of_keys
-- What some orders of stores are in Katana.
SELECT o.id FROM katana_orders o
JOIN unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id) USING (store_id, external_id)
WHERE NOT o.is_gone

-- name: keys_of_orders
-- Which stores' orders some are.
SELECT id, store_id, external_id FROM katana_orders WHERE id = ANY(%(ids)s)

-- name: forget_customer_intents
-- An intent is known by whom it was about: nobody is, any more.
DELETE FROM katana_intents
WHERE kind = 'customer' AND (found_id = ANY(%(ids)s) OR key = ANY(%(keys)s)) AND leased_until IS NULL

-- name: erase_copies
-- Copies of customers name nobody.
UPDATE katana_copies SET name = %(name)s, email = NULL WHERE kind = 'customer' AND id = ANY(%(ids)s)
