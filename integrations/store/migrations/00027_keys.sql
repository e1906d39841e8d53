-- +goose Up

-- The keys that personal data is sealed with and looked up by, each sealed under the secret that the server is given. Without the secret they are worth
-- nothing; with another secret they stay the same.
CREATE TABLE keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL, -- seal, index, audit
    sealed     TEXT   NOT NULL, -- under the secret
    usable_at  BIGINT NOT NULL, -- nothing is sealed with it before: every server must know it by then
    created_at BIGINT NOT NULL
);
