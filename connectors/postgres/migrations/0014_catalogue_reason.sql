-- Why a store's catalogue could not be read the last time; nothing where it could.
ALTER TABLE stores ADD COLUMN catalogue_reason text, ADD COLUMN catalogue_detail text;
