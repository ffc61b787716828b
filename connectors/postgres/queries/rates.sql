-- name: keep
-- Rates of a day; a corrected one replaces the old.
INSERT INTO exchange_rates (currency, base, on_date, rate, source)
SELECT currency, %(base)s, on_date, rate, %(source)s
FROM unnest(%(currencies)s::text[], %(dates)s::date[], %(rates)s::numeric[]) AS r (currency, on_date, rate)
ON CONFLICT (currency, base, source, on_date) DO UPDATE SET rate = excluded.rate
WHERE exchange_rates.rate <> excluded.rate

-- name: latest
-- The newest rate of every currency and source.
SELECT DISTINCT ON (currency, base, source) currency, base, on_date, rate, source
FROM exchange_rates ORDER BY currency, base, source, on_date DESC

-- name: newest_day
-- The day of the newest published rates.
SELECT max(on_date) AS on_date FROM exchange_rates WHERE source = 'ecb'
