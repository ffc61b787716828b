-- A form of a page that adds something up, as pieces on a shelf, is taken once.

CREATE TABLE sent_forms (
    number uuid PRIMARY KEY,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE sent_forms IS 'Forms that were sent: each adds up once, however often it comes; cut some weeks later.';
