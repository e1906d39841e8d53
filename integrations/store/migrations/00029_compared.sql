-- +goose Up

-- Whether a case just filed has still to be held against others, to see whether it is one of a mass incident.
ALTER TABLE matters ADD COLUMN uncompared BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX matters_uncompared ON matters (case_number) WHERE uncompared;
