-- A buyer can be shown and erased, and what shops ask for their buyers is kept until it is done (DOR-6).

ALTER TABLE store_orders ADD COLUMN buyer_erased_at timestamptz;
COMMENT ON COLUMN store_orders.buyer_erased_at IS
    'its buyer was erased: nothing that its store sends of it is kept any more, and no buyer comes with it';

CREATE FUNCTION keep_nothing_of_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.snapshot := NULL;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION keep_nothing_of_erased() IS
    'Of an order whose buyer was erased no snapshot is kept: who looks at it asks its store.';
CREATE TRIGGER erased_keeps_nothing BEFORE UPDATE ON store_orders FOR EACH ROW
    WHEN (NEW.buyer_erased_at IS NOT NULL AND NEW.snapshot IS NOT NULL) EXECUTE FUNCTION keep_nothing_of_erased();

CREATE TABLE privacy_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    kind text NOT NULL CHECK (kind IN ('tell', 'erase', 'erase_all')),
    customer_id text,
    order_ids text[] NOT NULL DEFAULT '{}',
    asked_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz
);
CREATE INDEX privacy_requests_open ON privacy_requests (id) WHERE done_at IS NULL;
COMMENT ON TABLE privacy_requests IS
    'What shops asked for on behalf of their buyers, by ids: to be told what is kept of one, which a person does, or that
it be erased.';
COMMENT ON COLUMN privacy_requests.kind IS 'tell, erase: of one buyer; erase_all: of every buyer of the shop';
COMMENT ON COLUMN privacy_requests.customer_id IS 'the shop''s id of the buyer; null: told by orders alone';
COMMENT ON COLUMN privacy_requests.order_ids IS 'the shop''s ids of orders that it named';

DROP TRIGGER journal_is_append_only ON journal;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal FOR EACH STATEMENT
    WHEN (current_setting('storesync.erases', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();
