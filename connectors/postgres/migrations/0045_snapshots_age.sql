-- What shops sent of orders ages out, whatever became of them (DOR-6): by when they came or changed last.

DROP INDEX store_orders_kept;
CREATE INDEX store_orders_kept ON store_orders (greatest(store_updated_at, first_seen_at)) WHERE snapshot IS NOT NULL;
CREATE INDEX store_orders_kept_skipped ON store_orders (greatest(store_updated_at, first_seen_at))
    WHERE snapshot IS NOT NULL AND state = 'skipped';

UPDATE account SET settings = settings - 'keep_snapshots_days'
    || jsonb_build_object('privacy.keep_days', settings -> 'keep_snapshots_days')
WHERE settings ? 'keep_snapshots_days';
