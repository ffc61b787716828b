-- name: first_sent
-- A form is sent: the first time it makes a row. One that is sent beside it waits, and sees that.
INSERT INTO sent_forms (number) VALUES (%(number)s) ON CONFLICT DO NOTHING RETURNING true AS is_first

-- name: cut_sent_forms
-- Nobody sends a form again that is so old.
DELETE FROM sent_forms WHERE sent_at < now() - interval '30 days'
