-- What proved a shop's messages before it got other credentials, or was disconnected, still does for a while (DOR-6); and
-- when a shop told anything last.

CREATE TABLE earlier_secrets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id bigint NOT NULL REFERENCES stores,
    locked text NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX earlier_secrets_store ON earlier_secrets (store_id);
COMMENT ON TABLE earlier_secrets IS
    'What proved the messages of a store before it got other credentials or was disconnected: it still does for a while.';
COMMENT ON COLUMN earlier_secrets.locked IS 'encrypted, those credentials alone that messages are signed with';

ALTER TABLE stores ADD COLUMN heard_at timestamptz;
COMMENT ON COLUMN stores.heard_at IS 'the shop said last by itself that something moved; null: it never did';
