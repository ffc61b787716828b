-- Who may use the console, who is signed in, and who did what (CON-1, CON-2).

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9@._+-]{0,62}$'),
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password text NOT NULL,
    theme text NOT NULL DEFAULT 'device' CHECK (theme IN ('device', 'light', 'dark')),
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE users IS 'People who may sign in to the console.';
COMMENT ON COLUMN users.password IS 'argon2: what it is compared with, and cannot be read from';
COMMENT ON COLUMN users.theme IS 'in which colours the console is shown';

CREATE TABLE user_sessions (
    mark text PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    finds jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX user_sessions_user ON user_sessions (user_id);
COMMENT ON TABLE user_sessions IS 'Who is signed in: gone when they sign out, or some time after it has ended by itself.';
COMMENT ON COLUMN user_sessions.mark IS 'of the token that the browser holds, which cannot be had from it';
COMMENT ON COLUMN user_sessions.finds IS
    'what was searched for that may be a buyer''s name, so that no address has it: the latest last';

CREATE TABLE sign_in_tries (
    subject text PRIMARY KEY,
    tries integer NOT NULL,
    tried_at timestamptz NOT NULL
);
COMMENT ON TABLE sign_in_tries IS 'How often in a row somebody tried to sign in, so that guessing is slow.';
COMMENT ON COLUMN sign_in_tries.subject IS 'a user''s id; of names that nobody has, one of some thousand drawers';

ALTER TABLE journal ADD COLUMN who text;
COMMENT ON COLUMN journal.who IS 'the user of the console who did it; null: nobody of them';
