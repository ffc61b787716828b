-- name: customers
-- Who has an e-mail address, or one of some ids.
SELECT id::text AS id, name, email FROM hub.customers
WHERE buyer_key = 'email:' || hub.email_key(%(email)s) OR id = ANY (%(ids)s::bigint[]) ORDER BY id

-- name: orders_of
-- The sales orders of some customers, and some that came from stores.
SELECT o.id::text AS id, o.store_id, o.external_id, o.order_no, o.created_at, c.id::text AS customer_id, c.name AS customer,
       c.email, o.bill_to, o.ship_to, o.notes, o.customer_reference
FROM hub.sales_orders o JOIN hub.customers c ON c.id = o.customer_id
WHERE o.customer_id = ANY (%(customers)s::bigint[])
   OR o.id IN (SELECT s.id FROM unnest(%(stores)s::bigint[], %(externals)s::text[]) AS k (store_id, external_id)
               JOIN hub.sales_orders s USING (store_id, external_id))
ORDER BY o.id

-- name: hold_orders
-- Some orders, until the end of the transaction, with their customers.
SELECT id, customer_id FROM hub.sales_orders WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: stand_in
-- Customers of these orders who have others too: these orders get a customer without a name.
WITH shared AS MATERIALIZED (
    SELECT DISTINCT o.customer_id AS id, 'Erased buyer ' || gen_random_uuid() AS name
    FROM hub.sales_orders o
    WHERE o.id = ANY (%(ids)s::bigint[]) AND NOT o.customer_id = ANY (%(customers)s::bigint[])
      AND EXISTS (SELECT FROM hub.sales_orders x WHERE x.customer_id = o.customer_id AND NOT x.id = ANY (%(ids)s::bigint[]))
), made AS (
    INSERT INTO hub.customers (name) SELECT name FROM shared RETURNING id, name
)
UPDATE hub.sales_orders o SET customer_id = made.id
FROM shared JOIN made USING (name)
WHERE o.id = ANY (%(ids)s::bigint[]) AND o.customer_id = shared.id

-- name: erase_customers
-- Customers whose orders are all among these, and those that are meant themselves.
UPDATE hub.customers SET name = 'Erased buyer ' || id, email = NULL
WHERE (id = ANY (%(customers)s::bigint[]) OR id IN (SELECT customer_id FROM hub.sales_orders WHERE id = ANY (%(ids)s::bigint[])))
  AND name NOT LIKE 'Erased buyer %%'
RETURNING id::text AS id

-- name: erase_orders
-- What was bought, money and the country that taxes go by stay.
UPDATE hub.sales_orders
SET bill_to = hub.no_address() || jsonb_build_object('country', bill_to -> 'country'),
    ship_to = hub.no_address() || jsonb_build_object('country', ship_to -> 'country'),
    notes = NULL, customer_reference = NULL
WHERE id = ANY (%(ids)s::bigint[])
