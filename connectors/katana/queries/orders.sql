-- name: keep_order
-- A sales order is in Katana: whose it is, and its money. What was found gone is there all the same.
INSERT INTO katana_orders (id, store_id, external_id, money, flags)
VALUES (%(id)s, %(store_id)s, %(external_id)s, %(money)s, %(flags)s)
ON CONFLICT (id) DO UPDATE SET money = excluded.money

-- name: keep_row
-- Which line a row of it stands for; a new one is the last.
INSERT INTO katana_rows (id, order_id, external_id, place, kept)
VALUES (%(id)s, %(order_id)s, %(external_id)s,
    (SELECT coalesce(max(place) + 1, 0) FROM katana_rows WHERE order_id = %(order_id)s), %(kept)s)
ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, kept = excluded.kept

-- name: deliver_packed
-- Of what was packed before its order came so many pieces are delivered.
UPDATE katana_rows
SET kept = kept || jsonb_build_object('packed', ((kept ->> 'packed')::numeric - %(pieces)s)::text) WHERE id = %(id)s

-- name: row_written
-- What we changed of it, a moment ago.
UPDATE katana_rows SET written = %(written)s, written_at = clock_timestamp() WHERE id = %(id)s

-- name: drop_row
-- A row is gone.
DELETE FROM katana_rows WHERE id = %(id)s

-- name: set_order_totals
-- The order's money anew; its exchange rate stays.
UPDATE katana_orders SET money = money || %(money)s WHERE id = %(id)s RETURNING id

-- name: set_order_flags
-- All its flags anew. What it promised is news where it ends, or is open again: closed or voided it promises nothing.
WITH was AS (SELECT id, coalesce((flags ->> 'closed')::boolean OR (flags ->> 'voided')::boolean, false) AS is_over
        FROM katana_orders WHERE id = %(id)s FOR UPDATE),
    told AS (INSERT INTO katana_news (what, about)
        SELECT DISTINCT 'promise', jsonb_build_object('id', p.variant_id, 'of_store', true)
        FROM was JOIN katana_promises p ON p.order_id = was.id WHERE was.is_over <> %(is_over)s)
UPDATE katana_orders o SET flags = %(flags)s FROM was WHERE o.id = was.id RETURNING o.id

-- name: mark_gone
-- It is deleted there.
UPDATE katana_orders SET is_gone = true WHERE id = %(id)s RETURNING store_id, external_id

-- name: mark_there
-- It is there after all, unless its store's order has another one since.
UPDATE katana_orders o SET is_gone = false WHERE id = %(id)s AND is_gone AND NOT EXISTS (
    SELECT FROM katana_orders n WHERE n.store_id = o.store_id AND n.external_id = o.external_id AND NOT n.is_gone
)

-- name: order_of
-- What a store's order is in Katana, as far as we know.
SELECT id FROM katana_orders WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND NOT is_gone

-- name: gone_orders
-- Those that it was, and that are deleted.
SELECT id FROM katana_orders WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND is_gone

-- name: kept_order
-- What Katana does not keep of an order; nothing of one that no store has.
SELECT store_id, external_id, money, flags, is_gone, made_at > clock_timestamp() - %(late)s AS is_fresh
FROM katana_orders WHERE id = %(id)s

-- name: kept_row
-- What is written down of one row.
SELECT kept FROM katana_rows WHERE id = %(id)s

-- name: rows_of_katana_lines
-- The rows that some lines of an order stand for.
SELECT id, external_id FROM katana_rows WHERE order_id = %(order_id)s AND external_id = ANY(%(lines)s)

-- name: kept_rows
-- What it does not keep of its rows.
SELECT id, external_id, kept, CASE WHEN written_at > clock_timestamp() - %(late)s THEN written END AS written
FROM katana_rows WHERE order_id = %(id)s ORDER BY place

-- name: shop_of
-- A store's platform, the name that the shop has for itself where it was asked for it, and its address.
SELECT platform, shop, url FROM stores WHERE id = %(store_id)s
