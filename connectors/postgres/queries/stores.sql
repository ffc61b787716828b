-- name: account
-- The one row of account-wide settings.
SELECT settings FROM account

-- name: change_account
-- Merge checked settings into the account's.
UPDATE account SET settings = settings || %(settings)s

-- name: store
-- A store by name or id; a disconnected one is only found by id.
SELECT * FROM stores
WHERE (id::text = %(reference)s) OR (name = %(reference)s AND state <> 'disconnected')
ORDER BY state = 'disconnected', name <> %(reference)s
LIMIT 1

-- name: ever
-- A store by name for looking: the one that has it, else the one that had it last and is disconnected.
SELECT * FROM stores WHERE name = %(name)s ORDER BY state = 'disconnected', id DESC LIMIT 1

-- name: stores
-- Every store that is connected.
SELECT * FROM stores WHERE state <> 'disconnected' ORDER BY name

-- name: all_stores
-- Every store that there ever was, those of today first.
SELECT * FROM stores ORDER BY state = 'disconnected', name, id

-- name: alike
-- Stores that may be of one shop, disconnected ones included: of its name first, then of its very address, then those
-- whose shop was not asked for its name yet.
SELECT * FROM stores
WHERE platform = %(platform)s AND (shop = %(shop)s OR url = %(url)s OR shop IS NULL)
ORDER BY shop IS NOT DISTINCT FROM %(shop)s DESC, url = %(url)s DESC, state = 'disconnected', id

-- name: store_at
-- A store by its very address, disconnected ones included.
SELECT * FROM stores WHERE platform = %(platform)s AND url = %(url)s

-- name: move_store
-- A store whose shop is called by another address.
UPDATE stores SET url = %(url)s WHERE id = %(id)s

-- name: name_shop
-- What the shop calls itself, unless another store has that name.
UPDATE stores s SET shop = %(shop)s
WHERE s.id = %(id)s AND s.shop IS DISTINCT FROM %(shop)s
  AND NOT EXISTS (SELECT FROM stores o WHERE o.platform = s.platform AND o.shop = %(shop)s)

-- name: connect
-- A new store, or the return of a disconnected one: its orders, tombstones and links are still its own (ORD-6, ORD-7).
-- What changed in the shop since it was last read is still to be read, beside what a first connection brings (ORD-9).
INSERT INTO stores (name, platform, url, shop, credentials, settings, stock_news, allow_insecure, state)
VALUES (%(name)s, %(platform)s, %(url)s, %(shop)s, %(credentials)s, %(settings)s, %(stock_news)s, %(allow_insecure)s,
        %(state)s)
ON CONFLICT (platform, url) DO UPDATE
SET name = excluded.name, shop = excluded.shop, credentials = excluded.credentials, settings = excluded.settings,
    stock_news = excluded.stock_news, allow_insecure = excluded.allow_insecure,
    state = excluded.state, reason = NULL, reason_detail = NULL,
    connected_at = now(), activated_at = now(), cursor = %(cursor)s, fetched_at = NULL, fetch_due_at = NULL,
    fetch_attempts = 0,
    catalogue_at = NULL, catalogue_whole_at = NULL, catalogue_due_at = NULL, catalogue_attempts = 0, catalogue_walk = NULL,
    catalogue_reason = NULL, catalogue_detail = NULL, compare_due = false, stock_compared = NULL,
    audit_since = NULL, audit_walk = NULL, audited_at = NULL, audited = NULL,
    fulfillment_due_at = NULL, fulfillment_reason = NULL, fulfillment_detail = NULL, webhooks = NULL, webhooks_at = NULL
WHERE stores.state = 'disconnected'
RETURNING id

-- name: want_products
-- A store that was just connected: its products come into the hub, from a walk through all of its catalogue as it is now.
UPDATE stores
SET wants_products = %(wanted)s,
    catalogue_whole_at = CASE WHEN %(wanted)s THEN NULL ELSE catalogue_whole_at END,
    catalogue_at = CASE WHEN %(wanted)s THEN NULL ELSE catalogue_at END,
    catalogue_walk = CASE WHEN %(wanted)s THEN NULL ELSE catalogue_walk END,
    catalogue_due_at = NULL, catalogue_attempts = 0
WHERE id = %(id)s

-- name: due_products
-- Stores whose catalogue is known and whose products are still to come into the hub.
SELECT id FROM stores s
WHERE state IN ('active', 'inactive') AND wants_products AND catalogue_whole_at IS NOT NULL
  AND NOT EXISTS (SELECT FROM store_lanes l
                  WHERE l.store_id = s.id AND l.lane = 'import_products' AND l.due_at > now())

-- name: products_came
-- Once is enough, whatever is switched on later.
UPDATE stores SET wants_products = false WHERE id = %(id)s AND wants_products

-- name: change_store
-- New settings or credentials; a store that needed attention gets a new chance with them. No row where somebody else
-- has changed its settings since they were read.
UPDATE stores
SET settings = %(settings)s, stock_news = %(stock_news)s, credentials = %(credentials)s, url = %(url)s,
    fetch_due_at = NULL, fetch_attempts = 0,
    catalogue_due_at = NULL, catalogue_attempts = 0, webhooks_at = NULL,
    state = CASE WHEN state = 'needs_attention' THEN 'active' ELSE state END,
    reason = NULL, reason_detail = NULL
WHERE id = %(id)s AND settings = %(were)s AND state <> 'disconnected'

-- name: follow_location
-- A location of the hub has another code: settings that name it, a disconnected store's too.
UPDATE stores s SET settings = s.settings
    || CASE WHEN s.settings ->> 'location' = %(code)s THEN jsonb_build_object('location', %(new_code)s::text) ELSE '{}' END
    || CASE WHEN s.settings ? 'location_map' THEN jsonb_build_object('location_map', (
           SELECT coalesce(jsonb_object_agg(key, CASE WHEN value = %(code)s THEN %(new_code)s::text ELSE value END), '{}')
           FROM jsonb_each_text(s.settings -> 'location_map'))) ELSE '{}' END
WHERE s.settings ->> 'location' = %(code)s
   OR EXISTS (SELECT FROM jsonb_each_text(coalesce(s.settings -> 'location_map', '{}')) WHERE value = %(code)s)

-- name: set_state
-- Pause, resume or disconnect; resuming is a new activation (ORD-2), but none that ends a first import early: the
-- orders it is about were made before (ORD-9).
UPDATE stores
SET state = %(state)s, reason = NULL, reason_detail = NULL, fetch_due_at = NULL, fetch_attempts = 0,
    catalogue_due_at = NULL, catalogue_attempts = 0,
    activated_at = CASE
        WHEN %(state)s <> 'active' OR state <> 'paused' OR fetched_at IS NULL THEN activated_at
        WHEN EXISTS (SELECT FROM store_orders o WHERE o.store_id = stores.id AND o.state = 'pending'
                     AND o.changed > o.order_settled) THEN activated_at
        ELSE now() END,
    credentials = CASE WHEN %(state)s = 'disconnected' THEN '' ELSE credentials END, webhooks_at = NULL
WHERE id = %(id)s AND state <> 'disconnected'

-- name: activate
-- A store that was set up is worked on from now on: its orders are read as those of one that was just connected (ORD-2).
UPDATE stores
SET state = 'active', connected_at = now(), activated_at = now(), reason = NULL, reason_detail = NULL,
    fetch_due_at = NULL, fetch_attempts = 0, catalogue_due_at = NULL, catalogue_attempts = 0, webhooks_at = NULL
WHERE id = %(id)s AND state = 'inactive'

-- name: stop_store
-- The store refused us: nothing more is asked of it until a person acts (SPEC chapter 11).
UPDATE stores SET state = 'needs_attention', reason = %(reason)s, reason_detail = %(detail)s
WHERE id = %(id)s AND state = 'active'

-- name: put_off_fetch
-- Do not fetch before a moment.
UPDATE stores
SET fetch_due_at = %(due_at)s, fetch_attempts = fetch_attempts + %(attempt)s, reason = %(reason)s,
    reason_detail = %(detail)s
WHERE id = %(id)s AND state = 'active'

-- name: cursor
-- Where a store's orders are read from, held while a person's wish is added to it.
SELECT cursor FROM stores WHERE id = %(id)s FOR UPDATE

-- name: keep_cursor
-- A person wants more to be read.
UPDATE stores SET cursor = %(cursor)s WHERE id = %(id)s

-- name: advance_cursor
-- The page is stored: go on behind it, unless the cursor was moved or the store stopped since the page was asked for.
-- A store that gives us pages is not away, however often it breaks off.
UPDATE stores SET cursor = %(cursor)s, fetch_attempts = 0
WHERE id = %(id)s AND cursor IS NOT DISTINCT FROM %(was)s AND state = 'active'

-- name: fetch_now
-- A person wants it now: an earlier back-off does not hold it up. What the vendor asked us to wait still does.
UPDATE stores SET fetch_due_at = NULL, fetch_attempts = 0 WHERE id = %(id)s

-- name: now
-- The database's clock, which all marks are made by.
SELECT clock_timestamp() AS now

-- name: fetched
-- A fetch came to its end. What the shop said after it began is still to be fetched.
UPDATE stores
SET fetched_at = now(), fetch_due_at = NULL, fetch_attempts = 0, reason = NULL, reason_detail = NULL,
    hinted_at = nullif(hinted_at, %(hinted_at)s::timestamptz)
WHERE id = %(id)s AND state = 'active' AND cursor IS NOT DISTINCT FROM %(cursor)s

-- name: due_fetches
-- Stores that were to be asked again at a moment, which their own interval may be far away from, and those that said
-- something moved.
SELECT id FROM stores
WHERE state = 'active' AND (fetch_due_at <= now() OR (fetch_due_at IS NULL AND hinted_at IS NOT NULL))

-- name: is_hinted
-- The same of one store that said something.
SELECT FROM stores WHERE id = %(id)s AND state = 'active' AND fetch_due_at IS NULL AND hinted_at IS NOT NULL

-- name: store_of_token
-- The store that a webhook's address names.
SELECT * FROM stores WHERE platform = %(platform)s AND webhook_token = %(token)s

-- name: hint
-- The shop says that something moved.
UPDATE stores SET hinted_at = clock_timestamp(), heard_at = clock_timestamp() WHERE id = %(id)s

-- name: schedule
-- What beat keeps an entry for: every active store and its own interval.
SELECT id, name, platform, settings, fetched_at FROM stores WHERE state = 'active'

-- name: credentials
-- All stored credentials, for the rotation of keys.
SELECT id AS store_id, credentials AS locked FROM stores WHERE credentials <> '' FOR UPDATE

-- name: set_credentials
-- The same credentials under the newest key.
UPDATE stores SET credentials = %(credentials)s WHERE id = %(id)s

-- name: due_webhooks
-- Active stores that are to be asked what they tell by itself: never asked, long ago, or to tell it at another address.
SELECT id FROM stores s
WHERE state = 'active'
  AND (webhooks_at IS NULL OR webhooks_at <= now() - %(every)s * interval '1 second'
       OR webhooks ->> 'address' IS DISTINCT FROM %(url)s || '/webhooks/' || platform || '/' || webhook_token)
  AND NOT EXISTS (SELECT FROM store_lanes l
                  WHERE l.store_id = s.id AND l.lane = 'ask_for_webhooks' AND l.due_at > now())

-- name: ask_again
-- Ask a store, or all (null), anew what they tell by themselves.
UPDATE stores SET webhooks_at = NULL
WHERE webhooks_at IS NOT NULL AND state <> 'disconnected' AND (%(id)s::bigint IS NULL OR id = %(id)s)

-- name: keep_webhooks
-- What a store was asked to tell by itself, and what came of it.
UPDATE stores SET webhooks = %(webhooks)s, webhooks_at = now() WHERE id = %(id)s

-- name: keep_own_secret
-- Credentials with a secret of our own making, unless somebody changed them meanwhile.
UPDATE stores SET credentials = %(credentials)s WHERE id = %(id)s AND credentials = %(was)s
