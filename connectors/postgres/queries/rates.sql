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

-- name: foreign_money
-- Whether any of the newest orders of a connected store is in another currency than the base.
SELECT EXISTS (
    SELECT FROM stores s CROSS JOIN LATERAL (
        SELECT o.hub_currency FROM store_orders o WHERE o.store_id = s.id
        ORDER BY o.store_updated_at DESC NULLS LAST, o.external_id LIMIT 100) n
    WHERE s.state <> 'disconnected' AND n.hub_currency <> %(base)s) AS is_foreign

-- name: rates_on
-- What currencies were worth in the base on some days, for orders in a foreign one (ORD-8). A rate set by hand beats the
-- ECB's table, whose rows are all against the euro; the day's own or the last before it beats a later one.
SELECT a.currency, a.day, r.rate, r."on"
FROM unnest(%(currencies)s::text[], %(days)s::date[]) a (currency, day) CROSS JOIN LATERAL (
    WITH latest AS (
        SELECT DISTINCT ON (c.currency, r.source, r.base) c.currency, r.source, r.base, r.rate, r.on_date
        FROM (VALUES (a.currency), (%(base)s::text)) c (currency)
        JOIN exchange_rates r ON r.currency = c.currency
        WHERE r.base IN (%(base)s, 'EUR')
        ORDER BY c.currency, r.source, r.base, r.on_date > a.day, abs(r.on_date - a.day)
    ), ecb AS (
        SELECT currency, rate, on_date FROM latest WHERE source = 'ecb' AND base = 'EUR'
        UNION ALL SELECT 'EUR', 1, NULL
    )
    SELECT rate, on_date AS "on" FROM (
        SELECT 1 AS worth, rate, on_date FROM latest
        WHERE source = 'hand' AND currency = a.currency AND base = %(base)s
        UNION ALL
        SELECT 2, round(c.rate / b.rate, 10), least(c.on_date, b.on_date)
        FROM ecb c, ecb b WHERE c.currency = a.currency AND b.currency = %(base)s
    ) found
    ORDER BY worth LIMIT 1
) r
