-- A store has an address of its own that its shop's webhooks go to (DOR-1), and remembers that the shop said something
-- moved: a bell that is lost, or comes while a fetch is on its way, is rung again.

ALTER TABLE stores
    ADD COLUMN webhook_token text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    ADD COLUMN hinted_at timestamptz;
CREATE UNIQUE INDEX stores_webhook_token ON stores (webhook_token);
COMMENT ON COLUMN stores.webhook_token IS
    'the last part of the address that its webhooks go to: names the store, and proves nothing';
COMMENT ON COLUMN stores.hinted_at IS
    'the shop said last that something moved; null: a fetch has begun since and come to its end';
