-- +goose Up

-- Whether the complainant agreed that the complaint may be read by everybody, without who they are.
ALTER TABLE cases ADD COLUMN published BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX cases_published ON cases (filed_at, number) WHERE published;
