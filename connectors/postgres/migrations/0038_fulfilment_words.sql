-- What went out is a fulfilment everywhere: a parcel was also what is still to be sent.
COMMENT ON COLUMN stores.fulfillment_due_at IS 'it is told no fulfilment and no status before';
COMMENT ON TABLE hub.fulfillments IS 'What went out of an order, by a store''s word or the hub''s (FUL-7).';
COMMENT ON COLUMN hub.fulfillments.is_told_only IS
    'the store''s word for pieces that are in the hub''s own fulfilments when they leave';
COMMENT ON TABLE hub.fulfillment_rows IS 'What is in a fulfilment.';
