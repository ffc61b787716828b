-- name: alert_addresses
-- Where alarms go, locked; and the day of the last digest.
SELECT alerts_to, digest_on FROM account

-- name: lock_alarms
-- The same, for a decision: of two that would decide at once one waits.
SELECT alerts_to, digest_on FROM account FOR UPDATE

-- name: set_alert_addresses
-- Other addresses, locked.
UPDATE account SET alerts_to = %(locked)s

-- name: begin_look
-- One look at a time: who comes too early for another one finds no row.
UPDATE account SET alarms_looked_at = %(now)s
WHERE alarms_looked_at IS NULL OR alarms_looked_at <= %(before)s OR alarms_looked_at > %(now)s
RETURNING true AS begun

-- name: set_digest_day
-- This day's digest is made.
UPDATE account SET digest_on = %(day)s

-- name: known_alarms
-- What is remembered of alarms.
SELECT kind, subject, detail, since, said_at, reminded_at, quiet_since, over_at, returns FROM alarms ORDER BY since, kind, subject

-- name: forget_alarms
-- All that was remembered, to be written anew: there are few.
DELETE FROM alarms

-- name: keep_alarm
-- One alarm.
INSERT INTO alarms (kind, subject, detail, since, said_at, reminded_at, quiet_since, over_at, returns)
VALUES (%(kind)s, %(subject)s, %(detail)s, %(since)s, %(said_at)s, %(reminded_at)s, %(quiet_since)s, %(over_at)s, %(returns)s)

-- name: last_notice_at
-- When the last message was made.
SELECT max(made_at) AS at FROM notices

-- name: add_notice
-- A message that is to be sent.
INSERT INTO notices (made_at, title, body, due_at) VALUES (%(now)s, %(title)s, %(body)s, %(now)s)

-- name: drop_old_notices
-- Messages of long ago, sent or given up.
DELETE FROM notices WHERE due_at IS NULL AND made_at < %(before)s

-- name: take_notices
-- What is to be sent now: who takes it has until `again`, then another one may. The oldest goes first.
UPDATE notices SET due_at = %(again)s, attempts = attempts + 1
WHERE id IN (SELECT id FROM notices WHERE due_at <= %(now)s ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING id, made_at, title, body, told, attempts, due_at, reason, detail

-- name: settle_notice
-- What became of a message: whom it has reached, when it is tried again if at all, and why.
UPDATE notices SET told = %(told)s, due_at = %(due_at)s, reason = %(reason)s, detail = %(detail)s WHERE id = %(id)s

-- name: failing_notices
-- Messages that could not be sent, and are not given up.
SELECT id, made_at, title, body, told, attempts, due_at, reason, detail FROM notices
WHERE due_at IS NOT NULL AND reason IS NOT NULL ORDER BY id

-- name: counted_day
-- What was done since a moment, by store: orders that came in, and tellings of stock.
SELECT store_id, count(*) FILTER (WHERE action = 'import' AND outcome = 'imported') AS orders_in,
       count(*) FILTER (WHERE action = 'push' AND outcome = 'told') AS stock_told
FROM journal WHERE at >= %(since)s AND store_id IS NOT NULL GROUP BY store_id
