-- +goose Up

-- What a key may do of what its role may (JSON list, null: all), until when it is good, and when it was last used.
ALTER TABLE api_keys ADD COLUMN scopes     TEXT   NOT NULL DEFAULT 'null';
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_keys ADD COLUMN used_at    BIGINT NOT NULL DEFAULT 0;

-- Answers to requests that carried an Idempotency-Key, to be given again.
CREATE TABLE answers (
    owner   TEXT   NOT NULL, -- API key id
    key     TEXT   NOT NULL,
    request TEXT   NOT NULL, -- hash of address and body
    answer  TEXT   NOT NULL, -- sealed; empty while it is being made, which no other transaction sees
    at      BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX answers_at ON answers (at);
