-- What pages of the console ask workers to do, since no page asks a shop itself (STG-2, STG-3).

CREATE TABLE jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    store_id bigint REFERENCES stores,
    arguments jsonb NOT NULL DEFAULT '{}',
    locked text,
    who text,
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    began_at timestamptz,
    begins smallint NOT NULL DEFAULT 0,
    seen integer NOT NULL DEFAULT 0 CHECK (seen >= 0),
    ended_at timestamptz,
    result jsonb,
    trouble jsonb,
    CHECK (ended_at IS NOT NULL OR (result IS NULL AND trouble IS NULL)),
    CHECK (ended_at IS NULL OR locked IS NULL)
);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, coalesce(store_id, 0), md5(arguments::text || coalesce(locked, '')))
    WHERE ended_at IS NULL;
CREATE INDEX jobs_of_store ON jobs (store_id, kind, id);
COMMENT ON TABLE jobs IS 'What pages of the console asked workers to do, and what came of it; cut some days later.';
COMMENT ON COLUMN jobs.arguments IS 'what the page gave; nothing of it is secret or names a buyer';
COMMENT ON COLUMN jobs.locked IS 'what of it is secret, locked like credentials; gone at its end';
COMMENT ON COLUMN jobs.who IS 'the user of the console who asked';
COMMENT ON COLUMN jobs.begins IS 'how often a worker began with it: one that ends its worker is not begun for ever';
COMMENT ON COLUMN jobs.seen IS 'how many items, orders or rows were seen so far';
COMMENT ON COLUMN jobs.trouble IS 'why it came to nothing: words, reason, key; null beside a null result: a person stopped it';
