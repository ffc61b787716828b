-- A file that a person gave to a page of the console is read by a worker: it may have hundreds of thousands of lines.

CREATE TABLE count_files (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    content text NOT NULL,
    location text NOT NULL,
    who text,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    count_id text
);
COMMENT ON TABLE count_files IS 'Files of counted stock that people gave to the console; cut some days later.';
COMMENT ON COLUMN count_files.location IS 'of lines that name none';
COMMENT ON COLUMN count_files.count_id IS 'the count that it became: it becomes one once';
