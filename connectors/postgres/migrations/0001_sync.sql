-- What storesync itself remembers: the account, the stores, their orders and what is due, and the journal.
-- The built-in hub lives in the schema "hub" (0002); nothing here refers to it but by text ids.

CREATE TABLE account (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    settings jsonb NOT NULL DEFAULT '{}'
);
INSERT INTO account DEFAULT VALUES;

CREATE TABLE stores (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    platform text NOT NULL,
    url text NOT NULL,
    credentials text NOT NULL DEFAULT '',           -- encrypted; empty once disconnected
    settings jsonb NOT NULL DEFAULT '{}',           -- only what was chosen; defaults live in schemas/settings.py
    allow_insecure boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'needs_attention', 'disconnected')),
    reason text,                                    -- why it needs attention
    reason_detail text,
    connected_at timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz NOT NULL DEFAULT now(),
    cursor text,                                    -- opaque, the connector's own; null: never fetched
    fetched_at timestamptz,                         -- last complete fetch
    fetch_due_at timestamptz,                       -- do not fetch before (429, back-off)
    fetch_attempts integer NOT NULL DEFAULT 0,
    UNIQUE (platform, url)                          -- one shop twice would be every order twice
);
CREATE UNIQUE INDEX stores_name ON stores (name) WHERE state <> 'disconnected';

CREATE TABLE store_orders (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    snapshot json,                                  -- as the vendor sent it; null: to be asked for. json keeps it verbatim
    digest text NOT NULL DEFAULT '',
    store_updated_at timestamptz,
    hub_order_id text,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'imported', 'skipped', 'failed', 'deleted')),
    reason text,
    detail jsonb NOT NULL DEFAULT '{}',
    tombstoned_at timestamptz,
    tombstoned_by text,
    changed bigint NOT NULL DEFAULT 1,              -- the store's side moved
    order_settled bigint NOT NULL DEFAULT 0,        -- import_order, change_order have seen it up to here
    delivery_settled bigint NOT NULL DEFAULT 0,     -- deliver_order
    hub_changed bigint NOT NULL DEFAULT 0,          -- the hub's side moved
    hub_settled bigint NOT NULL DEFAULT 0,          -- fulfill_order
    due_at timestamptz,                             -- not before
    attempts integer NOT NULL DEFAULT 0,
    rung_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, external_id)
);
CREATE INDEX store_orders_due ON store_orders (store_id, rung_at NULLS FIRST) WHERE changed > order_settled;
CREATE INDEX store_orders_state ON store_orders (store_id, state);
CREATE UNIQUE INDEX store_orders_hub_order ON store_orders (hub_order_id) WHERE hub_order_id IS NOT NULL;

CREATE TABLE store_stock (
    store_id bigint NOT NULL REFERENCES stores,
    sku text NOT NULL,
    changed bigint NOT NULL DEFAULT 1,
    settled bigint NOT NULL DEFAULT 0,
    told_quantity bigint,                           -- null: unknown
    told_at timestamptz,
    due_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    rung_at timestamptz,
    PRIMARY KEY (store_id, sku)
);
CREATE INDEX store_stock_due ON store_stock (store_id) WHERE changed > settled;

CREATE TABLE customer_links (
    store_id bigint NOT NULL REFERENCES stores,
    external_id text NOT NULL,
    customer_id text NOT NULL,
    PRIMARY KEY (store_id, external_id)
);

CREATE TABLE item_links (                            -- a store's product without SKU -> the hub variant made for it
    store_id bigint NOT NULL REFERENCES stores,
    key text NOT NULL,
    variant_id text NOT NULL,
    PRIMARY KEY (store_id, key)
);

CREATE TABLE exchange_rates (                        -- one unit of currency is worth `rate` of base
    currency text NOT NULL,
    base text NOT NULL,
    on_date date NOT NULL,
    rate numeric NOT NULL CHECK (rate > 0),
    source text NOT NULL CHECK (source IN ('hand', 'ecb')),
    PRIMARY KEY (currency, base, source, on_date)
);

CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    store_id bigint REFERENCES stores,
    external_id text,
    sku text,
    action text NOT NULL,
    outcome text NOT NULL,
    reason text,
    detail jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX journal_order ON journal (store_id, external_id, id);
CREATE INDEX journal_sku ON journal (sku, id) WHERE sku IS NOT NULL;
CREATE INDEX journal_at ON journal (at);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE OR DELETE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
