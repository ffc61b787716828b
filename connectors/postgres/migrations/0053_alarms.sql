-- Whom alarms go to, which alarms there are, and what people are still to be told (DOR-7).

ALTER TABLE account
    ADD COLUMN alerts_to text NOT NULL DEFAULT '',
    ADD COLUMN alarms_looked_at timestamptz,
    ADD COLUMN digest_on date;
COMMENT ON COLUMN account.alerts_to IS 'the addresses that alarms go to, locked like credentials; empty: nobody is told';
COMMENT ON COLUMN account.alarms_looked_at IS 'when somebody looked last whether anything is wrong: of several who look, one does';
COMMENT ON COLUMN account.digest_on IS 'the day of the last daily digest, UTC; null: none was due yet';

CREATE TABLE alarms (
    kind text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    said_at timestamptz,
    reminded_at timestamptz,
    quiet_since timestamptz,
    over_at timestamptz,
    returns int NOT NULL DEFAULT 0 CHECK (returns >= 0),
    PRIMARY KEY (kind, subject)
);
COMMENT ON TABLE alarms IS 'What is wrong, or was of late: whether people were told, and that it is over.';

CREATE TABLE notices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    told text[] NOT NULL DEFAULT '{}',
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz,
    reason text,
    detail text
);
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;
COMMENT ON TABLE notices IS 'Messages for people. What no service took is due again; due_at is null once all did, or it is given up.';
COMMENT ON COLUMN notices.told IS 'marks of the addresses that took it already, which say nothing of the addresses themselves';
