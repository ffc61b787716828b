-- name: add
-- One line of the journal.
INSERT INTO journal (store_id, external_id, sku, action, outcome, reason, detail)
VALUES (%(store_id)s, %(external_id)s, %(sku)s, %(action)s, %(outcome)s, %(reason)s, %(detail)s)

-- name: lines
-- The journal for people, oldest of the chosen lines first.
SELECT * FROM (
    SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail
    FROM journal j LEFT JOIN stores s ON s.id = j.store_id
    WHERE (%(store_id)s::bigint IS NULL OR j.store_id = %(store_id)s)
      AND (%(external_id)s::text IS NULL OR j.external_id = %(external_id)s)
      AND (%(sku)s::text IS NULL OR j.sku = %(sku)s)
      AND (%(since)s::timestamptz IS NULL OR j.at >= %(since)s)
    ORDER BY j.id DESC LIMIT %(limit)s
) latest ORDER BY id

-- name: news
-- Lines that were not seen yet, oldest first. Seen ones are named one by one: a line gets its number when it is written
-- and is there when its transaction ends, so a lower number may come after a higher one. NOT IN is hashed, a join may not be.
SELECT j.id, j.at, s.name AS store, j.external_id, j.sku, j.action, j.outcome, j.reason, j.detail
FROM journal j LEFT JOIN stores s ON s.id = j.store_id
WHERE (%(store_id)s::bigint IS NULL OR j.store_id = %(store_id)s)
  AND (%(external_id)s::text IS NULL OR j.external_id = %(external_id)s)
  AND (%(sku)s::text IS NULL OR j.sku = %(sku)s)
  AND (%(since)s::timestamptz IS NULL OR j.at >= %(since)s)
  AND j.id >= %(first)s
  AND j.id NOT IN (SELECT unnest(%(seen)s::bigint[]))
ORDER BY j.id LIMIT %(limit)s
