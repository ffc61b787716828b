-- name: add
-- One line of the journal.
INSERT INTO journal (store_id, external_id, sku, action, outcome, reason, detail, who)
VALUES (%(store_id)s, %(external_id)s, %(sku)s, %(action)s, %(outcome)s, %(reason)s, %(detail)s, %(who)s)

-- name: add_for_orders
-- The same line for several orders.
INSERT INTO journal (store_id, external_id, action, outcome, reason, detail, who)
SELECT store_id, external_id, %(action)s, %(outcome)s, %(reason)s, %(detail)s, %(who)s
FROM unnest(%(store_ids)s::bigint[], %(external_ids)s::text[]) AS one (store_id, external_id)

-- name: newest_line
-- The number of the newest line.
SELECT id FROM journal ORDER BY id DESC LIMIT 1

-- name: lines
-- The journal for people, oldest of the chosen lines first.
SELECT * FROM (
    SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail, j.who
    FROM journal j LEFT JOIN stores s ON s.id = j.store_id
    WHERE {which}
    ORDER BY {latest} LIMIT {limit}
) latest ORDER BY id

-- name: news
-- Lines that were not seen yet, oldest first. Seen ones are named one by one: a line gets its number when it is written
-- and is there when its transaction ends, so a lower number may come after a higher one. NOT IN is hashed, a join may not be.
SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail, j.who
FROM journal j LEFT JOIN stores s ON s.id = j.store_id
WHERE {which}
  AND j.id >= %(first)s
  AND j.id NOT IN (SELECT unnest(%(seen)s::bigint[]))
ORDER BY {oldest} LIMIT {limit}

-- name: of_store
-- Lines of a store. Where stores are few a plan expects some of each everywhere, and would read all to find none of a
-- quiet one: a range, and its own order, leave it only the store's index.
j.store_id BETWEEN %(store_id)s AND %(store_id)s

-- name: of_order
-- Lines of an order of a store.
j.store_id = %(store_id)s AND j.external_id = %(external_id)s

-- name: of_orders
-- Lines of the orders that have this id, each in its store.
j.store_id IN (SELECT id FROM stores) AND j.external_id = %(external_id)s

-- name: of_sku
-- Lines of a SKU.
j.sku = %(sku)s

-- name: before_line
-- Lines with a lower number.
j.id < %(before)s

-- name: of_time
-- Lines from a moment on. Numbers and times rise together, but for what was written side by side: the first of them have
-- the lowest number, and what is older than that is not read.
j.at >= %(since)s
  AND j.id >= (SELECT min(early.id) FROM (SELECT id FROM journal WHERE at >= %(since)s ORDER BY at LIMIT 200) early)
