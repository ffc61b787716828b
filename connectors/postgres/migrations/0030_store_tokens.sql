-- The token that a store gave for its credentials, where tokens end: one for all workers, renewed by one of them (DOR-3).
CREATE TABLE store_tokens (
    store_id bigint PRIMARY KEY REFERENCES stores ON DELETE CASCADE,
    token text NOT NULL,                            -- encrypted, with what it was given for
    given_at timestamptz NOT NULL,                  -- both by the database's clock
    ends_at timestamptz NOT NULL
);
