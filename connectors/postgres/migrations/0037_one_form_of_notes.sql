-- What a look has to say beside its first reason is kept in one form, on its way in and on its way out: a list, since one
-- reason may be said of two things.
UPDATE store_orders
SET hub_detail = jsonb_set(hub_detail, '{also}', (
    SELECT jsonb_agg(jsonb_build_object('reason', key, 'detail', value)) FROM jsonb_each(hub_detail -> 'also')))
WHERE jsonb_typeof(hub_detail -> 'also') = 'object' AND hub_detail -> 'also' <> '{}';
