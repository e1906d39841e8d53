-- +goose Up

-- What a complaint asks for, what became of extensions, and whether a case is with a body before which only the office sees it. They are a
-- projection of the events. Cases from before have no points until their unit signs.
ALTER TABLE cases ADD COLUMN points     TEXT    NOT NULL DEFAULT 'null'; -- JSON
ALTER TABLE cases ADD COLUMN asked      BIGINT  NOT NULL DEFAULT 0; -- days
ALTER TABLE cases ADD COLUMN extensions BIGINT  NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN restricted BOOLEAN NOT NULL DEFAULT FALSE;
