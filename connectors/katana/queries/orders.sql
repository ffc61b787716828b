-- name: keep_order
-- A sales order is in Katana: whose it is, and its money.
INSERT INTO katana_orders (id, store_id, external_id, money)
VALUES (%(id)s, %(store_id)s, %(external_id)s, %(money)s)
ON CONFLICT (id) DO UPDATE SET money = excluded.money

-- name: keep_row
-- Which line a row of it stands for.
INSERT INTO katana_rows (id, order_id, external_id, place, kept)
VALUES (%(id)s, %(order_id)s, %(external_id)s, %(place)s, %(kept)s)
ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, place = excluded.place, kept = excluded.kept

-- name: order_of
-- What a store's order is in Katana, as far as we know.
SELECT id FROM katana_orders WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND NOT is_gone

-- name: gone_orders
-- Those that it was, and that are deleted.
SELECT id FROM katana_orders WHERE store_id = %(store_id)s AND external_id = %(external_id)s AND is_gone

-- name: kept_order
-- What Katana does not keep of an order; nothing of one that no store has.
SELECT store_id, external_id, money FROM katana_orders WHERE id = %(id)s

-- name: kept_rows
-- What it does not keep of its rows.
SELECT id, external_id, kept FROM katana_rows WHERE order_id = %(id)s ORDER BY place

-- name: shop_of
-- A store's platform, the name that the shop has for itself where it was asked for it, and its address.
SELECT platform, shop, url FROM stores WHERE id = %(store_id)s
