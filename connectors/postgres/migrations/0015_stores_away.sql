-- A store that is away is tried at a pace of its own, however many SKUs wait for it.
ALTER TABLE stores
    ADD COLUMN stock_due_at timestamptz,            -- it is told no stock before
    ADD COLUMN stock_attempts integer NOT NULL DEFAULT 0;   -- to tell it, in a row, that it did not answer

-- What moves again is tried again, as often as an outage is: it waits no hour, unless the store refused it.
CREATE FUNCTION try_moved_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := now() + interval '5 minutes';
    RETURN NEW;
END $$;
CREATE TRIGGER store_stock_moved BEFORE UPDATE OF changed ON store_stock FOR EACH ROW
    WHEN (NEW.changed > OLD.changed AND NEW.due_at > now() + interval '5 minutes' AND NEW.reason <> 'refused_by_store')
    EXECUTE FUNCTION try_moved_stock();
