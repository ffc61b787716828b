-- The schema as the migrations leave it, for reading: `make schema` writes this file, a test compares it with what they
-- make. To change the schema add a migration.

-- A SKU that moved: what lies on the shelf; what rows promise of it, and what those of stores' orders do; or it is only
-- news for stores that were told of it before.
CREATE TYPE moved_sku AS (sku text, on_shelf boolean, on_rows boolean, of_stores boolean, only_told boolean);

-- What storesync keeps of an order in the hub.
CREATE TYPE hub_copy AS (store_id bigint, external_id text, status text, customer text, email text, total_with_tax
            numeric, currency text);

-- What an order is found by: every part of its words of some signs, and its SKUs. What is longer than anything that has
-- a name is cut.
CREATE FUNCTION order_keys(words text, skus text[], size integer, longest integer) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS
$$ SELECT ARRAY(SELECT substr(words, n, size) FROM generate_series(1, least(length(words), longest) - size + 1) n)
       || ARRAY(SELECT '=' || left(sku, longest) FROM unnest(skus) sku) $$;

-- Everything that was said of an order, first among its notes or not.
CREATE FUNCTION reasons_of(reason text, hub_reason text, detail jsonb, hub_detail jsonb) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_remove(ARRAY[reason, hub_reason], NULL) || ARRAY(SELECT jsonb_array_elements_text(
       jsonb_path_query_array(detail, '$.also[*].reason') || jsonb_path_query_array(hub_detail, '$.also[*].reason'))) $$;

-- Which migrations this database has had.
CREATE TABLE schema_migrations (
    name text PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- What holds for all stores: one row.
CREATE TABLE account (
    only_one boolean DEFAULT true PRIMARY KEY CHECK (only_one),
    settings jsonb NOT NULL DEFAULT '{}',           -- only what was chosen; defaults live in schemas/hub.py
    -- the addresses that alarms go to, locked like credentials; empty: nobody is told
    alerts_to text NOT NULL DEFAULT '',
    -- when somebody looked last whether anything is wrong: of several who look, one does
    alarms_looked_at timestamptz,
    digest_on date,                                 -- the day of the last daily digest, UTC; null: none was due yet
    -- its key, and what its messages are signed with, encrypted; empty: it needs none
    hub_credentials text NOT NULL DEFAULT '',
    hub_cursor text,                                -- how far its news were heard, in its own words; null: from now on
    hub_heard_at timestamptz,                       -- when it was last asked what moved there, and answered
    hub_reason text,                                -- why it could not be asked the last time; null: it could
    hub_detail text,                                -- the same in its own words
    -- the end of the address that its messages come to
    hub_token text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '')
);

-- A shop each, disconnected ones included: their orders, tombstones and links stay their own.
CREATE TABLE stores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    platform text NOT NULL,
    url text NOT NULL,
    credentials text NOT NULL DEFAULT '',           -- encrypted; empty once disconnected
    settings jsonb NOT NULL DEFAULT '{}',           -- only what was chosen; defaults live in schemas/settings.py
    allow_insecure boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active'
        CHECK (state IN ('inactive', 'active', 'paused', 'needs_attention', 'disconnected')),
    reason text,                                    -- why it needs attention, or is not fetched now
    reason_detail text,
    connected_at timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz NOT NULL DEFAULT now(),   -- when it was connected, or resumed after a pause (ORD-2)
    cursor text,                                    -- opaque, the connector's own; null: never fetched
    fetched_at timestamptz,                         -- last complete fetch
    fetch_due_at timestamptz,                       -- do not fetch before (429, back-off)
    fetch_attempts integer NOT NULL DEFAULT 0,
    catalogue_at timestamptz,                       -- up to here every change of its catalogue is known
    catalogue_whole_at timestamptz,                 -- last walk through all of it
    catalogue_due_at timestamptz,                   -- do not read it before (429, back-off)
    catalogue_attempts integer NOT NULL DEFAULT 0,
    wants_products boolean NOT NULL DEFAULT false,  -- its products are still to come into the hub
    items_without_sku integer,                      -- seen at the last walk through all of its catalogue
    catalogue_walk jsonb,                           -- how far a walk through all of it has come, where one is to go on
    catalogue_reason text,                          -- why it could not be read the last time
    catalogue_detail text,
    stock_due_at timestamptz,                       -- it is told no stock before
    stock_attempts integer NOT NULL DEFAULT 0,      -- to tell it, in a row, that it did not answer
    stock_reason text,                              -- why it is told no stock before stock_due_at
    -- who may mark by settings of before. null: nobody; 0: nobody has looked yet who writes; else all below it
    stock_writers xid8,
    compare_due boolean NOT NULL DEFAULT false,     -- its whole catalogue was read since it was compared (STK-13)
    stock_compared jsonb,                           -- when it was last compared, and what came of it
    fulfillment_due_at timestamptz,                 -- it is told no fulfilment and no status before
    fulfillment_reason text,
    fulfillment_detail text,
    stock_detail text,                              -- in the words of the store, beside stock_reason
    -- what the shop calls itself; null where it was not asked yet, or another store has it (MUL-4)
    shop text,
    -- which movements of the hub it is told: of the shelf, of what rows of stores' orders promise too, of what any row
    -- does; null: it is told no stock
    stock_news text CHECK (stock_news IN ('shelf', 'store_rows', 'rows')),
    -- the last part of the address that its webhooks go to: names the store, and proves nothing
    webhook_token text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    -- the shop said last that something moved; null: a fetch has begun since and come to its end
    hinted_at timestamptz,
    -- a person wants its list of orders compared, of what changed since then; null: nobody does, and each night it is
    -- by itself
    audit_since timestamptz,
    -- a comparison under way: how far it is, and what it found; null: none is
    audit_walk jsonb,
    -- the last comparison that came to its end was begun then; null: none did
    audited_at timestamptz,
    audited jsonb,                                  -- what came of it
    -- what it was asked to tell by itself: address, topics told and not told, why not; null: nothing yet
    webhooks jsonb,
    -- when it was last asked what it tells by itself; null: it is to be asked
    webhooks_at timestamptz,
    -- the shop said last that what it sells moved; null: a look at its catalogue has begun since and come to its end
    catalogue_hinted_at timestamptz,
    -- the shop said last by itself that something moved; null: it never did
    heard_at timestamptz,
    UNIQUE (platform, url)
);
CREATE UNIQUE INDEX stores_name ON stores (name) WHERE state <> 'disconnected';
CREATE UNIQUE INDEX stores_shop ON stores (platform, shop);
CREATE UNIQUE INDEX stores_webhook_token ON stores (webhook_token);

-- An order of a store: what the store sent of it, what became of it, and what is still to be looked at. Either side
-- counts up when it moves, and is due until somebody has settled it up to there.
CREATE TABLE store_orders (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    snapshot json,                                  -- as the vendor sent it, verbatim; null: to be asked for
    digest text NOT NULL DEFAULT '',                -- of what it means: the same news again changes nothing
    store_updated_at timestamptz,
    hub_order_id text,
    -- what became of it
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'imported', 'skipped', 'failed', 'deleted')),
    reason text,                                    -- why, or what is to be said of it
    detail jsonb NOT NULL DEFAULT '{}',
    tombstoned_at timestamptz,                      -- a person deleted it in the hub: it does not come again (ORD-7)
    tombstoned_by text,
    changed bigint NOT NULL DEFAULT 1,              -- the store's side moved
    order_settled bigint NOT NULL DEFAULT 0,        -- and was seen up to here
    hub_changed bigint NOT NULL DEFAULT 0,          -- the hub's side moved
    hub_settled bigint NOT NULL DEFAULT 0,          -- and its store was told up to here
    due_at timestamptz,                             -- do not look at it before
    attempts integer NOT NULL DEFAULT 0,
    rung_at timestamptz,                            -- its bell is on its way since then
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    skus text[],                                    -- every SKU it ever had (STK-9); null: nobody knows yet which
    is_failing boolean NOT NULL DEFAULT false,      -- it is in the hub, and the last look at it was set aside
    hub_due_at timestamptz,                         -- do not tell its store before
    hub_attempts integer NOT NULL DEFAULT 0,
    hub_rung_at timestamptz,
    hub_is_failing boolean NOT NULL DEFAULT false,  -- telling its store was set aside
    hub_reason text,                                -- why the store does not show what the hub shipped
    hub_detail jsonb NOT NULL DEFAULT '{}',
    -- what the store is being told now, until its answer is written down (FUL-14)
    sending jsonb,
    -- it was in the hub once: it is ours whatever its age (BEY-6, CHG-5)
    was_imported boolean NOT NULL DEFAULT false,
    order_no text,                                  -- as the store numbers it for people; may be another order's id
    imported_digest text,                           -- of the snapshot that it was imported from; null: not known
    imported_hub_changed bigint,                    -- hub_changed as the import left it; null: not known
    -- our copy of how far the hub's order is; CLOSED where it is closed or voided; null: it is not in the hub
    hub_status text
        CHECK (hub_status IN ('NOT_SHIPPED', 'PARTIALLY_PACKED', 'PACKED', 'PARTIALLY_DELIVERED', 'DELIVERED',
                'CLOSED')),
    hub_customer text,                              -- our copy, for lists: what the hub calls the buyer
    hub_email text,
    hub_total_with_tax numeric,                     -- our copy, for lists: in hub_currency
    hub_currency text,
    -- how often sending was written: who looked before it was must look again
    sendings bigint NOT NULL DEFAULT 0,
    -- its buyer was erased: nothing that its store sends of it is kept any more, and no buyer comes with it
    buyer_erased_at timestamptz,
    PRIMARY KEY (store_id, external_id)
) WITH (toast_tuple_target=256, fillfactor=85);
CREATE INDEX store_orders_due ON store_orders (store_id, rung_at NULLS FIRST, store_updated_at)
    WHERE changed > order_settled;
CREATE INDEX store_orders_failing ON store_orders (store_id) WHERE is_failing OR hub_is_failing;
CREATE UNIQUE INDEX store_orders_hub_order ON store_orders (hub_order_id) WHERE hub_order_id IS NOT NULL;
CREATE INDEX store_orders_kept ON store_orders (greatest(store_updated_at, first_seen_at)) WHERE snapshot IS NOT NULL;
CREATE INDEX store_orders_kept_skipped ON store_orders (greatest(store_updated_at, first_seen_at))
    WHERE snapshot IS NOT NULL AND state = 'skipped';
CREATE INDEX store_orders_listed ON store_orders (store_id, store_updated_at DESC NULLS LAST, external_id);
CREATE INDEX store_orders_no ON store_orders (store_id, order_no);
CREATE INDEX store_orders_noted ON store_orders USING gin (reasons_of(reason, hub_reason, detail, hub_detail))
    WHERE reason IS NOT NULL OR hub_reason IS NOT NULL;
CREATE INDEX store_orders_open ON store_orders (store_id) WHERE hub_status <> ALL (ARRAY['DELIVERED', 'CLOSED']);
CREATE INDEX store_orders_outgoing ON store_orders (store_id, hub_rung_at NULLS FIRST) WHERE hub_changed > hub_settled;
CREATE INDEX store_orders_outside ON store_orders (store_id, state, store_updated_at DESC NULLS LAST, external_id)
    WHERE state <> 'imported';
CREATE INDEX store_orders_skipped ON store_orders ((detail ->> 'status'), store_id) WHERE state = 'skipped';

-- A SKU that a store is told: due while it changed since it was settled. What its items show stands in store_levels.
CREATE TABLE store_stock (
    store_id bigint NOT NULL REFERENCES stores,
    sku text NOT NULL,
    changed bigint NOT NULL DEFAULT 1,              -- the hub's figure moved, or may not be shown any more
    settled bigint NOT NULL DEFAULT 0,              -- and the store was told up to here
    due_at timestamptz,                             -- do not tell it before
    attempts integer NOT NULL DEFAULT 0,
    -- unread orders hold it back for a while from then (STK-9)
    due_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,                            -- a SKU that moves all the time is told at a pace (STK-5)
    looked_at timestamptz,                          -- when the store was last asked whether it has the SKU
    wants_look boolean NOT NULL DEFAULT false,      -- the store is asked first what it shows
    reason text,                                    -- why the store does not show the hub's value
    detail jsonb NOT NULL DEFAULT '{}',
    tell_uncounted boolean NOT NULL DEFAULT false,  -- a person said so, though nobody ever counted it (STK-10)
    -- until due_at, or so long at most once it moves again; null: to the end of it
    wait_when_moved interval,
    PRIMARY KEY (store_id, sku)
);
CREATE INDEX store_stock_due ON store_stock (store_id, due_since) WHERE changed > settled;

-- A store's customer and the hub's.
CREATE TABLE customer_links (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    customer_id text NOT NULL,
    PRIMARY KEY (store_id, external_id)
);

-- A store's product without SKU and the hub variant that was made for it.
CREATE TABLE item_links (
    store_id bigint NOT NULL REFERENCES stores,
    key text NOT NULL,
    variant_id text NOT NULL,
    PRIMARY KEY (store_id, key)
);

-- One unit of currency is worth `rate` of base.
CREATE TABLE exchange_rates (
    currency text NOT NULL,
    base text NOT NULL,
    on_date date NOT NULL,
    rate numeric NOT NULL CHECK (rate > 0),
    source text NOT NULL CHECK (source IN ('hand', 'ecb')),
    PRIMARY KEY (currency, base, source, on_date)
);

-- What was done or not done, and why: append-only.
CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    store_id bigint REFERENCES stores,
    external_id text,
    sku text,
    action text NOT NULL,
    outcome text NOT NULL,
    reason text,
    detail jsonb NOT NULL DEFAULT '{}',
    who text                                        -- the user of the console who did it; null: nobody of them
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_order ON journal (store_id, external_id, id);
CREATE INDEX journal_settings ON journal (store_id, id) WHERE action IN ('connect', 'reconfigure');
CREATE INDEX journal_sku ON journal (sku, id) WHERE sku IS NOT NULL;
CREATE INDEX journal_store ON journal (store_id, id);

-- A store's catalogue, as far as it carries stock.
CREATE TABLE store_items (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    sku text NOT NULL,
    name text NOT NULL DEFAULT '',
    is_tracked boolean NOT NULL,                    -- the store counts it
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),   -- the last page of its catalogue that had it
    PRIMARY KEY (store_id, external_id)
);
CREATE INDEX store_items_listed ON store_items (sku COLLATE "C");
CREATE INDEX store_items_sku ON store_items (store_id, sku);

-- What an item shows at a place of its store, and what it was told.
CREATE TABLE store_levels (
    store_id bigint NOT NULL,
    external_id text NOT NULL,
    place text NOT NULL,                            -- empty: the store's own default place
    shown bigint,                                   -- what the store shows as far as we know; null: unknown
    told bigint,                                    -- what we told it last
    told_at timestamptz,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),   -- when `shown` was last written
    agreed_at timestamptz,                          -- when store and hub said the same; null: never
    -- the item is active at the place, or not known to be: else a store may take quantities and say nothing (STK-12)
    is_active boolean NOT NULL DEFAULT true,
    PRIMARY KEY (store_id, external_id, place),
    FOREIGN KEY (store_id, external_id) REFERENCES store_items ON DELETE CASCADE
);

-- The count that a person asked for of what a store shows, the latest of each (STK-11): a job in steps, of which each
-- can be done again.
CREATE TABLE stock_imports (
    store_id bigint PRIMARY KEY REFERENCES stores,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    is_again boolean NOT NULL,                      -- also what was counted before
    is_trial boolean NOT NULL,                      -- nothing is counted, only said
    step text NOT NULL DEFAULT 'orders' CHECK (step IN ('orders', 'reading', 'checking', 'done', 'stopped')),
    step_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    walk jsonb,                                     -- how far its catalogue was read
    seen integer NOT NULL DEFAULT 0,                -- items that were read
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,                             -- do not go on before
    reason text,
    detail text,
    report jsonb,                                   -- what came of it
    ended_at timestamptz
);

-- What a store showed, as it was read for its count.
CREATE TABLE stock_import_figures (
    store_id bigint NOT NULL REFERENCES stock_imports,
    external_id text NOT NULL,
    sku text NOT NULL,
    is_tracked boolean NOT NULL,
    shown jsonb NOT NULL,                           -- pieces by place
    read_at timestamptz NOT NULL,                   -- before the store was asked
    PRIMARY KEY (store_id, external_id)
);

-- SKUs of orders of the store that came in since its count was asked for.
CREATE TABLE stock_import_moves (
    store_id bigint NOT NULL REFERENCES stock_imports,
    sku text NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, sku)
);

-- The token that a store gave for its credentials, where tokens end: one for all workers, renewed by one of them
-- (DOR-3).
CREATE TABLE store_tokens (
    store_id bigint PRIMARY KEY REFERENCES stores ON DELETE CASCADE,
    token text NOT NULL,                            -- encrypted, with what it was given for
    given_at timestamptz NOT NULL,                  -- by the database's clock, as its end
    ends_at timestamptz NOT NULL
);

-- Work on a store that could not be done: until when it waits, and why. Gone once it is done.
CREATE TABLE store_lanes (
    store_id bigint NOT NULL REFERENCES stores,
    lane text NOT NULL,                             -- the name of its task
    due_at timestamptz NOT NULL,                    -- it is not tried again before
    attempts integer NOT NULL,                      -- that failed, in a row
    reason text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (store_id, lane)
);

-- How many orders of a store are in which state, and why: the sum of its rows, which are folded into fewer now and
-- then.
CREATE TABLE order_counts (
    store_id bigint NOT NULL,
    state text NOT NULL,
    reason text,
    orders bigint NOT NULL,                         -- so many more; fewer where below 0
    came bigint NOT NULL DEFAULT 0                  -- so many came to it; those that left are still in it
);

-- What a store is being told this moment: who ends without writing down what came of it leaves a row, and its SKUs are
-- told once more.
CREATE TABLE stock_tellings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    skus text[] NOT NULL,
    holder text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- what is to be made in Katana, or was, each thing once (KAT-1)
CREATE TABLE katana_intents (
    kind text NOT NULL,                             -- what it is: a sales order, a customer, …
    key text NOT NULL,                              -- what it is known by: two workers who want the same name it alike
    digest text NOT NULL,                           -- of what was sent last, or is about to be
    -- it was last sent then, and what came of it is not known as long as there is no id; null: it never was
    sent_at timestamptz,
    looks integer NOT NULL DEFAULT 0,               -- how often it was looked for since, and not found
    said text NOT NULL DEFAULT '',                  -- what was heard instead of a clear answer
    found_id text,                                  -- Katana's own id of it: it is made
    -- who is at it now, until leased_until: no transaction is open meanwhile
    leased_by text,
    leased_until timestamptz,                       -- longer than any request takes: then whoever was at it is dead
    PRIMARY KEY (kind, key),
    CHECK (kind <> '' AND key <> '' AND found_id <> '')
);
CREATE INDEX katana_intents_found ON katana_intents (found_id) WHERE found_id IS NOT NULL;
CREATE INDEX katana_intents_open ON katana_intents (sent_at) WHERE found_id IS NULL;

-- copies of what is in Katana and seldom moves: places, tax rates, items, customers
CREATE TABLE katana_copies (
    -- what it is: a location, a tax rate, a variant, a customer; ids are of one kind
    kind text NOT NULL,
    id text NOT NULL,                               -- Katana's own
    sku text,                                       -- of a variant that has one, trimmed
    name text NOT NULL,                             -- what people call it
    email text,                                     -- of a customer who has one
    -- made in Katana then: of several with one SKU the latest counts, of one name the oldest
    created_at timestamptz,
    is_gone boolean NOT NULL,                       -- deleted there
    record jsonb NOT NULL,                          -- what else is known of it, by the names of our own records
    PRIMARY KEY (kind, id)
);
CREATE INDEX katana_copies_email ON katana_copies (kind, lower(email)) WHERE email IS NOT NULL AND NOT is_gone;
CREATE INDEX katana_copies_name ON katana_copies (kind, lower(name)) WHERE NOT is_gone;
CREATE INDEX katana_copies_sku ON katana_copies (kind, sku) WHERE sku IS NOT NULL AND NOT is_gone;

-- how far each of Katana's lists was read
CREATE TABLE katana_polls (
    what text PRIMARY KEY,                          -- which list
    read_until timestamptz NOT NULL,                -- whatever moved before is known, as far as Katana showed it then
    read_at timestamptz                             -- it was read to its end then; null: it is to be read again at once
);

-- sales orders of stores in Katana, with what it does not keep of them
CREATE TABLE katana_orders (
    id text PRIMARY KEY,                            -- Katana's own
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    -- the exchange rate, and the totals beside the store's (MAP-6), as texts
    money jsonb NOT NULL,
    is_gone boolean NOT NULL DEFAULT false,         -- deleted in Katana: the store's order may have another one since
    -- how far the order is where its rows do not say it: closed, voided, paid
    flags jsonb NOT NULL DEFAULT '{}',
    -- it was made, or found, then: until a little later it need not be seen
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX katana_orders_live ON katana_orders (store_id, external_id) WHERE NOT is_gone;

-- their rows
CREATE TABLE katana_rows (
    id text PRIMARY KEY,                            -- Katana's own
    order_id text NOT NULL REFERENCES katana_orders,
    external_id text,                               -- the store's line; null: no store has it
    place integer NOT NULL,                         -- its place in the order as it was sent
    -- its kind, name, discount and money, which Katana keeps otherwise or not at all
    kept jsonb NOT NULL,
    written jsonb,                                  -- what we changed of it last: before, and after
    written_at timestamptz                          -- then: a read that shows what was before may be old
);
CREATE INDEX katana_rows_order ON katana_rows (order_id);

-- What shops asked for on behalf of their buyers, by ids: to be told what is kept of one, which a person does, or that
-- it be erased.
CREATE TABLE privacy_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    -- tell, erase: of one buyer; erase_all: of every buyer of the shop
    kind text NOT NULL CHECK (kind IN ('tell', 'erase', 'erase_all')),
    customer_id text,                               -- the shop's id of the buyer; null: told by orders alone
    order_ids text[] NOT NULL DEFAULT '{}'::text[], -- the shop's ids of orders that it named
    asked_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
CREATE INDEX privacy_requests_open ON privacy_requests (id) WHERE done_at IS NULL;

-- What is wrong, or was of late: whether people were told, and that it is over.
CREATE TABLE alarms (
    kind text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    said_at timestamptz,
    reminded_at timestamptz,
    quiet_since timestamptz,
    over_at timestamptz,
    returns integer NOT NULL DEFAULT 0 CHECK (returns >= 0),
    PRIMARY KEY (kind, subject)
);

-- Messages for people. What no service took is due again; due_at is null once all did, or it is given up.
CREATE TABLE notices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    -- marks of the addresses that took it already, which say nothing of the addresses themselves
    told text[] NOT NULL DEFAULT '{}'::text[],
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    reason text,
    detail text
);
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;

-- sales orders as Katana told them last, open ones and what moved of late
CREATE TABLE katana_heard (
    id text PRIMARY KEY,                            -- Katana's own
    order_no text NOT NULL,
    status text NOT NULL,                           -- in Katana's word
    customer_id text NOT NULL,
    currency text NOT NULL,
    moved_at timestamptz,                           -- when it changed last, by Katana
    read_at timestamptz NOT NULL,                   -- whoever asked earlier knows less
    is_gone boolean NOT NULL,
    -- its parcels say the same as its status, and none of them may be one of ours; else it is read again
    is_settled boolean NOT NULL,
    rows jsonb NOT NULL,                            -- each with its id, its variant, its place and its quantity
    -- its fulfilments: each with its id, its pieces, and whether it is delivered, or gone
    parcels jsonb NOT NULL
);
CREATE INDEX katana_heard_age ON katana_heard (read_at);
CREATE INDEX katana_heard_no ON katana_heard (order_no);
CREATE INDEX katana_heard_unsettled ON katana_heard (read_at) WHERE NOT is_settled;

-- what open orders promise and did not take yet (STK-2)
CREATE TABLE katana_promises (
    row_id text PRIMARY KEY,
    order_id text NOT NULL REFERENCES katana_heard ON DELETE CASCADE,
    variant_id text NOT NULL,
    location_id text NOT NULL,
    pieces numeric NOT NULL CHECK (pieces > 0)
);
CREATE INDEX katana_promises_order ON katana_promises (order_id);
CREATE INDEX katana_promises_variant ON katana_promises (variant_id);

-- which items were ever counted at which place (STK-10); without a place: Katana was asked about the item
CREATE TABLE katana_counted (
    variant_id text NOT NULL,
    location_id text NOT NULL,
    PRIMARY KEY (variant_id, location_id)
);

-- moves of stock that were heard of lately
CREATE TABLE katana_movements (
    id text PRIMARY KEY,
    heard_at timestamptz NOT NULL
);
CREATE INDEX katana_movements_age ON katana_movements (heard_at);

-- what moved and was not passed on yet: a SKU, what was shipped, how far an order is, what is deleted, a place
CREATE TABLE katana_news (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,   -- whoever has heard up to here says so: then it is struck
    what text NOT NULL,
    about jsonb NOT NULL
);

-- what is known of fulfilments of our orders beside what Katana has of them
CREATE TABLE katana_fulfillments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL REFERENCES katana_orders,
    fulfillment_id text,                            -- Katana's own; null: none of Katana's, or not known yet
    key text,                                       -- one that we make there: the key of its intent; null: we make none
    external_id text,                               -- the store's; null: no store has it
    source text NOT NULL CHECK (source IN ('store', 'hub')),   -- who said so first
    rows jsonb NOT NULL DEFAULT '[]'::jsonb,        -- pieces by row
    -- of these, what it took from fulfilments that the store called off (FUL-7): fulfilment, row, pieces
    taken jsonb NOT NULL DEFAULT '[]'::jsonb,
    tracking jsonb NOT NULL DEFAULT '{}',           -- what the store said of it, where Katana has none of it
    made_at timestamptz,                            -- we made it, or delivered it, then
    is_packed boolean NOT NULL DEFAULT false,       -- what we made is packed, and not delivered
    CHECK (external_id <> '' AND fulfillment_id <> '')
);
CREATE UNIQUE INDEX katana_fulfillments_key ON katana_fulfillments (order_id, key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX katana_fulfillments_own ON katana_fulfillments (fulfillment_id) WHERE fulfillment_id IS NOT NULL;
CREATE UNIQUE INDEX katana_fulfillments_told ON katana_fulfillments (order_id, external_id)
    WHERE fulfillment_id IS NULL AND key IS NULL;

-- returns of stores in Katana (CHG-9)
CREATE TABLE katana_returns (
    order_id text NOT NULL REFERENCES katana_orders,
    external_id text NOT NULL,                      -- the store's
    return_id text,                                 -- Katana's own; null: nothing of it can be there yet
    lines jsonb NOT NULL,                           -- pieces by the store's lines, as far as Katana has them
    asked jsonb NOT NULL DEFAULT '[]'::jsonb,       -- pieces by the store's lines, as the store has them
    -- pieces of these lines that were shipped then: what is missing is tried again once they are more
    seen numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, external_id)
);

-- counts and adjustments of stock, each one adjustment for each location there (STK-11)
CREATE TABLE katana_counts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text NOT NULL,
    -- of what is counted: the same again, as long as it is not done, is the same
    digest text NOT NULL,
    lines jsonb NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT now(),
    is_done boolean NOT NULL DEFAULT false,         -- all of it is in Katana
    taken_back_at timestamptz
);
CREATE UNIQUE INDEX katana_counts_open ON katana_counts (digest) WHERE NOT is_done;

-- What orders are looked for by, kept by triggers: a copy of number, customer, e-mail and SKUs of store_orders.
CREATE TABLE order_words (
    store_id bigint NOT NULL,
    external_id text NOT NULL,
    words text NOT NULL,                            -- number, customer and e-mail in the hub, in small letters
    skus text[] NOT NULL,
    store_updated_at timestamptz,                   -- our copy, to sort by
    PRIMARY KEY (store_id, external_id)
) WITH (fillfactor=90);
CREATE INDEX order_words_keys ON order_words USING gin (order_keys(words, skus, 3, 600));

-- What proved the messages of a store before it got other credentials or was disconnected: it still does for a while.
CREATE TABLE earlier_secrets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    locked text NOT NULL,                           -- encrypted, those credentials alone that messages are signed with
    ends_at timestamptz NOT NULL
);
CREATE INDEX earlier_secrets_store ON earlier_secrets (store_id);

-- People who may sign in to the console.
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9@._+-]{0,62}$'),
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password text NOT NULL,                         -- argon2: what it is compared with, and cannot be read from
    -- in which colours the console is shown
    theme text NOT NULL DEFAULT 'device' CHECK (theme IN ('device', 'light', 'dark')),
    made_at timestamptz NOT NULL DEFAULT now()
);

-- Who is signed in: gone when they sign out, or some time after it has ended by itself.
CREATE TABLE user_sessions (
    mark text PRIMARY KEY,                          -- of the token that the browser holds, which cannot be had from it
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    -- what was searched for that may be a buyer's name, so that no address has it: the latest last
    finds jsonb NOT NULL DEFAULT '[]'::jsonb
);
CREATE INDEX user_sessions_user ON user_sessions (user_id);

-- How often in a row somebody tried to sign in, so that guessing is slow.
CREATE TABLE sign_in_tries (
    -- a user's id; of names that nobody has, one of some thousand drawers
    subject text PRIMARY KEY,
    tries integer NOT NULL,
    tried_at timestamptz NOT NULL
);

-- orders of stores as they were last sent to Katana, until they are known to be there
CREATE TABLE katana_plans (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    key text NOT NULL,                              -- of the intent
    order_no text NOT NULL,
    money jsonb NOT NULL,
    flags jsonb NOT NULL,
    rows jsonb NOT NULL,                            -- each with its line, what we keep of it, and how it was sent
    PRIMARY KEY (store_id, external_id)
);

-- What pages of the console asked workers to do, and what came of it; cut some days later.
CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    store_id bigint REFERENCES stores,
    arguments jsonb NOT NULL DEFAULT '{}',          -- what the page gave; nothing of it is secret or names a buyer
    locked text,                                    -- what of it is secret, locked like credentials; gone at its end
    who text,                                       -- the user of the console who asked
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    began_at timestamptz,
    -- how often a worker began with it: one that ends its worker is not begun for ever
    begins smallint NOT NULL DEFAULT 0,
    seen integer NOT NULL DEFAULT 0 CHECK (seen >= 0),   -- how many items, orders or rows were seen so far
    ended_at timestamptz,
    result jsonb,
    -- why it came to nothing: words, reason, key; null beside a null result: a person stopped it
    trouble jsonb,
    CHECK (ended_at IS NOT NULL OR result IS NULL AND trouble IS NULL),
    CONSTRAINT jobs_check1 CHECK (ended_at IS NULL OR locked IS NULL)
);
CREATE INDEX jobs_of_store ON jobs (store_id, kind, id);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, coalesce(store_id, 0::bigint), md5(arguments::text || coalesce(locked,
            ''))) WHERE ended_at IS NULL;

-- shops' orders that some sales order in Katana says it is, deleted ones included
CREATE TABLE katana_origins (
    -- platform, name of the shop and id of the order, as Katana has them
    key text PRIMARY KEY
);

-- how far katana_origins goes; one line, from the first time on that Katana was asked
CREATE TABLE katana_mirror (
    id integer DEFAULT 1 PRIMARY KEY CHECK (id = 1),
    -- whatever changed before is known, as far as Katana showed it then; of what is older, what its pages showed
    read_until timestamptz NOT NULL,
    -- reading all orders goes on there; null: all were read, and what is not known is not there
    next_page integer,
    -- somebody who makes orders has begun to read then what changed: one does it for all
    refreshed_at timestamptz
);

-- What was noted of orders and a person has seen to: it is shown again once more orders come to it.
CREATE TABLE hidden_notes (
    store_id bigint NOT NULL REFERENCES stores,
    reason text NOT NULL,
    came bigint NOT NULL,                           -- how many orders had come to it then
    who text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (store_id, reason)
);

-- Files of counted stock that people gave to the console; cut some days later.
CREATE TABLE count_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    content text NOT NULL,
    location text NOT NULL,                         -- of lines that name none
    who text,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count_id text                                   -- the count that it became: it becomes one once
);

-- Forms that were sent: each adds up once, however often it comes; cut some weeks later.
CREATE TABLE sent_forms (
    number uuid PRIMARY KEY,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- An order is in another state, for another reason, or gone. Row by row: most updates of orders move neither.
CREATE FUNCTION count_moved_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders) VALUES (OLD.store_id, OLD.state, OLD.reason, -1);
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.order_counts (store_id, state, reason, orders, came)
        VALUES (NEW.store_id, NEW.state, NEW.reason, 1, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER order_counted_otherwise AFTER UPDATE ON store_orders FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.reason IS DISTINCT FROM NEW.reason) EXECUTE FUNCTION count_moved_order();
CREATE TRIGGER order_not_counted AFTER DELETE ON store_orders FOR EACH ROW EXECUTE FUNCTION count_moved_order();

-- Orders that were never seen before are counted.
CREATE FUNCTION count_new_orders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_counts (store_id, state, reason, orders, came)
    SELECT store_id, state, reason, count(*), count(*) FROM new_orders GROUP BY store_id, state, reason;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_counted AFTER INSERT ON store_orders REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT
    EXECUTE FUNCTION count_new_orders();

-- Orders in the hub are otherwise now than they were: our copies follow.
CREATE FUNCTION keep_hub_copies(copies hub_copy[]) RETURNS void LANGUAGE sql AS $$
    WITH moved AS MATERIALIZED (
        SELECT c.* FROM public.store_orders s JOIN unnest(copies) c USING (store_id, external_id)
        ORDER BY s.store_id, s.external_id COLLATE "C" FOR UPDATE OF s
    )
    UPDATE public.store_orders s
    SET hub_status = m.status, hub_customer = m.customer, hub_email = m.email, hub_total_with_tax = m.total_with_tax,
        hub_currency = m.currency
    FROM moved m WHERE s.store_id = m.store_id AND s.external_id = m.external_id
$$;

-- Of an order whose buyer was erased no snapshot is kept: who looks at it asks its store.
CREATE FUNCTION keep_nothing_of_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.snapshot := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER erased_keeps_nothing BEFORE UPDATE ON store_orders FOR EACH ROW
    WHEN (NEW.buyer_erased_at IS NOT NULL AND NEW.snapshot IS NOT NULL) EXECUTE FUNCTION keep_nothing_of_erased();

-- An order changed, is called otherwise, has other SKUs, or is gone.
CREATE FUNCTION keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM public.order_words WHERE store_id = OLD.store_id AND external_id = OLD.external_id;
    ELSE
        UPDATE public.order_words
        SET words = public.words_of(NEW.order_no, NEW.hub_customer, NEW.hub_email), skus = coalesce(NEW.skus, '{}'),
            store_updated_at = NEW.store_updated_at
        WHERE store_id = NEW.store_id AND external_id = NEW.external_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER order_has_no_words AFTER DELETE ON store_orders FOR EACH ROW EXECUTE FUNCTION keep_words();
CREATE TRIGGER order_has_other_words AFTER UPDATE ON store_orders FOR EACH ROW
    WHEN (OLD.order_no IS DISTINCT FROM NEW.order_no OR OLD.hub_customer IS DISTINCT FROM NEW.hub_customer
        OR OLD.hub_email IS DISTINCT FROM NEW.hub_email OR OLD.skus IS DISTINCT FROM NEW.skus
        OR OLD.store_updated_at IS DISTINCT FROM NEW.store_updated_at) EXECUTE FUNCTION keep_words();

-- Orders that were never seen before have words.
CREATE FUNCTION keep_words_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.order_words (store_id, external_id, words, skus, store_updated_at)
    SELECT store_id, external_id, public.words_of(order_no, hub_customer, hub_email), coalesce(skus, '{}'), store_updated_at
    FROM new_orders;
    RETURN NULL;
END $$;
CREATE TRIGGER new_order_has_words AFTER INSERT ON store_orders REFERENCING NEW TABLE AS new_orders FOR EACH STATEMENT
    EXECUTE FUNCTION keep_words_of_new();

-- A deleted order leaves a tombstone (ORD-7) with who deleted it. One that its store took back leaves none (CHG-5):
-- then it says because of what.
CREATE FUNCTION mark_deleted_orders(store_ids bigint[], external_ids text[], order_nos text[], deleted_by text, because
            text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.store_orders AS s
        (store_id, external_id, state, reason, tombstoned_at, tombstoned_by, order_settled)
    SELECT d.store_id, d.external_id, 'deleted', coalesce(because, 'deleted_in_hub'),
           CASE WHEN because IS NULL THEN now() END, CASE WHEN because IS NULL THEN deleted_by END, 1
    FROM unnest(store_ids, external_ids) AS d (store_id, external_id)
    WHERE d.store_id IS NOT NULL ORDER BY d.store_id, d.external_id
    ON CONFLICT (store_id, external_id) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, hub_order_id = NULL, tombstoned_at = excluded.tombstoned_at,
        tombstoned_by = excluded.tombstoned_by, hub_status = NULL, hub_customer = NULL, hub_email = NULL,
        hub_total_with_tax = NULL, hub_currency = NULL;
    INSERT INTO public.journal (store_id, external_id, action, outcome, reason, detail)
    SELECT d.store_id, d.external_id, 'delete', 'deleted', coalesce(because, 'deleted_in_hub'),
           jsonb_build_object('order_no', d.order_no, 'deleted_by', deleted_by)
    FROM unnest(store_ids, external_ids, order_nos) WITH ORDINALITY AS d (store_id, external_id, order_no, place)
    ORDER BY d.place;
END $$;

-- A store whose location the hub did not have is told once the hub has it: it may be this one.
CREATE FUNCTION mark_location_known() RETURNS void LANGUAGE sql AS $$
    UPDATE public.store_stock q SET changed = q.changed + 1,
        due_since = CASE WHEN q.changed = q.settled THEN clock_timestamp() ELSE q.due_since END
    FROM (SELECT store_id, sku FROM public.store_stock WHERE reason = 'location_unknown'
          ORDER BY store_id, sku FOR UPDATE) waiting
    WHERE q.store_id = waiting.store_id AND q.sku = waiting.sku
$$;

-- The hub's side of orders moved: their stores are to be told what they do not show.
CREATE FUNCTION mark_orders(store_ids bigint[], external_ids text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.store_orders s SET hub_changed = hub_changed + 1
    WHERE (s.store_id, s.external_id) IN (SELECT * FROM unnest(store_ids, external_ids));
    IF FOUND THEN
        PERFORM pg_notify('storesync_fulfillment', '');
    END IF;
END $$;

-- Which stores a movement is news for: what lies on the shelf for all of them, what stands on rows only for those that
-- count it (STK-2), that never were told of the SKU (STK-1), or that may show anything. A paused store is marked as
-- well, so that it ends with the hub's value when it goes on (STK-5).
CREATE FUNCTION mark_skus(moved moved_sku[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.store_stock AS due (store_id, sku)
    SELECT s.id, m.sku
    FROM public.stores s CROSS JOIN (
        SELECT sku, bool_or(on_shelf) AS on_shelf, bool_or(on_rows) AS on_rows, bool_or(of_stores) AS of_stores,
               bool_and(only_told) AS only_told
        FROM unnest(moved) GROUP BY sku
    ) m
    WHERE s.state <> 'disconnected' AND s.stock_news IS NOT NULL
      AND (m.on_shelf
           OR (s.stock_news = 'rows' AND m.on_rows)
           OR (s.stock_news = 'store_rows' AND m.of_stores)
           OR CASE WHEN EXISTS (SELECT FROM public.store_stock q WHERE q.store_id = s.id AND q.sku = m.sku)
                   THEN m.only_told OR EXISTS (
                       SELECT FROM public.store_items t JOIN public.store_levels l USING (store_id, external_id)
                       WHERE t.store_id = s.id AND t.sku = m.sku AND l.shown IS NULL)
                   ELSE NOT m.only_told END)
    ORDER BY s.id, m.sku
    ON CONFLICT (store_id, sku) DO UPDATE
    SET changed = due.changed + 1,
        due_since = CASE WHEN due.changed = due.settled THEN clock_timestamp() ELSE due.due_since END;
    IF FOUND THEN
        PERFORM pg_notify('storesync_stock', '');
    END IF;
END $$;

-- The journal stays as it was written.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal FOR EACH STATEMENT
    WHEN (current_setting('storesync.erases', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_is_cut_by_age BEFORE DELETE ON journal FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();

-- Whether any store is told stock: else nothing that moves is news.
CREATE FUNCTION stock_is_told() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT EXISTS (SELECT FROM public.stores WHERE state <> 'disconnected' AND stock_news IS NOT NULL) $$;

-- What moves again waits no longer than was said when it was put off.
CREATE FUNCTION try_moved_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := now() + NEW.wait_when_moved;
    RETURN NEW;
END $$;
CREATE TRIGGER store_stock_moved BEFORE UPDATE OF changed ON store_stock FOR EACH ROW
    WHEN (NEW.changed > OLD.changed AND NEW.due_at > (now() + NEW.wait_when_moved)) EXECUTE FUNCTION try_moved_stock();

-- What an order is called, in small letters.
CREATE FUNCTION words_of(order_no text, customer text, email text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT lower(concat_ws(' ', order_no, customer, email)) $$;

CREATE SCHEMA hub;

-- Pieces of an item at a location, on behalf of a row.
CREATE TYPE hub.pieces AS (variant_id bigint, location_id bigint, quantity numeric, row_id bigint);

-- Pieces that an open row promises, and whether its order came from a store.
CREATE TYPE hub.promise AS (variant_id bigint, location_id bigint, quantity numeric, from_store boolean);

-- Who is the same buyer: by e-mail address (MAP-2).
CREATE FUNCTION hub.email_key(email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT nullif(lower(btrim(email)), '') $$;

-- Whether an address has the fields of one, and no others.
CREATE FUNCTION hub.is_address(address jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT jsonb_typeof(address) = 'object'
      AND address ?& ARRAY['first_name', 'last_name', 'company', 'line_1', 'line_2', 'city', 'state', 'zip', 'country', 'phone']
      AND address - ARRAY['first_name', 'last_name', 'company', 'line_1', 'line_2', 'city', 'state', 'zip', 'country', 'phone']
          = '{}' $$;

-- Who is the same buyer: by name (MAP-2).
CREATE FUNCTION hub.name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT lower(btrim(regexp_replace(name, '\s+', ' ', 'g'))) $$;

-- An address with nothing in it.
CREATE FUNCTION hub.no_address() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT '{"first_name": "", "last_name": "", "company": "", "line_1": "", "line_2": "",
            "city": "", "state": "", "zip": "", "country": "", "phone": ""}'::jsonb $$;

-- What holds for all of the hub: one row.
CREATE TABLE hub.settings (
    only_one boolean DEFAULT true PRIMARY KEY CHECK (only_one),
    locked_until date                               -- inventory is closed up to and including this day (UTC)
);

-- Where stock lies.
CREATE TABLE hub.locations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL CONSTRAINT locations_code UNIQUE CHECK (code = btrim(code) AND code <> ''),
    name text NOT NULL
);

-- Buyers.
CREATE TABLE hub.customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    email text,
    created_at timestamptz NOT NULL DEFAULT now(),
    name_key text NOT NULL GENERATED ALWAYS AS (hub.name_key(name)) STORED,
    -- one customer per e-mail, and per name among those without: parallel first orders make one (MAP-2)
    buyer_key text NOT NULL
        GENERATED ALWAYS AS (coalesce('email:' || hub.email_key(email), 'name:' || hub.name_key(name))) STORED
        CONSTRAINT customers_buyer UNIQUE
);
CREATE INDEX customers_name ON hub.customers (name_key, id);

-- What is sold, each in one variant or more.
CREATE TABLE hub.products (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL DEFAULT 'product' CHECK (kind IN ('product', 'service')),
    batch_tracked boolean NOT NULL DEFAULT false,
    delivery_days integer CHECK (delivery_days >= 0),   -- its own delivery time; null: the account's
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX products_parts ON hub.products USING gin (order_keys(lower(name), '{}'::text[], 3, 200));
CREATE INDEX products_service ON hub.products (lower(name), id) WHERE kind = 'service';

-- Items: what a row names and stock is kept of.
CREATE TABLE hub.variants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES hub.products,
    -- not unique: several variants may share a SKU, the one created latest is meant (MAP-1)
    sku text CONSTRAINT variants_sku_trimmed CHECK (sku <> '' AND sku !~ '^\s|\s$'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    import_key text,                                -- null: made by a person
    -- what an import made it for: its SKU, a store's product, a service's name; parallel imports make one (MUL-2)
    made_for text
        GENERATED ALWAYS AS (CASE WHEN import_key IS NOT NULL THEN coalesce('sku:' || sku, import_key) END) STORED
        CONSTRAINT variants_made_for UNIQUE
);
CREATE INDEX variants_listed ON hub.variants (sku COLLATE "C", created_at DESC, id DESC);
CREATE INDEX variants_parts ON hub.variants USING gin (order_keys(lower(sku), '{}'::text[], 3, 200))
    WHERE sku IS NOT NULL;
CREATE INDEX variants_product ON hub.variants (product_id);
CREATE INDEX variants_sku ON hub.variants (sku);

-- What a bundle is made of.
CREATE TABLE hub.bundle_components (
    bundle_id bigint NOT NULL REFERENCES hub.variants ON DELETE CASCADE,
    component_id bigint NOT NULL REFERENCES hub.variants,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (bundle_id, component_id),
    CHECK (component_id <> bundle_id)
);
CREATE INDEX bundle_components_component ON hub.bundle_components (component_id);

-- Batches of items that have them.
CREATE TABLE hub.batches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id bigint NOT NULL REFERENCES hub.variants,
    batch_no text NOT NULL CHECK (batch_no <> ''),
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT batches_no UNIQUE (variant_id, batch_no)
);

-- Levels, kept by triggers. A bundle's own in stock stays 0: what can be sold of it is computed from its components.
CREATE TABLE hub.stock (
    variant_id bigint NOT NULL REFERENCES hub.variants ON DELETE CASCADE,
    location_id bigint NOT NULL REFERENCES hub.locations,
    in_stock numeric NOT NULL DEFAULT 0,            -- may fall below 0: more was delivered than was counted in
    committed numeric NOT NULL DEFAULT 0,           -- promised by open rows, as itself or as a bundle's component
    committed_direct numeric NOT NULL DEFAULT 0,    -- as itself only (STK-2)
    expected numeric NOT NULL DEFAULT 0,            -- open manufacturing and purchase orders
    -- when somebody first counted it: adjusted it, took it in, made it, or set it; null: never, and its figure says
    -- nothing of what lies there (STK-10)
    counted_at timestamptz,
    committed_store numeric NOT NULL DEFAULT 0,     -- of that, by orders of stores (STK-2)
    PRIMARY KEY (variant_id, location_id)
) WITH (fillfactor=70);

-- What lies where of a batch.
CREATE TABLE hub.batch_stock (
    batch_id bigint NOT NULL REFERENCES hub.batches ON DELETE CASCADE,
    location_id bigint NOT NULL REFERENCES hub.locations,
    in_stock numeric NOT NULL CONSTRAINT batch_stock_not_below_zero CHECK (in_stock >= 0),
    PRIMARY KEY (batch_id, location_id)
);

-- Counts of many items that can be taken back as one (STK-11).
CREATE TABLE hub.stock_counts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    counted_at timestamptz NOT NULL DEFAULT now(),
    source text NOT NULL,                           -- the file's or the store's name, for people
    taken_back_at timestamptz
);

-- The ledger of in stock: its sum is hub.stock.in_stock, and inserting here is how that changes. Kind 'count' alone
-- only records that somebody set a level by hand.
CREATE TABLE hub.stock_moves (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    moved_at timestamptz NOT NULL DEFAULT now(),
    variant_id bigint NOT NULL REFERENCES hub.variants,
    location_id bigint NOT NULL REFERENCES hub.locations,
    batch_id bigint REFERENCES hub.batches,
    delta numeric NOT NULL,
    kind text NOT NULL DEFAULT 'adjustment'
        CHECK (kind IN ('adjustment', 'purchase', 'manufacturing', 'sale', 'count')),
    source_id bigint,                               -- of the row, MO or PO; no key: the ledger outlives them
    note text,
    count_id bigint REFERENCES hub.stock_counts,    -- the count it is part of (STK-11)
    -- the sum of older ones that were cut; moved_at is that of the oldest
    is_carried boolean NOT NULL DEFAULT false,
    CONSTRAINT stock_moves_delta_check CHECK (delta <> 0 OR kind = 'adjustment' OR is_carried)
);
CREATE UNIQUE INDEX stock_moves_carried ON hub.stock_moves (variant_id, location_id, coalesce(batch_id, 0::bigint),
            kind) WHERE is_carried;
CREATE INDEX stock_moves_count ON hub.stock_moves (count_id) WHERE count_id IS NOT NULL;
CREATE INDEX stock_moves_item ON hub.stock_moves (variant_id, location_id, id);

-- Orders, of stores and made here; one per order of a store (ORD-6, MUL-3).
CREATE TABLE hub.sales_orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint REFERENCES stores,
    external_id text,
    order_no text NOT NULL,
    customer_id bigint NOT NULL REFERENCES hub.customers,
    location_id bigint NOT NULL REFERENCES hub.locations,
    created_at timestamptz NOT NULL DEFAULT now(),
    delivery_date date NOT NULL,
    bill_to jsonb NOT NULL DEFAULT hub.no_address() CHECK (hub.is_address(bill_to)),
    ship_to jsonb NOT NULL DEFAULT hub.no_address() CHECK (hub.is_address(ship_to)),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    base_currency text NOT NULL CHECK (base_currency ~ '^[A-Z]{3}$'),
    exchange_rate numeric NOT NULL DEFAULT 1 CHECK (exchange_rate > 0),
    exchange_rate_date date NOT NULL DEFAULT current_date,
    total numeric NOT NULL,
    total_with_tax numeric NOT NULL,
    total_base numeric NOT NULL,
    store_total numeric,
    store_total_with_tax numeric,
    total_mismatch boolean NOT NULL DEFAULT false,  -- the rows do not add up to what the store said (MAP-6)
    customer_reference text,
    notes text,
    billed boolean NOT NULL DEFAULT false,
    paid boolean NOT NULL DEFAULT false,
    packed boolean NOT NULL DEFAULT false,          -- also set by its rows: all packed or delivered
    shipped boolean NOT NULL DEFAULT false,         -- also set by its rows: all delivered
    closed boolean NOT NULL DEFAULT false,
    voided boolean NOT NULL DEFAULT false,
    -- kept from the rows
    status text NOT NULL DEFAULT 'NOT_SHIPPED'
        CHECK (status IN ('NOT_SHIPPED', 'PARTIALLY_PACKED', 'PACKED', 'PARTIALLY_DELIVERED', 'DELIVERED')),
    CONSTRAINT sales_orders_once_per_store UNIQUE (store_id, external_id),
    CONSTRAINT sales_orders_both_ids CHECK ((store_id IS NULL) = (external_id IS NULL))
);
CREATE INDEX sales_orders_customer ON hub.sales_orders (customer_id);
CREATE INDEX sales_orders_no ON hub.sales_orders (order_no);

-- What was ordered.
CREATE TABLE hub.sales_order_rows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sales_order_id bigint NOT NULL REFERENCES hub.sales_orders ON DELETE CASCADE,
    position integer NOT NULL,
    external_id text,                               -- the store's line
    variant_id bigint REFERENCES hub.variants,
    location_id bigint NOT NULL REFERENCES hub.locations,
    kind text NOT NULL DEFAULT 'product' CHECK (kind IN ('product', 'service', 'shipping')),
    sku text,
    name text NOT NULL,
    quantity numeric NOT NULL CHECK (quantity > 0),
    packed_quantity numeric NOT NULL DEFAULT 0 CHECK (packed_quantity >= 0),   -- packed, not yet delivered
    delivered_quantity numeric NOT NULL DEFAULT 0 CHECK (delivered_quantity >= 0),
    invoiced_quantity numeric NOT NULL DEFAULT 0 CHECK (invoiced_quantity >= 0),
    -- pieces that left the shelf before the hub knew the row (MAP-8): they never take off in stock
    gone_before numeric NOT NULL DEFAULT 0 CHECK (gone_before >= 0),
    price_per_unit numeric NOT NULL DEFAULT 0,
    tax_rate numeric NOT NULL DEFAULT 0,
    discount_percent numeric NOT NULL DEFAULT 0,
    total numeric NOT NULL DEFAULT 0,
    tax numeric NOT NULL DEFAULT 0,
    ships boolean NOT NULL DEFAULT true,            -- false: a fee, which does not decide the order's status
    commits boolean NOT NULL DEFAULT true,          -- false once its order is voided or closed
    -- what it still promises
    open_quantity numeric NOT NULL
        GENERATED ALWAYS AS (CASE WHEN commits THEN quantity - packed_quantity - delivered_quantity ELSE 0 END) STORED,
    -- what it took off the shelf
    taken_quantity numeric NOT NULL GENERATED ALWAYS AS (packed_quantity + delivered_quantity - gone_before) STORED,
    status text NOT NULL
        GENERATED ALWAYS AS (CASE WHEN delivered_quantity >= quantity THEN 'DELIVERED'
            WHEN delivered_quantity > 0 THEN 'PARTIALLY_DELIVERED' WHEN packed_quantity >= quantity THEN 'PACKED'
            WHEN packed_quantity > 0 THEN 'PARTIALLY_PACKED' ELSE 'NOT_SHIPPED' END) STORED,
    from_store boolean NOT NULL,                    -- its order came from a store
    CONSTRAINT sales_order_rows_line UNIQUE (sales_order_id, external_id),
    CONSTRAINT sales_order_rows_item CHECK (variant_id IS NOT NULL OR kind = 'shipping'),
    CONSTRAINT sales_order_rows_not_below_invoiced CHECK (invoiced_quantity <= quantity),
    CONSTRAINT sales_order_rows_not_below_shipped CHECK ((packed_quantity + delivered_quantity) <= quantity)
) WITH (fillfactor=85);
CREATE INDEX sales_order_rows_order ON hub.sales_order_rows (sales_order_id, "position");
CREATE INDEX sales_order_rows_variant ON hub.sales_order_rows (variant_id);

-- From which batches a row's pieces were taken.
CREATE TABLE hub.row_batches (
    row_id bigint NOT NULL REFERENCES hub.sales_order_rows ON DELETE CASCADE,
    batch_id bigint NOT NULL REFERENCES hub.batches,
    location_id bigint NOT NULL REFERENCES hub.locations,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (row_id, batch_id)
);
CREATE INDEX row_batches_batch ON hub.row_batches (batch_id);

-- What went out of an order, by a store's word or the hub's (FUL-7).
CREATE TABLE hub.fulfillments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sales_order_id bigint NOT NULL REFERENCES hub.sales_orders ON DELETE CASCADE,
    external_id text,
    source text NOT NULL CHECK (source IN ('store', 'hub')),
    tracking_number text,
    carrier text,
    tracking_url text,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- the store's word for pieces that are in the hub's own fulfilments when they leave
    is_told_only boolean NOT NULL DEFAULT false,
    CONSTRAINT fulfillments_once UNIQUE (sales_order_id, external_id)
);

-- What is in a fulfilment.
CREATE TABLE hub.fulfillment_rows (
    fulfillment_id bigint NOT NULL REFERENCES hub.fulfillments ON DELETE CASCADE,
    row_id bigint NOT NULL REFERENCES hub.sales_order_rows ON DELETE CASCADE,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (fulfillment_id, row_id)
);
CREATE INDEX fulfillment_rows_row ON hub.fulfillment_rows (row_id);

-- What came back to a store (CHG-9).
CREATE TABLE hub.returns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sales_order_id bigint NOT NULL REFERENCES hub.sales_orders ON DELETE CASCADE,
    external_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT returns_once UNIQUE (sales_order_id, external_id)
);

-- How much of which row.
CREATE TABLE hub.return_rows (
    return_id bigint NOT NULL REFERENCES hub.returns ON DELETE CASCADE,
    row_id bigint NOT NULL REFERENCES hub.sales_order_rows ON DELETE CASCADE,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, row_id)
);
CREATE INDEX return_rows_row ON hub.return_rows (row_id);

-- Invoices; an invoiced order stays (CHG-5).
CREATE TABLE hub.invoices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sales_order_id bigint NOT NULL CONSTRAINT invoices_keep_order REFERENCES hub.sales_orders,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX invoices_order ON hub.invoices (sales_order_id);

-- How much of which row.
CREATE TABLE hub.invoice_rows (
    invoice_id bigint NOT NULL REFERENCES hub.invoices ON DELETE CASCADE,
    row_id bigint NOT NULL CONSTRAINT invoice_rows_keep_row REFERENCES hub.sales_order_rows,
    quantity numeric NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (invoice_id, row_id)
);
CREATE INDEX invoice_rows_row ON hub.invoice_rows (row_id);

-- What is to be made, for a row or for the shelf.
CREATE TABLE hub.manufacturing_orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    row_id bigint CONSTRAINT manufacturing_orders_one_per_row UNIQUE REFERENCES hub.sales_order_rows ON DELETE SET NULL,
    variant_id bigint NOT NULL REFERENCES hub.variants,
    location_id bigint NOT NULL REFERENCES hub.locations,
    quantity numeric NOT NULL CHECK (quantity > 0),
    status text NOT NULL DEFAULT 'NOT_STARTED' CHECK (status IN ('NOT_STARTED', 'IN_PROGRESS', 'DONE')),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What was bought, and comes or came in.
CREATE TABLE hub.purchase_orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variant_id bigint NOT NULL REFERENCES hub.variants,
    location_id bigint NOT NULL REFERENCES hub.locations,
    quantity numeric NOT NULL CHECK (quantity > 0),
    batch_no text,                                  -- for batch-tracked items; else 'PO-<id>'
    received_at timestamptz,                        -- null: still expected
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Taken pieces of batch-tracked items come from batches, first received first; what no batch has stays unassigned
-- (FUL-4). Batches that were named beforehand count; pieces put back are given back to the latest batch.
CREATE FUNCTION hub.assign_batches(changes hub.pieces[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    item record;
    missing numeric;
BEGIN
    FOR item IN
        SELECT s.*, r.taken_quantity * s.per_piece AS taken
        FROM hub.on_shelf(changes) s
        JOIN hub.variants v ON v.id = s.variant_id
        JOIN hub.products p ON p.id = v.product_id AND p.batch_tracked
        JOIN hub.sales_order_rows r ON r.id = s.row_id
        ORDER BY s.variant_id, s.location_id, s.row_id
    LOOP
        PERFORM 1 FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id
        WHERE b.variant_id = item.variant_id AND s.location_id = item.location_id
        ORDER BY s.batch_id FOR UPDATE OF s;
        SELECT item.taken - coalesce(sum(a.quantity), 0) INTO missing
        FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id
        WHERE a.row_id = item.row_id AND b.variant_id = item.variant_id;
        IF missing < 0 THEN
            PERFORM hub.release_batches(item.row_id, item.variant_id, -missing);
        ELSE
            INSERT INTO hub.row_batches AS a (row_id, batch_id, location_id, quantity)
            SELECT item.row_id, f.batch_id, item.location_id,
                   least(f.in_stock, least(missing, item.quantity) - f.before)
            FROM (
                SELECT s.batch_id, s.in_stock,
                       sum(s.in_stock) OVER (ORDER BY b.received_at, b.id) - s.in_stock AS before
                FROM hub.batch_stock s JOIN hub.batches b ON b.id = s.batch_id
                WHERE b.variant_id = item.variant_id AND s.location_id = item.location_id AND s.in_stock > 0
            ) f
            WHERE f.before < least(missing, item.quantity)
            ON CONFLICT (row_id, batch_id) DO UPDATE SET quantity = a.quantity + excluded.quantity;
        END IF;
    END LOOP;
END $$;

-- With its whole order a shipped row may go; alone it may not (CHG-4). MOs as in CHG-3: the other ones are unlinked by
-- their foreign key.
CREATE FUNCTION hub.before_row_goes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.packed_quantity + OLD.delivered_quantity > 0
       AND EXISTS (SELECT FROM hub.sales_orders WHERE id = OLD.sales_order_id) THEN
        RAISE EXCEPTION 'a packed or delivered row cannot be deleted' USING ERRCODE = 'HB001';
    END IF;
    DELETE FROM hub.manufacturing_orders WHERE row_id = OLD.id AND status = 'NOT_STARTED';
    RETURN OLD;
END $$;
CREATE TRIGGER before_row_goes BEFORE DELETE ON hub.sales_order_rows FOR EACH ROW
    EXECUTE FUNCTION hub.before_row_goes();

-- Count what open rows promise. A bundle commits itself and, in `committed` only, its components. Sorted, so that two
-- writers never deadlock.
CREATE FUNCTION hub.commit_promises(changes hub.promise[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hub.stock AS s (variant_id, location_id, committed, committed_direct, committed_store)
    SELECT d.variant_id, d.location_id, sum(d.committed), sum(d.direct), sum(d.of_store)
    FROM (
        SELECT variant_id, location_id, quantity AS committed, quantity AS direct,
               CASE WHEN from_store THEN quantity ELSE 0 END AS of_store
        FROM unnest(changes)
        UNION ALL
        SELECT c.component_id, u.location_id, u.quantity * c.quantity, 0, 0
        FROM unnest(changes) u JOIN hub.bundle_components c ON c.bundle_id = u.variant_id
    ) d
    GROUP BY d.variant_id, d.location_id
    HAVING sum(d.committed) <> 0 OR sum(d.direct) <> 0 OR sum(d.of_store) <> 0
    ORDER BY d.variant_id, d.location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE
    SET committed = s.committed + excluded.committed,
        committed_direct = s.committed_direct + excluded.committed_direct,
        committed_store = s.committed_store + excluded.committed_store;
END $$;

-- What storesync keeps of orders of stores.
CREATE FUNCTION hub.copy_orders(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.keep_hub_copies(ARRAY(
        SELECT (o.store_id, o.external_id, CASE WHEN o.closed OR o.voided THEN 'CLOSED' ELSE o.status END, c.name, c.email,
                o.total_with_tax, o.currency)::public.hub_copy
        FROM hub.sales_orders o JOIN hub.customers c ON c.id = o.customer_id
        WHERE o.id = ANY (ids) AND o.store_id IS NOT NULL));
END $$;

-- An open manufacturing or purchase order is expected, an arrived one is in stock, in a batch where the item has them.
CREATE FUNCTION hub.count_supply(item hub.pieces, has_arrived boolean, of_kind text, in_batch text) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    batch bigint;
BEGIN
    IF NOT has_arrived THEN
        INSERT INTO hub.stock AS s (variant_id, location_id, expected)
        VALUES (item.variant_id, item.location_id, item.quantity)
        ON CONFLICT (variant_id, location_id) DO UPDATE SET expected = s.expected + excluded.expected;
        RETURN;
    END IF;
    IF (SELECT p.batch_tracked FROM hub.variants v JOIN hub.products p ON p.id = v.product_id
        WHERE v.id = item.variant_id) THEN
        INSERT INTO hub.batches AS b (variant_id, batch_no) VALUES (item.variant_id, in_batch)
        ON CONFLICT (variant_id, batch_no) DO UPDATE SET received_at = b.received_at RETURNING b.id INTO batch;
    END IF;
    INSERT INTO hub.stock_moves (variant_id, location_id, batch_id, delta, kind, source_id)
    VALUES (item.variant_id, item.location_id, batch, item.quantity, of_kind, item.row_id);
END $$;

-- An order's status looks at the rows that ship, at all of them where none does; fees are delivered with the last
-- shipping row. The order is locked first: of two parallel deliveries the later one sees both.
CREATE FUNCTION hub.follow_orders(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM hub.sales_orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE hub.sales_order_rows r SET commits = false
    FROM hub.sales_orders o
    WHERE o.id = r.sales_order_id AND o.id = ANY (ids) AND (o.voided OR o.closed) AND r.commits;
    UPDATE hub.sales_order_rows r SET delivered_quantity = r.quantity, packed_quantity = 0
    WHERE r.sales_order_id = ANY (ids) AND NOT r.ships AND r.delivered_quantity < r.quantity
      AND (SELECT bool_and(x.status = 'DELIVERED') FROM hub.sales_order_rows x
           WHERE x.sales_order_id = r.sales_order_id AND x.ships);
    UPDATE hub.sales_orders o
    SET status = s.status,
        packed = o.packed OR s.status IN ('PACKED', 'DELIVERED'),
        shipped = o.shipped OR s.status = 'DELIVERED'
    FROM (
        SELECT i.id, CASE
            WHEN bool_and(r.status = 'DELIVERED') THEN 'DELIVERED'
            WHEN bool_or(r.delivered_quantity > 0) THEN 'PARTIALLY_DELIVERED'
            WHEN bool_and(r.status = 'PACKED') THEN 'PACKED'
            WHEN bool_or(r.packed_quantity > 0) THEN 'PARTIALLY_PACKED'
            ELSE 'NOT_SHIPPED' END AS status
        FROM unnest(ids) i (id)
        LEFT JOIN hub.sales_order_rows r ON r.sales_order_id = i.id AND (r.ships OR NOT EXISTS (
            SELECT FROM hub.sales_order_rows x WHERE x.sales_order_id = i.id AND x.ships))
        GROUP BY i.id
    ) s
    WHERE o.id = s.id AND o.status <> s.status;
END $$;

-- Open rows are counted with the components of the day, so a bundle that was sold stays as it is; no bundle in a
-- bundle.
CREATE FUNCTION hub.guard_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part hub.bundle_components := coalesce(NEW, OLD);
BEGIN
    IF EXISTS (SELECT FROM hub.sales_order_rows WHERE variant_id = part.bundle_id)
       OR EXISTS (SELECT FROM hub.bundle_components
                  WHERE bundle_id = part.component_id OR component_id = part.bundle_id) THEN
        RAISE EXCEPTION 'a bundle is made of plain items, and stays as it is once it was sold' USING ERRCODE = 'HB001';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER guard_bundle BEFORE INSERT OR DELETE OR UPDATE ON hub.bundle_components FOR EACH ROW
    EXECUTE FUNCTION hub.guard_bundle();

-- How much of a row was invoiced.
CREATE FUNCTION hub.invoice_rows_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE hub.sales_order_rows SET invoiced_quantity = invoiced_quantity - OLD.quantity WHERE id = OLD.row_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE hub.sales_order_rows SET invoiced_quantity = invoiced_quantity + NEW.quantity WHERE id = NEW.row_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_rows_moved AFTER INSERT OR DELETE OR UPDATE ON hub.invoice_rows FOR EACH ROW
    EXECUTE FUNCTION hub.invoice_rows_moved();

-- A bundle is made of other items.
CREATE FUNCTION hub.mark_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_skus(ARRAY(SELECT sku FROM hub.variants WHERE id IN (OLD.bundle_id, NEW.bundle_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER mark_bundle AFTER INSERT OR DELETE OR UPDATE ON hub.bundle_components FOR EACH ROW
    EXECUTE FUNCTION hub.mark_bundle();

-- An order is further, closed, another customer's or comes to something else. Updates only: the import writes it first.
CREATE FUNCTION hub.mark_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.copy_orders(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_copy AFTER UPDATE ON hub.sales_orders FOR EACH ROW
    WHEN (NEW.store_id IS NOT NULL AND (OLD.status IS DISTINCT FROM NEW.status OR OLD.closed IS DISTINCT FROM NEW.closed
        OR OLD.voided IS DISTINCT FROM NEW.voided OR OLD.customer_id IS DISTINCT FROM NEW.customer_id
        OR OLD.total_with_tax IS DISTINCT FROM NEW.total_with_tax OR OLD.currency IS DISTINCT FROM NEW.currency))
    EXECUTE FUNCTION hub.mark_copy();

-- A customer is called otherwise: so are their orders.
CREATE FUNCTION hub.mark_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.copy_orders(ARRAY(SELECT id FROM hub.sales_orders WHERE customer_id = NEW.id));
    RETURN NULL;
END $$;
CREATE TRIGGER mark_customer AFTER UPDATE ON hub.customers FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name OR OLD.email IS DISTINCT FROM NEW.email)
    EXECUTE FUNCTION hub.mark_customer();

-- Orders were deleted, by whom storesync.deleted_by says, else by the database's user; storesync.deleted_because says
-- why their store took them back.
CREATE FUNCTION hub.mark_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_deleted_orders(
        array_agg(store_id ORDER BY id), array_agg(external_id ORDER BY id), array_agg(order_no ORDER BY id),
        coalesce(nullif(current_setting('storesync.deleted_by', true), ''), session_user),
        nullif(current_setting('storesync.deleted_because', true), ''))
    FROM old_orders HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_deletion AFTER DELETE ON hub.sales_orders REFERENCING OLD TABLE AS old_orders FOR EACH STATEMENT
    EXECUTE FUNCTION hub.mark_deletion();

-- The first figure of a variant may be that of its SKU's newest variant: news for any store (STK-3).
CREATE FUNCTION hub.mark_first_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id), NULL, NULL)
    FROM new_stock WHERE in_stock <> 0 OR committed <> 0 OR counted_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_first_stock AFTER INSERT ON hub.stock REFERENCING NEW TABLE AS new_stock FOR EACH STATEMENT
    EXECUTE FUNCTION hub.mark_first_stock();

-- What a person says of an order beside its rows, for stores that are told it (SPEC chapter 9). What the rows
-- themselves say of packed and shipped is marked by them.
CREATE FUNCTION hub.mark_flags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_orders(ARRAY[NEW.store_id], ARRAY[NEW.external_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_flags AFTER UPDATE ON hub.sales_orders FOR EACH ROW
    WHEN (NEW.store_id IS NOT NULL AND (OLD.paid IS DISTINCT FROM NEW.paid OR OLD.closed IS DISTINCT FROM NEW.closed
        OR OLD.voided IS DISTINCT FROM NEW.voided OR pg_trigger_depth() = 0 AND (OLD.packed IS DISTINCT FROM NEW.packed
        OR OLD.shipped IS DISTINCT FROM NEW.shipped))) EXECUTE FUNCTION hub.mark_flags();

-- A level is gone.
CREATE FUNCTION hub.mark_gone_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(array_agg(variant_id), array_agg(variant_id), NULL, NULL)
    FROM old_stock WHERE in_stock <> 0 OR committed <> 0 OR counted_at IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_gone_stock AFTER DELETE ON hub.stock REFERENCING OLD TABLE AS old_stock FOR EACH STATEMENT
    EXECUTE FUNCTION hub.mark_gone_stock();

-- An item got its SKU, lost it, or is another one. Row by row: every import passes here, mostly without a new item.
CREATE FUNCTION hub.mark_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_skus(ARRAY[OLD.sku, NEW.sku]);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_changed_item AFTER UPDATE ON hub.variants FOR EACH ROW
    WHEN (OLD.sku IS DISTINCT FROM NEW.sku OR OLD.product_id IS DISTINCT FROM NEW.product_id
        OR OLD.created_at IS DISTINCT FROM NEW.created_at) EXECUTE FUNCTION hub.mark_item();
CREATE TRIGGER mark_item AFTER INSERT OR DELETE ON hub.variants FOR EACH ROW EXECUTE FUNCTION hub.mark_item();

-- A store whose location the hub did not have is told once the hub has it.
CREATE FUNCTION hub.mark_location() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_location_known();
    RETURN NULL;
END $$;
CREATE TRIGGER mark_location AFTER INSERT OR UPDATE ON hub.locations FOR EACH STATEMENT
    EXECUTE FUNCTION hub.mark_location();

-- Pieces mark an order, and not only the word for them (FUL-10). Updates only: how a row came at its import is the
-- store's own news.
CREATE FUNCTION hub.mark_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.mark_orders(array_agg(h.store_id), array_agg(h.external_id))
    FROM new_rows n JOIN old_rows o USING (id) JOIN hub.sales_orders h ON h.id = n.sales_order_id
    WHERE (n.status, n.packed_quantity, n.delivered_quantity) <> (o.status, o.packed_quantity, o.delivered_quantity)
      AND h.store_id IS NOT NULL
    HAVING count(*) > 0;
    RETURN NULL;
END $$;
CREATE TRIGGER mark_status AFTER UPDATE ON hub.sales_order_rows REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_status();

-- Levels moved; what is counted for the first time is news, whatever its figure. A level that somebody moved to another
-- item or location has no like of before.
CREATE FUNCTION hub.mark_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.tell_stores(
        array_agg(variant_id),
        array_agg(variant_id) FILTER (
            WHERE (n.in_stock, n.counted_at IS NULL) IS DISTINCT FROM (o.in_stock, o.counted_at IS NULL)),
        array_agg(variant_id) FILTER (WHERE n.committed_direct IS DISTINCT FROM o.committed_direct),
        array_agg(variant_id) FILTER (WHERE n.committed_store IS DISTINCT FROM o.committed_store))
    FROM new_stock n FULL JOIN old_stock o USING (variant_id, location_id)
    WHERE (n.in_stock, n.committed, n.committed_direct, n.committed_store, n.counted_at IS NULL)
          IS DISTINCT FROM (o.in_stock, o.committed, o.committed_direct, o.committed_store, o.counted_at IS NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER mark_stock AFTER UPDATE ON hub.stock REFERENCING OLD TABLE AS old_stock NEW TABLE AS new_stock
    FOR EACH STATEMENT EXECUTE FUNCTION hub.mark_stock();

-- A manufacturing order is made, changed, done or gone.
CREATE FUNCTION hub.mo_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM hub.count_supply((OLD.variant_id, OLD.location_id, -OLD.quantity, OLD.id)::hub.pieces,
                                 OLD.status = 'DONE', 'manufacturing', 'MO-' || OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM hub.count_supply((NEW.variant_id, NEW.location_id, NEW.quantity, NEW.id)::hub.pieces,
                                 NEW.status = 'DONE', 'manufacturing', 'MO-' || NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER mo_made AFTER INSERT OR DELETE ON hub.manufacturing_orders FOR EACH ROW EXECUTE FUNCTION hub.mo_moved();
CREATE TRIGGER mo_moved AFTER UPDATE ON hub.manufacturing_orders FOR EACH ROW
    WHEN (OLD.variant_id IS DISTINCT FROM NEW.variant_id OR OLD.location_id IS DISTINCT FROM NEW.location_id
        OR OLD.quantity IS DISTINCT FROM NEW.quantity OR (OLD.status = 'DONE') IS DISTINCT FROM (NEW.status = 'DONE'))
    EXECUTE FUNCTION hub.mo_moved();

-- The ledger moves levels and batches, and says who counts; not in a locked period. Two statements for batches: a check
-- looks at the row proposed by an upsert, and a delta may be negative.
CREATE FUNCTION hub.moves_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_moves m JOIN hub.settings s ON (m.moved_at AT TIME ZONE 'UTC')::date <= s.locked_until) THEN
        RAISE EXCEPTION 'inventory is locked up to and including %', (SELECT locked_until FROM hub.settings)
            USING ERRCODE = 'HB001';
    END IF;
    INSERT INTO hub.stock AS s (variant_id, location_id, in_stock, counted_at)
    SELECT variant_id, location_id, sum(delta), min(moved_at) FILTER (WHERE kind <> 'sale')
    FROM new_moves WHERE kind <> 'count'
    GROUP BY variant_id, location_id ORDER BY variant_id, location_id
    ON CONFLICT (variant_id, location_id) DO UPDATE
    SET in_stock = s.in_stock + excluded.in_stock, counted_at = coalesce(s.counted_at, excluded.counted_at);
    IF EXISTS (SELECT FROM new_moves WHERE batch_id IS NOT NULL) THEN
        INSERT INTO hub.batch_stock (batch_id, location_id, in_stock)
        SELECT DISTINCT batch_id, location_id, 0 FROM new_moves WHERE batch_id IS NOT NULL ORDER BY batch_id, location_id
        ON CONFLICT DO NOTHING;
        UPDATE hub.batch_stock s SET in_stock = s.in_stock + d.delta
        FROM (SELECT batch_id, location_id, sum(delta) AS delta FROM new_moves GROUP BY batch_id, location_id) d
        WHERE s.batch_id = d.batch_id AND s.location_id = d.location_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moves_inserted AFTER INSERT ON hub.stock_moves REFERENCING NEW TABLE AS new_moves FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION hub.moves_inserted();

-- What a row's pieces are on the shelf: the item itself, or a bundle's components.
CREATE FUNCTION hub.on_shelf(changes hub.pieces[])
    RETURNS TABLE(row_id bigint, variant_id bigint, location_id bigint, quantity numeric, per_piece numeric)
    LANGUAGE sql STABLE AS $$
    SELECT u.row_id, coalesce(c.component_id, u.variant_id), u.location_id,
           u.quantity * coalesce(c.quantity, 1), coalesce(c.quantity, 1)
    FROM unnest(changes) u LEFT JOIN hub.bundle_components c ON c.bundle_id = u.variant_id
$$;

-- A voided or closed order promises nothing any more.
CREATE FUNCTION hub.order_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hub.sales_order_rows SET commits = NOT (NEW.voided OR NEW.closed) WHERE sales_order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_ended AFTER UPDATE OF voided, closed ON hub.sales_orders
    FOR EACH ROW WHEN ((OLD.voided OR OLD.closed) <> (NEW.voided OR NEW.closed)) EXECUTE FUNCTION hub.order_ended();

-- An order that becomes a store's, or is one's no more.
CREATE FUNCTION hub.order_knows_its_store() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE hub.sales_order_rows SET from_store = NEW.store_id IS NOT NULL WHERE sales_order_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER order_knows_its_store AFTER UPDATE OF store_id ON hub.sales_orders
    FOR EACH ROW WHEN ((OLD.store_id IS NULL) <> (NEW.store_id IS NULL)) EXECUTE FUNCTION hub.order_knows_its_store();

-- The id of a location's code.
CREATE FUNCTION hub.place(asked text) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT id INTO found_id FROM hub.locations WHERE code = asked;
    IF found_id IS NULL THEN
        RAISE EXCEPTION 'there is no location %', asked USING ERRCODE = 'HB001';
    END IF;
    RETURN found_id;
END $$;

-- A purchase order is made, changed, received or gone.
CREATE FUNCTION hub.po_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM hub.count_supply((OLD.variant_id, OLD.location_id, -OLD.quantity, OLD.id)::hub.pieces,
                                 OLD.received_at IS NOT NULL, 'purchase', coalesce(OLD.batch_no, 'PO-' || OLD.id));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM hub.count_supply((NEW.variant_id, NEW.location_id, NEW.quantity, NEW.id)::hub.pieces,
                                 NEW.received_at IS NOT NULL, 'purchase', coalesce(NEW.batch_no, 'PO-' || NEW.id));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER po_made AFTER INSERT OR DELETE ON hub.purchase_orders FOR EACH ROW EXECUTE FUNCTION hub.po_moved();
CREATE TRIGGER po_moved AFTER UPDATE ON hub.purchase_orders FOR EACH ROW
    WHEN (OLD.variant_id IS DISTINCT FROM NEW.variant_id OR OLD.location_id IS DISTINCT FROM NEW.location_id
        OR OLD.quantity IS DISTINCT FROM NEW.quantity OR OLD.batch_no IS DISTINCT FROM NEW.batch_no
        OR (OLD.received_at IS NULL) IS DISTINCT FROM (NEW.received_at IS NULL)) EXECUTE FUNCTION hub.po_moved();

-- What the guards of the hub do not let happen.
CREATE FUNCTION hub.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'HB001'; END $$;
CREATE TRIGGER row_price_stays BEFORE UPDATE ON hub.sales_order_rows
    FOR EACH ROW WHEN ((OLD.packed_quantity + OLD.delivered_quantity + OLD.invoiced_quantity) > 0
        AND (OLD.price_per_unit IS DISTINCT FROM NEW.price_per_unit OR OLD.tax_rate IS DISTINCT FROM NEW.tax_rate
        OR OLD.discount_percent IS DISTINCT FROM NEW.discount_percent))
    EXECUTE FUNCTION hub.refuse('a packed, delivered or invoiced row keeps its price');
CREATE TRIGGER shipped_row_stays BEFORE UPDATE ON hub.sales_order_rows
    FOR EACH ROW WHEN ((OLD.packed_quantity + OLD.delivered_quantity) > 0
        AND (OLD.sales_order_id IS DISTINCT FROM NEW.sales_order_id OR OLD.variant_id IS DISTINCT FROM NEW.variant_id
        OR OLD.location_id IS DISTINCT FROM NEW.location_id OR OLD.kind IS DISTINCT FROM NEW.kind))
    EXECUTE FUNCTION hub.refuse('a packed or delivered row keeps its item and its location');
CREATE TRIGGER moves_are_append_only BEFORE DELETE OR UPDATE ON hub.stock_moves FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION hub.refuse('the ledger of stock moves is append-only');

-- An order of a locked period stays.
CREATE FUNCTION hub.refuse_locked_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM hub.settings WHERE (OLD.created_at AT TIME ZONE 'UTC')::date <= locked_until) THEN
        RAISE EXCEPTION 'order % lies in a locked inventory period', OLD.order_no USING ERRCODE = 'HB001';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER locked_order_stays BEFORE DELETE ON hub.sales_orders FOR EACH ROW
    EXECUTE FUNCTION hub.refuse_locked_order();

-- Give a row's pieces back to its batches, the latest first.
CREATE FUNCTION hub.release_batches(of_row bigint, of_variant bigint, pieces numeric) RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT a.batch_id, a.quantity FROM hub.row_batches a JOIN hub.batches b ON b.id = a.batch_id
        WHERE a.row_id = of_row AND b.variant_id = of_variant ORDER BY b.received_at DESC, b.id DESC
    LOOP
        EXIT WHEN pieces <= 0;
        IF held.quantity <= pieces THEN
            DELETE FROM hub.row_batches WHERE row_id = of_row AND batch_id = held.batch_id;
        ELSE
            UPDATE hub.row_batches SET quantity = quantity - pieces WHERE row_id = of_row AND batch_id = held.batch_id;
        END IF;
        pieces := pieces - held.quantity;
    END LOOP;
END $$;

-- A new row takes nothing off in stock, even when it comes delivered: those pieces left before the hub knew of them
-- (MAP-8), and in stock falls only when something is packed or delivered here (STK-2).
CREATE FUNCTION hub.remember_gone_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.gone_before := NEW.packed_quantity + NEW.delivered_quantity;
    RETURN NEW;
END $$;
CREATE TRIGGER row_came_shipped BEFORE INSERT ON hub.sales_order_rows
    FOR EACH ROW WHEN ((NEW.packed_quantity + NEW.delivered_quantity) <> NEW.gone_before)
    EXECUTE FUNCTION hub.remember_gone_before();
CREATE TRIGGER row_was_not_shipped_after_all BEFORE UPDATE ON hub.sales_order_rows
    FOR EACH ROW WHEN ((NEW.packed_quantity + NEW.delivered_quantity) < NEW.gone_before)
    EXECUTE FUNCTION hub.remember_gone_before();

-- What a row has of a batch is not in stock of it.
CREATE FUNCTION hub.row_batches_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE hub.batch_stock SET in_stock = in_stock + OLD.quantity
        WHERE batch_id = OLD.batch_id AND location_id = OLD.location_id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE hub.batch_stock SET in_stock = in_stock - NEW.quantity
        WHERE batch_id = NEW.batch_id AND location_id = NEW.location_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER row_batches_moved AFTER INSERT OR DELETE OR UPDATE ON hub.row_batches FOR EACH ROW
    EXECUTE FUNCTION hub.row_batches_moved();

-- Who writes rows need not know whether their order came from a store; a row whose order is gone has it still.
CREATE FUNCTION hub.row_knows_its_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.from_store := EXISTS (SELECT FROM hub.sales_orders WHERE id = NEW.sales_order_id AND store_id IS NOT NULL);
    RETURN NEW;
END $$;
CREATE TRIGGER moved_row_knows_its_source BEFORE UPDATE OF sales_order_id ON hub.sales_order_rows FOR EACH ROW
    EXECUTE FUNCTION hub.row_knows_its_source();
CREATE TRIGGER row_knows_its_source BEFORE INSERT ON hub.sales_order_rows FOR EACH ROW WHEN (NEW.from_store IS NULL)
    EXECUTE FUNCTION hub.row_knows_its_source();

-- What a deleted row had taken goes back on the shelf; its batches get theirs back by their own trigger.
CREATE FUNCTION hub.rows_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, -open_quantity, from_store)::hub.promise FROM old_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    PERFORM hub.take_pieces(ARRAY(
        SELECT (variant_id, location_id, -taken_quantity, id)::hub.pieces FROM old_rows
        WHERE kind = 'product' AND taken_quantity <> 0));
    PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM old_rows));
    RETURN NULL;
END $$;
CREATE TRIGGER rows_deleted AFTER DELETE ON hub.sales_order_rows REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
    EXECUTE FUNCTION hub.rows_deleted();

-- New rows promise.
CREATE FUNCTION hub.rows_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, open_quantity, from_store)::hub.promise FROM new_rows
        WHERE kind = 'product' AND open_quantity <> 0));
    -- An ordinary new order has nothing to follow: this is the way every import takes.
    IF EXISTS (SELECT FROM new_rows n JOIN hub.sales_orders o ON o.id = n.sales_order_id
               WHERE n.status <> 'NOT_SHIPPED' OR o.status <> 'NOT_SHIPPED' OR o.voided OR o.closed) THEN
        PERFORM hub.follow_orders(ARRAY(SELECT DISTINCT sales_order_id FROM new_rows));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER rows_inserted AFTER INSERT ON hub.sales_order_rows REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION hub.rows_inserted();

-- Changed rows promise otherwise, take pieces, and move their order's status.
CREATE FUNCTION hub.rows_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken hub.pieces[] := ARRAY(
        SELECT (n.variant_id, n.location_id, n.taken_quantity - o.taken_quantity, n.id)::hub.pieces
        FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.kind = 'product' AND n.taken_quantity <> o.taken_quantity);
BEGIN
    PERFORM hub.commit_promises(ARRAY(
        SELECT (variant_id, location_id, open_quantity, from_store)::hub.promise FROM new_rows WHERE kind = 'product'
        UNION ALL
        SELECT (variant_id, location_id, -open_quantity, from_store)::hub.promise FROM old_rows WHERE kind = 'product'));
    IF taken <> '{}' THEN
        PERFORM hub.take_pieces(taken);
        PERFORM hub.assign_batches(taken);
    END IF;
    PERFORM hub.follow_orders(ids) FROM (
        SELECT array_agg(DISTINCT n.sales_order_id) AS ids FROM new_rows n JOIN old_rows o USING (id)
        WHERE n.status <> o.status OR n.ships <> o.ships) moved WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER rows_updated AFTER UPDATE ON hub.sales_order_rows REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION hub.rows_updated();

-- Somebody set a level by hand: the ledger records it, so that its sum stays the level. Depth 0 is a person's
-- statement.
CREATE FUNCTION hub.stock_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO hub.stock_moves (variant_id, location_id, delta, kind)
    VALUES (NEW.variant_id, NEW.location_id,
            NEW.in_stock - CASE WHEN TG_OP = 'UPDATE' THEN OLD.in_stock ELSE 0 END, 'count');
    RETURN NULL;
END $$;
CREATE TRIGGER stock_counted AFTER UPDATE OF in_stock ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND OLD.in_stock <> NEW.in_stock) EXECUTE FUNCTION hub.stock_counted();
CREATE TRIGGER stock_first_counted AFTER INSERT ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0 AND NEW.in_stock <> 0) EXECUTE FUNCTION hub.stock_counted();

-- Who sets a level by hand has counted it. Depth 0 is a person's statement.
CREATE FUNCTION hub.stock_set_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.counted_at := coalesce(NEW.counted_at, now());
    RETURN NEW;
END $$;
CREATE TRIGGER stock_set_by_hand BEFORE INSERT OR UPDATE OF in_stock ON hub.stock FOR EACH ROW
    WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION hub.stock_set_by_hand();

-- Take a row's pieces off the shelf.
CREATE FUNCTION hub.take_pieces(changes hub.pieces[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO hub.stock_moves (variant_id, location_id, delta, kind, source_id)
    SELECT variant_id, location_id, -quantity, 'sale', row_id
    FROM hub.on_shelf(changes) ORDER BY variant_id, location_id, row_id
$$;

-- SKUs whose items are others now. On the shelf where the hub has pieces for the SKU; else only stores that were told
-- of it hear of it: what is added without pieces, by a person or an import, is nothing to tell.
CREATE FUNCTION hub.tell_skus(moved text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT public.stock_is_told() THEN
        RETURN;
    END IF;
    PERFORM public.mark_skus(ARRAY(
        SELECT (m.sku, m.has_pieces, false, false, NOT m.has_pieces)::public.moved_sku
        FROM (
            SELECT sku, EXISTS (
                SELECT FROM hub.variants v LEFT JOIN hub.bundle_components c ON c.bundle_id = v.id
                    JOIN hub.stock k ON k.variant_id = coalesce(c.component_id, v.id)
                WHERE v.sku = n.sku AND k.in_stock <> 0) AS has_pieces
            FROM unnest(moved) AS n (sku) WHERE sku IS NOT NULL
        ) m));
END $$;

-- Items moved, by what moved of them. Bundles moved too when their components did on the shelf.
CREATE FUNCTION hub.tell_stores(moved bigint[], on_shelf bigint[], on_rows bigint[], of_stores bigint[]) RETURNS void
    LANGUAGE plpgsql AS $$
BEGIN
    IF moved IS NULL OR NOT public.stock_is_told() THEN
        RETURN;
    END IF;
    PERFORM public.mark_skus(ARRAY(
        SELECT (sku, coalesce(id = ANY (on_shelf), false), coalesce(id = ANY (on_rows), false),
                coalesce(id = ANY (of_stores), false), false)::public.moved_sku
        FROM hub.variants WHERE id = ANY (moved) AND sku IS NOT NULL
        UNION ALL
        SELECT (v.sku, true, false, false, false)::public.moved_sku
        FROM hub.bundle_components c JOIN hub.variants v ON v.id = c.bundle_id
        WHERE c.component_id = ANY (on_shelf) AND v.sku IS NOT NULL));
END $$;
