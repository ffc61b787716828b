-- A store was told of pieces when they were packed, or in other portions than they were delivered in: such a parcel is
-- only the store's word for pieces that are the hub's own parcels' when they leave.

ALTER TABLE hub.fulfillments ADD COLUMN is_told_only boolean NOT NULL DEFAULT false;
