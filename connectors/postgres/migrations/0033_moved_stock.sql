-- How long a SKU that waits goes on waiting once it moves again is what the code says where it lets it wait, and no
-- constant of a trigger.
ALTER TABLE store_stock ADD COLUMN wait_when_moved interval;
COMMENT ON COLUMN store_stock.wait_when_moved IS
    'until due_at, or so long at most once it moves again; null: to the end of it';
UPDATE store_stock SET wait_when_moved = interval '5 minutes'
WHERE due_at IS NOT NULL AND reason <> 'refused_by_store';

DROP TRIGGER store_stock_moved ON store_stock;
CREATE OR REPLACE FUNCTION try_moved_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.due_at := now() + NEW.wait_when_moved;
    RETURN NEW;
END $$;
CREATE TRIGGER store_stock_moved BEFORE UPDATE OF changed ON store_stock FOR EACH ROW
    WHEN (NEW.changed > OLD.changed AND NEW.due_at > now() + NEW.wait_when_moved)
    EXECUTE FUNCTION try_moved_stock();
COMMENT ON FUNCTION try_moved_stock IS 'What moves again waits no longer than was said when it was put off.';
