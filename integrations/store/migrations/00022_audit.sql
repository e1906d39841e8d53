-- +goose Up

-- What ties each event to the one before it and to the row as it was after it, under a key that is not in the database; '' when a program of before wrote it.
ALTER TABLE events ADD COLUMN chain TEXT NOT NULL DEFAULT '';
ALTER TABLE problem_events ADD COLUMN chain TEXT NOT NULL DEFAULT '';

-- Each whole day's events together, each day tied to the day before.
CREATE TABLE audit_seals (
    day       TEXT   NOT NULL PRIMARY KEY, -- in Beijing
    events    BIGINT NOT NULL,
    unchained BIGINT NOT NULL, -- of them: without a chain
    digest    TEXT   NOT NULL,
    chain     TEXT   NOT NULL,
    sealed_at BIGINT NOT NULL
);
