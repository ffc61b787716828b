-- A walk through a large catalogue stops for a while, where the store asks for it, and goes on where it stood.
ALTER TABLE stores ADD COLUMN catalogue_walk jsonb;
