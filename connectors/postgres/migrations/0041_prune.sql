-- What is long over is cut by age (SPD-2): journal and ledger let it through in a transaction that says so, and no other
-- change. The ledger's sum stays: of moves that are cut there is one for each shelf and kind that has their sum.

DROP TRIGGER journal_is_append_only ON journal;
CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_is_cut_by_age BEFORE DELETE ON journal FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION refuse_change();

CREATE INDEX store_orders_kept ON store_orders (greatest(store_updated_at, first_seen_at))
    WHERE snapshot IS NOT NULL AND changed <= order_settled;

ALTER TABLE hub.stock_moves
    ADD COLUMN is_carried boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT stock_moves_delta_check,
    ADD CONSTRAINT stock_moves_delta_check CHECK (delta <> 0 OR kind = 'adjustment' OR is_carried) NOT VALID;
ALTER TABLE hub.stock_moves VALIDATE CONSTRAINT stock_moves_delta_check;
COMMENT ON COLUMN hub.stock_moves.is_carried IS 'the sum of older ones that were cut; moved_at is that of the oldest';
CREATE UNIQUE INDEX stock_moves_carried ON hub.stock_moves (variant_id, location_id, coalesce(batch_id, 0), kind)
    WHERE is_carried;

DROP TRIGGER moves_are_append_only ON hub.stock_moves;
CREATE TRIGGER moves_are_append_only BEFORE UPDATE OR DELETE ON hub.stock_moves FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION hub.refuse('the ledger of stock moves is append-only');
DROP TRIGGER moves_inserted ON hub.stock_moves;
CREATE TRIGGER moves_inserted AFTER INSERT ON hub.stock_moves REFERENCING NEW TABLE AS new_moves FOR EACH STATEMENT
    WHEN (current_setting('storesync.prunes', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION hub.moves_inserted();
