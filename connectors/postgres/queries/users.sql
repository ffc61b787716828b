-- name: users
-- Everybody who may sign in.
SELECT id, name, role, theme, made_at FROM users ORDER BY name

-- name: user_named
-- One of them.
SELECT id, name, role, theme, made_at FROM users WHERE name = %(name)s

-- name: is_anybody
-- Whether there is anybody.
SELECT EXISTS (SELECT FROM users) AS found

-- name: password_of
-- What is kept of a password, and whose it is.
SELECT id, password FROM users WHERE name = %(name)s

-- name: lock_users
-- Of two that would add the first, or remove the last admin, one waits.
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE

-- name: add_user
-- One more, unless the name is taken.
INSERT INTO users (name, role, password) VALUES (%(name)s, %(role)s, %(password)s)
ON CONFLICT (name) DO NOTHING RETURNING id

-- name: remove_user
-- Their sessions go with them.
DELETE FROM users WHERE id = %(id)s

-- name: set_password
-- Another one.
UPDATE users SET password = %(password)s WHERE id = %(id)s

-- name: set_role
-- What they may do from now on.
UPDATE users SET role = %(role)s WHERE id = %(id)s

-- name: set_theme
-- In which colours they see the console.
UPDATE users SET theme = %(theme)s WHERE id = %(id)s

-- name: other_admins
-- Whether somebody else is admin.
SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND id <> %(id)s) AS found

-- name: begin_session
-- Somebody signed in.
INSERT INTO user_sessions (mark, user_id, began_at, seen_at) VALUES (%(mark)s, %(user_id)s, %(now)s, %(now)s)

-- name: session
-- Who sits at a browser.
SELECT u.id, u.name, u.role, u.theme, u.made_at, s.mark, s.began_at, s.seen_at
FROM user_sessions s JOIN users u ON u.id = s.user_id WHERE s.mark = %(mark)s

-- name: sessions_of
-- The browsers that somebody is signed in at.
SELECT mark, began_at, seen_at FROM user_sessions WHERE user_id = %(user_id)s ORDER BY began_at

-- name: see_session
-- They asked for a page.
UPDATE user_sessions SET seen_at = %(now)s WHERE mark = %(mark)s

-- name: end_session
-- They signed out.
DELETE FROM user_sessions WHERE mark = %(mark)s

-- name: end_sessions
-- All of somebody's, but one.
DELETE FROM user_sessions WHERE user_id = %(user_id)s AND mark <> %(but)s

-- name: drop_old_sessions
-- Those that ended by themselves.
DELETE FROM user_sessions WHERE seen_at < %(idle_since)s OR began_at < %(began_before)s

-- name: keep_finds
-- What was searched for in this session, the latest last.
UPDATE user_sessions SET finds = %(finds)s WHERE mark = %(mark)s

-- name: finds_of
-- The same.
SELECT finds FROM user_sessions WHERE mark = %(mark)s

-- name: lock_tries
-- Room for somebody's tries, and how many there were; of two at once one waits.
INSERT INTO sign_in_tries (subject, tries, tried_at) VALUES (%(subject)s, 0, %(now)s)
ON CONFLICT (subject) DO UPDATE SET subject = excluded.subject
RETURNING tries AS number, tried_at AS last_at

-- name: keep_tries
-- How many there were.
UPDATE sign_in_tries SET tries = %(number)s, tried_at = %(last_at)s WHERE subject = %(subject)s

-- name: forget_tries
-- It was the right password.
DELETE FROM sign_in_tries WHERE subject = %(subject)s
