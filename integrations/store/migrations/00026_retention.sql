-- +goose Up

-- When what names people was removed from the case, 0: it wasn't.
ALTER TABLE cases ADD COLUMN erased_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX cases_erasable ON cases (number) WHERE erased_at = 0 AND state IN ('struck_off', 'withdrawn', 'not_accepted', 'transferred');

-- What people said outside of cases is removed by its age.
CREATE INDEX notices_talk ON notices (created_at) WHERE case_number = '' AND body <> '';
CREATE INDEX notices_complainant ON notices (complainant_id) WHERE case_number = '';

-- To which words on personal data somebody agreed, and when.
ALTER TABLE complainants ADD COLUMN consent TEXT NOT NULL DEFAULT '';
ALTER TABLE complainants ADD COLUMN consent_at BIGINT NOT NULL DEFAULT 0;
