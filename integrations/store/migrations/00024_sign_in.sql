-- +goose Up

-- A password that somebody else chose must be changed. The accounts of before chose theirs, as far as anybody knows.
ALTER TABLE users ADD COLUMN initial BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN totp_secret TEXT NOT NULL DEFAULT ''; -- sealed
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN recovery TEXT NOT NULL DEFAULT 'null'; -- hashes
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT ''; -- at the provider of staff's accounts
CREATE UNIQUE INDEX users_subject ON users (subject) WHERE subject <> '';

ALTER TABLE sessions ADD COLUMN second BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN secret TEXT NOT NULL DEFAULT ''; -- sealed

-- Wrong passwords by who tries: users.failures and users.locked_until, which locked out everybody, are no longer written.
CREATE TABLE guesses (
    key          TEXT   NOT NULL PRIMARY KEY,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX guesses_at ON guesses (at);

-- Browsers that somebody has signed in with before.
CREATE TABLE browsers (
    hash       TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX browsers_user ON browsers (user_id);
