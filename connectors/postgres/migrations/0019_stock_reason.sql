-- Why a store is told no stock before stock_due_at.
ALTER TABLE stores ADD COLUMN stock_reason text;
