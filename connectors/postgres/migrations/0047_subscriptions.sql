-- What a shop was asked to tell by itself, and what came of it (BEY-5); and that it said its catalogue moved.

ALTER TABLE stores
    ADD COLUMN webhooks jsonb,
    ADD COLUMN webhooks_at timestamptz,
    ADD COLUMN catalogue_hinted_at timestamptz;
COMMENT ON COLUMN stores.webhooks IS
    'what it was asked to tell by itself: address, topics told and not told, why not; null: nothing yet';
COMMENT ON COLUMN stores.webhooks_at IS 'when it was last asked what it tells by itself; null: it is to be asked';
COMMENT ON COLUMN stores.catalogue_hinted_at IS
    'the shop said last that what it sells moved; null: a look at its catalogue has begun since and come to its end';
