-- +goose Up

-- Whether the office holds that a case was made up: it is marked, and worked on all the same.
ALTER TABLE cases ADD COLUMN doubted BOOLEAN NOT NULL DEFAULT FALSE;
