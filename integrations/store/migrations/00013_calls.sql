-- +goose Up

-- Telephone calls as the call centre tells of them.
CREATE TABLE calls (
    id          TEXT   NOT NULL PRIMARY KEY, -- the call centre's
    caller      TEXT   NOT NULL, -- sealed; empty: withheld
    caller_index TEXT  NOT NULL,
    called      TEXT   NOT NULL,
    outgoing    BOOLEAN NOT NULL,
    queue       TEXT   NOT NULL,
    operator_id TEXT   NOT NULL, -- user id, empty: nobody of ours
    operator    TEXT   NOT NULL, -- their name
    cause       TEXT   NOT NULL,
    recording   TEXT   NOT NULL, -- sealed address
    case_number TEXT   NOT NULL,
    task_id     TEXT   NOT NULL, -- call-back task of a missed call
    started_at  BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL
);
CREATE INDEX calls_started ON calls (started_at, id);
CREATE INDEX calls_caller ON calls (caller_index, started_at);
CREATE INDEX calls_case ON calls (case_number) WHERE case_number <> '';

-- The extension at which somebody answers.
ALTER TABLE users ADD COLUMN extension TEXT NOT NULL DEFAULT '';
CREATE INDEX users_extension ON users (extension) WHERE extension <> '';
