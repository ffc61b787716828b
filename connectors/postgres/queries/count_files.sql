-- name: keep_count_file
-- A file that a person gave to be counted.
INSERT INTO count_files (name, content, location, who) VALUES (%(name)s, %(content)s, %(location)s, %(who)s)
RETURNING id

-- name: count_file
-- One of them.
SELECT id, name, content, location, who, made_at, count_id FROM count_files WHERE id = %(id)s

-- name: hold_count_file
-- Nobody else counts it before the transaction ends.
SELECT count_id FROM count_files WHERE id = %(id)s FOR UPDATE

-- name: count_file_done
-- It is counted.
UPDATE count_files SET count_id = %(count_id)s WHERE id = %(id)s

-- name: cut_count_files
-- What nobody counted for days, and what was counted long ago.
DELETE FROM count_files WHERE made_at < now() - interval '7 days'
