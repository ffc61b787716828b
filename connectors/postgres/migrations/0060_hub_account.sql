-- What is known of the account's hub, where that is not in our own database.
ALTER TABLE account
    ADD COLUMN hub_credentials text NOT NULL DEFAULT '',
    ADD COLUMN hub_cursor text,
    ADD COLUMN hub_heard_at timestamptz,
    ADD COLUMN hub_reason text,
    ADD COLUMN hub_detail text,
    ADD COLUMN hub_token text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '');
COMMENT ON COLUMN account.hub_credentials IS 'its key, and what its messages are signed with, encrypted; empty: it needs none';
COMMENT ON COLUMN account.hub_cursor IS 'how far its news were heard, in its own words; null: from now on';
COMMENT ON COLUMN account.hub_heard_at IS 'when it was last asked what moved there, and answered';
COMMENT ON COLUMN account.hub_reason IS 'why it could not be asked the last time; null: it could';
COMMENT ON COLUMN account.hub_detail IS 'the same in its own words';
COMMENT ON COLUMN account.hub_token IS 'the end of the address that its messages come to';
